import Logging
import SluiceModel
import SluicePolicy

/// Tasks on their way to agents and back.
extension Runner {
  /// How a running task is ended.
  struct Cancel: Sendable {
    let task: TaskID
    private let end: @Sendable () -> Void
    private(set) var isAsked = false

    init(task: TaskID, end: @escaping @Sendable () -> Void) { (self.task, self.end) = (task, end) }

    mutating func ask() {
      isAsked = true
      end()
    }
  }

  /// Asks tasks that run to end.
  func askToEnd(_ isMeant: (TaskID) -> Bool) {
    for (token, cancel) in cancels where isMeant(cancel.task) { cancels[token]?.ask() }
  }

  /// What is heard of a task on another machine.
  enum AwayWord: Sendable {
    case ended(TaskEnd)
    /// Its agent does not have it any more.
    case lost
    /// It is to end.
    case stop
    case nothing
  }

  /// An agent on another machine, from its joining on.
  struct Connection: Sendable {
    let session: String
    let version: String
    /// Nil until it has said so.
    var seesStore: Bool?
    /// Tasks that it was given and does not know of yet.
    var outbox: [AgentTask] = []
    /// Leases of tasks that it is to end and does not know of yet.
    var toEnd: Set<LeaseToken> = []
    /// Leases whose tasks it was told of.
    var told: Set<LeaseToken> = []
    /// Leases whose ends it said last, the newest last: it may not have got the answer and say so again.
    private(set) var ended: [LeaseToken] = []
    /// Why it takes nothing now, in its own words.
    var trouble: String?
    /// Its newest question; older ones get nothing any more.
    var polls = 0
    /// There while it waits for something.
    var nudge: AsyncStream<Void>.Continuation?
    /// Files that it may read and write, where it does not see the store.
    var transfers: [LeaseToken: Transfer] = [:]
    /// Keys of sessions that it keeps or was given; nil while it does not say.
    var sessions: Set<String>?
    /// Logs of tasks that have ended, for what their sessions say when they are left.
    var lastWords: [LeaseToken: LastWords] = [:]
    /// Those of them that it was told to leave in the answer to a poll.
    var toldToLeave: Set<String> = []

    init(session: String, version: String) { (self.session, self.version) = (session, version) }

    mutating func remember(end token: LeaseToken) {
      ended.append(token)
      if ended.count > Limits.agentEnds { ended.removeFirst() }
    }
  }

  /// Gives what waits to whoever can take it now.
  /// - Returns: the first task of this machine, where the caller takes it.
  @discardableResult
  func dispatch(taking: Bool = false) -> Farm.Given? {
    guard startsAt == nil, storeTrouble == nil else { return nil }
    let now = parts.ambient.uptime()
    var taken: Farm.Given?
    if farm.scheduler.mayFind(Farm.own) {
      for given in farm.give(to: Farm.own, now: now) {
        if taking, taken == nil { taken = given } else { post.yield(.task(given)) }
      }
    }
    guard farm.scheduler.mayHaveWork, !connections.isEmpty else { return taken }
    for (id, connection) in connections.sorted(by: { $0.key < $1.key })
    where connection.nudge != nil && connection.trouble == nil && farm.scheduler.mayFind(id) {
      guard farm.scheduler.mayHaveWork else { return taken }
      for given in farm.give(to: id, now: now) { post.yield(.task(given)) }
    }
    return taken
  }

  /// What the scheduler has to tell.
  func note(_ notices: [Scheduler.Notice]) {
    for notice in notices {
      switch notice {
      case .lost(let agent, let tokens):
        if tokens.isEmpty {
          parts.logger.info("the agent \(agent) is gone, without tasks")
        } else {
          parts.logger.warning("the agent \(agent) is gone; \(tokens.count) of its tasks are given to others")
        }
        for token in tokens { away[token]?.yield(.lost) }
        farm.forget(tokens)
        connections[agent]?.outbox = []
        connections[agent]?.toEnd = []
        connections[agent]?.told = []
        connections[agent]?.transfers = [:]
        connections[agent]?.sessions = nil
        connections[agent]?.lastWords = [:]
        wakeLeavers()
      case .quarantined(let agent):
        parts.logger.warning("the agent \(agent) is in quarantine: everything that it was given failed")
        post.yield(.standing(agent))
      case .acquitted(let agent):
        parts.logger.notice("the agent \(agent) takes tasks again: what failed there fails elsewhere too")
        post.yield(.standing(agent))
      case .wantsLook(let run): parts.logger.notice("the test frames of run \(run) passed and wait for a look")
      case .testsPassed, .testFailed, .movedUp: continue
      }
    }
  }

  /// Runs a task on another machine.
  /// - Returns: nil where the agent was lost or gave it back.
  func launchAway(
    _ order: TaskOrder, _ given: Farm.Given, _ run: Going, _ signals: AsyncStream<Void>,
    _ cancel: AsyncStream<Void>.Continuation
  ) async throws(SluiceError) -> TaskEnd? {
    let (token, agent) = (given.lease.token, given.lease.agent)
    let (words, word) = AsyncStream<AwayWord>.makeStream(bufferingPolicy: .bufferingOldest(4))
    away[token] = word
    defer {
      away[token] = nil
      connections[agent]?.transfers[token] = nil
    }
    try await handOut(order, given, run)
    let aside = connections[agent]?.transfers[token]?.aside
    let end = await end(of: given, words, signals, cancel)
    if end == .exited(0), let transfer = connections[agent]?.transfers[token] { try await accept(transfer) }
    if let aside { await parts.dock?.remove(aside) }
    if end != nil, let words = LastWords(of: order.session?.key, connections[agent]?.transfers[token]) {
      connections[agent]?.lastWords[token] = words
    }
    return end
  }

  /// Waits for the end of a task on another machine.
  private func end(
    of given: Farm.Given, _ words: AsyncStream<AwayWord>, _ signals: AsyncStream<Void>,
    _ cancel: AsyncStream<Void>.Continuation
  ) async -> TaskEnd? {
    let (token, agent) = (given.lease.token, given.lease.agent)
    return await withTaskGroup(of: AwayWord.self) { group in
      group.addTask {
        for await _ in signals { return .stop }
        return .nothing
      }
      group.addTask {
        for await word in words { return word }
        return .lost
      }
      var end: TaskEnd?
      for await word in group {
        switch word {
        case .ended(let how):
          end = how
          cancel.finish()
        case .lost: cancel.finish()
        case .stop: askToEnd(token, on: agent)
        case .nothing: continue
        }
      }
      return end
    }
  }

  /// A program that an agent does not have.
  /// - Returns: nil where that is not what happened.
  func notFound(_ end: TaskEnd, _ arguments: [String], _ given: Farm.Given) -> SluiceError? {
    guard end == .notFound, given.lease.agent != Farm.own, let program = arguments.first else { return nil }
    let (place, agent) = ("task \(given.task)", given.lease.agent)
    guard program.contains("/") else {
      return SluiceError(
        .taskNotFound, what: "the program '\(program)' is not installed on the agent '\(agent)'", at: place,
        fix: "install it there, or put its folder into the PATH that the agent is started with")
    }
    let path = program.hasPrefix("/") ? program : "\(parts.settings.programFolder)/\(program)"
    let why = program.hasPrefix("/") ? "" : ", which '\(program)' means: a place in the server's working folder"
    return SluiceError(
      .taskNotFound, what: "there is no program '\(path)' on the agent '\(agent)'\(why)", at: place,
      fix: "install it there under the same path, or let the step call it by its name, and have it in the agent's PATH")
  }

  private func handOut(_ order: TaskOrder, _ given: Farm.Given, _ run: Going) async throws(SluiceError) {
    let (token, agent) = (given.lease.token, given.lease.agent)
    var task = AgentTask(lease: token.number, order: order, gpus: given.lease.gpus)
    if connections[agent]?.seesStore != true {
      let (told, kept) = try await transfer(given, order, run)
      task.transfer = told
      connections[agent]?.transfers[token] = kept
    }
    try await noteLent(to: agent)
    // It may have been lost meanwhile.
    guard farm.holds(token), connections[agent] != nil else {
      away[token]?.yield(.lost)
      return
    }
    if let key = order.session?.key { keep(key, on: agent) }
    connections[agent]?.outbox.append(task)
    connections[agent]?.nudge?.yield()
  }

  /// The agent ends the task and says so; one that has not heard of it yet need not. Where the server itself stops,
  /// nobody waits for agents: they end what they have when they come again.
  private func askToEnd(_ token: LeaseToken, on agent: AgentID) {
    let isUntold = connections[agent]?.outbox.contains { $0.lease == token.number } ?? true
    if isUntold || isStopping {
      connections[agent]?.outbox.removeAll { $0.lease == token.number }
      away[token]?.yield(.ended(.cancelled))
      return
    }
    connections[agent]?.toEnd.insert(token)
    connections[agent]?.nudge?.yield()
  }

  // MARK: Time

  /// Takes tasks from agents that are not heard of, as long as there are agents.
  func watchAgents() async {
    guard !isWatching else { return }
    isWatching = true
    defer { isWatching = false }
    let pause = min(parts.settings.farm.lease / 4, .seconds(1))
    while !isStopping, !connections.isEmpty {
      do { try await parts.ambient.sleep(pause) } catch { return }
      wakeLeavers()
      let notices = farm.scheduler.tick(now: parts.ambient.uptime())
      note(notices)
      if !notices.isEmpty { pump() }
    }
  }

  /// Waits until something is there for an agent, or the time is over.
  func rest(_ id: AgentID, for time: Duration) async {
    let (nudges, nudge) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    connections[id]?.nudge?.yield()
    connections[id]?.nudge = nudge
    await withTaskGroup(of: Void.self) { [sleep = parts.ambient.sleep] group in
      group.addTask { try? await sleep(time) }
      group.addTask { for await _ in nudges { return } }
      await group.next()
      group.cancelAll()
    }
  }
}
