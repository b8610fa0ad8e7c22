import SluiceGraph
import SluiceModel
import SluicePolicy

/// Templates that run on their own: each of their steps is a run, and each of its tasks a task.
extension Runner {
  func start(_ id: RunID, of job: SubmittedJob, _ execution: Execution, _ run: PlannedRun) async {
    do throws(SluiceError) {
      guard let bench = bench(of: id) else { return }
      let registry = parts.writer.current
      let body = try BodyPlan(
        job, step: run.step, key: Runner.sessionKey(of: execution),
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
      let attempt = try await recordStart(of: run, id, execution, tasks: open.count)
      going[id] = Going(
        order: order, bench: bench, plan: plan, attempt: attempt,
        tasks: Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.pieces) }), open: KeySet(open.lazy.map(\.id)),
        reused: [:],
        body: body)
      executions[execution.plan.id]?.setTasks(id, total: all.count, done: all.count - open.count, reused: 0)
      await takeUp(
        id, open.map(\.id), of: all.map(\.id), order.unit.step, failed: registry.runs[id]?.failedOn ?? [:], execution)
    } catch {
      await finish(id, .failed, failure: Failure(error))
    }
    pump()
  }

  /// Where the sessions of a job work, whichever step they are at.
  static func sessionBench(of plan: Plan) -> Bench {
    Bench(project: plan.project, folder: .root, step: "\(plan.id)")
  }

  /// A job that is taken up again has sessions of its own.
  private static func sessionKey(of execution: Execution) -> String { "\(execution.plan.id)-\(execution.turn)" }

  /// Leaves the environments of a job whose last step has ended.
  func endSessions(ofJob execution: Execution) async {
    guard execution.plan.job != nil else { return }
    await endSessions(of: Runner.sessionKey(of: execution))
    await parts.workshop.close(Runner.sessionBench(of: execution.plan))
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
