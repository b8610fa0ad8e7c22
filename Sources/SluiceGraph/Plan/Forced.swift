package import FoundationEssentials
package import SluiceModel

/// Somebody wants the selection made anew, current or not.
package struct Forced: Sendable, Hashable {
  /// Under the alias that the log has for them.
  package var actor: Actor
  package var time: Date

  package init(by actor: Actor, at time: Date) { (self.actor, self.time) = (actor, time) }

  private var reason: Reason {
    Reason(
      kind: .forced, input: nil, used: nil, now: nil,
      text: "\(actor.name) wants it made anew (\(Reasons.spoken(time)))")
  }

  /// The assessments with the chosen units out of date as a whole; steps without a command stay as they are.
  func taking(_ chosen: Set<UnitID>, of assessments: [UnitID: Assessment]) -> [UnitID: Assessment] {
    var result = assessments
    for unit in chosen {
      guard var assessment = assessments[unit], !assessment.unit.step.command.isEmpty else { continue }
      if !assessment.needsWork { assessment.freshness = .stale }
      assessment.stale = assessment.expected
      // Plans show the first reason, and that is not a note.
      assessment.reasons.insert(
        reason, at: assessment.reasons.firstIndex(where: \.isNote) ?? assessment.reasons.endIndex)
      result[unit] = assessment
    }
    return result
  }
}
