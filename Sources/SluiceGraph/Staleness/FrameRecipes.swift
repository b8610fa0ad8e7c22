package import SluiceModel

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
