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

  package init(
    writer: Writer, manifests: any ManifestSource, tools: any ToolProbe, runner: Runner, store: any VersionStore,
    bodies: PlanBodies
  ) {
    (self.writer, self.manifests, self.tools, self.runner, self.store) = (writer, manifests, tools, runner, store)
    self.bodies = bodies
  }

  /// A project with its graph and how every unit stands.
  package struct Survey: Sendable {
    package let project: Project
    package let graph: StepGraph
    package let assessor: Assessor
    package let assessments: [UnitID: Assessment]
    package let standing: Standing
    package let sequence: Int64

    package var reaction: Reaction {
      Reaction(project, graph: graph, assessments: assessments, standing: standing)
    }
  }

  /// - Throws: `project.unknown`, `store.damaged`, `log.failed`.
  package func survey(_ name: ProjectName) async throws(SluiceError) -> Survey {
    let registry = writer.current
    let project = try registry.project(name)
    let graph =
      project.graph
      ?? StepGraph(pipeline: Pipeline(project: name, folders: [], steps: []), folders: [Folder]())
    let versions = await tools.versions(of: Set(graph.units.flatMap(\.step.tools)))
    let assessor = Assessor(project: project, graph: graph, manifests: manifests, tools: versions)
    let assessments = try assessor.assess()
    return Survey(
      project: project, graph: graph, assessor: assessor, assessments: assessments,
      standing: try Standing(of: project, assessments: assessments, registry: registry, bodies: bodies),
      sequence: registry.sequence)
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
    let all = Set(survey.graph.products).union(survey.project.products.keys).sorted()
    return all.map { ref in
      let version = survey.project.version(of: ref, .latest)
      guard let unit = survey.graph.producer(of: ref), let assessment = survey.assessments[unit.id] else {
        return source(ref, version)
      }
      let output = unit.outputs.firstIndex(of: ref).map { unit.step.outputs[$0] }
      let failed = survey.project.lastRuns[unit.id].flatMap { registry.runs[$0] }
        .flatMap { $0.status == .failed && $0.recipe != nil && $0.recipe == assessment.recipe ? $0 : nil }
      let activity = activities[unit.id] ?? (failed == nil ? .idle : .failed)
      var status = ProductStatus(
        ref: ref, state: ProductState(freshness: assessment.freshness, activity: activity),
        freshness: assessment.freshness, activity: activity, version: version?.address.version,
        number: version?.number, step: unit.step.name,
        frames: version?.published.representations.first?.frames, staleFrames: assessment.stale,
        reasons: assessment.reasons, failure: failed?.failure, preview: output?.preview ?? false,
        reaction: reaction.note(on: unit.id))
      status.purged = version?.isPurged == true ? true : nil
      status.damaged = version?.damage?.spoken
      return status
    }
  }

  private func source(_ ref: ProductRef, _ version: Version?) -> ProductStatus {
    let freshness: Freshness = version == nil ? .missing : .current
    var status = ProductStatus(
      ref: ref, state: ProductState(freshness: freshness, activity: .idle), freshness: freshness, activity: .idle,
      version: version?.address.version, number: version?.number, step: nil,
      frames: version?.published.representations.first?.frames, staleFrames: nil,
      reasons: version == nil ? [Reasons.missingInput(ref)] : [], failure: nil,
      preview: version.map(isPicture) ?? false)
    status.purged = version?.isPurged == true ? true : nil
    status.damaged = version?.damage?.spoken
    return status
  }

  /// Whether a small picture can be made of a source; steps say it of their outputs themselves.
  private func isPicture(_ version: Version) -> Bool {
    guard !version.isPurged, !version.isInPlace, version.published.representations.first?.kind != .tree,
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
    let selected = try await products(selection, in: survey)
    return try Planner(assessor: survey.assessor).plan(selection, products: selected, frames: frames)
  }

  /// The products that a selection means.
  /// - Throws: `selection.invalid`.
  package func products(_ selection: Selection, in survey: Survey) async throws(SluiceError) -> Set<ProductRef> {
    let states = Dictionary(
      try await statuses(survey).map { ($0.ref, $0.state) }, uniquingKeysWith: { first, _ in first })
    return try selection.products(in: survey.project, graph: survey.graph, states: states)
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
    return try Planner(assessor: survey.assessor).plan(
      reaction: plan.reaction ?? .propose, units: units, assessments: survey.assessments, notes: notes)
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
    let versions = await tools.versions(of: Set(graph.units.flatMap(\.step.tools)))
    let assessor = Assessor(project: project, graph: graph, manifests: manifests, tools: versions)
    let all = Set(graph.products).union(project.products.keys)
    return try Planner(assessor: assessor).plan(.everything, products: all, frames: nil)
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
