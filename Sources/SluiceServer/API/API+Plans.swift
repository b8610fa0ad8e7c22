import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SluiceEngine
import SluiceGraph
import SluiceModel

/// Plans, runs and task logs.
extension API {
  func addPlans(to api: RouterGroup<SluiceContext>) {
    api.post("plan") { request, context in
      let body = try await JSONBody.read(PlanRequest.self, request)
      let project = try ProjectName(body.project)
      let plan: Plan
      if let changed = body.changed, !changed.isEmpty {
        plan = try await services.plans.compute(project, try scope(body), if: changed)
      } else {
        plan = try await services.plans.compute(project, try scope(body), by: context.actor)
      }
      return JSONBody.response(body.limit.map { plan.first(max(0, $0)) } ?? plan)
    }
    api.post("apply") { request, context in
      try context.require(.run)
      let body = try await JSONBody.read(PlanRequest.self, request)
      let project = try ProjectName(body.project)
      guard body.changed == nil else { throw Plans.whatIf("changed") }
      do throws(SluiceError) {
        return JSONBody.response(
          try await services.plans.apply(
            project, try scope(body), expected: body.plan,
            origin: Origin(actor: context.actor, command: body.command)))
      } catch {
        guard error.code == .planChanged, let expected = body.plan else { throw error }
        return try await changed(error, since: expected, by: context.actor)
      }
    }
    api.get("plans") { request, _ in
      let project = try request.value("project").map { (text) throws(SluiceError) in try ProjectName(text) }
      if let project { _ = try services.writer.current.project(project) }
      let plans = services.writer.current.plans.values.filter { project == nil || $0.project == project }
      return JSONBody.response(["plans": plans.sorted { ($0.applied, $0.id) > ($1.applied, $1.id) }])
    }
    api.get("plans/:id") { _, context in
      let id = PlanID(context.parameters.get("id") ?? "")
      let plan = try await services.plans.plan(id)
      let registry = services.writer.current
      var progress = await services.runner.progress(of: id)
      if progress == nil, registry.plans[id].map({ $0.applications > 0 }) == true {
        // A plan that ended before a restart: what the registry remembers of it.
        progress = Execution(plan: plan, turn: 0, graph: registry.projects[plan.project]?.graph, registry: registry)
          .progress(workers: max(1, services.settings.workers)) { _ in false }
      }
      return JSONBody.response(PlanShown(plan: plan, state: registry.plans[id], progress: progress))
    }
    api.post("purge") { request, context in
      let body = try await JSONBody.read(PurgeRequest.self, request)
      if body.apply == true { try context.require(.admin) }
      return JSONBody.response(try await services.purger.purge(body, origin: context.origin))
    }
    api.post("plans/:id/decline") { request, context in
      try context.require(.run)
      let body = try await JSONBody.read(DeclineRequest.self, request)
      return JSONBody.response(
        try await services.plans.decline(
          PlanID(context.parameters.get("id") ?? ""), because: body.because, origin: Origin(actor: context.actor)))
    }
    api.post("cancel") { request, context in
      try context.require(.run)
      let body = try await JSONBody.read(WorkRequest.self, request)
      return JSONBody.response(["cancelled": try await services.plans.cancel(body.id)])
    }
    api.post("retry") { request, context in
      try context.require(.run)
      let body = try await JSONBody.read(WorkRequest.self, request)
      return JSONBody.response(
        ["runs": try await services.plans.retry(body.id, origin: context.origin)])
    }
    api.get("tasks/:id/log") { request, context in
      try await log(
        of: TaskID(context.parameters.get("id") ?? ""), from: Int(request.value("from") ?? "0") ?? 0, context)
    }
  }

  /// What the plan has become, beside the error that it is another one.
  private func changed(_ error: SluiceError, since id: PlanID, by actor: Actor) async throws -> Response {
    let seen = try await services.plans.plan(id)
    let plan = try await services.plans.compute(again: seen, by: actor)
    return Problem.response(error, plan: plan, difference: plan.difference(from: seen))
  }

  private func scope(_ body: PlanRequest) throws(SluiceError) -> PlanScope {
    PlanScope(
      select: body.select ?? "", exclude: body.exclude ?? "", until: body.until, frames: try frames(body.frames),
      force: body.force == true)
  }

  private func frames(_ text: String?) throws(SluiceError) -> FrameSet? {
    guard let text else { return nil }
    if let frames = FrameSet(text), !frames.isEmpty { return frames }
    throw SluiceError(
      .framesInvalid, what: "'\(NameRule.printable(text))' is no frame range", at: "frames", fix: "write 1001-1010,1020"
    )
  }

  /// The newest attempt's log; its path is made from the id and never from what the client says.
  private func log(of task: TaskID, from: Int, _ context: SluiceContext) async throws -> Response {
    guard NameRule.problem(in: task.description) == nil, let run = services.writer.current.runs[task.run] else {
      throw SluiceError(
        .taskUnknown, what: "there is no task '\(NameRule.printable(task.description))'", at: "task",
        fix: "`sluice plan show ID` lists runs and their failed tasks; a task is RUN.FRAME")
    }
    for attempt in stride(from: max(1, run.attempt), through: 1, by: -1) {
      let path = "\(services.settings.dataFolder)/logs/\(run.project)/\(run.id)/\(task)-\(attempt).log"
      guard let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? UInt64 else { continue }
      var headers: HTTPFields = [.contentType: "text/plain; charset=utf-8"]
      if let name = HTTPField.Name("X-Sluice-Log-Size") { headers[name] = "\(size)" }
      if let name = HTTPField.Name("X-Sluice-Log-Attempt") { headers[name] = "\(attempt)" }
      guard from < Int(size) else { return Response(status: .ok, headers: headers) }
      let last = min(Int(size), max(0, from) + Limits.logPageBytes) - 1
      let body = try await FileIO().loadFile(path: path, range: max(0, from)...last, context: context)
      return Response(status: .ok, headers: headers, body: body)
    }
    throw SluiceError(
      .taskUnknown,
      what: "the task '\(task)' has no log: it did not start, or its result was taken from an earlier run",
      at: "task '\(task)'", fix: "`sluice plan show \(run.plan)` says what became of its run")
  }
}
