package import SluiceModel

/// How a unit stands that is not plainly current, as far as plans and what is made from it look at it.
///
/// Behind a reference, since it is handed on a lot.
package enum Finding: Sendable, Equatable {
  /// Out of date by its inputs alone, and nothing else is to be said of it. Its assessment is made when somebody asks.
  case brief(Brief)
  indirect case full(Assessment)

  package var unit: UnitID {
    switch self {
    case .brief(let brief): brief.unit
    case .full(let assessment): assessment.unit.id
    }
  }

  package var freshness: Freshness {
    switch self {
    case .brief: .stale
    case .full(let assessment): assessment.freshness
    }
  }

  /// Whether a run would make it anew.
  package var needsWork: Bool {
    switch self {
    case .brief: true
    case .full(let assessment): assessment.needsWork
    }
  }

  /// Why it is as it is, notes among the causes.
  package var reasons: [Reason] {
    switch self {
    case .brief(let brief): brief.reasons
    case .full(let assessment): assessment.reasons
    }
  }

  package var frames: FramesWanted? {
    switch self {
    case .brief(let brief): brief.frames
    case .full(let assessment): assessment.frames
    }
  }

  package var existing: FrameSet? {
    switch self {
    case .brief(let brief): brief.existing
    case .full(let assessment): assessment.existing
    }
  }

  package var stale: FrameSet? {
    switch self {
    case .brief(let brief): brief.stale
    case .full(let assessment): assessment.stale
    }
  }

  package var work: Digest? {
    switch self {
    case .brief(let brief): brief.work
    case .full(let assessment): assessment.work
    }
  }

  package var obstacle: String? {
    switch self {
    case .brief: nil
    case .full(let assessment): assessment.obstacle
    }
  }

  package var expected: FrameSet? { frames?.expected }
}
