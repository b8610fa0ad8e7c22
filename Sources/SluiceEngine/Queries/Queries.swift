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
    package var graph: StepGraph { assessor.graph }
    package var assessor: Assessor { assessments.assessor }
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

  /// - Parameters:
  ///   - scope: a project, a folder of one or a product; nil for everything.
  ///   - selection: only these of a project's products.
  ///   - kept: only what is frozen, or in somebody's hands; nil for all.
  package func status(
    _ scope: String?, onlyStale: Bool, selection: Selection = .everything, kept: KeptFilter? = nil
  ) async throws(SluiceError) -> StatusAnswer {
    var answer = try await status(scope, selection)
    answer.products = answer.products.filter { product in
      (!onlyStale || product.state != .current) && kept?.includes(product) != false
    }
    return answer
  }

  private func status(_ scope: String?, _ selection: Selection) async throws(SluiceError) -> StatusAnswer {
    let registry = writer.current
    guard let scope else {
      guard selection.expression == nil else {
        throw SluiceError(
          .usage, what: "a selection is about one project, and none is named", at: "select",
          fix: "name it: sluice status PROJECT --select …")
      }
      var products: [ProductStatus] = []
      for name in registry.projects.keys.sorted() { products += try await statuses(try await survey(name)) }
      return StatusAnswer(asOf: writer.position(registry.sequence), products: products)
    }
    let parts = scope.split(separator: "/", omittingEmptySubsequences: false)
    let name = try ProjectName(parts.first ?? "")
    let survey = try await survey(name)
    var products: [ProductStatus]
    if parts.count > 1 {
      let reference = try Reference(scope)
      let folder = try FolderPath(parts.dropFirst().joined(separator: "/"))
      products = try await statuses(survey, of: Asked(product: reference.product, inside: folder))
      if products.isEmpty, survey.project.folders[folder] == nil { _ = try registry.product(reference.product) }
    } else {
      products = try await statuses(survey)
    }
    if selection.expression != nil {
      let selected = try await self.products(selection, in: survey)
      products = products.filter { selected.contains($0.ref) }
    }
    return StatusAnswer(asOf: writer.position(survey.sequence), products: products)
  }

  /// A product, or all that lie in a folder and below it.
  struct Asked {
    var product: ProductRef
    var inside: FolderPath?

    func products(in survey: Survey) -> Set<ProductRef> {
      let (made, known) = (survey.graph.products, survey.project.products)
      let below = inside.map { Set(made.inside($0)).union(known.keys(inside: $0)) } ?? []
      return made.contains(product) || known[product] != nil ? below.union([product]) : below
    }
  }

  /// - Parameter asked: each product costs what is told of it. Nil for all.
  func statuses(_ survey: Survey, of asked: Asked? = nil) async throws(SluiceError) -> [ProductStatus] {
    let activities = runner.activities(in: survey.project.name)
    let registry = writer.current
    let reaction = survey.reaction
    let (graph, project) = (survey.graph, survey.project)
    let products = asked?.products(in: survey) ?? Set(graph.products).union(project.products.keys)
    let all = products.sorted()
    let causes = try FrameCauses(survey.assessments, of: asked.map { _ in all })
    return try all.map { ref throws(SluiceError) in
      let version = project.version(of: ref, .latest)
      guard let unit = graph.producer(of: ref) else { return source(ref, version, survey) }
      if unit.step.isHuman, let assessment = try survey.assessments.assessment(of: unit.id) {
        return try byHand(ref, version, assessment, causes, survey)
      }
      // Nil for what is plainly current.
      let assessment = survey.assessments[unit.id]
      let output = unit.outputs.firstIndex(of: ref).map { unit.step.outputs[$0] }
      let failed = try project.lastRuns[unit.id].flatMap { registry.runs[$0] }
        .flatMap { run throws(SluiceError) in
          guard run.status == .failed, let recipe = run.recipe else { return nil as RunState? }
          return try survey.assessments.assessment(of: unit.id)?.recipe == recipe ? run : nil
        }
      let freshness = assessment?.freshness ?? .current
      let activity = activities[unit.id] ?? (failed == nil ? .idle : .failed)
      var status = ProductStatus(
        ref: ref, state: ProductState(freshness: freshness, activity: activity), freshness: freshness,
        activity: activity, version: version?.address.version,
        number: version?.number, step: unit.step.name,
        frames: version?.published.representations.first?.frames, staleFrames: assessment?.stale,
        missingFrames: assessment?.frames.flatMap { $0.lacks.isEmpty ? nil : $0.missing },
        reasons: assessment.map { $0.reasons + $0.notes } ?? [], failure: failed?.failure,
        preview: output?.preview == true && version?.damage == nil,
        reaction: reaction.note(on: unit.id))
      status.ranges = try causes.ranges(of: ref)
      status.complete =
        assessment.map { project.completeness(of: $0) } ?? Completeness(value: true, reason: nil)
      tell(of: version, in: survey, &status)
      return status
    }
  }

  private func source(_ ref: ProductRef, _ version: Version?, _ survey: Survey) -> ProductStatus {
    let freshness: Freshness = version == nil ? .missing : .current
    let rejected = survey.assessor.rejectedNote(on: ref)
    var status = ProductStatus(
      ref: ref, state: ProductState(freshness: freshness, activity: .idle), freshness: freshness, activity: .idle,
      version: version?.address.version, number: version?.number, step: nil,
      frames: version?.published.representations.first?.frames, staleFrames: nil,
      reasons: (version == nil && rejected == nil ? [Reasons.missingInput(ref)] : []) + (rejected.map { [$0] } ?? []),
      failure: nil, preview: version.map(isPicture) ?? false)
    status.complete = Completeness(value: version != nil, reason: version == nil ? "no version of it is there" : nil)
    // Steps have no units in a folder that is left out.
    status.omitted = survey.project.omission(of: ref.folder) == nil ? nil : true
    tell(of: version, in: survey, &status)
    return status
  }

  /// A product of a human step.
  private func byHand(
    _ ref: ProductRef, _ version: Version?, _ assessment: Assessment, _ causes: FrameCauses, _ survey: Survey
  ) throws(SluiceError) -> ProductStatus {
    let judged = assessment.byHand[ref]
    let freshness = judged?.freshness ?? assessment.freshness
    var status = ProductStatus(
      ref: ref, state: ProductState(freshness: freshness, activity: .idle), freshness: freshness, activity: .idle,
      version: version?.address.version, number: version?.number, step: assessment.unit.step.name,
      frames: version?.published.representations.first?.frames, staleFrames: judged?.stale,
      reasons: (judged?.reasons ?? []) + assessment.notes.filter { [.frozen, .damaged].contains($0.kind) }
        + (judged?.notes ?? []),
      failure: nil, preview: version.map(isPicture) ?? false)
    status.ranges = try causes.ranges(of: ref)
    status.complete = survey.project.completeness(of: assessment)
    tell(of: version, in: survey, &status)
    return status
  }

  /// What is said of the latest version of any product.
  private func tell(of version: Version?, in survey: Survey, _ status: inout ProductStatus) {
    status.approved = survey.project.approval(of: status.ref)
    status.purged = version?.isPurged == true ? true : nil
    (status.inPlace, status.damaged) = (version?.published.inPlace, version?.damage?.spoken)
    (status.frozen, status.held) = survey.project.kept(status.ref, now: survey.assessor.now)
  }

  /// Whether a small picture can be made of a source; steps say it of their outputs themselves.
  private func isPicture(_ version: Version) -> Bool {
    guard !version.isPurged, version.damage == nil, version.published.representations.first?.kind != .tree,
      let files = try? manifests.manifest(version.published.manifest).representations.first?.files
    else { return false }
    return files.first.map { ImageFormats.isImage($0.path) } ?? false
  }

  // MARK: Plan

  /// - Parameter actor: who asks, under the alias that the log has for them.
  package func plan(
    _ name: ProjectName, _ scope: PlanScope, by actor: Actor
  ) async throws(SluiceError) -> Plan {
    let survey = try await survey(name)
    try requirePipeline(survey.project)
    let selection = try scope.selection()
    let forced = scope.force ? Forced(by: actor, at: runner.parts.ambient.now()) : nil
    let selected = selection.isEverything ? nil : try await products(selection, in: survey)
    return survey.registry.unspent(
      try Planner(survey.assessments).plan(selection, products: selected, frames: scope.frames, forced: forced))
  }

  func requirePipeline(_ project: Project) throws(SluiceError) {
    guard project.pipeline == nil else { return }
    throw SluiceError(
      .pipelineMissing, what: "'\(project.name)' has no pipeline, so nothing can be planned",
      at: "project '\(project.name)'",
      fix: "write a sluice.yaml and apply it: sluice pipeline apply sluice.yaml")
  }

  /// A plan that Sluice made by itself, computed again: what there is to do now of its runs.
  package func plan(again plan: Plan) async throws(SluiceError) -> Plan {
    let survey = try await survey(plan.project)
    var (units, notes): (Set<UnitID>, [UnitID: String]) = ([], [:])
    for run in plan.runs {
      let unit = UnitID(step: run.step, folder: run.folder)
      guard survey.assessments.finding(of: unit)?.obstacle == nil else { continue }
      units.insert(unit)
      notes[unit] = run.note
    }
    return survey.registry.unspent(
      try Planner(survey.assessments).plan(reaction: plan.reaction ?? .propose, units: units, notes: notes))
  }

  /// What a pipeline edit would make stale.
  package func plan(ofEdit pipeline: Pipeline, drafts: [Draft], by actor: Actor) async throws(SluiceError) -> Plan {
    let now = writer.now
    let project = try writer.current.foreseeing(drafts, by: actor, now: now).project(pipeline.project)
    guard let graph = project.graph else {
      throw SluiceError(.pipelineMissing, what: "the pipeline is empty", at: "pipeline", fix: "add steps")
    }
    let versions = await tools.versions(of: graph.tools)
    let assessor = Assessor(project: project, graph: graph, manifests: manifests, tools: versions, now: now)
    return try Planner(assessor: assessor).plan(.everything, products: nil, frames: nil)
  }

  // MARK: Impact

  /// - Parameter selection: only these of what is reached.
  package func impact(
    _ reference: Reference, selection: Selection = .everything
  ) async throws(SluiceError) -> ImpactAnswer {
    let survey = try await survey(reference.product.project)
    let ref = reference.product
    if survey.project.products[ref] == nil, !survey.graph.products.contains(ref) {
      _ = try writer.current.product(ref)
    }
    var reached = Walk.downstream(of: [ref], in: survey.graph)
    if selection.expression != nil {
      let selected = try await products(selection, in: survey)
      reached = reached.filter { selected.contains($0.key) }
    }
    return ImpactAnswer(
      ref: ref,
      products: reached.map { product, link in
        ImpactAnswer.Reached(
          ref: product, distance: link.distance, via: link.via,
          step: survey.graph.producer(of: product)?.step.name ?? "")
      }.sorted { ($0.distance, $0.ref) < ($1.distance, $1.ref) })
  }
}
