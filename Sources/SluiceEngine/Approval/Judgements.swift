import FoundationEssentials
package import SluiceGraph
package import SluiceModel

/// Records what people say of versions and products, and answers with what holds then.
package struct Judgements: Sendable {
  private let writer: Writer
  private let manifests: any ManifestSource
  private let tools: any ToolProbe

  package init(writer: Writer, manifests: any ManifestSource, tools: any ToolProbe) {
    (self.writer, self.manifests, self.tools) = (writer, manifests, tools)
  }

  /// - Throws: `product.unknown`, `version.unknown`, `usage`.
  package func judge(
    _ reference: Reference, _ verdict: Verdict, because: String?, origin: Origin
  ) async throws(SluiceError) -> JudgementAnswer {
    // Which version is meant is settled once: nobody judges a publish that comes between and that he has not seen.
    let version = try JudgementDecisions.judged(reference, verdict, in: writer.current)
    let meant = Reference(product: reference.product, selector: .id(version.address.version))
    let position = try await writer.submit(origin) { registry throws(SluiceError) in
      try JudgementDecisions.judge(meant, verdict, because: because, in: registry)
    }
    let registry = writer.current
    let now = try registry.version(meant)
    return JudgementAnswer(
      ref: reference.product, version: now.address.version, number: now.number,
      approved: now.judgement.map(Approval.init) ?? .unsaid, latest: try registry.product(reference.product).latest,
      position: position)
  }

  /// - Throws: `product.unknown`, `version.unknown`, `vouch.nothing`, `usage`, `store.damaged`.
  package func vouch(
    _ reference: Reference, because: String?, origin: Origin
  ) async throws(SluiceError) -> VouchAnswer {
    let ref = reference.product
    let version = try JudgementDecisions.vouched(reference, in: writer.current).address.version
    let meant = Reference(product: ref, selector: .id(version))
    let versions = await toolVersions(of: try writer.current.project(ref.project).graph)
    let (manifests, now) = (manifests, writer.now)
    func assessor(_ registry: Registry) throws(SluiceError) -> Assessor {
      let project = try registry.project(ref.project)
      return Assessor(
        project: project, graph: project.graph ?? StepGraph.empty(project.name), manifests: manifests,
        tools: versions, now: now)
    }
    let position = try await writer.submit(origin) { registry throws(SluiceError) in
      try JudgementDecisions.vouch(meant, because: because, assessor: try assessor(registry), in: registry)
    }
    let registry = writer.current
    let known = try registry.version(meant)
    let last = known.vouches.last
    let inputs = (last?.inputs ?? []).map { used in
      VouchAnswer.Input(
        used, number: registry.projects[used.product.project]?.version(of: used.product, .id(used.version))?.number)
    }
    return VouchAnswer(
      ref: ref, version: version, number: known.number, inputs: inputs, core: last?.core, because: last?.because,
      position: position)
  }

  /// - Parameter until: a time, or a date, which is its first moment in UTC; nil for no end.
  /// - Throws: `product.unknown`, `version.unknown`, `usage`.
  package func freeze(
    _ ref: ProductRef, at selector: VersionSelector, until: String?, because: String?, origin: Origin
  ) async throws(SluiceError) -> FreezeAnswer {
    let end = try until.map { (text) throws(SluiceError) in try Judgements.time(text, ref) }
    let now = writer.now
    let position = try await writer.submit(origin) { registry throws(SluiceError) in
      try JudgementDecisions.freeze(ref, at: selector, until: end, because: because, now: now, in: registry)
    }
    return answer(ref, position)
  }

  /// - Throws: `product.unknown`, `usage`.
  package func thaw(_ ref: ProductRef, because: String?, origin: Origin) async throws(SluiceError) -> FreezeAnswer {
    let position = try await writer.submit(origin) { registry throws(SluiceError) in
      try JudgementDecisions.thaw(ref, because: because, in: registry)
    }
    return answer(ref, position)
  }

  private func answer(_ ref: ProductRef, _ position: Position) -> FreezeAnswer {
    let project = writer.current.projects[ref.project]
    let freeze = project?.products[ref]?.freeze
    return FreezeAnswer(
      ref: ref, at: freeze?.at, number: freeze.flatMap { project?.version(of: ref, .id($0.at))?.number },
      until: freeze?.until, because: freeze?.because, position: position)
  }

  /// - Throws: `product.unknown`, `usage`.
  package func release(_ ref: ProductRef, because: String?, origin: Origin) async throws(SluiceError) -> ReleaseAnswer {
    let position = try await writer.submit(origin) { registry throws(SluiceError) in
      try JudgementDecisions.release(ref, because: because, in: registry)
    }
    return ReleaseAnswer(
      ref: ref, held: try writer.current.product(ref).hold != nil, position: position)
  }

  /// Accepts what exists as made by the steps of an edit.
  package func grandfather(_ pipeline: Pipeline, because: String?) async -> Grandfather {
    var names = Set(pipeline.steps.flatMap(\.tools))
    names.formUnion(writer.current.projects[pipeline.project]?.graph?.units.flatMap(\.step.tools) ?? [])
    return Grandfather(
      manifests: manifests, tools: await tools.versions(of: names), now: writer.now,
      because: because ?? "accepted as it was when the pipeline was edited")
  }

  private func toolVersions(of graph: StepGraph?) async -> [String: ToolVersion] {
    await tools.versions(of: Set(graph?.units.flatMap(\.step.tools) ?? []))
  }

  private static func time(_ text: String, _ ref: ProductRef) throws(SluiceError) -> Date {
    if let time = Timestamp.date(text) ?? Timestamp.date(text + "T00:00:00Z") { return time }
    throw SluiceError(
      .usage, what: "'\(NameRule.printable(text))' is no date", at: "product '\(ref)', until",
      fix: "write 2026-12-01, or a time such as 2026-12-01T18:00:00Z")
  }
}

extension StepGraph {
  /// Of a project without a pipeline.
  package static func empty(_ project: ProjectName) -> StepGraph {
    StepGraph(pipeline: Pipeline(project: project, folders: [], steps: []), folders: [Folder]())
  }
}
