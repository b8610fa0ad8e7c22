import FoundationEssentials
import SluiceGraph
package import SluiceModel

extension Queries {
  /// What changes that have not happened would reach: the plan of then without what the plan of now has.
  /// - Throws: `product.unknown`, `publish.manifest`, `usage`, and what planning throws.
  package func plan(
    _ name: ProjectName, _ scope: PlanScope, if changes: [ChangedProduct]
  ) async throws(SluiceError) -> Plan {
    guard !scope.force else {
      throw SluiceError(
        .usage, what: "a what-if makes nothing anew", at: "force", fix: "leave out --force, or --changed")
    }
    let survey = try await survey(name)
    try requirePipeline(survey.project)
    let selection = try scope.selection()
    let selected = try await products(selection, in: survey)
    let (actor, time) = (Actor.system, Timestamp.rounded(runner.parts.ambient.now()))
    let hypotheses = try hypotheses(changes, in: survey, now: time)
    let other = HypotheticalManifests(manifests, hypotheses)
    var registry = survey.registry
    let rows = try registry.apply(
      hypotheses.filter(\.differs).map { hypothesis in
        Event(
          id: EventID("what-if"), time: time, site: writer.site, actor: actor, project: name,
          folder: hypothesis.ref.folder, product: hypothesis.ref, fact: .versionPublished(hypothesis.fact))
      })
    let assessor = Assessor(
      project: try registry.project(name), graph: survey.graph, manifests: other, tools: survey.assessor.tools,
      now: survey.assessor.now)
    var changed = survey.assessments
    try changed.follow(assessor, Set(rows))
    let now = try Planner(survey.assessments).plan(selection, products: selected, frames: scope.frames)
    let then = try Planner(changed).plan(selection, products: selected, frames: scope.frames)
    return then.whatIf(hypotheses, since: now, selected: selected, by: actor, at: time)
  }

  private func hypotheses(
    _ changes: [ChangedProduct], in survey: Survey, now: Date
  ) throws(SluiceError) -> [Hypothesis] {
    guard changes.count <= Limits.whatIfProducts else {
      throw SluiceError(
        .bodyTooLarge, what: "\(changes.count) changed products at once are too many", at: "changed",
        fix: "ask for at most \(Limits.whatIfProducts)")
    }
    var seen: Set<ProductRef> = []
    var found: [Hypothesis] = []
    for change in changes {
      let ref = try Reference(change.ref).product
      guard ref.project == survey.project.name, seen.insert(ref).inserted else {
        throw SluiceError(
          .usage,
          what: ref.project == survey.project.name
            ? "'\(ref)' is changed twice" : "'\(ref)' is not in the project '\(survey.project.name)'",
          at: "changed", fix: "name each product of the project once")
      }
      if survey.project.products[ref] == nil, !survey.graph.products.contains(ref) {
        _ = try writer.current.product(ref)
      }
      let before = survey.project.version(of: ref, .latest)
      let old = try before.map { (version) throws(SluiceError) in
        try manifests.manifest(version.published.manifest)
      }
      found.append(try Hypothesis(change, ref: ref, before: before, old: old, now: now))
    }
    return found
  }
}
