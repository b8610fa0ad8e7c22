package import SluiceModel

/// The recipes of a unit's frames, from the manifests of its inputs.
package struct FrameRecipes: Sendable {
  private let core: Digest
  private struct Source {
    let product: ProductRef
    let relations: [FrameRelation]
    /// Nil where all of it counts.
    let files: Representation?
    let whole: Digest?
    let named: [Source]
  }
  private struct Input {
    let name: String
    /// Of everything, for outputs that are made from all frames.
    let whole: Digest?
    let sources: [Source]
  }
  private let inputs: [Input]
  /// How many outputs there are; one stands for all where they are made from the same frames.
  private let outputs: Int
  private let isUniform: Bool

  /// - Throws: `store.damaged` where a manifest cannot be read.
  package init(_ assessment: Assessment, manifests: any ManifestSource) throws(SluiceError) {
    core = assessment.core
    outputs = assessment.unit.outputs.count
    var inputs: [Input] = []
    for state in assessment.inputs {
      var sources: [Source] = []
      for source in state.sources {
        var named: [Source] = []
        for one in source.named { named.append(try FrameRecipes.source(one, named: [], manifests)) }
        sources.append(try FrameRecipes.source(source, named: named, manifests))
      }
      inputs.append(Input(name: state.input.name, whole: state.whole, sources: sources))
    }
    self.inputs = inputs
    isUniform = inputs.allSatisfy { $0.sources.allSatisfy { Set($0.relations).count <= 1 } }
  }

  private static func source(
    _ source: InputState.Source, named: [Source], _ manifests: any ManifestSource
  ) throws(SluiceError) -> Source {
    var files: Representation?
    if source.isPerFrame, let version = source.version, let summary = source.representation {
      files = try manifests.manifest(version.published.manifest).representation(named: summary.name)
    }
    return Source(
      product: source.product, relations: source.relations, files: files, whole: source.whole, named: named)
  }

  /// One for each output in order; nil for a frame that an input does not have.
  package func recipes(of frame: Int) -> [Digest]? {
    if isUniform { return recipe(of: frame, output: 0).map { [Digest](repeating: $0, count: outputs) } }
    let found = (0..<outputs).compactMap { recipe(of: frame, output: $0) }
    return found.count == outputs ? found : nil
  }

  private func recipe(of frame: Int, output: Int) -> Digest? {
    var contents: [(name: String, content: Digest)] = []
    for input in inputs {
      guard input.sources.first?.relations[output].isPerFrame == true else {
        if let whole = input.whole { contents.append((input.name, whole)) }
        continue
      }
      for source in input.sources {
        guard let own = FrameRecipes.content(of: source, output, frame, isNeeded: true) else { return nil }
        let named = source.named.compactMap { one in
          FrameRecipes.content(of: one, output, frame, isNeeded: false).map { (product: one.product, content: $0) }
        }
        contents.append((input.name, Recipe.effective(own, naming: named)))
      }
    }
    return Recipe.frame(frame, core: core, inputs: contents)
  }

  /// - Parameter isNeeded: whether nothing can be made without the frame itself.
  private static func content(of source: Source, _ output: Int, _ frame: Int, isNeeded: Bool) -> Digest? {
    guard let offsets = source.relations[output].offsets else { return source.whole }
    guard let files = source.files else { return nil }
    let middle = files.file(atFrame: frame)
    if isNeeded, middle == nil { return nil }
    if offsets == 0...0, let middle {
      var text = Array(middle.fileExtension.utf8)
      text.append(UInt8(ascii: "\n"))
      middle.identity.write(to: &text)
      return Digest.of(text)
    }
    let lines = offsets.compactMap { offset in
      files.file(atFrame: frame + offset).map { "\(offset) \($0.fileExtension)\n\($0.identity)\n" }
    }
    return Digest.of(lines.joined())
  }
}
