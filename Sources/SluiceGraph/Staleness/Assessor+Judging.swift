import SluiceModel

/// Whether what is there is what would be made now.
extension Assessor {
  func judge(
    _ result: inout Assessment, versions: [Version?], _ upstream: (ProductRef) -> Finding?
  ) throws(SluiceError) {
    let there = versions.compactMap { $0 }
    guard there.count == versions.count, let first = there.first else {
      result.freshness = .missing
      result.stale = result.expected
      result.reasons = [
        Reason(kind: .missing, input: nil, used: nil, now: nil, text: "it has not been made yet")
      ]
      result.reasons += result.lacking
      result.reasons += result.told.map { [Reasons.told($0, before: nil)] } ?? []
      return
    }
    if let vouch = vouch(for: result, there) {
      result.notes.append(Reasons.vouched(vouch, first))
      return
    }
    // What a person published over one output says nothing, whatever the others say; frames laid over it let the
    // rest stay what it was.
    let silent = there.first { ground(of: $0, result.unit) == nil }
    guard let ground = ground(of: first, result.unit), let made = ground.published.made, silent == nil else {
      let silent = silent ?? first
      result.freshness = .unknown
      result.stale = result.expected
      result.reasons = [
        Reason(
          kind: .unrecorded, input: nil, used: "\(silent.address.version)", now: nil,
          text: "\(silent.spoken) does not say what it was made from")
      ]
      return
    }
    let painted = try paintedFrames(there)
    let isSame = painted.frames.isEmpty && (result.recipe == made.recipe || accepts(result, made))
    if isSame, made.uniform, hasItsFrames(result) { return }
    if result.unit.step.isPerFrame {
      result.stale = try staleFrames(result, there, upstream)
      if result.stale?.isEmpty == true, hasItsFrames(result), result.obstacle == nil { return }
    } else if isSame {
      return
    }
    // What was painted over is out of date for no other reason.
    var rest = result
    rest.stale = result.stale?.subtracting(painted.frames)
    result.reasons = Reasons(project: project, graph: graph).reasons(
      for: rest, made: made, version: ground, upstream: upstream)
    result.freshness = result.reasons.isEmpty && !painted.reasons.isEmpty ? .unknown : .stale
    result.reasons += painted.reasons
  }

  /// Whether every frame that should be there is, and none that no input has. Frames beyond the range alone may stay: a
  /// shorter range makes nothing anew.
  private func hasItsFrames(_ result: Assessment) -> Bool {
    hasItsRange(result) && result.lost.isEmpty
      && (result.expected ?? .empty).subtracting(result.existing ?? .empty).isEmpty
  }

  /// False where a step makes the frames of the range, and nobody knows which.
  func hasItsRange(_ result: Assessment) -> Bool {
    result.unit.step.frames != .range || result.unit.workRange != nil
  }
}
