package import FoundationEssentials
package import SluiceModel

/// Says of every unit whether its products match what they would be made from now.
///
/// Staleness looks at content, frame by frame: a version that moved on with the same content changes nothing.
package struct Assessor: Sendable {
  package let project: Project
  package let graph: StepGraph
  package let manifests: any ManifestSource
  /// The programs of this machine; a program that is not here counts as the one that made the version.
  package let tools: [String: ToolVersion]
  /// Freezes end by time.
  package let now: Date

  package init(
    project: Project, graph: StepGraph, manifests: any ManifestSource, tools: [String: ToolVersion], now: Date
  ) {
    (self.project, self.graph, self.manifests, self.tools) = (project, graph, manifests, tools)
    self.now = now
  }

  /// - Complexity: O(units + links), and O(frames) for units whose inputs changed.
  package func assess() throws(SluiceError) -> [UnitID: Assessment] {
    var found: [UnitID: Assessment] = [:]
    for unit in graph.units {
      found[unit.id] = try assess(unit) { product in
        graph.producer(of: product).flatMap { found[$0.id] }.flatMap { $0.freshness == .current ? nil : .full($0) }
      }
    }
    return found
  }

  /// One unit, against the versions that are there now.
  package func assess(alone unit: Unit) throws(SluiceError) -> Assessment { try assess(unit) { _ in nil } }

  /// - Parameter upstream: the maker of a product, where that is not current.
  func assess(
    _ unit: Unit, upstream: (ProductRef) -> Finding?
  ) throws(SluiceError) -> Assessment {
    let inputs = try inputs(.dependency, of: unit, upstream)
    // Whatever becomes of these, the unit stands as it does.
    let noted =
      try self.inputs(.reference, of: unit) { _ in nil } + self.inputs(.association, of: unit) { _ in nil }
    let versions = unit.outputs.map { unit.step.isHuman ? project.version(of: $0, .latest) : project.newest(of: $0) }
    let made = versions.first.flatMap { $0.flatMap(project.ground) }?.published.made
    let used = unit.step.tools.reduce(into: [String: ToolVersion]()) { result, name in
      result[name] = tools[name] ?? made?.tools[name]
    }
    let contents = inputs.compactMap { state in state.content.map { (name: state.input.name, content: $0) } }
    let isFed = inputs.allSatisfy { $0.sources.allSatisfy { $0.all.allSatisfy { $0.upstream == nil } } }
    let told = project.told(to: unit)
    let core = unit.form.core(
      on: unit.folder, bound: told?.parameters ?? [:], namings: unit.namings, tools: used)
    var result = Assessment(
      unit: unit, freshness: .current, reasons: [], inputs: inputs, noted: noted,
      existing: unit.step.isPerFrame ? versions.first??.published.representations.first?.frames ?? .empty : nil,
      frames: framesWanted(unit, inputs, upstream), stale: nil, told: told, core: core, tools: used,
      recipe: isFed && contents.count == inputs.count ? Recipe.whole(core: core, inputs: contents) : nil,
      obstacle: nil, missingSources: [])
    result.notes = frozenNotes(on: result, upstream) + damagedNotes(on: result)
    if unit.step.isHuman {
      try judgeByHand(&result, upstream)
      return result
    }
    result.notes += rejectedNotes(on: unit)
    if hold(&result, versions, upstream) { return result }
    result.accepted = acceptedCores(result.core, versions)
    findObstacles(&result, upstream)
    try judge(&result, versions: versions, upstream)
    if result.needsWork { result.work = work(of: result, upstream) }
    result.obstacle = result.obstacle ?? result.notes.first { $0.kind == .damaged }?.text
    result.reasons += Reasons.missingFrames(result)
    return result
  }

  private func work(of result: Assessment, _ upstream: (ProductRef) -> Finding?) -> Digest {
    Recipe.work(
      of: result.unit.id, core: result.core,
      inputs: result.inputs.map { state in
        (
          name: state.input.name,
          sources: state.sources.flatMap(\.all).map { source in
            (product: source.product, content: source.above(upstream)?.work ?? source.content)
          }
        )
      }, frames: result.frames.flatMap { $0.isCut ? $0.expected : nil })
  }
}
