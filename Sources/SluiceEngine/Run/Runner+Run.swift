import SluiceGraph
import SluiceModel
import SluicePolicy

/// A run: from inputs that are made to a bench with tasks in the queue.
extension Runner {
  func start(_ id: RunID) async {
    guard let planID = plan(of: id), let execution = executions[planID], let entry = execution.entries[id] else {
      return
    }
    if let job = execution.plan.job { return await start(id, of: job, execution, entry.run) }
    do throws(SluiceError) {
      let order = try await makeOrder(execution.plan, entry.run)
      if order.isUnchanged || order.isRestored(in: parts.writer.current) {
        await finish(id, .unchanged, recipe: order.assessment.recipe, spared: spared(order, by: entry.run))
        return
      }
      try await lay(order, id, execution, entry.run)
    } catch {
      await finish(id, error.code == .folderOmitted ? .cancelled : .failed, failure: Failure(error))
    }
    pump()
  }

  func makeOrder(_ plan: Plan, _ run: PlannedRun) async throws(SluiceError) -> RunOrder {
    let registry = parts.writer.current
    let project = try registry.project(plan.project)
    if let omission = project.omission(of: run.folder) { throw Runner.omitted(run, omission, in: project) }
    guard let graph = project.graph, let unit = graph.unit(UnitID(step: run.step, folder: run.folder)) else {
      throw SluiceError(
        .taskInput, what: "the pipeline no longer has the step '\(run.step)' on '\(run.folder)'", at: "run \(run.id)",
        fix: "plan again")
    }
    let tools = await parts.tools.versions(of: Set(unit.step.tools))
    let assessor = Assessor(
      project: project, graph: graph, manifests: parts.manifests, tools: tools, now: parts.ambient.now())
    let order = try RunOrder.order(run, of: plan, unit, project: project, assessor: assessor)
    try order.refusePurgedInputs()
    if !order.isUnchanged { try await refuseDamagedInputs(of: order) }
    return order
  }

  /// Finds what is made already, lays the bench, and queues the rest.
  func lay(
    _ order: RunOrder, _ id: RunID, _ execution: Execution, _ run: PlannedRun
  ) async throws(SluiceError) {
    let bench = Bench(project: execution.plan.project, folder: run.folder, step: run.step)
    var reused: [RunOrder.Piece: [ContentPlace]] = [:]
    if !order.isForced { await parts.writer.settleViews() }
    for piece in order.pieces where !order.isForced {
      let places = try await earlier(piece)
      if !order.unit.step.hasOpenOutputs, let found = Reuse.places(places, for: order.unit.step.outputs) {
        reused[piece] = found
      }
    }
    let registry = parts.writer.current
    let rest = order.pieces.filter { reused[$0] == nil }
    let done = registry.runs[id]?.tasks ?? [:]
    let plan = try BenchPlan(
      order, frames: FrameSet(rest.compactMap(\.frame)), directory: parts.workshop.directory(of: bench),
      manifests: parts.manifests, store: parts.store)
    var body = try bodyPlan(order, pieces: rest, plan, bench)
    let chunk = chunkSize(body, of: order.unit.step, in: execution.plan.project, known: registry.runs[id])
    let all = order.tasks(for: rest, run: id, chunk: chunk)
    // A task that ended before a restart is taken as it is, when its inputs and its files are still the same.
    var finished: [TaskID] = []
    for task in all where done[task.id]?.fact.recipe == RunOrder.recipe(task.pieces) {
      let outputs = task.pieces.flatMap { plan.outputs(of: $0) }
      let files = try await parts.workshop.measure(outputs.map(\.countedByBytes), of: bench)
      if files.allSatisfy({ $0 != nil }), !order.unit.step.hasOpenOutputs { finished.append(task.id) }
    }
    let keeping = all.filter { finished.contains($0.id) }.flatMap { $0.pieces.flatMap { plan.outputs(of: $0) } }
    try await parts.workshop.open(bench, links: plan.links, keeping: keeping.map(\.path))
    try await parts.workshop.makeOutputFolders(plan.outputFolders, of: bench)
    let open = all.filter { !finished.contains($0.id) }
    let divided = open.isEmpty ? nil : try divide(body, order.unit.step, pieces: rest, run: id)
    let attempt = try await recordStart(of: run, id, execution, tasks: divided?.tasks.count ?? open.count)
    body?.key = "\(id)-\(attempt)"
    try RunOrder.refusePurged(reused.values.joined().map(\.address), in: parts.writer.current)
    going[id] = Going(
      order: order, bench: bench, plan: plan, attempt: attempt,
      tasks: Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.pieces) }),
      open: KeySet(open.lazy.map(\.id)), reused: reused)
    going[id]?.body = body
    let failed = registry.runs[id]?.failedOn ?? [:]
    if let divided { return await takeUp(id, divided, of: order.unit.step, failed: failed, execution) }
    let reusedTasks = order.tasks(for: order.pieces.filter { reused[$0] != nil }, run: id).count
    executions[execution.plan.id]?.setTasks(
      id, total: all.count + reusedTasks, done: finished.count + reusedTasks, reused: reusedTasks)
    await takeUp(id, open.map(\.id), of: all.map(\.id), order.unit.step, failed: failed, execution)
  }

  /// Records that a run begins, with so many tasks.
  /// - Returns: which attempt it is.
  func recordStart(
    of run: PlannedRun, _ id: RunID, _ execution: Execution, tasks: Int, chunk: Int? = nil,
    probes: Int? = nil
  ) async throws(SluiceError) -> Int {
    let attempt = (parts.writer.current.runs[id]?.attempt ?? 0) + 1
    let fact = RunStarted(
      plan: execution.plan.id, run: id, step: run.step, attempt: attempt, tasks: tasks, chunk: chunk,
      probes: probes)
    try await parts.writer.submitWhenPossible(origin(of: execution.plan.id)) { registry throws(SluiceError) in
      try RunDecisions.begin(fact, execution.plan.project, run.folder, in: registry)
    }
    return attempt
  }

  /// Puts what is left to do of a run in line, and ends a run of which nothing is.
  /// - Parameters:
  ///   - all: its tasks, made or not.
  ///   - failed: where tasks had failed before it was begun again.
  func takeUp(
    _ id: RunID, _ open: [TaskID], of all: [TaskID], _ step: Step, failed: [TaskID: AgentID], _ execution: Execution
  ) async {
    if cancelled.contains(id) {
      await finish(id, .cancelled, failure: cancelFailure(of: id))
    } else if open.isEmpty {
      await publish(id)
    } else {
      // Most steps choose none, and a run may have many tasks.
      let chosen = step.tests?.frames.map { frames in
        all.filter { going[id]?.tasks[$0]?.contains { $0.frame.map(frames.contains) == true } == true }
      }
      let known = QueuedBefore(
        id, of: step, all: all, open: open, chosen: chosen ?? [], failed: failed, in: parts.writer.current)
      recallTries(known)
      farm.add(
        id, open, of: step, in: execution.plan.project, known, turn: place(of: id), hosts: going[id]?.body?.hosts)
    }
  }

  /// Files that the recipe of each output made before and that are still there.
  private func earlier(_ piece: RunOrder.Piece) async throws(SluiceError) -> [[ContentPlace]] {
    let registry = parts.writer.current
    var known: [Digest: [ContentPlace]] = [:]
    for recipe in piece.recipes where known[recipe] == nil {
      known[recipe] = try await parts.views.outputs(ofRecipe: recipe).filter {
        !registry.isPurged($0.address)
          && parts.store.holds($0.path, representation: $0.representation, at: $0.address)
      }
    }
    return piece.recipes.map { known[$0] ?? [] }
  }

  func origin(of plan: PlanID) -> Origin {
    let state = parts.writer.current.plans[plan]
    return Origin(actor: state?.actor ?? .system, cause: state?.event)
  }
}

extension Step {
  /// Outputs whose frames nobody knows before the command has run: a sequence from a step that is not frame by frame.
  var hasOpenOutputs: Bool { !isPerFrame && outputs.contains(where: \.isSequence) }
}

extension WorkOutput {
  /// The same output without a look at its pixels, where only its presence matters.
  var countedByBytes: WorkOutput {
    WorkOutput(path: path, name: name, frame: frame, identity: .bytes, recipe: recipe)
  }
}
