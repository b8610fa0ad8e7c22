import SluiceModel

/// Plans and runs. Of facts that did not see one another, which only happens where two sites take themselves for a
/// project's home, those of higher rank are what is shown: every order of arrival ends with the same rows.
extension Registry {
  mutating func apply(_ fact: PlanApplied, _ event: Event, _ rank: Rank) -> [RowKey] {
    guard let project = event.project else { return [] }
    let before = plans[fact.plan]
    var turns = planTurns[fact.plan] ?? PlanTurns()
    var state: PlanState
    if let before, [turns.applied, turns.proposed].contains(where: { $0.map { $0 > rank } ?? false }) {
      state = before
    } else {
      state = PlanState(
        id: fact.plan, project: project, status: before?.status ?? .running, body: fact.body,
        applications: before?.applications ?? 0, runs: fact.runs, tasks: fact.tasks,
        counts: before?.counts ?? RunCounts(), actor: event.actor, applied: event.time, finished: before?.finished,
        event: event.id, only: fact.only)
    }
    turns.applied = max(turns.applied ?? rank, rank)
    state.applications += 1
    if turns.isRunning { (state.status, state.counts, state.finished) = (.running, RunCounts(), nil) }
    (plans[fact.plan], planTurns[fact.plan]) = (state, turns)
    return [.plan(fact.plan)]
  }

  mutating func apply(_ fact: PlanFinished, _ event: Event, _ rank: Rank) -> [RowKey] {
    guard let turns = planTurns[fact.plan], turns.ended.map({ $0 < rank }) ?? true else { return [] }
    planTurns[fact.plan]?.ended = rank
    guard turns.isNewest(rank) else { return [.plan(fact.plan)] }
    plans[fact.plan]?.status = PlanState.Status(rawValue: fact.outcome.rawValue) ?? .failed
    plans[fact.plan]?.counts = fact.counts
    plans[fact.plan]?.finished = event.time
    return [.plan(fact.plan)]
  }

  mutating func apply(_ fact: RunStarted, _ event: Event, _ rank: Rank) -> [RowKey] {
    guard let project = event.project, let folder = event.folder else { return [] }
    var run = RunState(
      id: fact.run, plan: fact.plan, project: project, folder: folder, step: fact.step, status: .running,
      attempt: fact.attempt, executed: 0, reused: 0, recipe: nil, failure: nil, event: event.id, rank: rank)
    if let before = runs[fact.run] { run = before.taking(run) }
    let begun = [run.begun, rank].compactMap { $0 }.max() ?? rank
    if begun == rank { (run.chunk, run.probes) = (fact.chunk, fact.probes) }
    run.begun = begun
    let forgotten = run.failed.removeAll { $0.rank < begun }
    return keep(run) + forgotten.map { .task($0) }
  }

  mutating func apply(_ fact: TaskFinished, _ rank: Rank) -> [RowKey] {
    let id = fact.task.run
    guard let run = runs[id] else { return [] }
    switch fact.outcome {
    case .succeeded:
      guard run.made.map({ $0 < rank }) ?? true, run.tasks[fact.task].map({ $0.rank < rank }) ?? true else { break }
      runs[id]?.tasks[fact.task] = RunState.Ended(fact: fact, rank: rank)
    case .failed:
      guard run.begun.map({ $0 < rank }) ?? true, run.failed[fact.task].map({ $0.rank < rank }) ?? true else { break }
      runs[id]?.failed[fact.task] = RunState.Ended(fact: fact, rank: rank)
    case .cancelled: break
    }
    return [.task(fact.task)]
  }

  mutating func apply(_ fact: RunFinished, _ event: Event, _ rank: Rank) -> [RowKey] {
    guard let project = event.project, let folder = event.folder else { return [] }
    var run = RunState(
      id: fact.run, plan: fact.plan, project: project, folder: folder, step: fact.step,
      status: RunState.Status(rawValue: fact.outcome.rawValue) ?? .failed, attempt: fact.attempt,
      executed: fact.executed, reused: fact.reused, recipe: fact.recipe, failure: fact.failure, event: event.id,
      rank: rank)
    if let before = runs[fact.run] { run = before.taking(run) }
    var forgotten: [TaskID] = []
    if fact.outcome == .succeeded || fact.outcome == .unchanged {
      let made = [run.made, rank].compactMap { $0 }.max() ?? rank
      run.made = made
      forgotten = run.tasks.removeAll { $0.rank <= made } + run.forgetTries(through: made)
    }
    var changed = keep(run) + forgotten.map { .task($0) }
    let known = projects[project]?.timings[fact.step]
    if fact.outcome == .succeeded, fact.executed > 0, known.map({ $0.rank < rank }) ?? true {
      projects[project]?.timings[fact.step] = StepTiming(
        secondsPerTask: fact.seconds / Double(fact.executed), rank: rank)
      changed.append(.timing(project, fact.step))
    }
    return changed
  }

  private mutating func keep(_ run: RunState) -> [RowKey] {
    runs[run.id] = run
    noteLast(run)
    return [.run(run.id)]
  }

  /// The last run of a unit is the one with the newest beginning or end.
  mutating func noteLast(_ run: RunState) {
    let other = projects[run.project]?.lastRuns[run.unit].flatMap { runs[$0] }
    if let other, other.rank > run.rank { return }
    projects[run.project]?.lastRuns[run.unit] = run.id
  }
}

extension RunState {
  /// This run with another beginning or end of it.
  fileprivate func taking(_ other: RunState) -> RunState {
    var newest = other.rank > rank ? other : self
    // It fences off late workers, and so is never given twice.
    newest.attempt = max(attempt, other.attempt)
    (newest.begun, newest.made, newest.tasks, newest.failed) = (begun, made, tasks, failed)
    (newest.tries, newest.words, newest.chunk, newest.probes) = (tries, words, chunk, probes)
    return newest
  }
}
