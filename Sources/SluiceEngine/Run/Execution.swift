package import SluiceGraph
package import SluiceModel

/// How far a plan has come: which runs wait, go and are done. Pure.
package struct Execution: Sendable {
  package enum Status: Sendable, Equatable {
    case waiting, going, succeeded, unchanged, failed, cancelled
    package var isDone: Bool { self != .waiting && self != .going }
  }
  package struct Entry: Sendable {
    package let run: PlannedRun
    package fileprivate(set) var after: Set<RunID>
    package var status: Status
    package var reused = 0
    package var tasksTotal: Int
    package var tasksDone = 0
    package var failedTasks: [TaskID] = []
    package var failure: Failure?
  }

  package let plan: Plan
  /// Older plans first.
  package let turn: Int
  package private(set) var entries: [RunID: Entry] = [:]

  /// - Parameter state: what the registry knows of runs that ended before, so that they are not repeated.
  package init(plan: Plan, turn: Int, graph: StepGraph?, registry: Registry) {
    (self.plan, self.turn) = (plan, turn)
    let state = registry.plans[plan.id]
    let order = PlanOrder(of: plan, graph: graph, project: registry.projects[plan.project])
    for run in plan.runs {
      let after = plan.job.map { plan.runs(before: run, of: $0) } ?? order.runs(before: run)
      var entry = Entry(run: run, after: after, status: .waiting, tasksTotal: run.tasks)
      if let state { entry.status = Execution.status(of: run.id, in: state, registry: registry) }
      if let known = registry.runs[run.id], known.plan == plan.id {
        entry.failure = entry.status == .failed || entry.status == .cancelled ? known.failure : nil
        let isLeftOut = entry.status == .cancelled && state?.only?.contains(run.id) == false
        if entry.status.isDone, !isLeftOut { entry.tasksDone = entry.tasksTotal }
        entry.reused = known.reused
      }
      entries[run.id] = entry
    }
  }

  /// How a run of an applied plan stands, as far as facts say.
  package static func status(of run: RunID, in plan: PlanState, registry: Registry) -> Status {
    var status = Status.waiting
    if let known = registry.runs[run], known.plan == plan.id {
      status = restored(known, isOfLastApplication: registry.isOfLastApplication(known))
    }
    return status == .waiting && plan.only?.contains(run) == false ? .cancelled : status
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

  package var isDone: Bool { entries.values.allSatisfy(\.status.isDone) }

  /// Runs whose inputs are made, in the plan's order; they count as going from here on.
  package mutating func startable() -> [RunID] {
    var start: [RunID] = []
    for run in plan.runs {
      guard let entry = entries[run.id], entry.status == .waiting else { continue }
      if entry.after.allSatisfy({ entries[$0]?.status.isDone ?? true }) {
        entries[run.id]?.status = .going
        start.append(run.id)
      }
    }
    return start
  }

  /// Ends the runs whose inputs did not come out, in the plan's order.
  package mutating func dropBroken() -> [RunID] {
    var dropped: [RunID] = []
    for run in plan.runs {
      guard let entry = entries[run.id], entry.status == .waiting else { continue }
      let inputs = entry.after.compactMap { entries[$0] }
      if let broken = inputs.first(where: { $0.status == .failed || $0.status == .cancelled }) {
        let unit = UnitID(step: broken.run.step, folder: broken.run.folder)
        entries[run.id]?.status = .cancelled
        entries[run.id]?.failure = Failure(
          SluiceError(
            .taskInput, what: "not run, because \(unit) did not finish", at: "run \(run.id)",
            fix: "mend \(unit), then `sluice retry \(broken.run.id)`"))
        dropped.append(run.id)
      }
    }
    return dropped
  }

  /// Runs of omitted folders: nothing elsewhere waits for them any more.
  package mutating func release(_ omitted: Set<RunID>) {
    for run in plan.runs where !omitted.contains(run.id) { entries[run.id]?.after.subtract(omitted) }
  }

  package mutating func setWaiting(_ run: RunID) { entries[run]?.status = .waiting }
  package mutating func setTasks(_ run: RunID, total: Int, done: Int, reused: Int) {
    entries[run]?.tasksTotal = total
    entries[run]?.tasksDone = done
    entries[run]?.reused = reused
  }
  package mutating func taskDone(_ run: RunID) { entries[run]?.tasksDone += 1 }
  package mutating func taskFailed(_ task: TaskID) { entries[task.run]?.failedTasks.append(task) }
  package mutating func finish(_ run: RunID, _ status: Status, _ failure: Failure? = nil) {
    guard var entry = entries[run] else { return }
    entry.status = status
    entry.failure = failure
    if status == .succeeded || status == .unchanged { entry.tasksDone = entry.tasksTotal }
    entries[run] = entry
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
