import SluiceModel

/// Which frames the products of a unit should have, and which of them want work.
extension Assessor {
  func framesWanted(
    _ unit: Unit, _ inputs: [InputState], _ upstream: (ProductRef) -> Finding?
  ) -> FramesWanted? {
    guard unit.step.isPerFrame else { return nil }
    let range = unit.step.frames == .range ? unit.workRange ?? .empty : unit.folder.frames
    var available: FrameSet?
    var lacks: [FramesWanted.Lack] = []
    var isKnown = true
    for source in inputs.lazy.flatMap(\.sources) where source.isPerFrame {
      let above = source.above(upstream)
      let known = above?.expected ?? source.representation?.frames
      let frames = known ?? .empty
      available = available.map { $0.intersection(frames) } ?? frames
      if let above, above.frames?.isKnown != true { isKnown = false }
      if let range, known != nil {
        let lack = range.subtracting(frames)
        if !lack.isEmpty { lacks.append(FramesWanted.Lack(product: source.product, frames: lack)) }
      }
    }
    let within = range.map { range in available.map(range.intersection) ?? range }
    return FramesWanted(
      available: available, expected: within ?? available ?? .empty, lacks: lacks, isKnown: isKnown)
  }

  /// Frames whose recipe is not the one that their files were made by, and those that follow stale frames upstream.
  func staleFrames(
    _ result: Assessment, _ versions: [Version], _ upstream: (ProductRef) -> Finding?
  ) throws(SluiceError) -> FrameSet {
    let expected = result.expected ?? .empty
    let sources = result.inputs.flatMap(\.sources).flatMap(\.all)
    var stale = FrameSet.empty
    for source in sources {
      guard let above = source.above(upstream) else { continue }
      let gone = (above.existing ?? .empty).subtracting(above.expected ?? .empty)
      for relation in Set(source.relations) {
        guard let changed = above.stale, let reached = relation.reached(by: changed.union(gone)) else {
          return expected
        }
        stale = stale.union(reached.intersection(expected))
      }
    }
    guard sources.allSatisfy({ $0.representation != nil }) else { return expected }
    let open = expected.subtracting(stale)
    if open.isEmpty || isOtherThroughout(result, versions) { return expected }
    let recipes = try FrameRecipes(result, manifests: manifests)
    let others = try acceptedRecipes(result)
    var outputs: [Representation] = []
    for version in versions {
      outputs += try manifests.manifest(version.published.manifest).representations.prefix(1)
    }
    let changed = open.frames.filter { frame in
      guard let wanted = recipes.recipes(of: frame) else { return true }
      return !outputs.indices.allSatisfy { index in
        let made = outputs[index].file(atFrame: frame)?.recipe
        return made == wanted[index] || made != nil && others.contains { $0.recipes(of: frame)?[index] == made }
      }
    }
    return stale.union(FrameSet(changed))
  }

  /// Whether every frame was made by another recipe, which shows without its manifest: all of a version's frames were
  /// made by one core from inputs that counted as a whole, and one of these is another one now.
  private func isOtherThroughout(_ result: Assessment, _ versions: [Version]) -> Bool {
    versions.contains { version in
      guard let made = version.published.made, made.uniform, made.accepted?.isEmpty != false else { return false }
      if made.core != result.core { return !result.accepted.contains(made.core) }
      return result.inputs.contains { state in
        guard state.input.gather == .here, let source = state.sources.first, !source.isPerFrame, source.named.isEmpty
        else { return false }
        let used = version.published.madeFrom.filter { source.isRecorded(by: $0, in: state.input) }
        return used.count == 1 && used[0].frames == nil && used[0].content != source.content
      }
    }
  }
}

extension Unit {
  /// The range that a step with `frames: range` works over; nil where there is none, or more than can be meant.
  var workRange: FrameSet? { folder.frames.flatMap { $0.count > Limits.rangeFrames ? nil : $0 } }
}
