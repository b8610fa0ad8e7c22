import SluiceModel
import SluicePolicy

/// Tasks of runs in the scheduler, by their ids. Pure.
struct Farm: Sendable {
  /// A task that an agent is to run.
  struct Given: Sendable {
    let task: TaskID
    let lease: Lease
  }

  /// The server's own machine.
  static let own = AgentID("server")

  var scheduler: Scheduler
  let sizes: Sizes
  private let ramp: Duration
  /// Whether the server's own tasks go to a queue manager: a task that wants a machine for itself has one there.
  var isPool = false
  private var tasks: [RunID: [TaskID]] = [:]
  private var given: [LeaseToken: TaskID] = [:]
  /// How often machines could not do a task for a reason of their own.
  private var troubles: [RunID: [TaskID: Int]] = [:]
  /// Where tasks failed last that have not succeeded since: a retry of them goes elsewhere.
  private var failedOn: [TaskID: AgentID] = [:]

  init(_ rules: Scheduler.Rules, sizes: Sizes, ramp: Duration) {
    (scheduler, self.sizes, self.ramp) = (Scheduler(rules), sizes, ramp)
  }

  /// Puts the tasks of a run in line.
  /// - Parameters:
  ///   - known: what facts say of it.
  ///   - turn: where it stands, the smaller the earlier.
  mutating func add(
    _ run: RunID, _ ids: [TaskID], of step: Step, in project: ProjectName, _ known: QueuedBefore, turn: Int,
    hosts: HostNeeds? = nil
  ) {
    scheduler.remove(run)
    tasks[run] = ids
    scheduler.add(
      run, tasks: ids.count, need: need(of: step, hosts), tier: known.tier, hold: known.hold(in: ids),
      attempts: 1 + (step.retries ?? 0), turn: turn, tried: tries(ids, known), isPaused: known.isPaused,
      of: StepOfProject(project: project, step: step.name))
  }

  /// What is known of earlier tries, by the places of the tasks.
  private func tries(_ ids: [TaskID], _ known: QueuedBefore) -> [Int: EarlierTries] {
    var tried: [Int: EarlierTries] = [:]
    for (place, id) in ids.enumerated() {
      var tries = EarlierTries(known.tries[id] ?? [])
      tries.failedOn = tries.failedOn ?? failedOn[id] ?? known.failedOn[id]
      if !tries.isEmpty { tried[place] = tries }
    }
    return tried
  }

  /// What tasks of a step need.
  /// - Parameter hosts: what its template asks of machines; a queue manager finds them itself.
  func need(of step: Step, _ hosts: HostNeeds?) -> Need {
    var need = Need(step.needs, sizes)
    if let hosts { need.take(hosts, isLimit: scheduler.hasLimit) }
    if need.amounts.memory == 0 { need.ramp = ramp }
    if isPool { (need.isExclusive, need.hosts) = (false, nil) }
    return need
  }

  /// Puts the tasks of a body's steps in line, which wait for each other.
  mutating func add(
    _ run: RunID, _ ids: [TaskID], parts: [BodyParts.Part], of step: Step, in project: ProjectName,
    _ known: QueuedBefore, turn: Int
  ) {
    scheduler.remove(run)
    tasks[run] = ids
    let parts = parts.map { part in
      var need = need(of: step, part.hosts)
      need.sharesBench = true
      return Scheduler.Part(name: part.step, tasks: part.tasks, need: need, after: part.after)
    }
    scheduler.add(
      run, parts: parts, tier: known.tier, attempts: 1 + (step.retries ?? 0), turn: turn, tried: tries(ids, known),
      isPaused: known.isPaused, of: StepOfProject(project: project, step: step.name))
  }

  /// - Parameter agent: where a task failed; nil where it has succeeded.
  mutating func note(_ task: TaskID, failedOn agent: AgentID?) {
    // What nobody tried again for so long may be tried anywhere.
    if agent != nil, failedOn.count >= Limits.rememberedFailures { failedOn = [:] }
    failedOn[task] = agent
  }

  /// Takes what waits of a run out; what runs goes on.
  mutating func withdraw(_ run: RunID) {
    scheduler.remove(run)
    tasks[run] = nil
    troubles[run] = nil
  }

  /// A machine could not do a task for a reason of its own, such as a full disk.
  /// - Returns: whether that was so often that it is the task's failure.
  mutating func isTooMuch(_ task: TaskID) -> Bool {
    troubles[task.run, default: [:]][task, default: 0] += 1
    return troubles[task.run]?[task] ?? 0 >= Limits.agentTroubles
  }

  /// What an agent that waits for tasks is to start.
  mutating func give(to agent: AgentID, now: Duration) -> [Given] {
    scheduler.give(to: agent, now: now).compactMap { lease in
      guard let ids = tasks[lease.run], lease.task < ids.count else { return nil }
      given[lease.token] = ids[lease.task]
      return Given(task: ids[lease.task], lease: lease)
    }
  }

  /// Whether a task is still where it was given.
  func holds(_ token: LeaseToken) -> Bool { scheduler.leases[token] != nil }

  /// Tasks that an agent has.
  func tasks(of agent: AgentID) -> [(token: LeaseToken, task: TaskID)] {
    (scheduler.agents[agent]?.leases ?? []).sorted().compactMap { token in given[token].map { (token, $0) } }
  }

  func task(of token: LeaseToken) -> TaskID? { given[token] }

  mutating func end(
    _ token: LeaseToken, _ outcome: Scheduler.Outcome
  ) -> (receipt: Scheduler.Receipt, notices: [Scheduler.Notice]) {
    guard let lease = scheduler.leases[token] else { return (.givenAway, []) }
    given[token] = nil
    return scheduler.finish(token, by: lease.agent, outcome)
  }

  func share(_ need: Need) -> TaskShare { sizes.share(need) }

  mutating func forget(_ tokens: [LeaseToken]) {
    for token in tokens { given[token] = nil }
  }

  /// The task's place in its run, where it waits.
  func why(_ task: TaskID, now: Duration) -> Waiting? {
    tasks[task.run]?.firstIndex(of: task).flatMap { scheduler.why(task.run, task: $0, now: now) }
  }

  /// The run's task that comes first of those that wait.
  func nextWaiting(of run: RunID, now: Duration) -> TaskID? {
    guard let ids = tasks[run] else { return nil }
    return ids.indices.compactMap { place in scheduler.why(run, task: place, now: now).map { (place, $0.ahead) } }
      .min { $0.1 < $1.1 }.map { ids[$0.0] }
  }

  func name(_ place: Int, of run: RunID) -> TaskID? {
    tasks[run].flatMap { place < $0.count ? $0[place] : nil }
  }

  /// Cores of all agents that take tasks.
  var slots: Int {
    scheduler.agents.values.reduce(0) { $0 + ($1.standing == .active ? $1.has.cores : 0) }
  }
}
