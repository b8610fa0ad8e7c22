import AsyncHTTPClient
import NIOCore
import SluiceAdapters
import SluiceEngine
import SluiceModel

/// An agent: joins a server, takes tasks, runs them, says how they ended. Source: ADR 0017.
actor AgentWorker {
  /// A task that it works on.
  private struct Work {
    let task: TaskID
    let stop: AsyncStream<Void>.Continuation
    /// The warden has ended it, or somebody is to: it is given back, whatever its processes say.
    var isFenced = false
  }

  let client: Client
  let join: AgentJoin
  let voice: AgentVoice
  private let doesStream: Bool
  private let courier: Courier
  private let launcher: ProcessLauncher
  private let mark: String
  private let ambient = Machine.ambient
  private var joined: AgentJoined?
  private var working: [UInt64: Work] = [:]
  private var stops: [UInt64: AsyncStream<Void>] = [:]
  private var sessions = AgentSessions()
  private var toEnd: AsyncStream<String>.Continuation?
  /// What tasks took of this machine, from their end until the server knows.
  private var used: [TaskID: TaskUse] = [:]
  private var warden: Warden?
  /// When the server last answered: its lease is at least from then.
  private var acknowledged = Duration.zero
  /// What keeps this machine from taking tasks, such as a full disk, and since when.
  private var trouble: (words: String, since: Duration)?
  private var isLeaving = false
  /// Says whether somebody works at this machine; nil where nobody looks.
  private let presence: Presence?
  /// Until it was looked, somebody may.
  private var isInUse: Bool
  private var leaving: AsyncStream<Void>.Continuation?
  /// Whom tasks run as; nil for whoever started the agent.
  private let user: TaskUser?

  init(
    client: Client, join: AgentJoin, doesStream: Bool, shelf: Shelf, voice: AgentVoice, presence: Presence? = nil,
    user: TaskUser? = nil
  ) {
    self.user = user
    (self.presence, isInUse) = (presence, presence != nil)
    // The server's benches are not for other users: such an agent has its own.
    (self.client, self.join, self.doesStream, self.voice) = (client, join, doesStream || user != nil, voice)
    courier = Courier(client: client, shelf: shelf, user: user)
    mark = "agent \(join.name) of \(client.base)"
    launcher = ProcessLauncher(mark: mark, user: user, ambient: Machine.ambient)
  }

  /// Ends all tasks and gives them back; `run` returns then.
  func leave() {
    isLeaving = true
    for work in working.values { work.stop.yield() }
    leaving?.finish()
  }

  /// Sessions stay open for more tasks of their job, but not for ever: others may want what their applications hold,
  /// and a server that is gone says nothing of the ends of runs.
  private func closeSessions() async throws {
    while true {
      try await ambient.sleep(.seconds(5))
      await launcher.endSessions(idleFor: .seconds(30))
    }
  }

  /// Leaves sessions as the server says that their runs have ended, each as long as it takes.
  private func leaveSessions(_ keys: AsyncStream<String>, _ joined: AgentJoined) async {
    await withDiscardingTaskGroup { leavings in
      for await key in keys { leavings.addTask { await self.leaveSessions(of: key, joined) } }
    }
  }

  private func leaveSessions(of key: String, _ joined: AgentJoined) async {
    await launcher.endSessions(of: key)
    await courier.sendLastWords(of: key)
    sessions.left(key)
    // The end of the run waits for this. Where it does not arrive the next beat says it.
    try? await beatOnce(joined)
  }

  private func leave(_ keys: [String]?) {
    for key in sessions.leave(keys ?? []) { toEnd?.yield(key) }
  }

  /// - Throws: what makes it pointless to go on, such as a token without the right.
  func run() async throws {
    // What an earlier agent of this name left running.
    await launcher.endOrphans()
    try await courier.unpack()
    var isTold = false
    while !isLeaving {
      do {
        let joined: AgentJoined = try await client.post("agents", join)
        self.joined = joined
        acknowledged = ambient.uptime()
        try startWarden(joined.leaseSeconds)
        isTold = false
        voice.say("joined", nil, "joined \(client.base) as \(join.name), with \(join.cores) cores; \(launcher.keeping)")
        try await serve(joined)
      } catch let error as SluiceError where error.code == .serverUnreachable || error.code == .agentUnknown {
        if !isTold { voice.say("waiting", nil, "the server is not there; trying again (\(error.what))") }
        isTold = true
        // What it ends then is over before there are other tasks of this agent.
        warden = nil
        try? await ambient.sleep(.milliseconds(500))
      }
      working = [:]
      warden = nil
    }
  }

  private func startWarden(_ lease: Double) throws {
    warden = try Warden(
      program: Machine.program,
      arguments: ["agent", "warden", "--mark", mark, "--milliseconds", "\(Int(lease * 700))"],
      environment: Machine.environment)
  }

  /// Works until it is to leave, or the server does not know it any more.
  private func serve(_ joined: AgentJoined) async throws {
    let (tasks, task) = AsyncStream<AgentTask>.makeStream()
    let (leaves, leaving) = AsyncStream<Void>.makeStream()
    self.leaving = leaving
    if isLeaving { leaving.finish() }
    let (keys, toEnd) = AsyncStream<String>.makeStream()
    self.toEnd = toEnd
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await self.beat(joined)
        return false
      }
      group.addTask {
        try await self.poll(joined, task)
        return false
      }
      group.addTask {
        try await self.closeSessions()
        return false
      }
      group.addTask {
        await self.leaveSessions(keys, joined)
        return false
      }
      if let presence {
        group.addTask {
          try await self.watchUser(presence, joined)
          return false
        }
      }
      group.addTask {
        for await _ in leaves {}
        task.finish()
        return false
      }
      group.addTask {
        await withDiscardingTaskGroup { works in
          for await task in tasks { works.addTask { await self.work(on: task, joined) } }
        }
        return true
      }
      while let isDone = try await group.next() {
        if isDone { break }
      }
      group.cancelAll()
    }
    guard isLeaving else { return await launcher.endSessions(idleFor: .zero) }
    await launcher.hurry()
    _ = try? await client.send(
      .POST, "agents/\(Client.escaped(joined.agent))/leave",
      body: .bytes(StableJSON.encode(AgentBeat(session: joined.session, working: []))), type: "application/json",
      timeout: .seconds(5))
    voice.say("left", nil, "left \(client.base)")
  }

  // MARK: Talking

  private func poll(_ joined: AgentJoined, _ tasks: AsyncStream<AgentTask>.Continuation) async throws {
    let path = "agents/\(Client.escaped(joined.agent))/poll"
    // Not much longer than a lease: an answer that a cut took away is not to be waited for.
    let wait = min(Double(Limits.agentPollSeconds), max(2, joined.leaseSeconds))
    while !isLeaving {
      let body = AgentPoll(
        session: joined.session, working: working.keys.sorted(), probe: probe(joined), waitSeconds: wait,
        trouble: currentTrouble(joined), sessions: sessions.keys)
      guard let polled = try await ask(path, body) else {
        try await ambient.sleep(.milliseconds(300))
        continue
      }
      // Of an answer that a cut has delayed nobody knows whether it still holds. The server takes back what is not
      // known here when it is asked again.
      if isCutOff(joined) {
        try await ambient.sleep(.milliseconds(300))
        continue
      }
      for lease in polled.end { working[lease]?.stop.yield() }
      leave(polled.leave)
      for task in polled.tasks { begin(task, tasks) }
    }
  }

  /// - Returns: nil where the server does not answer.
  private func ask(_ path: String, _ body: AgentPoll) async throws(SluiceError) -> AgentPolled? {
    do throws(SluiceError) {
      return try await client.post(path, body, within: .milliseconds(Int64(body.waitSeconds * 1_000) + 5_000))
    } catch {
      if error.code == .serverUnreachable { return nil }
      throw error
    }
  }

  /// What the server left in its data folder for who can see it.
  private func probe(_ joined: AgentJoined) -> String? {
    guard !doesStream, let file = joined.probe, LocalFiles.isWritable(FileName.parent(file)) else { return nil }
    var bytes: [UInt8] = []
    try? LocalFiles.read(file) { bytes += $0 }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  private func begin(_ task: AgentTask, _ tasks: AsyncStream<AgentTask>.Continuation) {
    guard working[task.lease] == nil, !isLeaving, !isInUse else { return }
    let (stops, stop) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    working[task.lease] = Work(task: task.order.task, stop: stop)
    self.stops[task.lease] = stops
    sessions.begin(task.order.session?.key)
    tasks.yield(task)
  }

  private func beat(_ joined: AgentJoined) async throws {
    while true {
      try await ambient.sleep(.milliseconds(Int(joined.leaseSeconds * 200)))
      try await beatOnce(joined)
    }
  }

  private func beatOnce(_ joined: AgentJoined) async throws {
    let path = "agents/\(Client.escaped(joined.agent))/heartbeat"
    let pause = joined.leaseSeconds / 5
    do throws(SluiceError) {
      let body = AgentBeat(
        session: joined.session, working: working.keys.sorted(), trouble: currentTrouble(joined),
        inUse: presence == nil ? nil : isInUse, sessions: sessions.keys)
      let heard: AgentHeard = try await client.post(path, body, within: .milliseconds(Int64(max(0.5, pause) * 1_000)))
      await isHeard(joined)
      for lease in heard.givenAway { giveUp(lease) }
      for lease in heard.end { working[lease]?.stop.yield() }
      leave(heard.leave)
    } catch {
      guard error.code == .serverUnreachable else { throw error }
    }
  }

  /// When somebody comes to work at this machine, its tasks are ended and given back at once.
  private func watchUser(_ presence: Presence, _ joined: AgentJoined) async throws {
    while true {
      let now = await presence.isInUse()
      if now != isInUse {
        isInUse = now
        voice.say(now ? "inUse" : "idle", nil, now ? "somebody works here; gives its tasks back" : "nobody works here")
        if now { for work in working.values { work.stop.yield() } }
      }
      try await beatOnce(joined)
      try await ambient.sleep(.milliseconds(Limits.presenceMilliseconds))
    }
  }

  private func isHeard(_ joined: AgentJoined) async {
    if isCutOff(joined) {
      for lease in working.keys { giveUp(lease) }
      // The warden has ended what they left running, too.
      await launcher.discardSessions()
    }
    acknowledged = ambient.uptime()
    if warden?.reassure() == false { try? startWarden(joined.leaseSeconds) }
  }

  /// Whether it was silent for so long that the warden may have ended its tasks, or the server given them away.
  private func isCutOff(_ joined: AgentJoined) -> Bool {
    ambient.uptime() - acknowledged > .milliseconds(Int(joined.leaseSeconds * 600))
  }

  /// What keeps it from taking tasks; it is over when there is room again, and others have had a lease's time to try.
  private func currentTrouble(_ joined: AgentJoined) -> String? {
    guard let trouble else { return nil }
    let rest = Duration.milliseconds(Int(joined.leaseSeconds * 1_000))
    if ambient.uptime() - trouble.since < rest || courier.isFull { return trouble.words }
    self.trouble = nil
    voice.say("rested", nil, "takes tasks again")
    return nil
  }

  /// The server gave the task to another while nothing was heard of this agent, or is about to.
  private func giveUp(_ lease: UInt64) {
    guard let work = working[lease] else { return }
    working[lease]?.isFenced = true
    work.stop.yield()
  }

  // MARK: Working

  /// What came of a task.
  private struct Outcome: Sendable {
    /// Nil where it is given back.
    var end: TaskEnd?
    var outputs: [AgentFinish.Output]?
    /// Why this machine could not do it.
    var trouble: String?
    var trip: Courier.Trip?
  }

  private func work(on given: AgentTask, _ joined: AgentJoined) async {
    defer {
      working[given.lease] = nil
      stops[given.lease] = nil
    }
    guard let stops = stops[given.lease] else { return }
    voice.say("started", given.order.task, "runs \(given.order.task)")
    var outcome = await until(stops) { await self.carryOut(given, joined) }
    if let trip = outcome.trip {
      await courier.sendLog(trip)
      await courier.end(trip)
    }
    let isFenced = working[given.lease]?.isFenced != false || isCutOff(joined)
    if isFenced || outcome.end == .cancelled { outcome.end = nil }
    if let words = outcome.trouble {
      await courier.makeRoom()
      trouble = (words, ambient.uptime())
      voice.say("trouble", given.order.task, "takes no tasks for now: \(words)")
    }
    await report(given, outcome, joined)
  }

  /// Works until that is done, or it is to stop.
  private func until(
    _ stops: AsyncStream<Void>, _ work: @escaping @Sendable () async -> Outcome
  ) async -> Outcome {
    await withTaskGroup(of: Outcome?.self) { group in
      group.addTask { await work() }
      group.addTask {
        for await _ in stops { break }
        return nil
      }
      var outcome = Outcome()
      for await ended in group {
        group.cancelAll()
        if let ended { outcome = ended }
      }
      return outcome
    }
  }

  private func carryOut(_ given: AgentTask, _ joined: AgentJoined) async -> Outcome {
    var given = given
    // Another machine may work in the bench's, and the server takes that away with the run.
    let sessions = courier.sessionFolder(of: given.order)
    given.order.session?.directory = sessions
    guard let transfer = given.transfer else {
      return Outcome(end: await measured(prepared(given.order, given.gpus)))
    }
    do {
      let trip = try await courier.bring(given, transfer, joined)
      return await run(trip, given.gpus)
    } catch {
      // A disk that is full is this machine's failure, and not the task's.
      if (error as? SluiceError)?.code == .storeFull { return Outcome(trouble: courier.fullWords) }
      return Outcome(end: isGone(error) ? nil : .failed("its inputs did not come: \(AgentWorker.words(error))"))
    }
  }

  /// Runs a task whose inputs are there, and sends what it has made.
  private func run(_ trip: Courier.Trip, _ gpus: [Int]) async -> Outcome {
    let order = prepared(trip.order, gpus)
    let end = await withTaskGroup(of: TaskEnd?.self) { [courier] group in
      group.addTask {
        await courier.followLog(trip)
        return nil
      }
      group.addTask { await self.measured(order) }
      var end = TaskEnd.cancelled
      for await ended in group {
        if let ended {
          end = ended
          group.cancelAll()
        }
      }
      return end
    }
    var outcome = Outcome(end: end, trip: trip)
    if end == .exited(0) {
      do { outcome.outputs = try await courier.send(trip) } catch {
        outcome.end = isGone(error) ? nil : .failed("its outputs could not be sent: \(AgentWorker.words(error))")
      }
    } else if end != .cancelled, courier.isFull {
      (outcome.end, outcome.trouble) = (nil, courier.fullWords)
    }
    return outcome
  }

  /// Whether it is the server that is gone, or the lease, and not the task that failed.
  private func isGone(_ error: any Error) -> Bool {
    guard let code = (error as? SluiceError)?.code else { return error is CancellationError }
    return [.serverUnreachable, .agentLease, .agentUnknown, .agentReplaced].contains(code)
  }

  private static func words(_ error: any Error) -> String { (error as? SluiceError)?.what ?? "\(error)" }

  private func prepared(_ order: TaskOrder, _ gpus: [Int]) -> TaskOrder {
    var environment = Machine.environment.filter { !$0.key.hasPrefix("SLUICE_") }
    environment = user?.dressed(environment) ?? environment
    if join.gpus > 0 { environment["CUDA_VISIBLE_DEVICES"] = gpus.map(String.init).joined(separator: ",") }
    environment.merge(order.environment) { $1 }
    return order.with(environment: environment)
  }

  private func measured(_ order: TaskOrder) async -> TaskEnd {
    let report = await launcher.report(order)
    used[order.task] = report.used
    return report.end
  }

  private func words(_ end: TaskEnd?, _ order: TaskOrder) -> String {
    guard let end else { return "gave \(order.task) back" }
    let failure = Runner.failure(end, order.task, order.arguments, order.timeoutSeconds)
    return failure.map { "failed \(order.task): \($0.what)" } ?? "done \(order.task)"
  }

  /// Says how a task ended, until the server has heard it or does not know this agent any more.
  private func report(_ given: AgentTask, _ outcome: Outcome, _ joined: AgentJoined) async {
    let path = "agents/\(Client.escaped(joined.agent))/finish"
    let body = AgentFinish(
      session: joined.session, lease: given.lease, end: outcome.end, outputs: outcome.outputs,
      trouble: outcome.trouble, used: used.removeValue(forKey: given.order.task))
    let patience = TimeAmount.milliseconds(Int64(max(2, joined.leaseSeconds / 2) * 1_000))
    let task = given.order.task
    while !Task.isCancelled {
      do throws(SluiceError) {
        let answer: AgentFinished = try await client.post(path, body, within: patience)
        switch answer.receipt {
        case .taken: voice.say("ended", task, words(outcome.end, given.order))
        case .retried: voice.say("givenBack", task, "gave \(task) back")
        case .givenAway: voice.say("givenAway", task, "\(task) was given to another; what was made does not count")
        }
        return
      } catch {
        guard error.code == .serverUnreachable, !isLeaving else { return }
        try? await ambient.sleep(.milliseconds(300))
      }
    }
  }
}

extension TaskOrder {
  fileprivate func with(environment: [String: String]) -> TaskOrder {
    var order = self
    order.environment = environment
    return order
  }
}
