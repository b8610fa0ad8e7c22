package import SluiceGraph
package import SluiceModel

/// What is recorded of purged versions. Pure.
package enum PurgeDecisions {
  /// Of versions that were found to be free to go: those that still are. Somebody may have tagged one since, or set a
  /// plan going that takes it, or edited the steps.
  /// - Parameters:
  ///   - revision: the pipeline's, when they were looked at.
  ///   - inUse: products that runs take or make now.
  /// - Throws: `site.elsewhere`.
  package static func purge(
    _ versions: [Version], of name: ProjectName, at revision: Int?, because: String?, inUse: [ProductRef: String],
    in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    try Decisions.requireHome(of: name, in: registry)
    let project = try registry.project(name)
    guard project.pipeline?.revision == revision else { return [] }
    return versions.compactMap { version in
      guard let known = project.versions[version.address], !known.isPurged,
        PurgeChoice.protection(of: known, in: project, inUse: inUse) == nil
      else { return nil }
      let fact = VersionPurged(version: version.address.version, bytes: known.bytes, because: because)
      return Draft(project: name, product: version.address.product, fact: .versionPurged(fact))
    }
  }

  /// Products that runs which are queued or under way take, make, or carry frames of, with the words why.
  /// - Throws: `log.failed` where the body of a plan cannot be read.
  package static func inUse(
    _ name: ProjectName, in registry: Registry, bodies: PlanBodies
  ) throws(SluiceError) -> [ProductRef: String] {
    var found: [ProductRef: String] = [:]
    guard let graph = registry.projects[name]?.graph else { return found }
    for state in registry.plans.values where state.project == name && state.status == .running {
      let wanted = state.wanted
      for (id, run) in try bodies.runs(of: state.body)
      where !Execution.status(of: id, in: state.id, wanted: wanted, registry: registry).isDone {
        guard let unit = graph.unit(run.unit) else { continue }
        for ref in graph.needs(ofUnit: unit.id) ?? [] { found[ref] = "\(unit.id), which is queued or runs, takes it" }
        for ref in unit.outputs where found[ref] == nil { found[ref] = "\(unit.id) is queued or runs" }
      }
    }
    return found
  }
}

extension Version {
  var bytes: Int64 { published.representations.reduce(0) { $0 + $1.bytes } }
  var files: Int { published.representations.reduce(0) { $0 + $1.files } }
}
