import FoundationEssentials
import Hummingbird
import SluiceEngine
import SluiceGraph
import SluiceModel

/// Runs and tasks, those that go and those that are over.
extension API {
  func addWork(to api: RouterGroup<SluiceContext>) {
    api.get("runs") { request, _ in JSONBody.response(try await runs(WorkFilter(request))) }
    api.get("runs/:id") { _, context in
      let run = try await run(RunID(context.parameters.get("id") ?? ""))
      let tasks = await tasks(of: run, await endedTasks(of: [run]))
      return JSONBody.response(
        RunShown(
          run: run, tasks: Array(tasks.prefix(Limits.workListed)), more: max(0, tasks.count - Limits.workListed)))
    }
    api.get("tasks") { request, _ in JSONBody.response(try await tasks(WorkFilter(request))) }
    api.get("tasks/:id") { _, context in
      let id = TaskID(context.parameters.get("id") ?? "")
      return JSONBody.response(try await task(id))
    }
  }

  // MARK: Runs

  /// Of a plan all, in its order; else what goes first, and then what ended last.
  private func runs(_ filter: WorkFilter) async throws(SluiceError) -> RunsAnswer {
    let registry = services.writer.current
    if let project = filter.project { _ = try registry.project(project) }
    var found: [RunAnswer] = []
    if let plan = filter.plan {
      found = try await runs(of: plan)
    } else {
      let live = await services.runner.liveProgress().filter { filter.takes($0.project) }
      for progress in live { found += answers(progress, registry) }
      let known = Set(found.map(\.run))
      let ended = registry.runs.values.filter { run in
        !known.contains(run.id) && run.status != .running && filter.takes(run.project)
          && filter.takes(run.status.rawValue)
      }.sorted { $0.rank > $1.rank }
      var plans: [PlanID: [RunID: RunAnswer]] = [:]
      for run in ended.prefix(filter.limit) {
        if plans[run.plan] == nil {
          let all = (try? await runs(of: run.plan)) ?? []
          plans[run.plan] = Dictionary(all.map { ($0.run, $0) }, uniquingKeysWith: { first, _ in first })
        }
        if let answer = plans[run.plan]?[run.id] { found.append(answer) }
      }
      let hidden = max(0, ended.count - filter.limit)
      found = found.filter { filter.takes($0.status.rawValue) }
      return RunsAnswer(runs: Array(found.prefix(filter.limit)), more: hidden + max(0, found.count - filter.limit))
    }
    found = found.filter { filter.takes($0.status.rawValue) }
    return RunsAnswer(runs: Array(found.prefix(filter.limit)), more: max(0, found.count - filter.limit))
  }

  /// - Throws: `plan.unknown`.
  private func runs(of id: PlanID) async throws(SluiceError) -> [RunAnswer] {
    let plan = try await services.plans.plan(id)
    let registry = services.writer.current
    guard let state = registry.plans[id], state.applications > 0 else {
      throw SluiceError(
        .planUnknown, what: "the plan \(id) was not applied, so it has no runs", at: "plan \(id)",
        fix: "apply it: sluice apply \(plan.project) --plan \(id)")
    }
    if let live = await services.runner.progress(of: id) { return answers(live, registry) }
    let graph = registry.projects[plan.project]?.graph
    let progress = Execution(plan: plan, turn: 0, graph: graph, registry: registry)
      .progress(workers: max(1, services.settings.workers)) { _ in false }
    return answers(progress, registry)
  }

  private func answers(_ progress: PlanProgress, _ registry: Registry) -> [RunAnswer] {
    let actor = registry.plans[progress.id]?.actor ?? .system
    return progress.runs.map { run in
      var answer = RunAnswer(run, of: progress.id, in: progress.project, actor: actor)
      // A retry of others has left it as it was.
      if run.status == .cancelled, registry.runs[run.id]?.status == .failed { answer.status = .failed }
      return answer
    }
  }

  /// - Throws: `run.unknown`.
  private func run(_ id: RunID) async throws(SluiceError) -> RunAnswer {
    if let progress = await services.runner.liveProgress(of: id),
      let run = answers(progress, services.writer.current).first(where: { $0.run == id })
    {
      return run
    }
    if let known = services.writer.current.runs[id],
      let run = try await runs(of: known.plan).first(where: { $0.run == id })
    {
      return run
    }
    throw SluiceError(
      .runUnknown, what: "there is no run '\(NameRule.printable(id.description))'", at: "run",
      fix: "`sluice run list` lists runs")
  }

  // MARK: Tasks

  private func tasks(_ filter: WorkFilter) async throws(SluiceError) -> TasksAnswer {
    var chosen: [RunAnswer] = []
    if let id = filter.run {
      chosen = [try await run(id)]
    } else if let plan = filter.plan {
      chosen = try await runs(of: plan)
    } else {
      let registry = services.writer.current
      if let project = filter.project { _ = try registry.project(project) }
      for progress in await services.runner.liveProgress() where filter.takes(progress.project) {
        chosen += answers(progress, registry).filter { !$0.isOver }
      }
    }
    var (tasks, more): ([TaskAnswer], Int) = ([], 0)
    let ended = await endedTasks(of: chosen)
    for run in chosen {
      let all = await self.tasks(of: run, ended).filter { filter.takes($0.status.rawValue) }
      let room = max(0, filter.limit - tasks.count)
      tasks += all.prefix(room)
      more += max(0, all.count - room)
    }
    return TasksAnswer(tasks: tasks, more: more)
  }

  /// Tasks of a run. Of one that is over, those that somebody has the log of, or the fact of how they ended.
  private func tasks(of run: RunAnswer, _ ended: [TaskID: TaskFinished]) async -> [TaskAnswer] {
    let registry = services.writer.current
    if var live = await services.runner.tasks(of: run.run) {
      for place in live.indices where live[place].status == .running {
        live[place].hear(words(of: live[place].task, in: registry))
      }
      return live
    }
    guard run.isOver, let known = registry.runs[run.run] else { return [] }
    var names = Set(known.tasks.keys).union(known.failed.keys)
    names.formUnion(logged(of: known))
    names.formUnion(ended.keys.filter { $0.run == run.run })
    return names.sorted(by: TaskOrdering.isBefore).map { task in
      var answer = TaskAnswer(
        task: task, plan: run.plan, project: run.project, step: run.step, folder: run.folder,
        status: run.status == .succeeded ? .succeeded : .cancelled)
      if let fact = known.fact(of: task) ?? ended[task] { answer.tell(fact) }
      return answer
    }
  }

  /// What the registry has forgotten of runs that are over.
  private func endedTasks(of runs: [RunAnswer]) async -> [TaskID: TaskFinished] {
    let registry = services.writer.current
    return await services.queries.endedTasks(of: runs.filter(\.isOver).compactMap { registry.runs[$0.run] })
  }

  /// Why a task waits, or what became of it.
  /// - Throws: `task.unknown`.
  func why(_ task: TaskID) async throws(SluiceError) -> WaitingAnswer {
    do throws(SluiceError) {
      return try await services.runner.why(task)
    } catch {
      guard let run = services.writer.current.runs[task.run],
        let fact = await services.queries.endedTasks(of: [run])[task]
      else { throw error }
      return WaitingAnswer(task: task, state: fact.outcome.rawValue, text: TaskWords.sentence(fact))
    }
  }

  /// Tasks that have written a log.
  private func logged(of run: RunState) -> Set<TaskID> {
    let folder = "\(services.settings.dataFolder)/logs/\(run.project)/\(run.id)"
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return Set(
      files.compactMap { file in
        guard file.hasSuffix(".log"), let dash = file.lastIndex(of: "-") else { return nil }
        let task = TaskID(String(file[..<dash]))
        return task.run == run.id ? task : nil
      })
  }

  /// - Throws: `task.unknown`.
  private func task(_ id: TaskID) async throws(SluiceError) -> TaskAnswer {
    let run = try? await run(id.run)
    if let run, var task = await tasks(of: run, await endedTasks(of: [run])).first(where: { $0.task == id }) {
      if task.status == .waiting { task.why = try? await services.runner.why(id).text }
      return task
    }
    throw SluiceError(
      .taskUnknown, what: "there is no task '\(NameRule.printable(id.description))'", at: "task",
      fix: run == nil
        ? "`sluice run list` lists runs; a task is RUN.FRAME" : "`sluice run show \(id.run)` lists its tasks")
  }
}

/// Which runs or tasks a question is about.
private struct WorkFilter {
  var project: ProjectName?
  var plan: PlanID?
  var run: RunID?
  var status: String?
  var limit: Int

  /// - Throws: `usage`.
  init(_ request: Request) throws(SluiceError) {
    project = try request.value("project").map { (text) throws(SluiceError) in try ProjectName(text) }
    plan = request.value("plan").map { PlanID($0) }
    run = request.value("run").map { RunID($0) }
    status = request.value("status")
    limit = min(Limits.workListed, max(0, request.value("limit").flatMap { Int($0) } ?? Limits.workListed))
    let known = ["waiting", "queued", "running", "succeeded", "unchanged", "failed", "cancelled"]
    if let status, !known.contains(status) {
      throw SluiceError(
        .usage, what: "'\(NameRule.printable(status))' is no status", at: "query, status",
        fix: "use \(known.joined(separator: ", "))")
    }
  }

  func takes(_ status: String) -> Bool { self.status.map { $0 == status } ?? true }
  func takes(_ project: ProjectName) -> Bool { self.project.map { $0 == project } ?? true }
}
