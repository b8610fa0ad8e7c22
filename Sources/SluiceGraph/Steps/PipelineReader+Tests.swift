import SluiceModel

/// Test frames, and what the project says of them.
extension PipelineReader {
  private enum Mandatory: String, CaseIterable { case mandatory }

  mutating func policy(_ node: DocumentNode) {
    let map = fields(node, of: "the policy", required: [], allowed: ["tests"])
    areTestsMandatory = map?["tests"].flatMap { word($0, Mandatory.self) } != nil
  }

  /// `on`, `off`, `look`, or a map that says which frames.
  mutating func tests(_ node: DocumentNode) -> TestPolicy? {
    guard case .mapping = node else {
      let word = word(node, TestPolicy.Word.self)
      if word == .off, areTestsMandatory {
        report(
          .pipelineShape, "the project's policy makes test frames mandatory, and this step has none",
          "take 'tests: off' away, or choose them: tests: { frames: \"1001,1050\" }", node)
      }
      return word.map { TestPolicy($0) }
    }
    guard let map = fields(node, of: "'tests'", required: ["frames"], allowed: ["frames", "look"]) else { return nil }
    let isLookedAt = map["look"].flatMap { truth($0) } ?? false
    guard let frames = map["frames"] else { return nil }
    guard let chosen = text(frames).flatMap({ FrameSet($0) }), !chosen.isEmpty else {
      report(.pipelineShape, "'frames' does not say which frames", "write frames: \"1001,1050,1100\"", frames)
      return nil
    }
    return TestPolicy(isLookedAt ? .look : .on, frames: chosen)
  }
}
