package import SluiceGraph
package import SluiceModel

/// How far a plan has come: which runs wait, go and are done. Pure.
///
/// What happens to a run costs what stands behind that run, not what the plan holds: a plan may hold a whole show.
package struct Execution: Sendable {
  package enum Status: Sendable, Equatable {
    case waiting, going, succeeded, unchanged, failed, cancelled
    package var isDone: Bool { self != .waiting && self != .going }
  }
  package struct Entry: Sendable {
    package let run: PlannedRun
    package fileprivate(set) var after: Set<RunID>
    /// How many of them are not done.
    fileprivate var unmet = 0
    package fileprivate(set) var status: Status
    package var reused = 0
    package var tasksTotal: Int
    package var tasksDone = 0
    package var failedTasks: [TaskID] = []
    package var failure: Failure?
  }

  package let plan: Plan
  /// Older plans first.
  package let turn: Int
  package private(set) var entries: Table<RunID, Entry> = [:]
  /// Where each run stands in the plan.
  private let places: [RunID: Int]
  /// Who waits for a run, in the plan's order.
  private let followers: [RunID: [RunID]]
  private var open = 0
  /// Runs that may be startable, and those whose followers may not become so any more.
  private var ready: Set<RunID> = []
  private var broken: Set<RunID> = []

  /// - Parameter state: what the registry knows of runs that ended before, so that they are not repeated.
  package init(plan: Plan, turn: Int, graph: StepGraph?, registry: Registry) {
    (self.plan, self.turn) = (plan, turn)
    let state = registry.plans[plan.id]
    let wanted = state?.wanted
    let order = PlanOrder(of: plan, graph: graph, project: registry.projects[plan.project])
    places = Dictionary(zip(plan.runs.map(\.id), plan.runs.indices), uniquingKeysWith: { first, _ in first })
    var followers: [RunID: [RunID]] = [:]
    for run in plan.runs {
      let after = plan.job.map { plan.runs(before: run, of: $0) } ?? order.runs(before: run)
      var entry = Entry(run: run, after: after, status: .waiting, tasksTotal: run.tasks)
      if let state { entry.status = Execution.status(of: run.id, in: state.id, wanted: wanted, registry: registry) }
      if let known = registry.runs[run.id], known.plan == plan.id {
        entry.failure = entry.status == .failed || entry.status == .cancelled ? known.failure : nil
        if entry.status == .succeeded || entry.status == .unchanged {
          entry.tasksDone = entry.tasksTotal
        } else if entry.status.isDone {
          entry.tasksDone = min(known.tasks.count, entry.tasksTotal)
          entry.failedTasks = known.failed.keys.sorted(by: TaskOrdering.isBefore)
        }
        entry.reused = known.reused
      }
      entries[run.id] = entry
      for other in after { followers[other, default: []].append(run.id) }
    }
    self.followers = followers
    for run in plan.runs { settle(run.id) }
  }

  /// Counts a run whose state is new here.
  private mutating func settle(_ run: RunID) {
    guard let entry = entries[run] else { return }
    let unmet = entry.after.count { entries[$0]?.status.isDone == false }
    entries[run]?.unmet = unmet
    if !entry.status.isDone { open += 1 }
    if entry.status == .waiting, unmet == 0 { ready.insert(run) }
    if entry.status == .failed || entry.status == .cancelled { broken.insert(run) }
  }

  /// The one place where a run changes its state.
  private mutating func set(_ run: RunID, _ status: Status) {
    guard let before = entries[run]?.status else { return }
    entries[run]?.status = status
    if status == .waiting, entries[run]?.unmet == 0 { ready.insert(run) }
    if status == .failed || status == .cancelled { broken.insert(run) }
    guard before.isDone != status.isDone else { return }
    let step = status.isDone ? -1 : 1
    open += step
    for follower in followers[run] ?? [] where entries[follower]?.after.contains(run) == true {
      entries[follower]?.unmet += step
      if entries[follower]?.unmet == 0, entries[follower]?.status == .waiting { ready.insert(follower) }
    }
  }

  private func inOrder(_ runs: some Sequence<RunID>) -> [RunID] {
    runs.sorted { (places[$0] ?? 0) < (places[$1] ?? 0) }
  }

  /// Where a run stands in the plan.
  package func place(of run: RunID) -> Int { places[run] ?? 0 }

  /// How a run of an applied plan stands, as far as facts say.
  /// - Parameter wanted: the runs that the plan was applied for last; nil for all.
  package static func status(
    of run: RunID, in plan: PlanID, wanted: Set<RunID>?, registry: Registry
  ) -> Status {
    var status = Status.waiting
    if let known = registry.runs[run], known.plan == plan {
      status = restored(known, isOfLastApplication: registry.isOfLastApplication(known))
    }
    return status == .waiting && wanted?.contains(run) == false ? .cancelled : status
  }

  private static func restored(_ known: RunState, isOfLastApplication: Bool) -> Status {
    switch known.status {
    case .succeeded: .succeeded
    case .unchanged: .unchanged
    case .failed: isOfLastApplication ? .failed : .waiting
    case .cancelled: isOfLastApplication ? .cancelled : .waiting
    case .running: .waiting
    }
  }

  package var isDone: Bool { open == 0 }

  /// Whether there may be such runs.
  var mayStart: Bool { !ready.isEmpty }

  /// Runs whose inputs are made, in the plan's order; they count as going from here on.
  package mutating func startable() -> [RunID] {
    guard !ready.isEmpty else { return [] }
    let start = inOrder(ready.filter { entries[$0]?.status == .waiting && entries[$0]?.unmet == 0 })
    ready = []
    for run in start { set(run, .going) }
    return start
  }

  /// Ends the runs whose inputs did not come out, in the plan's order.
  package mutating func dropBroken() -> [RunID] {
    var dropped: [RunID] = []
    while let next = broken.popFirst() {
      for run in followers[next] ?? [] {
        guard let entry = entries[run], entry.status == .waiting, entry.after.contains(next) else { continue }
        set(run, .cancelled)
        dropped.append(run)
      }
    }
    dropped = inOrder(dropped)
    for run in dropped {
      let failure = failureOfDropped(run)
      entries[run]?.failure = failure
    }
    return dropped
  }

  private func failureOfDropped(_ run: RunID) -> Failure? {
    let inputs = inOrder(entries[run]?.after ?? []).compactMap { entries[$0] }
    guard let broken = inputs.first(where: { $0.status == .failed || $0.status == .cancelled }) else { return nil }
    let unit = UnitID(step: broken.run.step, folder: broken.run.folder)
    return Failure(
      SluiceError(
        .taskInput, what: "not run, because \(unit) did not finish", at: "run \(run)",
        fix: "mend \(unit), then `sluice retry \(broken.run.id)`"))
  }

  /// Runs of omitted folders: nothing elsewhere waits for them any more.
  package mutating func release(_ omitted: Set<RunID>) {
    for run in omitted {
      let isDone = entries[run]?.status.isDone ?? true
      for follower in followers[run] ?? [] where !omitted.contains(follower) {
        guard entries[follower]?.after.remove(run) != nil, !isDone else { continue }
        entries[follower]?.unmet -= 1
        if entries[follower]?.unmet == 0, entries[follower]?.status == .waiting { ready.insert(follower) }
      }
    }
  }

  package mutating func setWaiting(_ run: RunID) { set(run, .waiting) }
  package mutating func setTasks(_ run: RunID, total: Int, done: Int, reused: Int) {
    entries[run]?.tasksTotal = total
    entries[run]?.tasksDone = done
    entries[run]?.reused = reused
  }
  package mutating func taskDone(_ run: RunID) { entries[run]?.tasksDone += 1 }
  package mutating func taskFailed(_ task: TaskID) { entries[task.run]?.failedTasks.append(task) }
  package mutating func finish(_ run: RunID, _ status: Status, _ failure: Failure? = nil) {
    set(run, status)
    entries[run]?.failure = failure
    let total = entries[run]?.tasksTotal ?? 0
    if status == .succeeded || status == .unchanged { entries[run]?.tasksDone = total }
  }

  package var counts: RunCounts {
    var counts = RunCounts()
    for entry in entries.values {
      switch entry.status {
      case .succeeded:
        counts.succeeded += 1
        if entry.reused > 0, entry.reused == entry.tasksTotal { counts.reused += 1 }
      case .unchanged: counts.unchanged += 1
      case .failed: counts.failed += 1
      case .cancelled: counts.cancelled += 1
      case .waiting, .going: continue
      }
    }
    return counts
  }

  package var outcome: PlanOutcome {
    let counts = counts
    return counts.failed > 0 ? .failed : counts.cancelled > 0 ? .cancelled : .succeeded
  }

  /// - Parameter workers: how many tasks run at once.
  package func progress(workers: Int, isRunning: (RunID) -> Bool) -> PlanProgress {
    let runs = plan.runs.compactMap { entries[$0.id] }.map { entry in
      RunProgress(
        id: entry.run.id, step: entry.run.step, folder: entry.run.folder,
        status: status(of: entry, isRunning: isRunning(entry.run.id)), tasksDone: entry.tasksDone,
        tasksTotal: entry.tasksTotal, reused: entry.reused, failedTasks: entry.failedTasks, failure: entry.failure)
    }
    var left: Double? = 0
    for entry in entries.values where !entry.status.isDone {
      let perTask = entry.run.estimate.map { $0.seconds / Double(max(1, entry.run.tasks)) }
      left = left.flatMap { sum in perTask.map { sum + $0 * Double(entry.tasksTotal - entry.tasksDone) } }
    }
    let counts = counts
    return PlanProgress(
      id: plan.id, project: plan.project,
      status: isDone ? PlanState.Status(rawValue: outcome.rawValue) ?? .failed : .running, runs: runs,
      tasksDone: runs.reduce(0) { $0 + $1.tasksDone }, tasksTotal: runs.reduce(0) { $0 + $1.tasksTotal },
      secondsLeft: left.map { $0 / Double(workers) }, counts: counts)
  }

  private func status(of entry: Entry, isRunning: Bool) -> RunProgress.Status {
    switch entry.status {
    case .waiting: .waiting
    case .going: isRunning ? .running : .queued
    case .succeeded: .succeeded
    case .unchanged: .unchanged
    case .failed: .failed
    case .cancelled: .cancelled
    }
  }
}

extension PlanState {
  /// The runs that it was applied for last, for who asks of many; nil for all.
  var wanted: Set<RunID>? { only.map { Set($0) } }
}
