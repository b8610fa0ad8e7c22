import SluiceGraph
import SluiceModel
import SluicePolicy

/// Templates that run on their own: each of their steps is a run, and each of its tasks a task.
extension Runner {
  func start(_ id: RunID, of job: SubmittedJob, _ execution: Execution, _ run: PlannedRun) async {
    do throws(SluiceError) {
      guard let bench = bench(of: id) else { return }
      let registry = parts.writer.current
      var body = try BodyPlan(
        job, step: run.step, key: Runner.sessionKey(of: execution),
        directory: parts.workshop.directory(of: Runner.sessionBench(of: execution.plan)))
      let order = RunOrder(job: job, run)
      let plan = try BenchPlan(
        order, frames: .empty, directory: parts.workshop.directory(of: bench), manifests: parts.manifests,
        store: parts.store)
      let known = registry.runs[id].flatMap { $0.attempt > 0 ? $0 : nil }
      let dealt = deal(&body, in: execution.plan.project, known: known)
      let total = body.space.count
      var count = total
      if case .probes(let probes) = dealt.dealing { count = probes }
      let all = (0..<count).map { $0 + 1 }.map {
        (id: TaskID(run: id, frame: $0), pieces: [RunOrder.Piece(frame: $0, recipes: [])])
      }
      let done = known?.tasks ?? [:]
      let open = all.filter { done[$0.id] == nil }
      try await parts.workshop.open(bench, links: [], keeping: [])
      let attempt = try await recordStart(
        of: run, id, execution, tasks: open.count, chunk: dealt.chunk, probes: dealt.probes)
      going[id] = Going(
        order: order, bench: bench, plan: plan, attempt: attempt,
        tasks: Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.pieces) }), open: KeySet(open.lazy.map(\.id)),
        reused: [:], body: body)
      going[id]?.dealing = dealt.dealing
      executions[execution.plan.id]?.setTasks(id, total: total, done: all.count - open.count, reused: 0)
      if case .probes(let probes) = dealt.dealing, open.isEmpty { return await dealRest(of: id, after: probes) }
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
