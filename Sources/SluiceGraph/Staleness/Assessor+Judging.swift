import SluiceModel

/// Whether what is there is what would be made now.
extension Assessor {
  func judge(
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
}
