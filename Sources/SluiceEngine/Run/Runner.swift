package import Logging
import ServiceLifecycle
package import SluiceGraph
package import SluiceModel
import SluicePolicy
import Synchronization

/// Carries plans out: starts runs whose inputs are made, runs their tasks here and on agents, publishes results.
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
    /// Nil where no agent may bring files.
    package var dock: (any Dock)?
    /// Looks at files in place before and after a run reads them; nil where there are none.
    package var inPlace: InPlaceCare?
    /// Knows how many there are of some limits; nil where all are said.
    package var limits: (any LimitSource)?

    package init(
      writer: Writer, log: any EventLog, store: any VersionStore, manifests: any ManifestSource,
      views: any ViewStore, workshop: any Workshop, launcher: any TaskLauncher, tools: any ToolProbe, feed: Feed,
      ambient: Ambient, logger: Logger, settings: Settings, dock: (any Dock)? = nil
    ) {
      self.dock = dock
      (self.writer, self.log, self.store, self.manifests) = (writer, log, store, manifests)
      (self.views, self.workshop, self.launcher, self.tools) = (views, workshop, launcher, tools)
      (self.feed, self.ambient, self.logger, self.settings) = (feed, ambient, logger, settings)
    }
  }

  package struct Settings: Sendable {
    /// Cores of this machine that tasks may have; none where only agents work.
    package var workers: Int
    /// What tasks see as their environment.
    package var environment: [String: String]
    /// What relative program paths in steps start from.
    package var programFolder: String
    /// The data folder; logs lie below it, and events point to them relative to it.
    package var dataFolder: String
    package var farm: FarmSettings
    package init(
      workers: Int, environment: [String: String], programFolder: String, dataFolder: String,
      farm: FarmSettings = FarmSettings()
    ) {
      (self.workers, self.environment) = (workers, environment)
      (self.programFolder, self.dataFolder, self.farm) = (programFolder, dataFolder, farm)
    }
  }

  enum Job: Sendable {
    case run(RunID)
    case task(Farm.Given)
    /// Runs of omitted folders are to end.
    case omission(ProjectName)
    /// Watchers are to be told how plans stand.
    case tell
    /// Agents are to be heard of.
    case watch
    /// Agents of before are to come back.
    case former
    /// There is to be room in the store again.
    case room
    /// Programs are asked how many there are of limits.
    case limits
    /// That the server put an agent into quarantine, or let it out, is to be recorded.
    case standing(AgentID)
  }

  /// A run on its bench.
  struct Going: Sendable {
    var order: RunOrder
    var bench: Bench
    var plan: BenchPlan
    var attempt: Int
    var tasks: [TaskID: [RunOrder.Piece]]
    var open: KeySet<TaskID>
    /// Tasks that an agent had and lost; what it left of them on the bench is taken away first.
    var lost: Set<TaskID> = []
    /// Pieces whose files come from an earlier result.
    var reused: [RunOrder.Piece: [ContentPlace]]
    var seconds = 0.0
    var executed = 0
    var failure: Failure?
    /// What runs instead of a command.
    var body: BodyPlan?
    /// Where the body's steps are tasks of their own.
    var parts: BodyParts?
    /// Of a job whose chunks follow what is measured.
    var dealing = Dealing.done

    /// All that it makes and does not take from earlier results.
    var pieces: [RunOrder.Piece] { parts?.pieces ?? tasks.values.flatMap { $0 } }
    /// Tasks that were done, as plans count them: the steps of a body are one.
    var counted: Int { parts == nil ? executed : min(1, executed) }
  }

  let parts: Parts
  var executions: [PlanID: Execution] = [:]
  /// The plan of every run in them.
  var plans: [RunID: PlanID] = [:]
  var going: [RunID: Going] = [:]
  var busy: [Bench: RunID] = [:]
  var cancelled: Set<RunID> = []
  /// Why runs end that nobody cancelled by hand.
  var withdrawn: [RunID: Failure] = [:]
  var cancels: [LeaseToken: Cancel] = [:]
  /// Tasks from their start until what became of them is recorded.
  var inHand: [TaskID: LeaseToken] = [:]
  /// What tasks took of their machines, from their end until that is recorded.
  var used: [LeaseToken: TaskUse] = [:]
  /// Earlier tries of tasks that wait or run again.
  var tries: [TaskID: [TaskTry]] = [:]
  /// How long frames of steps took whose chunks are to take some time.
  var paces: [StepOfProject: OpenJD.ChunkPace] = [:]
  /// Why limits were not known when they were asked for last.
  var limitTroubles: [String: String] = [:]
  /// Runs whose end is being recorded: each ends once.
  var ending: Set<RunID> = []
  var concluding: Set<PlanID> = []
  var farm: Farm
  /// Agents on other machines.
  var connections: [AgentID: Connection] = [:]
  /// Sessions on other machines, and who waits until they are left.
  var sessions = FarSessions()
  /// Who waits for the ends of tasks on other machines.
  var away: [LeaseToken: AsyncStream<AwayWord>.Continuation] = [:]
  var isWatching = false
  /// Agents that have had tasks since they joined.
  var lentTo: Set<AgentID> = []
  /// Agents that had tasks of the server before this one, and are not back.
  var former: Set<AgentID> = []
  /// Why nothing is started for now.
  var storeTrouble: String?
  /// Before this nothing is started.
  var startsAt: Duration?
  /// Whether agents get no answer to wait for any more.
  var isClosing = false
  var turns = 0
  var isStopping = false
  let jobs: AsyncStream<Job>
  let post: AsyncStream<Job>.Continuation
  /// Plans whose watchers have not been told the newest, and how many tasks have ended without being recorded yet.
  var untold: Set<PlanID> = []
  var unrecorded = 0
  /// Ends of tasks on their way to the log.
  var ends = Ends()
  nonisolated let activities = Mutex(ActivityBoard())

  package init(_ parts: Parts) {
    self.parts = parts
    farm = Farm(for: parts.settings, now: parts.ambient.uptime())
    (jobs, post) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
  }

  // MARK: What others ask

  /// What goes on at each unit of a project now.
  package nonisolated func activities(in project: ProjectName) -> Table<UnitID, Activity> {
    activities.withLock { $0.activities(in: project) }
  }

  /// Tasks that have a process now.
  package func runningTasks(of runs: Set<RunID>) -> [TaskID] {
    cancels.values.map(\.task).filter { runs.contains($0.run) }.sorted()
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
    for run in plan.runs {
      cancelled.remove(run.id)
      withdrawn[run.id] = nil
      plans[run.id] = plan.id
    }
    let open = plan.runs.filter { executions[plan.id]?.entries[$0.id]?.status.isDone == false }
    activities.withLock { board in for run in open { board.add(run, in: plan.project) } }
    await withdrawOmitted(in: plan.project)
    await drop(in: plan.id)
    await concludePlan(plan.id)
    pump()
  }

  /// Ends runs: those that wait at once, those that go after their processes have ended.
  /// - Returns: how many runs it reached.
  package func cancel(_ runs: Set<RunID>) async -> Int {
    let reached = runs.filter { run in
      plan(of: run).map { executions[$0]?.entries[run]?.status.isDone == false } ?? false
    }
    cancelled.formUnion(reached)
    // At once: what is given of a cancelled run is given back, and would be given again for as long as it is in line.
    for id in reached { farm.withdraw(id) }
    // Users first, so that each says that it was cancelled, not that something before it did not finish.
    for id in reached.sorted(by: { place(of: $0) > place(of: $1) }) {
      guard let plan = plan(of: id), let entry = executions[plan]?.entries[id], !entry.status.isDone else { continue }
      if entry.status == .waiting {
        await finish(id, .cancelled, failure: cancelFailure(of: id))
      } else if going[id] != nil {
        await stopTasks(of: id)
      }
    }
    pump()
    return reached.count
  }

  /// Where a run stands among those of all plans.
  func place(of run: RunID) -> Int {
    plans[run].flatMap { executions[$0] }.map { $0.turn * Limits.runsPerPlan + $0.place(of: run) } ?? 0
  }

  /// Why a run that is to end ends.
  func cancelFailure(of run: RunID) -> Failure { withdrawn[run] ?? Runner.cancelledFailure }

  private static let cancelledFailure = Failure(
    SluiceError(.taskFailed, what: "somebody cancelled it", at: "run", fix: "`sluice retry RUN` takes it up again"))

  // MARK: The loop

  package func run() async throws {
    await parts.launcher.endOrphans()
    await recallFormer()
    recallOwn()
    if parts.limits != nil { post.yield(.limits) }
    await resume()
    await withGracefulShutdownHandler {
      await withDiscardingTaskGroup { group in
        for await job in jobs {
          group.addTask { await self.perform(job) }
        }
        stop()
        group.addTask { await self.parts.launcher.hurry() }
      }
    } onGracefulShutdown: { [post] in
      post.finish()
    }
  }

  /// After a restart: plans that were going go on.
  func resume() async {
    let registry = parts.writer.current
    let open = registry.plans.values.filter { $0.status == .running }.sorted { $0.applied < $1.applied }
    var plans: [Plan] = []
    for state in open {
      do throws(SluiceError) {
        guard let bytes = try parts.log.blob(state.body), let plan = try? StableJSON.decode(Plan.self, from: bytes)
        else {
          parts.logger.error("the plan \(state.id) cannot be read and does not go on")
          continue
        }
        plans.append(plan)
      } catch {
        parts.logger.error("the plan \(state.id) cannot be read: \(error.what)")
      }
    }
    await closeBenchesLeft(by: plans)
    for plan in plans {
      parts.logger.info("plan \(plan.id) goes on")
      await begin(plan)
    }
  }

  /// Ends every process; nothing is recorded, so that a restart goes on where this stopped.
  func stop() {
    isStopping = true
    wakeLeavers()
    askToEnd { _ in true }
    for connection in connections.values { connection.nudge?.yield() }
  }

  func perform(_ job: Job) async {
    switch job {
    case .run(let id): await start(id)
    case .task(let given): await work(from: given)
    case .omission(let project): await withdrawOmitted(in: project)
    case .tell: await tellWatchers()
    case .watch: await watchAgents()
    case .former: await awaitFormer()
    case .room: await awaitRoom()
    case .limits: await askLimits()
    case .standing(let agent): await keepStanding(of: agent)
    }
  }

  /// Starts what can start; called after everything that changes what can.
  /// - Parameter taking: whether the caller takes a task of this machine itself.
  /// - Returns: that task.
  @discardableResult
  func pump(taking: Bool = false) -> Farm.Given? {
    guard !isStopping else { return nil }
    for id in executions.values.filter(\.mayStart).sorted(by: { $0.turn < $1.turn }).map(\.plan.id) {
      guard let ready = executions[id]?.startable() else { continue }
      for run in ready {
        guard let bench = bench(of: run), busy[bench] == nil else {
          // Another plan works on this step and folder: one at a time.
          executions[id]?.setWaiting(run)
          continue
        }
        busy[bench] = run
        post.yield(.run(run))
      }
    }
    return dispatch(taking: taking)
  }

  func plan(of run: RunID) -> PlanID? {
    plans[run].flatMap { executions[$0]?.isDone == false ? $0 : nil }
  }

  func bench(of run: RunID) -> Bench? {
    guard let plan = plan(of: run), let execution = executions[plan], let entry = execution.entries[run] else {
      return nil
    }
    return Runner.bench(of: entry.run, in: execution.plan)
  }

  // MARK: Telling

  func progress(_ execution: Execution) -> PlanProgress {
    execution.progress(workers: max(1, farm.slots)) { run in cancels.values.contains { $0.task.run == run } }
  }

  /// Tells who watches how a plan stands: its end at once, all else soon and together with what comes meanwhile.
  func tell(_ plan: PlanID) {
    guard parts.feed.hasReaders, let execution = executions[plan] else { return }
    guard !execution.isDone else { return parts.feed.send([.progress(progress(execution))]) }
    if untold.isEmpty { post.yield(.tell) }
    untold.insert(plan)
  }

  /// The more there is to tell, the longer the pause before it.
  func tellWatchers() async {
    let runs = untold.reduce(0) { $0 + (executions[$1]?.plan.runs.count ?? 0) }
    do { try await parts.ambient.sleep(.milliseconds(20 + min(980, runs / 20))) } catch { return }
    let told = untold.sorted().compactMap { executions[$0] }.filter { !$0.isDone }
    untold = []
    parts.feed.send(told.map { .progress(progress($0)) })
  }

  /// A process of a run begins or ends.
  func countProcess(_ change: Int, of id: RunID) {
    guard let plan = plans[id], let execution = executions[plan], let run = execution.entries[id]?.run else { return }
    activities.withLock { $0.count(change, of: run, in: execution.plan.project) }
  }

  /// Runs that do not go on.
  func showEnded(_ runs: [RunID], of plan: PlanID) {
    guard let execution = executions[plan] else { return }
    let ended = runs.compactMap { execution.entries[$0]?.run }
    activities.withLock { board in for run in ended { board.remove(run, in: execution.plan.project) } }
  }

  func logPath(of task: TaskID, _ run: Going) -> String {
    "logs/\(run.bench.project)/\(task.run)/\(task)-\(run.attempt).log"
  }

  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }
}
