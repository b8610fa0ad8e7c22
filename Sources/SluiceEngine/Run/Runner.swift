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
    /// Agents are to be heard of.
    case watch
    /// Agents of before are to come back.
    case former
    /// Programs are asked how many there are of limits.
    case limits
  }

  /// A run on its bench.
  struct Going: Sendable {
    var order: RunOrder
    var bench: Bench
    var plan: BenchPlan
    var attempt: Int
    var tasks: [TaskID: [RunOrder.Piece]]
    var open: Set<TaskID>
    /// Tasks that an agent had and lost; what it left of them on the bench is taken away first.
    var lost: Set<TaskID> = []
    /// Pieces whose files come from an earlier result.
    var reused: [RunOrder.Piece: [ContentPlace]]
    var seconds = 0.0
    var executed = 0
    var failure: Failure?
    /// What runs instead of a command.
    var body: BodyPlan?
  }

  let parts: Parts
  var executions: [PlanID: Execution] = [:]
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
  /// Why limits were not known when they were asked for last.
  var limitTroubles: [String: String] = [:]
  /// Runs whose end is being recorded: each ends once.
  var ending: Set<RunID> = []
  var farm: Farm
  /// Agents on other machines.
  var connections: [AgentID: Connection] = [:]
  /// Who waits for the ends of tasks on other machines.
  var away: [LeaseToken: AsyncStream<AwayWord>.Continuation] = [:]
  var isWatching = false
  /// Agents that have had tasks since they joined.
  var lentTo: Set<AgentID> = []
  /// Agents that had tasks of the server before this one, and are not back.
  var former: Set<AgentID> = []
  /// Before this nothing is started.
  var startsAt: Duration?
  /// Whether agents get no answer to wait for any more.
  var isClosing = false
  var turns = 0
  var isStopping = false
  let jobs: AsyncStream<Job>
  let post: AsyncStream<Job>.Continuation
  nonisolated let activities = Mutex<[ProjectName: [UnitID: Activity]]>([:])

  package init(_ parts: Parts) {
    self.parts = parts
    farm = Farm(for: parts.settings, now: parts.ambient.uptime())
    (jobs, post) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
  }

  // MARK: What others ask

  /// What goes on at each unit of a project now.
  package nonisolated func activities(in project: ProjectName) -> [UnitID: Activity] {
    activities.withLock { $0[project] ?? [:] }
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
    }
    await withdrawOmitted(in: plan.project)
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
          await finish(id, .cancelled, failure: cancelFailure(of: id))
        } else if going[id] != nil {
          await stopTasks(of: id)
        }
      }
    }
    pump()
    return reached
  }

  /// Why a run that is to end ends.
  func cancelFailure(of run: RunID) -> Failure { withdrawn[run] ?? Runner.cancelledFailure }

  private static let cancelledFailure = Failure(
    SluiceError(.taskFailed, what: "somebody cancelled it", at: "run", fix: "`sluice retry RUN` takes it up again"))

  // MARK: The loop

  package func run() async throws {
    await parts.launcher.endOrphans()
    await recallFormer()
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
  func stop() {
    isStopping = true
    for cancel in cancels.values { cancel.signal.yield() }
    for connection in connections.values { connection.nudge?.yield() }
  }

  func perform(_ job: Job) async {
    switch job {
    case .run(let id): await start(id)
    case .task(let given): await execute(given)
    case .omission(let project): await withdrawOmitted(in: project)
    case .watch: await watchAgents()
    case .former: await awaitFormer()
    case .limits: await askLimits()
    }
  }

  /// Starts what can start; called after everything that changes what can.
  func pump() {
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
        post.yield(.run(run))
      }
    }
    dispatch()
    publishActivities()
  }

  func plan(of run: RunID) -> PlanID? {
    executions.first { $0.value.entries[run] != nil && !$0.value.isDone }?.key
  }

  func bench(of run: RunID) -> Bench? {
    guard let plan = plan(of: run), let execution = executions[plan], let entry = execution.entries[run] else {
      return nil
    }
    // A template may call its steps as it likes; its runs work in folders of their own.
    let step = execution.plan.job == nil ? entry.run.step : "\(run)"
    return Bench(project: execution.plan.project, folder: entry.run.folder, step: step)
  }

  // MARK: Telling

  func progress(_ execution: Execution) -> PlanProgress {
    execution.progress(workers: max(1, farm.slots)) { run in cancels.values.contains { $0.task.run == run } }
  }

  func tell(_ plan: PlanID) {
    if let execution = executions[plan] { parts.feed.send([.progress(progress(execution))]) }
  }

  func publishActivities() {
    let running = Set(cancels.values.map(\.task.run))
    var found: [ProjectName: [UnitID: Activity]] = [:]
    for execution in executions.values where !execution.isDone {
      for entry in execution.entries.values where !entry.status.isDone {
        let unit = UnitID(step: entry.run.step, folder: entry.run.folder)
        let isRunning = entry.status == .going && running.contains(entry.run.id)
        if isRunning || found[execution.plan.project]?[unit] == nil {
          found[execution.plan.project, default: [:]][unit] = isRunning ? .running : .queued
        }
      }
    }
    let now = found
    activities.withLock { $0 = now }
  }

  func logPath(of task: TaskID, _ run: Going) -> String {
    "logs/\(run.bench.project)/\(task.run)/\(task)-\(run.attempt).log"
  }

  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }
}
