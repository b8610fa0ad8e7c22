import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SluiceEngine
import SluiceGraph
import SluiceModel

extension API {
  func addPublishing(to api: RouterGroup<SluiceContext>) {
    api.post("uploads") { _, context in
      try context.require(.publish)
      let upload = try await services.store.makeUpload()
      let door = services.store.door(of: upload)
      return JSONBody.response(
        UploadAnswer(
          upload: upload, directory: door.directory, markerFile: door.markerFile, marker: door.marker))
    }
    api.put("uploads/:upload/files") { request, context in
      try context.require(.publish)
      let path = try request.required("path")
      let upload = UploadID(context.parameters.get("upload") ?? "")
      let receiver = try await services.store.receive(path, of: upload)
      do {
        for try await buffer in request.body { try await receiver.write(Array(buffer.readableBytesView)) }
        let (size, digest) = try await receiver.finish()
        return JSONBody.response(UploadedFile(path: path, size: size, sha256: digest))
      } catch {
        await receiver.abandon()
        throw error
      }
    }
    api.delete("uploads/:upload") { _, context in
      try context.require(.publish)
      await services.store.discard(UploadID(context.parameters.get("upload") ?? ""))
      return Response(status: .noContent)
    }
    api.post("publish") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.read(PublishRequest.self, request)
      return JSONBody.response(
        try await services.publisher.publish(body, origin: Origin(actor: context.actor)))
    }
    api.post("identify") { request, _ in
      let body = try await JSONBody.read(IdentifyRequest.self, request)
      var answers: [IdentifyAnswer] = []
      for file in body.files {
        do throws(SluiceError) {
          answers.append(
            try await services.queries.identify(path: file.path, digest: file.sha256, views: services.views))
        } catch {
          var answer = IdentifyAnswer(path: file.path)
          answer.error = Failure(error)
          answers.append(answer)
        }
      }
      return JSONBody.response(["files": answers])
    }
  }

  func addPlans(to api: RouterGroup<SluiceContext>) {
    api.post("plan") { request, _ in
      let body = try await JSONBody.read(PlanRequest.self, request)
      return JSONBody.response(
        try await services.plans.compute(
          ProjectName(body.project), select: body.select ?? "", frames: try frames(body.frames)))
    }
    api.post("apply") { request, context in
      try context.require(.run)
      let body = try await JSONBody.read(PlanRequest.self, request)
      let plan = try await services.plans.apply(
        ProjectName(body.project), select: body.select ?? "", frames: try frames(body.frames), expected: body.plan,
        origin: Origin(actor: context.actor, command: body.command))
      return JSONBody.response(plan)
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
      if progress == nil, registry.plans[id] != nil {
        // A plan that ended before a restart: what the registry remembers of it.
        progress = Execution(plan: plan, turn: 0, graph: registry.projects[plan.project]?.graph, registry: registry)
          .progress(workers: services.settings.workers) { _ in false }
      }
      return JSONBody.response(PlanShown(plan: plan, state: registry.plans[id], progress: progress))
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
        ["runs": try await services.plans.retry(body.id, origin: Origin(actor: context.actor))])
    }
    api.get("tasks/:id/log") { request, context in
      try await log(
        of: TaskID(context.parameters.get("id") ?? ""), from: Int(request.value("from") ?? "0") ?? 0, context)
    }
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

  func addQuestions(to api: RouterGroup<SluiceContext>) {
    api.get("status") { request, _ in
      JSONBody.response(
        try await services.queries.status(request.value("ref"), onlyStale: request.value("stale") == "true"))
    }
    api.get("show") { request, _ in
      JSONBody.response(try await services.queries.show(Reference(try request.required("ref"))))
    }
    api.get("why") { request, _ in
      JSONBody.response(try await services.queries.why(Reference(try request.required("ref"))))
    }
    api.get("impact") { request, _ in
      JSONBody.response(try await services.queries.impact(Reference(try request.required("ref"))))
    }
  }

  func addFiles(to api: RouterGroup<SluiceContext>) {
    api.get("files") { request, context in
      let (path, file) = try services.queries.file(
        Reference(try request.required("ref")), representation: request.value("representation"),
        path: request.value("path"), frame: request.value("frame").flatMap { Int($0) })
      return try await Files.response(path: path, file: file, request: request, context: context)
    }
    api.get("preview") { request, context in
      let (path, file) = try services.queries.file(
        Reference(try request.required("ref")), representation: nil, path: nil,
        frame: request.value("frame").flatMap { Int($0) })
      let width = min(2_048, max(16, Int(request.value("width") ?? "320") ?? 320))
      guard let preview = await services.previews.preview(of: path, key: file.sha256, width: width) else {
        throw SluiceError(
          .fileUnknown, what: "there is no picture of '\(file.path)'", at: "preview",
          fix: "pictures exist of image files")
      }
      return try await Files.response(preview: preview, digest: file.sha256, request: request, context: context)
    }
  }
}
