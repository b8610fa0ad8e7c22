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

  /// The chosen units, makers before users, as out of date.
  func taking(
    _ chosen: Set<Int>?, of assessments: Assessments
  ) throws(SluiceError) -> [(unit: Int, finding: Finding)] {
    var units: [(unit: Int, finding: Finding)] = []
    for unit in chosen?.sorted() ?? Array(0..<assessments.assessor.graph.unitCount) {
      units.append((unit, .full(taking(try assessments.assessment(at: unit)))))
    }
    return units
  }

  /// An assessment with the unit out of date as a whole; a step without a command stays as it is, and so does what has
  /// no frame to make.
  private func taking(_ unit: Assessment) -> Assessment {
    guard !unit.unit.step.isHuman, unit.needsWork || unit.expected?.isEmpty != true else { return unit }
    var assessment = unit
    if !assessment.needsWork { assessment.freshness = .stale }
    assessment.stale = assessment.expected
    // Plans show the first reason, and that is not a note.
    assessment.reasons.insert(
      reason, at: assessment.reasons.firstIndex(where: \.isNote) ?? assessment.reasons.endIndex)
    return assessment
  }
}
