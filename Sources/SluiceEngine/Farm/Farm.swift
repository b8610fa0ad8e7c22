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
  /// Whether the server's own tasks go to a queue manager: a task that wants a machine for itself has one there.
  var isPool = false
  private var tasks: [RunID: [TaskID]] = [:]
  private var given: [LeaseToken: TaskID] = [:]
  /// What people asked for, for runs that do not wait yet, too.
  private(set) var tiers: [RunID: Tier] = [:]

  init(_ rules: Scheduler.Rules, sizes: Sizes) { (scheduler, self.sizes) = (Scheduler(rules), sizes) }

  /// Puts the tasks of a run in line.
  /// - Parameters:
  ///   - isFresh: whether none of its tasks is done, so that there is something to test.
  ///   - turn: where it stands, the smaller the earlier.
  mutating func add(_ run: RunID, _ ids: [TaskID], of step: Step, isFresh: Bool, turn: Int) {
    var hold = Scheduler.TestHold.off
    let places = TestFrames.places(of: ids.count)
    if step.isPerFrame, isFresh, step.tests != .off, !places.isEmpty {
      hold = .on(places, isLookedAt: step.tests == .look)
    }
    scheduler.remove(run)
    tasks[run] = ids
    scheduler.add(
      run, tasks: ids.count, need: need(of: step), tier: tiers[run] ?? .normal, hold: hold, turn: turn)
  }

  private func need(of step: Step) -> Need {
    var need = Need(step.needs, sizes)
    if isPool { need.isExclusive = false }
    return need
  }

  /// Takes what waits of a run out; what runs goes on.
  mutating func withdraw(_ run: RunID) {
    scheduler.remove(run)
    tasks[run] = nil
  }

  mutating func poll(_ agent: AgentID, now: Duration) -> [Given] {
    scheduler.poll(agent, now: now).compactMap { lease in
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

  mutating func end(_ token: LeaseToken, _ outcome: Scheduler.Outcome) -> [Scheduler.Notice] {
    guard let lease = scheduler.leases[token] else { return [] }
    given[token] = nil
    return scheduler.finish(token, by: lease.agent, outcome).notices
  }

  mutating func forget(_ tokens: [LeaseToken]) {
    for token in tokens { given[token] = nil }
  }

  mutating func setTier(_ tier: Tier, of run: RunID) {
    tiers[run] = tier == .normal ? nil : tier
    scheduler.setTier(tier, of: run)
  }

  /// The task's place in its run, where it waits.
  func why(_ task: TaskID) -> Waiting? {
    tasks[task.run]?.firstIndex(of: task).flatMap { scheduler.why(task.run, task: $0) }
  }

  /// The run's task that comes first of those that wait.
  func nextWaiting(of run: RunID) -> TaskID? {
    guard let ids = tasks[run] else { return nil }
    return ids.indices.compactMap { place in scheduler.why(run, task: place).map { (place, $0.ahead) } }
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
