import FoundationEssentials
package import SluiceGraph
package import SluiceModel

/// Answers questions from what is known: a snapshot of the registry, never a lock.
package struct Queries: Sendable {
  let writer: Writer
  let manifests: any ManifestSource
  let tools: any ToolProbe
  let runner: Runner
  let store: any VersionStore
  let bodies: PlanBodies
  private let surveyor: Surveyor

  package init(
    writer: Writer, manifests: any ManifestSource, tools: any ToolProbe, runner: Runner, store: any VersionStore,
    bodies: PlanBodies
  ) {
    (self.writer, self.manifests, self.tools, self.runner, self.store) = (writer, manifests, tools, runner, store)
    self.bodies = bodies
    surveyor = Surveyor(writer: writer, manifests: manifests, tools: tools)
  }

  /// A project with its graph and how every unit stands.
  package struct Survey: Sendable {
    package let registry: Registry
    package let assessments: Assessments
    package let standing: Standing

    package var project: Project { assessments.assessor.project }
    package var graph: StepGraph { assessments.assessor.graph }
    package var sequence: Int64 { registry.sequence }
    package var reaction: Reaction { Reaction(assessments, standing: standing) }
  }

  /// - Throws: `project.unknown`, `store.damaged`, `log.failed`.
  package func survey(_ name: ProjectName) async throws(SluiceError) -> Survey {
    let (registry, assessments) = try await surveyor.look(at: name)
    return Survey(
      registry: registry, assessments: assessments,
      standing: try Standing(
        of: assessments.assessor.project, assessments: assessments, registry: registry, bodies: bodies))
  }

  // MARK: Status

  /// - Parameter scope: a project, a folder of one or a product; nil for everything.
  package func status(_ scope: String?, onlyStale: Bool) async throws(SluiceError) -> StatusAnswer {
    let registry = writer.current
    guard let scope else {
      var products: [ProductStatus] = []
      for name in registry.projects.keys.sorted() { products += try await statuses(try await survey(name)) }
      return StatusAnswer(
        asOf: writer.position(registry.sequence), products: products.filter { !onlyStale || $0.state != .current })
    }
    let parts = scope.split(separator: "/", omittingEmptySubsequences: false)
    let name = try ProjectName(parts.first ?? "")
    let survey = try await survey(name)
    var products = try await statuses(survey)
    if parts.count > 1 {
      let reference = try Reference(scope)
      let folder = try FolderPath(parts.dropFirst().joined(separator: "/"))
      products = products.filter { $0.ref == reference.product || $0.folder.isInside(folder) }
      if products.isEmpty, survey.project.folders[folder] == nil { _ = try registry.product(reference.product) }
    }
    return StatusAnswer(
      asOf: writer.position(survey.sequence), products: products.filter { !onlyStale || $0.state != .current })
  }

  package func statuses(_ survey: Survey) async throws(SluiceError) -> [ProductStatus] {
    let activities = runner.activities(in: survey.project.name)
    let registry = writer.current
    let reaction = survey.reaction
    let (graph, project) = (survey.graph, survey.project)
    let all = Set(graph.products).union(project.products.keys).sorted()
    return try all.map { ref throws(SluiceError) in
      let version = project.version(of: ref, .latest)
      guard let unit = graph.producer(of: ref) else { return source(ref, version) }
      let assessment = survey.assessments[unit.id]
      let output = unit.outputs.firstIndex(of: ref).map { unit.step.outputs[$0] }
      let failed = try project.lastRuns[unit.id].flatMap { registry.runs[$0] }
        .flatMap { run throws(SluiceError) in
          guard run.status == .failed, let recipe = run.recipe else { return nil as RunState? }
          return try survey.assessments.assessment(of: unit.id)?.recipe == recipe ? run : nil
        }
      let freshness = assessment?.freshness ?? .current
      let activity = activities[unit.id] ?? (failed == nil ? .idle : .failed)
      return ProductStatus(
        ref: ref, state: ProductState(freshness: freshness, activity: activity), freshness: freshness,
        activity: activity, version: version?.address.version,
        number: version?.number, step: unit.step.name,
        frames: version?.published.representations.first?.frames, staleFrames: assessment?.stale,
        reasons: assessment?.reasons ?? [], failure: failed?.failure, preview: output?.preview ?? false,
        reaction: reaction.note(on: unit.id))
    }
  }

  private func source(_ ref: ProductRef, _ version: Version?) -> ProductStatus {
    let freshness: Freshness = version == nil ? .missing : .current
    return ProductStatus(
      ref: ref, state: ProductState(freshness: freshness, activity: .idle), freshness: freshness, activity: .idle,
      version: version?.address.version, number: version?.number, step: nil,
      frames: version?.published.representations.first?.frames, staleFrames: nil,
      reasons: version == nil ? [Reasons.missingInput(ref)] : [], failure: nil,
      preview: version.map(isPicture) ?? false)
  }

  /// Whether a small picture can be made of a source; steps say it of their outputs themselves.
  private func isPicture(_ version: Version) -> Bool {
    guard version.published.representations.first?.kind != .tree,
      let files = try? manifests.manifest(version.published.manifest).representations.first?.files
    else { return false }
    return files.first.map { ImageFormats.isImage($0.path) } ?? false
  }

  // MARK: Plan

  package func plan(
    _ name: ProjectName, select: String, frames: FrameSet?
  ) async throws(SluiceError) -> Plan {
    let survey = try await survey(name)
    guard survey.project.pipeline != nil else {
      throw SluiceError(
        .pipelineMissing, what: "'\(name)' has no pipeline, so nothing can be planned", at: "project '\(name)'",
        fix: "write a sluice.yaml and apply it: sluice pipeline apply sluice.yaml")
    }
    let selection = try Selection(select)
    let planner = Planner(survey.assessments)
    if selection.isEverything { return try planner.plan(selection, products: nil, frames: frames) }
    let states = Dictionary(
      try await statuses(survey).map { ($0.ref, $0.state) }, uniquingKeysWith: { first, _ in first })
    let selected = try selection.products(in: survey.project, graph: survey.graph, states: states)
    return try planner.plan(selection, products: selected, frames: frames)
  }

  /// A plan that Sluice made by itself, computed again: what there is to do now of its runs.
  package func plan(again plan: Plan) async throws(SluiceError) -> Plan {
    let survey = try await survey(plan.project)
    var (units, notes): (Set<UnitID>, [UnitID: String]) = ([], [:])
    for run in plan.runs {
      let unit = UnitID(step: run.step, folder: run.folder)
      guard survey.assessments[unit]?.obstacle == nil else { continue }
      units.insert(unit)
      notes[unit] = run.note
    }
    return try Planner(survey.assessments).plan(reaction: plan.reaction ?? .propose, units: units, notes: notes)
  }

  /// What a pipeline edit would make stale.
  package func plan(ofEdit pipeline: Pipeline, drafts: [Draft]) async throws(SluiceError) -> Plan {
    var registry = writer.current
    let events = drafts.map { draft in
      Event(
        id: EventID(""), time: Date(timeIntervalSince1970: 0), site: writer.site, actor: .system,
        project: draft.project, folder: draft.folder, product: draft.product, fact: draft.fact)
    }
    _ = try registry.apply(events)
    let project = try registry.project(pipeline.project)
    guard let graph = project.graph else {
      throw SluiceError(.pipelineMissing, what: "the pipeline is empty", at: "pipeline", fix: "add steps")
    }
    let versions = await tools.versions(of: graph.tools)
    let assessor = Assessor(project: project, graph: graph, manifests: manifests, tools: versions)
    return try Planner(assessor: assessor).plan(.everything, products: nil, frames: nil)
  }

  // MARK: Impact

  package func impact(_ reference: Reference) async throws(SluiceError) -> ImpactAnswer {
    let survey = try await survey(reference.product.project)
    let ref = reference.product
    if survey.project.products[ref] == nil, !survey.graph.products.contains(ref) {
      _ = try writer.current.product(ref)
    }
    let reached = Walk.downstream(of: [ref], in: survey.graph)
    return ImpactAnswer(
      ref: ref,
      products: reached.map { product, link in
        ImpactAnswer.Reached(
          ref: product, distance: link.distance, via: link.via,
          step: survey.graph.producer(of: product)?.step.name ?? "")
      }.sorted { ($0.distance, $0.ref) < ($1.distance, $1.ref) })
  }
}
