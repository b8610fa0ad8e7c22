package import Logging
import ServiceLifecycle
package import SluiceGraph
package import SluiceModel
import SluicePolicy
import Synchronization

/// Carries plans out: starts runs whose inputs are made, runs their tasks on this machine's slots, publishes results.
///
/// Everything that must outlive the process is a fact: a restart reads which plans go on and which tasks are done.
package actor Runner: Service {
  package struct Parts: Sendable {
    package var writer: Writer
    package var log: any EventLog
    package var store: any VersionStore
    package var manifests: any ManifestSource
    package var views: any ViewStore
    package var workshop: any Workshop
    package var launcher: any TaskLauncher
    package var tools: any ToolProbe
    package var feed: Feed
    package var ambient: Ambient
    package var logger: Logger
    package var settings: Settings

    package init(
      writer: Writer, log: any EventLog, store: any VersionStore, manifests: any ManifestSource,
      views: any ViewStore, workshop: any Workshop, launcher: any TaskLauncher, tools: any ToolProbe, feed: Feed,
      ambient: Ambient, logger: Logger, settings: Settings
    ) {
      (self.writer, self.log, self.store, self.manifests) = (writer, log, store, manifests)
      (self.views, self.workshop, self.launcher, self.tools) = (views, workshop, launcher, tools)
      (self.feed, self.ambient, self.logger, self.settings) = (feed, ambient, logger, settings)
    }
  }

  package struct Settings: Sendable {
    /// Tasks at once.
    package var workers: Int
    /// What tasks see as their environment.
    package var environment: [String: String]
    /// What relative program paths in steps start from.
    package var programFolder: String
    /// The data folder; logs lie below it, and events point to them relative to it.
    package var dataFolder: String
    package init(workers: Int, environment: [String: String], programFolder: String, dataFolder: String) {
      (self.workers, self.environment) = (workers, environment)
      (self.programFolder, self.dataFolder) = (programFolder, dataFolder)
    }
  }

  private enum Job: Sendable {
    case run(RunID)
    case task(TaskID)
  }

  /// A run on its bench.
  struct Going: Sendable {
    var order: RunOrder
    var bench: Bench
    var plan: BenchPlan
    var attempt: Int
    var tasks: [TaskID: [RunOrder.Piece]]
    var open: Set<TaskID>
    /// Pieces whose files come from an earlier result.
    var reused: [RunOrder.Piece: [ContentPlace]]
    var seconds = 0.0
    var executed = 0
    var failure: Failure?
  }

  let parts: Parts
  private var executions: [PlanID: Execution] = [:]
  private var going: [RunID: Going] = [:]
  private var busy: [Bench: RunID] = [:]
  private var preparing: Set<RunID> = []
  private var cancelled: Set<RunID> = []
  private var cancels: [TaskID: AsyncStream<Void>.Continuation] = [:]
  private var queue: TaskQueue
  private var turns = 0
  private var isStopping = false
  private let jobs: AsyncStream<Job>
  private let post: AsyncStream<Job>.Continuation
  private nonisolated let activities = Mutex<[ProjectName: [UnitID: Activity]]>([:])

  package init(_ parts: Parts) {
    self.parts = parts
    queue = TaskQueue(slots: parts.settings.workers)
    (jobs, post) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
  }

  // MARK: What others ask

  /// What goes on at each unit of a project now.
  package nonisolated func activities(in project: ProjectName) -> [UnitID: Activity] {
    activities.withLock { $0[project] ?? [:] }
  }

  package func progress(of plan: PlanID) -> PlanProgress? {
    executions[plan].map { progress($0) }
  }

  /// Takes up a plan that was recorded as applied.
  package func begin(_ plan: Plan) async {
    guard executions[plan.id]?.isDone ?? true else { return }
    turns += 1
    let registry = parts.writer.current
    executions[plan.id] = Execution(
      plan: plan, turn: turns, graph: registry.projects[plan.project]?.graph, registry: registry)
    for run in plan.runs { cancelled.remove(run.id) }
    await drop(in: plan.id)
    await concludePlan(plan.id)
    pump()
  }

  /// Ends runs: those that wait at once, those that go after their processes have ended.
  /// - Returns: how many runs it reached.
  package func cancel(_ runs: Set<RunID>) async -> Int {
    var reached = 0
    for plan in executions.keys {
      for (id, entry) in executions[plan]?.entries ?? [:] where runs.contains(id) && !entry.status.isDone {
        reached += 1
        cancelled.insert(id)
        if entry.status == .waiting {
          await finish(id, .cancelled, failure: Runner.cancelledFailure)
        } else if going[id] != nil {
          await stopTasks(of: id)
        }
      }
    }
    pump()
    return reached
  }

  private static let cancelledFailure = Failure(
    SluiceError(.taskFailed, what: "somebody cancelled it", at: "run", fix: "`sluice retry RUN` takes it up again"))

  // MARK: The loop

  package func run() async throws {
    await parts.launcher.endOrphans()
    await resume()
    await withGracefulShutdownHandler {
      await withDiscardingTaskGroup { group in
        for await job in jobs {
          group.addTask { await self.perform(job) }
        }
        stop()
      }
    } onGracefulShutdown: { [post] in
      post.finish()
    }
  }

  /// After a restart: plans that were going go on.
  private func resume() async {
    let registry = parts.writer.current
    let open = registry.plans.values.filter { $0.status == .running }.sorted { $0.applied < $1.applied }
    for state in open {
      do throws(SluiceError) {
        guard let bytes = try parts.log.blob(state.body), let plan = try? StableJSON.decode(Plan.self, from: bytes)
        else {
          parts.logger.error("the plan \(state.id) cannot be read and does not go on")
          continue
        }
        parts.logger.info("plan \(state.id) goes on")
        await begin(plan)
      } catch {
        parts.logger.error("the plan \(state.id) cannot be read: \(error.what)")
      }
    }
  }

  /// Ends every process; nothing is recorded, so that a restart goes on where this stopped.
  private func stop() {
    isStopping = true
    for cancel in cancels.values { cancel.yield() }
  }

  private func perform(_ job: Job) async {
    switch job {
    case .run(let id): await start(id)
    case .task(let id): await execute(id)
    }
  }

  /// Starts what can start; called after everything that changes what can.
  private func pump() {
    guard !isStopping else { return }
    for id in executions.values.sorted(by: { $0.turn < $1.turn }).map(\.plan.id) {
      guard let ready = executions[id]?.startable() else { continue }
      for run in ready {
        guard let bench = bench(of: run), busy[bench] == nil else {
          // Another plan works on this step and folder: one at a time.
          executions[id]?.setWaiting(run)
          continue
        }
        busy[bench] = run
        preparing.insert(run)
        post.yield(.run(run))
      }
    }
    for task in queue.start() { post.yield(.task(task)) }
    publishActivities()
  }

  private func plan(of run: RunID) -> PlanID? {
    executions.first { $0.value.entries[run] != nil && !$0.value.isDone }?.key
  }

  private func bench(of run: RunID) -> Bench? {
    guard let plan = plan(of: run), let execution = executions[plan], let entry = execution.entries[run] else {
      return nil
    }
    return Bench(project: execution.plan.project, folder: entry.run.folder, step: entry.run.step)
  }

  // MARK: A run

  private func start(_ id: RunID) async {
    guard let planID = plan(of: id), let execution = executions[planID], let entry = execution.entries[id] else {
      return
    }
    do throws(SluiceError) {
      let order = try await makeOrder(execution.plan, entry.run)
      if order.isUnchanged {
        await finish(id, .unchanged, recipe: order.assessment.recipe)
        return
      }
      try await lay(order, id, execution, entry.run)
    } catch {
      await finish(id, .failed, failure: Failure(error))
    }
    preparing.remove(id)
    pump()
  }

  private func makeOrder(_ plan: Plan, _ run: PlannedRun) async throws(SluiceError) -> RunOrder {
    let registry = parts.writer.current
    let project = try registry.project(plan.project)
    guard let graph = project.graph, let unit = graph.unit(UnitID(step: run.step, folder: run.folder)) else {
      throw SluiceError(
        .taskInput, what: "the pipeline no longer has the step '\(run.step)' on '\(run.folder)'", at: "run \(run.id)",
        fix: "plan again")
    }
    var tools: [String: ToolVersion] = [:]
    for tool in unit.step.tools { tools[tool] = await parts.tools.version(of: tool) }
    let assessor = Assessor(project: project, graph: graph, manifests: parts.manifests, tools: tools)
    return try RunOrder(unit, project: project, assessor: assessor, manifests: parts.manifests, limit: plan.frames)
  }

  /// Finds what is made already, lays the bench, and queues the rest.
  private func lay(
    _ order: RunOrder, _ id: RunID, _ execution: Execution, _ run: PlannedRun
  ) async throws(SluiceError) {
    let bench = Bench(project: execution.plan.project, folder: run.folder, step: run.step)
    var reused: [RunOrder.Piece: [ContentPlace]] = [:]
    for piece in order.pieces {
      let places = try await parts.views.outputs(ofRecipe: piece.recipe).filter {
        parts.store.holds($0.path, representation: $0.representation, at: $0.address)
      }
      if !order.unit.step.hasOpenOutputs, let found = Reuse.places(places, for: order.unit.step.outputs) {
        reused[piece] = found
      }
    }
    let registry = parts.writer.current
    let rest = order.pieces.filter { reused[$0] == nil }
    let all = order.tasks(for: rest, run: id)
    let done = registry.runs[id]?.tasks ?? [:]
    let plan = try BenchPlan(
      order, frames: FrameSet(rest.compactMap(\.frame)), directory: parts.workshop.directory(of: bench),
      manifests: parts.manifests, store: parts.store)
    // A task that ended before a restart is taken as it is, when its inputs and its files are still the same.
    var finished: [TaskID] = []
    for task in all where done[task.id]?.recipe == RunOrder.recipe(task.pieces) {
      let outputs = task.pieces.flatMap { plan.outputs(of: $0) }
      let files = try await parts.workshop.measure(outputs.map(\.countedByBytes), of: bench)
      if files.allSatisfy({ $0 != nil }), !order.unit.step.hasOpenOutputs { finished.append(task.id) }
    }
    let keeping = all.filter { finished.contains($0.id) }.flatMap { $0.pieces.flatMap { plan.outputs(of: $0) } }
    try await parts.workshop.open(bench, links: plan.links, keeping: keeping.map(\.path))
    try await parts.workshop.makeOutputFolders(plan.outputFolders, of: bench)
    let open = all.filter { !finished.contains($0.id) }
    let attempt = (registry.runs[id]?.attempt ?? 0) + 1
    try await parts.writer.submit(origin(of: execution.plan.id)) { _ in
      [
        Draft(
          project: execution.plan.project, folder: run.folder,
          fact: .runStarted(
            RunStarted(plan: execution.plan.id, run: id, step: run.step, attempt: attempt, tasks: open.count)))
      ]
    }
    going[id] = Going(
      order: order, bench: bench, plan: plan, attempt: attempt,
      tasks: Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.pieces) }), open: Set(open.map(\.id)),
      reused: reused)
    let reusedTasks = order.tasks(for: order.pieces.filter { reused[$0] != nil }, run: id).count
    executions[execution.plan.id]?.setTasks(
      id, total: all.count + reusedTasks, done: finished.count + reusedTasks, reused: reusedTasks)
    if cancelled.contains(id) {
      await finish(id, .cancelled, failure: Runner.cancelledFailure)
    } else if open.isEmpty {
      await publish(id)
    } else {
      let index = execution.plan.runs.firstIndex { $0.id == id } ?? 0
      queue.add(
        open.map { task in
          (TaskQueue.Place(plan: execution.turn, run: index, frame: task.pieces.first?.frame ?? 0), task.id)
        })
    }
  }

  private func origin(of plan: PlanID) -> Origin {
    let state = parts.writer.current.plans[plan]
    return Origin(actor: state?.actor ?? .system, cause: state?.event)
  }

  // MARK: A task

  private func execute(_ task: TaskID) async {
    defer { pump() }
    guard let run = going[task.run], let pieces = run.tasks[task], run.open.contains(task),
      !cancelled.contains(task.run)
    else {
      queue.finish(task)
      return await left(task)
    }
    let log = logPath(of: task, run)
    let began = parts.ambient.uptime()
    var failure: SluiceError?
    var end = TaskEnd.cancelled
    do throws(SluiceError) {
      let arguments = try run.plan.arguments(for: pieces)
      end = await launch(task, arguments, run, log)
      failure = Runner.failure(end, task, arguments, run.order.unit.step.timeoutSeconds)
      if failure == nil { try await check(pieces, run, task) }
    } catch {
      failure = error
    }
    let seconds = Runner.seconds(parts.ambient.uptime() - began)
    queue.finish(task)
    if isStopping { return }
    if end == .cancelled { return await left(task) }
    await record(task, pieces, run, seconds: seconds, log: log, failure: failure)
  }

  private func launch(_ task: TaskID, _ arguments: [String], _ run: Going, _ log: String) async -> TaskEnd {
    let (signals, cancel) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    cancels[task] = cancel
    defer { cancels[task] = nil }
    if isStopping { return .cancelled }
    var arguments = arguments
    if let program = arguments.first, program.contains("/"), !program.hasPrefix("/") {
      arguments[0] = parts.settings.programFolder + "/" + program
    }
    let order = TaskOrder(
      task: task, arguments: arguments, environment: parts.settings.environment,
      directory: parts.workshop.directory(of: run.bench), log: parts.settings.dataFolder + "/" + log,
      timeoutSeconds: run.order.unit.step.timeoutSeconds)
    return await withTaskGroup(of: TaskEnd?.self) { [launcher = parts.launcher] group in
      group.addTask { await launcher.launch(order) }
      group.addTask {
        for await _ in signals { break }
        return nil
      }
      var end: TaskEnd?
      for await result in group {
        if result == nil, end == nil { group.cancelAll() }
        if let result {
          end = result
          cancel.finish()
        }
      }
      return end ?? .cancelled
    }
  }

  private static func failure(_ end: TaskEnd, _ task: TaskID, _ arguments: [String], _ limit: Int) -> SluiceError? {
    let (place, see) = ("task \(task)", "`sluice task log \(task)` shows what it printed")
    let program = arguments.first ?? ""
    switch end {
    case .exited(0): return nil
    case .exited(let code):
      return SluiceError(.taskFailed, what: "\(program) ended with exit code \(code)", at: place, fix: see)
    case .signaled(let signal):
      return SluiceError(.taskFailed, what: "\(program) was ended by signal \(signal)", at: place, fix: see)
    case .timedOut:
      return SluiceError(
        .taskTimedOut, what: "\(program) was ended after \(limit) seconds", at: place,
        fix: "\(see); give the step a longer 'timeout' if it was not hung")
    case .notFound:
      return SluiceError(
        .taskNotFound, what: "the program '\(program)' is not installed on this machine", at: place,
        fix: "install it, or put its folder into the PATH that the server is started with")
    case .failed(let words):
      return SluiceError(.taskFailed, what: "\(program) could not run: \(words)", at: place, fix: see)
    case .cancelled: return SluiceError(.taskFailed, what: "cancelled", at: place, fix: see)
    }
  }

  /// Every output must be there, and durable, before the task counts as done.
  private func check(_ pieces: [RunOrder.Piece], _ run: Going, _ task: TaskID) async throws(SluiceError) {
    if run.order.unit.step.hasOpenOutputs { return }
    let outputs = pieces.flatMap { run.plan.outputs(of: $0).map(\.countedByBytes) }
    let files = try await parts.workshop.measure(outputs, of: run.bench)
    guard let missing = zip(outputs, files).first(where: { $0.1 == nil })?.0 else { return }
    throw Runner.missingOutput(missing.path, task)
  }

  private static func missingOutput(_ path: String, _ task: TaskID) -> SluiceError {
    SluiceError(
      .taskOutputMissing, what: "the command succeeded but did not make '\(path)'", at: "task \(task)",
      fix:
        "let the command write to the path that its output placeholder gives; `sluice task log \(task)` shows what it printed"
    )
  }

  private func record(
    _ task: TaskID, _ pieces: [RunOrder.Piece], _ run: Going, seconds: Double, log: String, failure: SluiceError?
  ) async {
    guard let plan = plan(of: task.run), let project = executions[plan]?.plan.project else { return }
    let fact = TaskFinished(
      task: task, attempt: run.attempt, frames: pieces.first?.frame == nil ? nil : FrameSet(pieces.compactMap(\.frame)),
      outcome: failure == nil ? .succeeded : .failed, seconds: (seconds * 1_000).rounded() / 1_000,
      recipe: RunOrder.recipe(pieces), log: log, failure: failure.map { Failure($0) })
    do throws(SluiceError) {
      try await parts.writer.submit(origin(of: plan)) { _ in
        [Draft(project: project, folder: run.order.unit.id.folder, fact: .taskFinished(fact))]
      }
    } catch {
      await finish(task.run, .failed, failure: Failure(error))
      return
    }
    going[task.run]?.open.remove(task)
    going[task.run]?.seconds += seconds
    going[task.run]?.executed += 1
    if let failure {
      executions[plan]?.taskFailed(task)
      if going[task.run]?.failure == nil { going[task.run]?.failure = Failure(failure) }
      queue.withdraw(task.run)
      going[task.run]?.open.formIntersection(cancels.keys)
    } else {
      executions[plan]?.taskDone(task.run)
    }
    tell(plan)
    guard let now = going[task.run], now.open.isEmpty else { return }
    if let failure = now.failure {
      await finish(task.run, .failed, recipe: now.order.assessment.recipe, failure: failure)
    } else {
      await publish(task.run)
    }
  }

  /// The run ends when its last process has ended; its bench is nobody else's until then.
  private func stopTasks(of run: RunID) async {
    queue.withdraw(run)
    going[run]?.open.formIntersection(cancels.keys)
    for (task, cancel) in cancels where task.run == run { cancel.yield() }
    if going[run]?.open.isEmpty == true { await finish(run, .cancelled, failure: Runner.cancelledFailure) }
  }

  /// A task that did not come to an end of its own.
  private func left(_ task: TaskID) async {
    guard cancelled.contains(task.run), going[task.run] != nil else { return }
    going[task.run]?.open.remove(task)
    if going[task.run]?.open.isEmpty == true {
      await finish(task.run, .cancelled, failure: Runner.cancelledFailure)
    }
  }

  // MARK: The end of a run

  /// Makes versions of what the run has made, and records them together with its end.
  private func publish(_ id: RunID) async {
    guard let run = going[id], let planID = plan(of: id), let plan = executions[planID]?.plan else { return }
    let harvest = Harvest(parts: parts, run: run, id: id, plan: plan)
    do throws(SluiceError) {
      try await harvest.publish(origin: origin(of: planID))
      await conclude(id, .succeeded, failure: nil)
    } catch {
      await finish(id, .failed, recipe: run.order.assessment.recipe, failure: Failure(error))
    }
  }

  /// Records how a run ended without a version.
  private func finish(
    _ id: RunID, _ status: Execution.Status, recipe: Digest? = nil, failure: Failure? = nil
  ) async {
    guard let planID = plan(of: id), let execution = executions[planID], let entry = execution.entries[id],
      !entry.status.isDone
    else { return }
    let outcome: RunOutcome = status == .unchanged ? .unchanged : status == .cancelled ? .cancelled : .failed
    let run = going[id]
    let fact = RunFinished(
      plan: planID, run: id, step: entry.run.step, attempt: run?.attempt ?? 0, outcome: outcome,
      executed: run?.executed ?? 0, reused: 0, seconds: run?.seconds ?? 0, recipe: recipe, failure: failure)
    do throws(SluiceError) {
      try await parts.writer.submit(origin(of: planID)) { _ in
        [Draft(project: execution.plan.project, folder: entry.run.folder, fact: .runFinished(fact))]
      }
    } catch {
      parts.logger.error("the end of run \(id) could not be recorded: \(error.what)")
    }
    await conclude(id, status, failure: failure)
  }

  private func conclude(_ id: RunID, _ status: Execution.Status, failure: Failure?) async {
    guard let planID = plan(of: id) else { return }
    let bench = bench(of: id)
    executions[planID]?.finish(id, status, failure)
    let dropped = executions[planID]?.dropBroken() ?? []
    going[id] = nil
    preparing.remove(id)
    if let bench, busy[bench] == id { busy[bench] = nil }
    if let bench, status == .succeeded || status == .unchanged { await parts.workshop.close(bench) }
    await record(dropped: dropped, in: planID)
    await concludePlan(planID)
    pump()
  }

  private func drop(in plan: PlanID) async {
    await record(dropped: executions[plan]?.dropBroken() ?? [], in: plan)
  }

  /// Runs behind a failed one end too; each is a fact of its own.
  private func record(dropped: [RunID], in plan: PlanID) async {
    guard let execution = executions[plan] else { return }
    for run in dropped { await recordDropped(run, execution) }
  }

  private func recordDropped(_ id: RunID, _ execution: Execution) async {
    guard let entry = execution.entries[id] else { return }
    let fact = RunFinished(
      plan: execution.plan.id, run: id, step: entry.run.step, attempt: 0, outcome: .cancelled, executed: 0, reused: 0,
      seconds: 0, recipe: nil, failure: entry.failure)
    _ = try? await parts.writer.submit(origin(of: execution.plan.id)) { _ in
      [Draft(project: execution.plan.project, folder: entry.run.folder, fact: .runFinished(fact))]
    }
  }

  private func concludePlan(_ id: PlanID) async {
    guard let execution = executions[id] else { return }
    tell(id)
    guard execution.isDone, parts.writer.current.plans[id]?.status == .running else { return }
    let fact = PlanFinished(plan: id, outcome: execution.outcome, counts: execution.counts)
    do throws(SluiceError) {
      try await parts.writer.submit(origin(of: id)) { registry in
        registry.plans[id]?.status == .running
          ? [Draft(project: execution.plan.project, fact: .planFinished(fact))] : []
      }
    } catch {
      parts.logger.error("the end of plan \(id) could not be recorded: \(error.what)")
    }
    publishActivities()
    tell(id)
    forgetOldPlans()
  }

  /// Ended plans stay for a while so that those who watch see their end; the registry keeps what matters.
  private func forgetOldPlans() {
    let ended = executions.values.filter(\.isDone).sorted { $0.turn < $1.turn }
    for old in ended.dropLast(100) { executions[old.plan.id] = nil }
  }

  // MARK: Telling

  private func progress(_ execution: Execution) -> PlanProgress {
    execution.progress(workers: parts.settings.workers) { run in cancels.keys.contains { $0.run == run } }
  }

  private func tell(_ plan: PlanID) {
    if let execution = executions[plan] { parts.feed.send([.progress(progress(execution))]) }
  }

  private func publishActivities() {
    var found: [ProjectName: [UnitID: Activity]] = [:]
    for execution in executions.values where !execution.isDone {
      for entry in execution.entries.values where !entry.status.isDone {
        let unit = UnitID(step: entry.run.step, folder: entry.run.folder)
        let isRunning = entry.status == .going && cancels.keys.contains { $0.run == entry.run.id }
        if isRunning || found[execution.plan.project]?[unit] == nil {
          found[execution.plan.project, default: [:]][unit] = isRunning ? .running : .queued
        }
      }
    }
    let now = found
    activities.withLock { $0 = now }
  }

  private func logPath(of task: TaskID, _ run: Going) -> String {
    "logs/\(run.bench.project)/\(task.run)/\(task)-\(run.attempt).log"
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
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
