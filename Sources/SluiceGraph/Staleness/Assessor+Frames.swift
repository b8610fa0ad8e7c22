import SluiceModel

/// Which frames the products of a unit should have, and which of them want work.
extension Assessor {
  func expectedFrames(
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

  /// Frames whose recipe is not the one that their files were made by, and those that follow stale frames upstream.
  func staleFrames(
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
