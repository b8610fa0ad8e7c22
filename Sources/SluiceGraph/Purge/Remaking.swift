package import SluiceModel

/// Says of versions whether the same recipe could make them again now, and if not, why.
///
/// What was made from a purged version counts as long as that one could be made again itself. The manifest says of each
/// file what recipe made it; only where today's step and the recorded inputs give the very same recipe is it the same.
package struct Remaking: Sendable {
  package let assessor: Assessor
  private var known: [VersionAddress: PurgeHindrance?] = [:]

  package init(_ assessor: Assessor) { self.assessor = assessor }

  private var project: Project { assessor.project }

  /// Why a version cannot be made again; nil where it can.
  /// - Complexity: O(inputs + files), once for each version on the way up to the sources.
  /// - Throws: `store.damaged`, `log.failed` where a manifest cannot be read.
  package mutating func hindrance(to version: Version) throws(SluiceError) -> PurgeHindrance? {
    if let found = known[version.address] { return found }
    let found = try look(at: version)
    known[version.address] = found
    return found
  }

  private mutating func look(at version: Version) throws(SluiceError) -> PurgeHindrance? {
    guard let made = version.published.made else {
      return PurgeHindrance(.source, "\(version.actor.name) published it, and no step could make it again")
    }
    let product = version.address.product
    guard let unit = assessor.graph.producer(of: product), unit.step.name == made.step else {
      return no("the step '\(made.step)' that made it is no longer there for \(product.folder)")
    }
    if unit.step.isHuman { return no("the step '\(made.step)' has no command any more: people do it") }
    if let gone = unit.step.tools.first(where: { assessor.tools[$0] == nil }) {
      return no("the program '\(gone)' is not on this machine")
    }
    guard let past = try project.asMade(version, by: unit, assessor.manifests) else {
      return no("its frames were made from different versions of an input")
    }
    for used in version.sources(of: unit) {
      let address = VersionAddress(product: used.product, version: used.version)
      guard let source = assessor.project.versions[address] else { continue }
      if let obstacle = source.damageObstacle { return no(obstacle) }
      if source.isPurged, let deeper = try hindrance(to: source) {
        return no("\(used.product.spoken) \(source.spoken), which it is made from, is gone too: \(deeper.text)")
      }
    }
    return try difference(version, made, try assessor.over(past).assess(alone: unit).asked(for: version))
  }

  private func difference(
    _ version: Version, _ made: Made, _ assessment: Assessment
  ) throws(SluiceError) -> PurgeHindrance? {
    if let obstacle = assessment.obstacle {
      let recorded = Set(version.published.madeFrom.map(\.product))
      let added = assessment.unit.inputs(.dependency).flatMap(\.products).first { !recorded.contains($0) }
      return no(added.map { "\($0.spoken) was not among what it was made from, and is an input now" } ?? obstacle)
    }
    let files = try assessor.manifests.manifest(version.published.manifest).representations.flatMap(\.files)
    let other: [StoredFile]
    if assessment.unit.step.isPerFrame {
      let recipes = try FrameRecipes(assessment, manifests: assessor.manifests)
      let output = assessment.unit.outputs.firstIndex(of: version.address.product) ?? 0
      other = files.filter { file in
        guard let frame = file.frame, let wanted = recipes.recipes(of: frame) else { return true }
        return wanted[output] != file.recipe
      }
    } else {
      other = files.filter { $0.recipe == nil || $0.recipe != assessment.recipe }
    }
    guard !other.isEmpty else { return nil }
    if assessment.core != made.core {
      let tool = assessment.tools.keys.sorted().first { assessment.tools[$0]?.digest != made.tools[$0]?.digest }
      return no(
        tool.map { "\($0) is another version than the one that made it" }
          ?? "the step '\(made.step)' was edited since it was made")
    }
    let frames = FrameSet(other.compactMap(\.frame))
    return no(
      frames.isEmpty ? "its inputs are not what it was made from" : "\(Reasons.spoken(frames)) came from other inputs")
  }

  private func no(_ text: String) -> PurgeHindrance { PurgeHindrance(.notRemakeable, text) }
}

extension Assessor {
  /// The same look at another state of the project.
  package func over(_ project: Project) -> Assessor {
    Assessor(project: project, graph: graph, manifests: manifests, tools: tools, now: now)
  }
}
