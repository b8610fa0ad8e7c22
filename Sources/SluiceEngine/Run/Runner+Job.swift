import SluiceGraph
import SluiceModel
import SluicePolicy

/// Templates that run on their own: each of their steps is a run, and each of its tasks a task.
extension Runner {
  func start(_ id: RunID, of job: SubmittedJob, _ execution: Execution, _ run: PlannedRun) async {
    do throws(SluiceError) {
      guard let bench = bench(of: id) else { return }
      let registry = parts.writer.current
      let attempt = (registry.runs[id]?.attempt ?? 0) + 1
      let body = try BodyPlan(
        job, step: run.step, key: "\(execution.plan.id)",
        directory: parts.workshop.directory(of: Runner.sessionBench(of: execution.plan)))
      let order = RunOrder(job: job, run)
      let plan = try BenchPlan(
        order, frames: .empty, directory: parts.workshop.directory(of: bench), manifests: parts.manifests,
        store: parts.store)
      let all = (1...run.tasks).map {
        (id: TaskID(run: id, frame: $0), pieces: [RunOrder.Piece(frame: $0, recipes: [])])
      }
      let done = registry.runs[id]?.tasks ?? [:]
      let open = all.filter { done[$0.id] == nil }
      try await parts.workshop.open(bench, links: [], keeping: [])
      let fact = RunStarted(plan: execution.plan.id, run: id, step: run.step, attempt: attempt, tasks: open.count)
      try await parts.writer.submitWhenPossible(origin(of: execution.plan.id)) { registry throws(SluiceError) in
        try RunDecisions.begin(fact, execution.plan.project, run.folder, in: registry)
      }
      going[id] = Going(
        order: order, bench: bench, plan: plan, attempt: attempt,
        tasks: Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.pieces) }), open: Set(open.map(\.id)), reused: [:],
        body: body)
      executions[execution.plan.id]?.setTasks(id, total: all.count, done: all.count - open.count, reused: 0)
      if cancelled.contains(id) {
        await finish(id, .cancelled, failure: cancelFailure(of: id))
      } else if open.isEmpty {
        await publish(id)
      } else {
        let index = execution.plan.runs.firstIndex { $0.id == id } ?? 0
        farm.add(
          id, open.map(\.id), of: order.unit.step, isFresh: false,
          turn: execution.turn * Limits.runsPerPlan + index)
      }
    } catch {
      await finish(id, .failed, failure: Failure(error))
    }
    pump()
  }

  /// Where the sessions of a job work, whichever step they are at.
  static func sessionBench(of plan: Plan) -> Bench {
    Bench(project: plan.project, folder: .root, step: "\(plan.id)")
  }

  /// Leaves the environments of a job whose last step has ended.
  func endSessions(ofJob plan: Plan) async {
    guard plan.job != nil else { return }
    await parts.launcher.endSessions(of: "\(plan.id)")
    await parts.workshop.close(Runner.sessionBench(of: plan))
  }
}

extension RunOrder {
  /// A run that makes no product: a step of a template that runs on its own.
  init(job: SubmittedJob, _ run: PlannedRun) {
    let step = Step(
      name: run.step, folders: .glob(""), inputs: [], outputs: [], command: [],
      timeoutSeconds: Limits.jobTaskTimeoutSeconds, body: StepBody(template: job.template, parameters: job.values))
    let unit = Unit(job: step)
    self.init(unit: unit, assessment: Assessment(job: unit))
  }
}
