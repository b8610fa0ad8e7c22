package import FoundationEssentials
package import SluiceGraph
package import SluiceModel

/// Accepts what exists as made by the new steps of a pipeline: what was current before the edit is vouched for with the
/// inputs of today, and what was partly out of date counts as made by the new step and stays out of date for the rest.
package struct Grandfather: Sendable {
  package var manifests: any ManifestSource
  package var tools: [String: ToolVersion]
  package var now: Date
  package var because: String?

  package init(manifests: any ManifestSource, tools: [String: ToolVersion], now: Date, because: String?) {
    (self.manifests, self.tools, self.now, self.because) = (manifests, tools, now, because)
  }

  /// - Parameters:
  ///   - edit: what the pipeline file changes; the vouches mean nothing before it is applied.
  /// - Returns: vouches for products that the edit would otherwise make stale.
  /// - Complexity: O(units).
  package func vouches(
    for edit: [Draft], to name: ProjectName, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    guard let project = registry.projects[name], let graph = project.graph else { return [] }
    let foreseen = try registry.foreseeing(edit, by: .system, now: now)
    guard let after = foreseen.projects[name], let newGraph = after.graph else { return [] }
    let old = Assessor(project: project, graph: graph, manifests: manifests, tools: tools, now: now)
    let new = Assessor(project: after, graph: newGraph, manifests: manifests, tools: tools, now: now)
    var drafts: [Draft] = []
    for unit in newGraph.units {
      guard let before = graph.unit(unit.id) else { continue }
      let then = try new.assess(alone: unit)
      guard then.freshness != .current else { continue }
      let was = try old.assess(alone: before)
      for product in unit.outputs {
        let version = unit.step.isHuman ? project.version(of: product, .latest) : project.newest(of: product)
        guard let version, let inputs = inputs(version, was, then, new) else { continue }
        let core = unit.step.isHuman ? nil : then.core
        JudgementDecisions.draft(version, inputs: inputs, core: core, because: because).map { drafts.append($0) }
      }
    }
    return drafts
  }

  /// For which inputs a version is accepted; nil where it is not.
  private func inputs(
    _ version: Version, _ was: Assessment, _ then: Assessment, _ assessor: Assessor
  ) -> [Used]? {
    let product = version.address.product
    let wasCurrent = was.unit.step.isHuman ? was.byHand[product]?.freshness == .current : was.freshness == .current
    if wasCurrent { return assessor.used(by: then) }
    // It was out of date, perhaps in some frames, and stays so: that of no inputs is said anything makes the vouch one
    // for the step alone.
    guard let made = version.published.made, !then.unit.step.isHuman, then.core != was.core,
      made.core == was.core || was.accepted.contains(made.core)
    else { return nil }
    return []
  }
}

extension Registry {
  /// What would be known if these facts were recorded.
  package func foreseeing(_ drafts: [Draft], by actor: Actor, now: Date) throws(SluiceError) -> Registry {
    var registry = self
    let events = drafts.map { draft in
      Event(
        id: EventID(""), time: now, site: site, actor: actor, project: draft.project, folder: draft.folder,
        product: draft.product, fact: draft.fact)
    }
    _ = try registry.apply(events)
    return registry
  }
}

extension Sequence where Element == Draft {
  /// As many of the first as one record surely holds, and one at least.
  package var fittingOneRecord: [Draft] {
    var (taken, bytes): ([Draft], Int) = ([], 0)
    for draft in self {
      bytes += draft.fact.estimatedBytes
      if !taken.isEmpty, taken.count == Limits.factsPerRecord || bytes > Limits.recordBytes { break }
      taken.append(draft)
    }
    return taken
  }
}

extension Fact {
  /// Of its event in a record; generously, where it may be long.
  fileprivate var estimatedBytes: Int {
    switch self {
    case .versionVouched(let fact): 700 + StableJSON.encode(fact).count
    case .pipelineApplied(let fact): 700 + StableJSON.encode(fact).count
    default: 400
    }
  }
}
