import Logging
import SluiceGraph
package import SluiceModel
import SluicePolicy

/// What agents on other machines ask. Source: ADR 0017.
extension Runner {
  /// - Throws: `agent.name`, `usage` for amounts that no machine has.
  package func join(_ body: AgentJoin) throws(SluiceError) -> AgentJoined {
    try Runner.check(body)
    let id = AgentID(body.name)
    guard connections[id] != nil || connections.count < Limits.agents else {
      throw SluiceError(
        .agentName, what: "this server has \(Limits.agents) agents, and takes no more", at: "agent '\(body.name)'",
        fix: "remove those that are gone: sluice agents remove NAME")
    }
    let notices = farm.scheduler.join(
      id, host: body.host, has: Amounts(cores: body.cores, memory: body.memory, gpus: body.gpus), labels: body.labels,
      traits: body.traits, now: parts.ambient.uptime(), said: said(of: id))
    let earlier = connections[id]?.nudge
    let session = parts.ambient.makeSecret(bytes: 16)
    connections[id] = Connection(session: session, version: body.version)
    earlier?.yield()
    wakeLeavers()
    isBack(id)
    note(notices)
    parts.logger.info("the agent \(id) joined: \(body.cores) cores, \(body.memory) MiB, \(body.gpus) GPUs")
    if !isWatching { post.yield(.watch) }
    pump()
    return AgentJoined(
      agent: body.name, session: session, leaseSeconds: Runner.seconds(parts.settings.farm.lease),
      probe: parts.settings.farm.probe?.file)
  }

  private static func check(_ body: AgentJoin) throws(SluiceError) {
    if let problem = NameRule.problem(in: body.name) ?? (body.name == Farm.own.description ? "it is the server" : nil) {
      throw SluiceError(
        .agentName, what: "'\(NameRule.printable(body.name))' cannot be an agent's name: \(problem)", at: "name",
        fix: "give it another with --name")
    }
    let fits =
      (1...Limits.agentCores).contains(body.cores) && (0...Limits.agentMemoryMebibytes).contains(body.memory)
      && (0...Limits.agentGPUs).contains(body.gpus) && body.labels.count <= Limits.agentLabels
      && body.amounts?.count ?? 0 <= Limits.agentLabels && body.attributes?.count ?? 0 <= Limits.agentLabels
      && (body.amounts ?? [:]).allSatisfy { (0...Limits.agentAmount).contains($0.value) }
    guard fits, NameRule.printable(body.host) == body.host else {
      throw SluiceError(
        .usage, what: "no machine has so much or so little", at: "agent '\(body.name)'",
        fix:
          "give --cores from 1, --memory in MiB and --gpus from 0, and at most \(Limits.agentLabels) labels and amounts"
      )
    }
  }

  /// Tasks that an agent is to start, as soon as there are some.
  /// - Throws: `agent.unknown`, `agent.replaced`.
  package func poll(_ name: String, _ body: AgentPoll) async throws(SluiceError) -> AgentPolled {
    let id = try known(name, body.session)
    let wait = min(max(0, body.waitSeconds), Double(Limits.agentPollSeconds))
    let until = parts.ambient.uptime() + .seconds(wait)
    connections[id]?.polls += 1
    let turn = connections[id]?.polls
    connections[id]?.seesStore = parts.settings.farm.probe.map { $0.secret == body.probe } ?? false
    farm.scheduler.setSeesBenches(connections[id]?.seesStore == true, id)
    connections[id]?.trouble = body.trouble.map { Runner.printable($0) }
    takeBackUnheard(id, working: body.working)
    _ = farm.scheduler.hear(id, working: [], now: parts.ambient.uptime())
    take(sessions: body.sessions, of: id)
    while true {
      if startsAt == nil, storeTrouble == nil, connections[id]?.trouble == nil {
        for given in farm.give(to: id, now: parts.ambient.uptime()) { post.yield(.task(given)) }
      }
      let isNewest = connections[id]?.polls == turn
      let polled = isNewest ? take(id) : AgentPolled(tasks: [], end: [])
      let left = until - parts.ambient.uptime()
      let isEmpty = polled.tasks.isEmpty && polled.end.isEmpty && polled.leave == nil
      guard isEmpty, isNewest, !isStopping, !isClosing, left > .zero else { return polled }
      await rest(id, for: left)
      connections[id]?.nudge = nil
      _ = try known(name, body.session)
    }
  }

  /// Tasks whose news did not reach the agent: it asks again and does not work on them.
  private func takeBackUnheard(_ id: AgentID, working: [UInt64]) {
    let known = Set(working)
    for (token, _) in farm.tasks(of: id) where !known.contains(token.number) {
      guard connections[id]?.told.contains(token) == true else { continue }
      giveBack(token, of: id)
    }
  }

  private func take(_ id: AgentID) -> AgentPolled {
    guard let connection = connections[id] else { return AgentPolled(tasks: [], end: []) }
    connections[id]?.outbox = []
    connections[id]?.toEnd = []
    for task in connection.outbox { connections[id]?.told.insert(LeaseToken(number: task.lease)) }
    let leave = toLeave(id).filter { !connection.toldToLeave.contains($0) }
    connections[id]?.toldToLeave.formUnion(leave)
    return AgentPolled(tasks: connection.outbox, end: connection.toEnd.map(\.number).sorted(), leave: leave)
  }

  /// - Throws: `agent.unknown`, `agent.replaced`.
  package func hear(_ name: String, _ body: AgentBeat) throws(SluiceError) -> AgentHeard {
    let id = try known(name, body.session)
    if let isInUse = body.inUse { setInUse(isInUse, id) }
    let now = parts.ambient.uptime()
    let wasAway = farm.scheduler.agents[id].map { now - $0.lastHeard > parts.settings.farm.lease / 2 } ?? false
    let isRested = connections[id]?.trouble != nil && body.trouble == nil
    connections[id]?.trouble = body.trouble.map { Runner.printable($0) }
    let lost = farm.scheduler.hear(id, working: body.working.map(LeaseToken.init(number:)), now: now)
    take(sessions: body.sessions, of: id)
    // What waited while it was away is not given to it by anything else.
    if wasAway || isRested { pump() }
    let held = Set(lost)
    let toEnd = body.working.map(LeaseToken.init(number:)).filter { token in
      !held.contains(token) && cancels[token]?.isAsked == true
    }
    return AgentHeard(givenAway: lost.map(\.number), end: toEnd.map(\.number), leave: toLeave(id))
  }

  /// - Throws: `agent.unknown`, `agent.replaced`.
  package func finish(_ name: String, _ body: AgentFinish) throws(SluiceError) -> AgentFinished {
    let id = try known(name, body.session)
    let token = LeaseToken(number: body.lease)
    // It may say it again where the answer did not reach it.
    if connections[id]?.ended.contains(token) == true { return AgentFinished(receipt: .taken) }
    guard farm.scheduler.leases[token]?.agent == id, away[token] != nil else {
      return AgentFinished(receipt: .givenAway)
    }
    connections[id]?.told.remove(token)
    guard let end = body.end ?? end(of: token, on: id, trouble: body.trouble) else {
      giveBack(token, of: id)
      pump()
      return AgentFinished(receipt: .retried)
    }
    connections[id]?.transfers[token]?.sent = body.outputs ?? []
    guard farm.scheduler.release(token, by: id) else { return AgentFinished(receipt: .givenAway) }
    used[token] = body.used
    connections[id]?.remember(end: token)
    away[token]?.yield(.ended(end))
    pump()
    return AgentFinished(receipt: .taken)
  }

  /// What the agent was not told of yet goes to others at once; what it works on it gives back itself.
  private func setInUse(_ isInUse: Bool, _ id: AgentID) {
    let before = farm.scheduler.agents[id]?.standing
    farm.scheduler.setInUse(isInUse, id)
    guard farm.scheduler.agents[id]?.standing != before else { return }
    if isInUse {
      for task in connections[id]?.outbox ?? [] { giveBack(LeaseToken(number: task.lease), of: id) }
      connections[id]?.outbox = []
    }
    pump()
  }

  /// A machine could not do a task, for a reason of its own, and takes nothing for now.
  /// - Returns: nil where others are to try it.
  private func end(of token: LeaseToken, on id: AgentID, trouble: String?) -> TaskEnd? {
    guard let trouble = trouble.map({ Runner.printable($0) }), let task = farm.task(of: token) else { return nil }
    connections[id]?.trouble = trouble
    parts.logger.warning("the agent \(id) gave \(task) back: \(trouble)")
    return farm.isTooMuch(task) ? .failed("the agent '\(id)' could not, nor others before it: \(trouble)") : nil
  }

  private static func printable(_ words: String) -> String {
    NameRule.printable(words, atMost: Limits.reasonCharacters)
  }

  private func giveBack(_ token: LeaseToken, of id: AgentID) {
    connections[id]?.told.remove(token)
    // Who was asked to end a task and gives it back has ended it.
    let isEnded = farm.task(of: token).map { cancelled.contains($0.run) } == true
    if isEnded {
      away[token]?.yield(.ended(.cancelled))
    } else {
      note(farm.end(token, .returned).notices)
      away[token]?.yield(.lost)
    }
  }

  /// An agent goes; what it had is another one's.
  /// - Throws: `agent.unknown`, `agent.replaced`.
  package func leave(_ name: String, session: String) async throws(SluiceError) {
    let id = try known(name, session)
    remove(id)
    await noteGone(id)
  }

  private func remove(_ id: AgentID) {
    note(farm.scheduler.leave(id))
    connections[id]?.nudge?.yield()
    connections[id] = nil
    wakeLeavers()
    parts.logger.info("the agent \(id) left")
    pump()
  }

  func known(_ name: String, _ session: String) throws(SluiceError) -> AgentID {
    let id = AgentID(name)
    guard let connection = connections[id] else { throw Runner.unknown(name) }
    guard connection.session == session else {
      throw SluiceError(
        .agentReplaced, what: "another agent has joined as '\(NameRule.printable(name))'", at: "agent",
        fix: "give each agent a name of its own with --name")
    }
    return id
  }

  private static func unknown(_ name: String) -> SluiceError {
    SluiceError(
      .agentUnknown, what: "there is no agent '\(NameRule.printable(name))'", at: "agent",
      fix: "`sluice agents` lists them; an agent joins anew after the server was restarted")
  }

  /// Ends the polls of agents; they come again when the server is there again.
  package func sendAgentsAway() {
    isClosing = true
    for connection in connections.values { connection.nudge?.yield() }
  }

  // MARK: What people ask

  package func agents() -> AgentsAnswer {
    let now = parts.ambient.uptime()
    let agents = farm.scheduler.agents.values.sorted { $0.id < $1.id }.map { agent in
      let connection = connections[agent.id]
      return AgentAnswer(
        name: agent.id.description, host: agent.host, standing: agent.standing.rawValue,
        has: AgentAnswer.Amounts(agent.has), free: AgentAnswer.Amounts(agent.free), labels: agent.labels,
        tasks: farm.tasks(of: agent.id).map(\.task), seesStore: connection == nil ? true : connection?.seesStore,
        heard: connection == nil ? nil : (Runner.seconds(now - agent.lastHeard) * 10).rounded() / 10,
        version: connection?.version, trouble: connection?.trouble,
        amounts: agent.traits.amounts, attributes: agent.traits.attributes.mapValues { $0.sorted() })
    }
    return AgentsAnswer(agents: agents)
  }

  /// An agent of which something was said may be gone, such as since the server was restarted.
  /// - Throws: `agent.unknown`, `agent.name` for what the server's own machine cannot be.
  package func setStanding(
    _ standing: AgentStanding, of name: String, origin: Origin
  ) async throws(SluiceError) -> AgentsAnswer {
    let id = AgentID(name)
    guard farm.scheduler.agents[id] != nil || parts.writer.current.agents[name] != nil else {
      throw Runner.unknown(name)
    }
    if standing == .removed, id == Farm.own {
      throw SluiceError(
        .agentName, what: "the server's own machine cannot be removed", at: "agent '\(id)'",
        fix: "pause it, or start the server with --workers 0")
    }
    if standing == .removed, let agent = farm.scheduler.agents[id], agent.standing != .lost {
      throw SluiceError(
        .agentName, what: "the agent '\(id)' is there, and would come back at once", at: "agent '\(id)'",
        fix: "end it where it runs (Ctrl-C), or keep it from work with `sluice agents drain \(id)`")
    }
    try await parts.writer.submit(origin) { registry throws(SluiceError) in
      FarmDecisions.say(standing.word, of: name, in: registry)
    }
    switch standing {
    case .removed: if connections[id] != nil { remove(id) }
    case .active: farm.scheduler.setStanding(.active, of: id)
    case .draining: farm.scheduler.setStanding(.draining, of: id)
    case .paused: farm.scheduler.setStanding(.paused, of: id)
    }
    pump()
    return agents()
  }
}

/// What people make of an agent.
package enum AgentStanding: Sendable {
  case active, draining, paused, removed
}

extension AgentAnswer.Amounts {
  init(_ amounts: Amounts) { self.init(cores: amounts.cores, memory: amounts.memory, gpus: amounts.gpus) }
}
