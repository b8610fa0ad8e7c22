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

  package init(
    project: Project, graph: StepGraph, manifests: any ManifestSource, tools: [String: ToolVersion]
  ) {
    (self.project, self.graph, self.manifests, self.tools) = (project, graph, manifests, tools)
  }

  /// - Parameter passesOn: the units that will be made anew where they need it; only these make what follows stale.
  /// - Complexity: O(units + links), and O(frames) for units whose inputs changed.
  package func assess(passesOn: (UnitID) -> Bool = { _ in true }) throws(SluiceError) -> [UnitID: Assessment] {
    var found: [UnitID: Assessment] = [:]
    for unit in graph.units {
      found[unit.id] = try assess(unit) { product in
        guard let producer = graph.producer(of: product)?.id, passesOn(producer) else { return nil }
        return found[producer].flatMap { $0.needsWork ? $0 : nil }
      }
    }
    return found
  }

  /// One unit, against the versions that are there now.
  package func assess(alone unit: Unit) throws(SluiceError) -> Assessment { try assess(unit) { _ in nil } }

  private func assess(
    _ unit: Unit, upstream: (ProductRef) -> Assessment?
  ) throws(SluiceError) -> Assessment {
    let versions = unit.outputs.map { project.version(of: $0, .latest) }
    let recorded = versions.first??.published.madeFrom ?? []
    let inputs = unit.inputs.map { input in
      InputState(
        input: input.input,
        sources: input.products.map { product in
          let version = project.version(of: product, input.input.tag)?.asRecorded(in: recorded)
          return InputState.Source(
            product: product, version: version,
            representation: version?.representation(named: input.input.representation),
            upstream: input.input.tag == .latest ? upstream(product)?.unit.id : nil)
        })
    }
    let made = versions.first.flatMap { $0?.published.made }
    let used = unit.step.tools.reduce(into: [String: ToolVersion]()) { result, name in
      result[name] = tools[name] ?? made?.tools[name]
    }
    let contents = inputs.compactMap { state in state.content.map { (name: state.input.name, content: $0) } }
    let isFed = inputs.allSatisfy { $0.sources.allSatisfy { $0.upstream == nil } }
    let told = project.told(to: unit)
    let core = Recipe.core(of: unit.step, on: unit.folder, bound: told?.parameters ?? [:], tools: used)
    var result = Assessment(
      unit: unit, freshness: .current, reasons: [], inputs: inputs,
      existing: unit.step.isPerFrame ? versions.first??.published.representations.first?.frames ?? .empty : nil,
      expected: expectedFrames(unit, inputs, upstream), stale: nil, told: told, core: core, tools: used,
      recipe: isFed && contents.count == inputs.count ? Recipe.whole(core: core, inputs: contents) : nil,
      obstacle: nil, missingSources: [])
    findObstacles(&result, upstream)
    try judge(&result, versions: versions, contents: contents, upstream)
    if result.needsWork { result.work = work(of: result, upstream) }
    return result
  }

  private func work(of result: Assessment, _ upstream: (ProductRef) -> Assessment?) -> Digest {
    Recipe.work(
      of: result.unit.id, core: result.core,
      inputs: result.inputs.map { state in
        (
          name: state.input.name,
          sources: state.sources.map { source in
            (product: source.product, content: source.above(upstream)?.work ?? source.representation?.content)
          }
        )
      })
  }

  private func expectedFrames(
    _ unit: Unit, _ inputs: [InputState], _ upstream: (ProductRef) -> Assessment?
  ) -> FrameSet? {
    guard unit.step.isPerFrame else { return nil }
    var expected: FrameSet?
    for state in inputs where state.input.frames == .oneToOne {
      for source in state.sources {
        let frames = source.above(upstream)?.expected ?? source.representation?.frames ?? .empty
        expected = expected.map { $0.intersection(frames) } ?? frames
      }
    }
    return expected
  }

  private func findObstacles(_ result: inout Assessment, _ upstream: (ProductRef) -> Assessment?) {
    if let trigger = result.unit.step.on, result.told == nil {
      result.obstacle = "no event '\(NameRule.printable(trigger.event))' has come in for it"
    }
    for state in result.inputs {
      if state.sources.isEmpty {
        result.obstacle =
          result.obstacle
          ?? "there are no folders below \(result.unit.folder.path) to gather '\(state.input.name)' from"
      }
      for source in state.sources {
        if let obstacle = obstacle(state.input, source, source.above(upstream)) {
          result.obstacle = result.obstacle ?? obstacle
          if source.version == nil, graph.producer(of: source.product) == nil {
            result.missingSources.append(source.product)
          }
        }
      }
    }
  }

  private func obstacle(_ input: StepInput, _ source: InputState.Source, _ upstream: Assessment?) -> String? {
    if let upstream { return upstream.obstacle.map { "waits for \(upstream.unit.id): \($0)" } }
    guard let version = source.version else {
      if project.products[source.product] != nil { return "\(source.product.spoken) has no version '\(input.tag)'" }
      return graph.producer(of: source.product) == nil
        ? "nobody has published \(source.product.spoken)" : "\(source.product.spoken) has not been made yet"
    }
    if let obstacle = version.damageObstacle { return obstacle }
    guard let representation = source.representation else {
      let names = version.published.representations.map(\.name).joined(separator: ", ")
      return "\(source.product.spoken) has the representations \(names), and input '\(input.name)' does not say which"
    }
    if input.frames == .oneToOne, representation.kind != .sequence {
      return
        "\(source.product.spoken) is no image sequence, and the step works frame by frame: "
        + "publish its files, not its folder"
    }
    return nil
  }

  private func judge(
    _ result: inout Assessment, versions: [Version?], contents: [(name: String, content: Digest)],
    _ upstream: (ProductRef) -> Assessment?
  ) throws(SluiceError) {
    let there = versions.compactMap { $0 }
    guard there.count == versions.count, let first = there.first else {
      result.freshness = .missing
      result.stale = result.expected
      result.reasons = [
        Reason(kind: .missing, input: nil, used: nil, now: nil, text: "it has not been made yet")
      ]
      result.reasons += result.missingSources.map { Reasons.missingInput($0) }
      result.reasons += result.told.map { [Reasons.told($0, before: nil)] } ?? []
      return
    }
    guard let made = first.published.made else {
      result.freshness = .unknown
      result.stale = result.expected
      result.reasons = [
        Reason(
          kind: .unrecorded, input: nil, used: "\(first.address.version)", now: nil,
          text: "\(first.spoken) does not say what it was made from")
      ]
      return
    }
    let sameFrames = result.expected == result.existing
    if let recipe = result.recipe, recipe == made.recipe, made.uniform, sameFrames { return }
    if result.unit.step.isPerFrame {
      result.stale = try staleFrames(result, there, upstream)
      let surplus = (result.existing ?? .empty).subtracting(result.expected ?? .empty)
      if result.stale?.isEmpty == true, surplus.isEmpty, result.obstacle == nil { return }
    } else if result.recipe == made.recipe {
      return
    }
    result.freshness = .stale
    result.reasons = Reasons(project: project, graph: graph).reasons(
      for: result, made: made, version: first, upstream: upstream)
  }

  /// Frames whose recipe is not the one that their files were made by, and those that follow stale frames upstream.
  private func staleFrames(
    _ result: Assessment, _ versions: [Version], _ upstream: (ProductRef) -> Assessment?
  ) throws(SluiceError) -> FrameSet {
    let expected = result.expected ?? .empty
    var stale = FrameSet.empty
    for state in result.inputs {
      for source in state.sources {
        guard let above = source.above(upstream) else { continue }
        guard state.input.frames == .oneToOne else { return expected }
        stale = stale.union((above.stale ?? expected).intersection(expected))
      }
    }
    guard result.inputs.allSatisfy({ $0.sources.allSatisfy { $0.representation != nil } }) else { return expected }
    let recipes = try FrameRecipes(result, manifests: manifests)
    var outputs: [Representation] = []
    for version in versions {
      outputs += try manifests.manifest(version.published.manifest).representations.prefix(1)
    }
    let changed = expected.subtracting(stale).frames.filter { frame in
      let recipe = recipes.recipe(of: frame)
      return recipe == nil || !outputs.allSatisfy { $0.file(atFrame: frame)?.recipe == recipe }
    }
    return stale.union(FrameSet(changed))
  }
}

/// The recipes of a unit's frames, from the manifests of its inputs.
package struct FrameRecipes: Sendable {
  private let core: Digest
  private enum Part {
    case perFrame(String, Representation)
    case whole(String, Digest)
  }
  private let parts: [Part]

  /// - Throws: `store.damaged` where a manifest cannot be read.
  package init(_ assessment: Assessment, manifests: any ManifestSource) throws(SluiceError) {
    core = assessment.core
    var parts: [Part] = []
    for state in assessment.inputs {
      if state.input.frames == .oneToOne {
        for source in state.sources {
          guard let version = source.version, let summary = source.representation,
            let files = try manifests.manifest(version.published.manifest).representation(named: summary.name)
          else { continue }
          parts.append(.perFrame(state.input.name, files))
        }
      } else if let content = state.content {
        parts.append(.whole(state.input.name, content))
      }
    }
    self.parts = parts
  }

  /// Nil for a frame that an input does not have.
  package func recipe(of frame: Int) -> Digest? {
    var inputs: [(name: String, content: Digest)] = []
    for part in parts {
      switch part {
      case .whole(let name, let content): inputs.append((name, content))
      case .perFrame(let name, let files):
        guard let file = files.file(atFrame: frame) else { return nil }
        inputs.append((name, Digest.of("\(file.fileExtension)\n\(file.identity)")))
      }
    }
    return Recipe.frame(frame, core: core, inputs: inputs)
  }
}
