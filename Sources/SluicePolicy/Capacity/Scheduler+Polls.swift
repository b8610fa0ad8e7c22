package import SluiceModel

/// Agents: how they come, ask, are heard of, and go.
extension Scheduler {
  /// An agent is there, for the first time or again; what it had before is another one's.
  /// - Parameters:
  ///   - isOwn: whether it is the server's own, which is never lost and never put into quarantine.
  ///   - said: what holds of it until somebody says something else.
  package mutating func join(
    _ id: AgentID, host: String, has: Amounts, labels: [String: String], traits: HostTraits = HostTraits(),
    now: Duration, isOwn: Bool = false, said: FarmAgent.Said? = nil
  ) -> [Notice] {
    var notices: [Notice] = []
    if agents[id] != nil { notices = lose(id) }
    agents[id] = FarmAgent(id: id, host: host, has: has, labels: labels, traits: traits, heard: now)
    agents[id]?.isOwn = isOwn
    agents[id]?.seesBenches = isOwn
    agents[id]?.take(said)
    news += 1
    return notices.filter { if case .lost(_, let tokens) = $0 { !tokens.isEmpty } else { true } }
  }

  /// An agent goes; what it had is another one's.
  package mutating func leave(_ id: AgentID) -> [Notice] {
    guard agents[id] != nil else { return [] }
    let notices = lose(id)
    agents[id] = nil
    news += 1
    return notices
  }

  package mutating func setStanding(_ standing: FarmAgent.Standing, of id: AgentID) {
    guard agents[id] != nil else { return }
    agents[id]?.standing = standing
    agents[id]?.failures = FailuresInARow()
    agents[id]?.isQuarantinedFor = nil
    news += 1
    if standing != .active { keepNoLonger(id) }
  }

  /// An agent says whether its user works at it; what people have said of it comes before that.
  package mutating func setInUse(_ isInUse: Bool, _ id: AgentID) {
    guard let standing = agents[id]?.standing, standing == (isInUse ? .active : .inUse) else { return }
    agents[id]?.standing = isInUse ? .inUse : .active
    news += 1
    if isInUse { keepNoLonger(id) }
  }

  /// An agent says what it works on.
  /// - Returns: tokens of tasks that were given away meanwhile; it is to end them.
  package mutating func hear(_ id: AgentID, working tokens: [LeaseToken], now: Duration) -> [LeaseToken] {
    guard let agent = agents[id] else { return tokens }
    agents[id]?.heard = now
    comeBack(agent)
    return tokens.filter { leases[$0]?.agent != id }
  }

  /// Takes tasks from agents that were not heard of for longer than a lease.
  /// - Complexity: O(agents).
  package mutating func tick(now: Duration) -> [Notice] {
    let silent = agents.values.filter { !$0.isOwn && $0.standing != .lost && now - $0.heard > rules.lease }
      .map(\.id).sorted()
    return silent.flatMap { lose($0) }
  }

  /// An agent asks for tasks: those that it is to start now.
  package mutating func poll(_ id: AgentID, now: Duration) -> [Lease] {
    guard let known = agents[id] else { return [] }
    agents[id]?.heard = now
    comeBack(known)
    return give(to: id, now: now)
  }

  /// Tasks for an agent that asked a while ago and waits for an answer; nothing is heard of it by that, and one that
  /// has been silent since for half a lease may be cut off and gets none.
  /// - Complexity: O(kinds of need · log of it), whatever waits; each kind that does not fit is looked at once.
  package mutating func give(to id: AgentID, now: Duration) -> [Lease] {
    guard let known = agents[id], known.isOwn || now - known.heard <= rules.lease / 2 else { return [] }
    var given: [Lease] = []
    while let agent = agents[id], agent.standing == .active, agent.takesAgain <= now,
      let line = choose(for: agent, now)
    { given.append(start(line, on: agent, now)) }
    if let agent = agents[id], agent.takesAgain <= now { agents[id]?.foundNothingAt = news }
    return given
  }

  /// Whether it is worth the while to look for tasks for an agent: something is new since there was nothing for it.
  package func mayFind(_ id: AgentID) -> Bool { agents[id].map { $0.foundNothingAt != news } ?? false }

  private mutating func comeBack(_ agent: FarmAgent) {
    guard agent.standing == .lost else { return }
    agents[agent.id]?.standing = agent.standingBefore
    news += 1
  }

  // MARK: Choosing

  private mutating func choose(for agent: FarmAgent, _ now: Duration) -> Int? {
    if let kept = agent.keptFor {
      if let line = lines[kept], isReady(line), !avoids(agent.id, line.need) {
        return agent.hasRoom(for: line.need) && limits.lacking(line.need, on: agent.host) == nil ? kept : nil
      }
      keepNoLonger(agent.id)
    }
    var claimed: Set<String> = []
    for entry in heads() {
      guard let line = lines[entry.line] else { continue }
      let isOverdue = line.passedOverSince.map { now - $0 >= rules.patience } ?? false
      if limits.lacking(line.need, on: agent.host) != nil {
        passOver(entry.line, now)
        // Nobody who came later may take what it waits for.
        if isOverdue, isPossible(line.need) { claimed.formUnion(line.need.limits.keys) }
        continue
      }
      guard claimed.isDisjoint(with: line.need.limits.keys), agent.could(line.need), !avoids(agent.id, line.need)
      else { continue }
      if agent.hasRoom(for: line.need) { return entry.line }
      passOver(entry.line, now)
      if isOverdue, line.reserved == nil {
        lines[entry.line]?.reserved = agent.id
        agents[agent.id]?.keptFor = entry.line
        return nil
      }
    }
    return nil
  }

  /// The first line of every kind of need, in order.
  private mutating func heads() -> [LineHeap.Entry] {
    var heads: [LineHeap.Entry] = []
    var known: [Need] = []
    for need in needs {
      // Taken out while it is looked at, so that it is not copied.
      guard var heap = heaps.removeValue(forKey: need) else { continue }
      let head = heap.first { entry in
        lines[entry.line].map { isReady($0) && $0.place == entry.place } ?? false
      }
      if let head {
        heads.append(head)
        known.append(need)
        heaps[need] = heap
      }
    }
    needs = known
    return heads.sorted { $0.place < $1.place }
  }

  /// Whether a task that failed here is to wait for another agent, since there is one.
  func avoids(_ id: AgentID, _ need: Need) -> Bool {
    need.avoids == id && agents.values.contains { $0.id != id && $0.standing == .active && $0.could(need) }
  }

  private func isPossible(_ need: Need) -> Bool {
    agents.values.contains { $0.standing == .active && $0.could(need) }
  }

  private mutating func passOver(_ line: Int, _ now: Duration) {
    if lines[line]?.passedOverSince == nil { lines[line]?.passedOverSince = now }
  }

  mutating func keepNoLonger(_ id: AgentID) {
    if let line = agents[id]?.keptFor { lines[line]?.reserved = nil }
    agents[id]?.keptFor = nil
    agents[id]?.foundNothingAt = nil
  }

  /// What a line that waited for long kept from others, a machine or a limit, is theirs again.
  mutating func standBack(_ id: Int) {
    guard let line = lines[id] else { return }
    if let agent = line.reserved { keepNoLonger(agent) }
    if line.passedOverSince != nil, !line.need.limits.isEmpty { news += 1 }
  }

  // MARK: Starting

  private mutating func start(_ id: Int, on agent: FarmAgent, _ now: Duration) -> Lease {
    guard var line = lines[id], let task = line.ready.popLast() else {
      preconditionFailure("a line that was chosen has something ready")
    }
    standBack(id)
    (line.reserved, line.passedOverSince) = (nil, nil)
    lines[id] = line
    var agent = agent
    agent.keptFor = nil
    let gpus = Array(agent.freeGPUs.prefix(line.need.amounts.gpus))
    agent.freeGPUs.removeFirst(gpus.count)
    let lease = Lease(
      token: LeaseToken(number: nextToken), run: line.run, task: task, agent: agent.id, need: line.need, gpus: gpus,
      line: id)
    nextToken += 1
    agent.free = agent.free - line.need.amounts
    agent.take(line.need)
    agent.hasExclusive = line.need.isExclusive
    agent.leases.insert(lease.token)
    if line.need.ramp > .zero, runs[line.run]?.hasShown == false {
      (agent.takesAgain, agent.restsFor) = (now + line.need.ramp, lease.token)
    }
    agents[agent.id] = agent
    limits.take(line.need, on: agent.host)
    leases[lease.token] = lease
    runs[line.run]?.attempts[task, default: 0] += 1
    runs[line.run]?.running += 1
    return lease
  }

  /// Frees what a lease held.
  mutating func end(_ lease: Lease) {
    leases[lease.token] = nil
    runs[lease.run]?.running -= 1
    free(lease)
  }

  /// An agent has done its part; the task counts as running until `finish`, and no loss of the agent takes it away.
  /// - Returns: whether the task was the agent's.
  package mutating func release(_ token: LeaseToken, by agent: AgentID) -> Bool {
    guard let lease = leases[token], lease.agent == agent, agents[agent]?.leases.contains(token) == true else {
      return false
    }
    free(lease)
    return true
  }

  private mutating func free(_ lease: Lease) {
    guard var agent = agents[lease.agent], agent.leases.remove(lease.token) != nil else { return }
    agent.free = agent.free + lease.need.amounts
    agent.give(lease.need)
    agent.freeGPUs = (agent.freeGPUs + lease.gpus).sorted()
    agent.hasExclusive = false
    agent.foundNothingAt = nil
    // What is over shows no memory any more.
    if agent.restsFor == lease.token { (agent.takesAgain, agent.restsFor) = (.zero, nil) }
    agents[lease.agent] = agent
    limits.give(lease.need, on: agent.host)
    if !lease.need.limits.isEmpty { news += 1 }
  }

  private mutating func lose(_ id: AgentID) -> [Notice] {
    let tokens = (agents[id]?.leases ?? []).sorted()
    for lease in tokens.compactMap({ leases[$0] }) {
      end(lease)
      giveBack(lease)
    }
    if let standing = agents[id]?.standing, standing != .lost { agents[id]?.standingBefore = standing }
    agents[id]?.standing = .lost
    news += 1
    keepNoLonger(id)
    return [.lost(id, tokens)]
  }

  /// The task waits again, before all others of its line; losing it was not its fault.
  mutating func giveBack(_ lease: Lease) {
    runs[lease.run]?.attempts[lease.task, default: 1] -= 1
    wait(lease.task, in: lease.line)
  }

  mutating func wait(_ task: Int, in line: Int) {
    lines[line]?.ready.append(task)
    offer(line)
  }
}
