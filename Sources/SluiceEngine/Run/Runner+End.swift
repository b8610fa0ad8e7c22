import Logging
import SluiceGraph
import SluiceModel

/// How runs and plans end, and what is recorded of it.
extension Runner {
  /// Makes versions of what the run has made, and records them together with its end.
  func publish(_ id: RunID) async {
    guard let run = going[id], let planID = plan(of: id), let plan = executions[planID]?.plan,
      ending.insert(id).inserted
    else { return }
    if let body = run.body, body.endsWithRun { await endSessions(of: body.key) }
    let harvest = Harvest(parts: parts, run: run, id: id, plan: plan)
    do throws(SluiceError) {
      // What was changed while the run read it made something that nobody could make again.
      try await refuseDamagedInputs(of: run.order)
      try await harvest.publish(origin: origin(of: planID))
      await conclude(id, .succeeded, failure: nil)
      ending.remove(id)
    } catch {
      ending.remove(id)
      await finish(id, .failed, recipe: run.order.assessment.recipe, failure: Failure(error))
    }
  }

  /// Records how a run ended without a version.
  func finish(
    _ id: RunID, _ status: Execution.Status, recipe: Digest? = nil, failure: Failure? = nil,
    spared: SparedWork? = nil
  ) async {
    guard let planID = plan(of: id), let execution = executions[planID], let entry = execution.entries[id],
      !entry.status.isDone, ending.insert(id).inserted
    else { return }
    defer { ending.remove(id) }
    let outcome: RunOutcome = status == .unchanged ? .unchanged : status == .cancelled ? .cancelled : .failed
    let run = going[id]
    if let body = run?.body, body.endsWithRun { await endSessions(of: body.key) }
    let fact = RunFinished(
      plan: planID, run: id, step: entry.run.step, attempt: run?.attempt ?? 0, outcome: outcome,
      executed: run?.counted ?? 0, reused: 0, seconds: run?.seconds ?? 0, recipe: recipe, failure: failure,
      spared: spared)
    do throws(SluiceError) {
      try await parts.writer.submitWhenPossible(origin(of: planID)) { registry throws(SluiceError) in
        try RunDecisions.end(fact, execution.plan.project, entry.run.folder, in: registry)
      }
    } catch {
      parts.logger.error("the end of run \(id) could not be recorded: \(error.what)")
    }
    await conclude(id, status, failure: failure)
  }

  func conclude(_ id: RunID, _ status: Execution.Status, failure: Failure?) async {
    guard let planID = plan(of: id) else { return }
    let bench = bench(of: id)
    executions[planID]?.finish(id, status, failure)
    let dropped = executions[planID]?.dropBroken() ?? []
    for task in tries.keys where task.run == id { tries[task] = nil }
    showEnded([id] + dropped, of: planID)
    going[id] = nil
    farm.withdraw(id)
    if let bench, busy[bench] == id {
      if !keepsBench(id, status, failure) { await parts.workshop.close(bench) }
      busy[bench] = nil
    }
    await record(dropped: dropped, in: planID)
    await concludePlan(planID)
    pump()
  }

  /// What a failed run has finished waits on its bench for a retry, unless the disk has no room for it.
  private func keepsBench(_ id: RunID, _ status: Execution.Status, _ failure: Failure?) -> Bool {
    guard status == .failed || status == .cancelled, failure?.code != ErrorCode.storeFull.rawValue else { return false }
    return parts.writer.current.runs[id]?.tasks.isEmpty == false
  }

  func drop(in plan: PlanID) async {
    let dropped = executions[plan]?.dropBroken() ?? []
    showEnded(dropped, of: plan)
    await record(dropped: dropped, in: plan)
  }

  /// Runs behind a failed one end too; each is a fact of its own.
  func record(dropped: [RunID], in plan: PlanID) async {
    guard let execution = executions[plan] else { return }
    for run in dropped { await recordDropped(run, execution) }
  }

  func recordDropped(_ id: RunID, _ execution: Execution) async {
    guard let entry = execution.entries[id] else { return }
    let fact = RunFinished(
      plan: execution.plan.id, run: id, step: entry.run.step, attempt: 0, outcome: .cancelled, executed: 0, reused: 0,
      seconds: 0, recipe: nil, failure: entry.failure)
    _ = try? await parts.writer.submitWhenPossible(origin(of: execution.plan.id)) {
      registry throws(SluiceError) in
      try RunDecisions.end(fact, execution.plan.project, entry.run.folder, in: registry)
    }
  }

  func concludePlan(_ id: PlanID) async {
    guard let execution = executions[id] else { return }
    tell(id)
    guard execution.isDone, parts.writer.current.plans[id]?.status == .running else { return }
    // Another of its runs may have ended while this waits for environments to be left.
    guard concluding.insert(id).inserted else { return }
    defer { concluding.remove(id) }
    await endSessions(ofJob: execution)
    let fact = PlanFinished(plan: id, outcome: execution.outcome, counts: execution.counts)
    do throws(SluiceError) {
      try await parts.writer.submitWhenPossible(origin(of: id)) { registry throws(SluiceError) in
        try RunDecisions.end(fact, execution.plan.project, in: registry)
      }
    } catch {
      parts.logger.error("the end of plan \(id) could not be recorded: \(error.what)")
    }
    tell(id)
    forgetOldPlans()
  }

  /// Ended plans stay for a while so that those who watch see their end; the registry keeps what matters.
  func forgetOldPlans() {
    let ended = executions.values.filter(\.isDone).sorted { $0.turn < $1.turn }
    for old in ended.dropLast(100) {
      executions[old.plan.id] = nil
      for run in old.plan.runs where plans[run.id] == old.plan.id { plans[run.id] = nil }
    }
  }
}
