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
      result.reasons += result.missingSources.map { Reasons.missingInput($0) }
      result.reasons += result.told.map { [Reasons.told($0, before: nil)] } ?? []
      return
    }
    if let vouch = vouch(for: result, there) {
      result.notes.append(Reasons.vouched(vouch, first))
      return
    }
    // What a person laid over one output says nothing, whatever the others say.
    let silent = there.first { $0.published.made == nil }
    guard let made = first.published.made, silent == nil else {
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
    let isSame = result.recipe == made.recipe || accepts(result, made)
    if isSame, made.uniform, hasItsFrames(result) { return }
    if result.unit.step.isPerFrame {
      result.stale = try staleFrames(result, there, upstream)
      if result.stale?.isEmpty == true, hasItsFrames(result), result.obstacle == nil { return }
    } else if isSame {
      return
    }
    result.freshness = .stale
    result.reasons = Reasons(project: project, graph: graph).reasons(
      for: result, made: made, version: first, upstream: upstream)
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
