package import Hummingbird
import NIOCore
import SluiceEngine
import SluiceGraph
import SluiceModel

/// The HTTP interface, version 1. `schemas/openapi.json` describes it, and a test holds the two together.
package struct API: Sendable {
  let services: Services

  package init(_ services: Services) { self.services = services }

  package func router() -> Router<SluiceContext> {
    let router = Router(context: SluiceContext.self)
    router.add(middleware: ShownNames(names: services.names))
    router.add(middleware: Guard(services: services))
    router.add(middleware: Contract(Page.contract))
    let api = router.group("/api/v1")
    addStore(to: api)
    addPipelines(to: api)
    addEditorial(to: api)
    addPublishing(to: api)
    addPlans(to: api)
    addAgents(to: api)
    addQueue(to: api)
    addJobs(to: api)
    addWork(to: api)
    addJudgement(to: api)
    addQuestions(to: api)
    addGraph(to: api)
    addFiles(to: api)
    addEvents(to: api)
    addSubscriptions(to: api)
    addIntake(to: api)
    addTokens(to: api)
    addPeople(to: api)
    addUpkeep(to: api)
    Page().add(to: router)
    return router
  }

  private func addStore(to api: RouterGroup<SluiceContext>) {
    api.get("health") { _, _ in
      let registry = services.writer.current
      return JSONBody.response(
        Health(
          site: services.writer.site, position: services.writer.position(registry.sequence),
          version: services.settings.version, tokens: !registry.tokens.isEmpty, store: services.settings.storePath,
          workers: services.settings.workers))
    }
    api.get("projects") { _, _ in
      let projects = services.writer.current.projects.values.map {
        ProjectAnswer(
          name: $0.name, folders: $0.folders.count, products: $0.products.count,
          pipelineRevision: $0.pipeline?.revision)
      }
      return JSONBody.response(["projects": projects.sorted { $0.name < $1.name }])
    }
    api.get("folders") { request, _ in
      let project = try services.writer.current.project(ProjectName(try request.required("project")))
      let under = try FolderPath(request.value("under") ?? "")
      let folders = project.folders.values.filter { $0.path.isInside(under) && !$0.path.isRoot }
      return JSONBody.response(["folders": folders.sorted { $0.path < $1.path }.map(FolderAnswer.init)])
    }
    api.post("folders") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.read(FolderRequest.self, request)
      let (project, path) = (try ProjectName(body.project), try FolderPath(body.path ?? ""))
      let position = try await services.writer.submit(context.origin) {
        [site = services.writer.site] registry throws(SluiceError) in
        try Decisions.changeFolder(
          project, path, type: body.type, set: body.set ?? [:], omitted: body.omitted, mustBeNew: body.add ?? true,
          in: registry, site: site)
      }
      let folder = services.writer.current.projects[project]?.folders[path].map(FolderAnswer.init)
      return JSONBody.response(FolderChange(folder: folder, position: position))
    }
    api.post("tags") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.read(TagRequest.self, request)
      let reference = try Reference(body.ref)
      let position = try await services.writer.submit(context.origin) { registry throws(SluiceError) in
        try Decisions.moveTag(reference, to: body.tag, in: registry)
      }
      let version = try services.writer.current.version(Reference(product: reference.product, selector: .tag(body.tag)))
      return JSONBody.response(
        TagAnswer(ref: reference.product, tag: body.tag, version: version.address.version, position: position))
    }
  }

  private func addPipelines(to api: RouterGroup<SluiceContext>) {
    api.post("pipelines") { request, context in
      let isDry = request.value("dryRun") == "true"
      if !isDry { try context.require(.pipeline) }
      let bytes = try await JSONBody.bytes(request, limit: Limits.pipelineBytes)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw SluiceError(.pipelineSyntax, what: "the file is not UTF-8", at: "body", fix: "save it as UTF-8")
      }
      let (pipeline, problems) = services.readPipeline(text)
      guard let pipeline else {
        return Problem.response(problems[0].error(file: "sluice.yaml"), problems: problems)
      }
      let isGrandfather = request.value("grandfather") == "true"
      let because = request.value("because")
      let grandfather =
        isGrandfather ? await services.judgements.grandfather(pipeline, because: because) : nil
      return JSONBody.response(
        try await apply(pipeline, source: Blob(bytes), isDry: isDry, grandfather: grandfather, actor: context.actor))
    }
    api.get("pipelines/:project") { _, context in
      let project = try services.writer.current.project(ProjectName(context.parameters.get("project") ?? ""))
      guard let revision = project.pipeline else {
        throw SluiceError(
          .pipelineMissing, what: "'\(project.name)' has no pipeline", at: "project '\(project.name)'",
          fix: "apply one: sluice pipeline apply sluice.yaml")
      }
      let source = try services.log.blob(revision.source).map { String(decoding: $0, as: UTF8.self) }
      return JSONBody.response(
        PipelineShown(
          project: project.name, revision: revision.revision, time: Timestamp.text(revision.time),
          actor: revision.actor, source: source ?? "", pipeline: revision.pipeline))
    }
  }

  private func apply(
    _ pipeline: Pipeline, source: Blob, isDry: Bool, grandfather: Grandfather?, actor: Actor
  ) async throws -> PipelineAnswer {
    let (before, site) = (services.writer.current.projects[pipeline.project], services.writer.site)
    let old = before?.pipeline?.pipeline.steps ?? []
    let former = try former(before)
    let decide = { @Sendable (registry: Registry) throws(SluiceError) in
      try Decisions.applyPipeline(
        pipeline, source: source.digest, former: former, accepting: grandfather, in: registry, site: site)
    }
    let drafts = try decide(services.writer.current)
    let declared = DeclaredFolders(pipeline.folders, former: former, in: before)
    let (new, changed) = (
      declared.changes.filter { before?.folders[$0.folder] == nil },
      declared.changes.filter { before?.folders[$0.folder] != nil }
    )
    var answer = PipelineAnswer(
      project: pipeline.project, revision: before?.pipeline?.revision ?? 0, applied: false,
      steps: pipeline.steps.map(\.name),
      added: pipeline.steps.map(\.name).filter { name in !old.contains { $0.name == name } },
      changed: pipeline.steps.filter { step in old.contains { $0.name == step.name && $0 != step } }.map(\.name),
      removed: old.map(\.name).filter { pipeline.step(named: $0) == nil }, newFolders: new.map(\.folder),
      changedFolders: changed.map { ChangedFolder(folder: $0.folder, type: $0.fact.type, set: $0.fact.set ?? [:]) },
      keptAttributes: declared.kept, position: nil, plan: nil)
    if grandfather != nil {
      answer.grandfathered = drafts.compactMap { if case .versionVouched = $0.fact { $0.product } else { nil } }
    }
    if isDry {
      answer.plan = try await services.queries.plan(ofEdit: pipeline, drafts: drafts, by: actor)
      return answer
    }
    // Thousands of folders or vouches are more than one record holds. They come first, the steps last, and what was
    // interrupted is made whole by applying again: vouches mean nothing before the steps that they are about.
    while case let all = try decide(services.writer.current), all.fittingOneRecord.count < all.count {
      try await services.writer.submit(Origin(actor: actor)) { registry throws(SluiceError) in
        try decide(registry).fittingOneRecord
      }
    }
    answer.position = try await services.writer.submit(Origin(actor: actor), blobs: [source], decide: decide)
    answer.revision = services.writer.current.projects[pipeline.project]?.pipeline?.revision ?? 0
    answer.applied = true
    return answer
  }

  /// The folders of the file that is in force.
  private func former(_ project: Project?) throws(SluiceError) -> [FolderDeclaration] {
    guard
      let file = try project?.pipeline.flatMap({ revision throws(SluiceError) in
        try services.log.blob(revision.source)
      })
    else { return [] }
    return services.readPipeline(String(decoding: file, as: UTF8.self)).0?.folders ?? []
  }

  private func addTokens(to api: RouterGroup<SluiceContext>) {
    api.post("tokens") { request, context in
      try context.require(.admin)
      let body = try await JSONBody.read(TokenRequest.self, request)
      let (token, draft) = try Tokens.make(
        body.name, rights: body.rights, names: services.names, ambient: services.ambient)
      try await services.writer.submit(context.origin) { _ in [draft] }
      return JSONBody.response(TokenAnswer(name: body.name, token: token, rights: body.rights ?? TokenRight.allCases))
    }
    api.post("session") { request, _ in
      let body = try await JSONBody.read(SessionRequest.self, request)
      guard services.writer.current.tokens[Digest.of(body.token)] != nil else {
        throw SluiceError(
          .tokenMissing, what: "this server does not know that token", at: "token",
          fix: "look for a typing error, or ask for a new one")
      }
      return Response(
        status: .noContent,
        headers: [.setCookie: "sluice_token=\(body.token); HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000"])
    }
    api.delete("session") { _, _ in
      Response(
        status: .noContent, headers: [.setCookie: "sluice_token=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"])
    }
  }
}

extension FolderAnswer {
  init(_ folder: Folder) {
    self.init(path: folder.path, type: folder.type, attributes: folder.attributes, omitted: folder.omitted)
  }
}

extension Request {
  /// A query parameter, decoded.
  func value(_ name: String) -> String? { uri.queryParameters[name[...]].map(String.init) }

  /// - Throws: `usage` where it is missing.
  func required(_ name: String) throws(SluiceError) -> String {
    if let value = value(name) { return value }
    throw SluiceError(.usage, what: "the parameter '\(name)' is missing", at: "query", fix: "add ?\(name)=…")
  }
}
