package import SluiceModel

/// How a unit stands: whether its products match what they would be made from now, and if not, why.
package struct Assessment: Sendable, Equatable {
  package let unit: Unit
  package var freshness: Freshness
  package var reasons: [Reason]
  /// What it is made from.
  package var inputs: [InputState]
  /// What it only names or notes: nothing of it hangs on these.
  package var noted: [InputState]
  /// Frames that the outputs have now; nil for a unit that is not frame by frame.
  package var existing: FrameSet?
  /// Which frames there should be; nil likewise.
  package var frames: FramesWanted?
  /// Frames that want work.
  package var stale: FrameSet?
  /// What its step listens for and has heard; nil where it listens for nothing, and before an event has come in.
  package var told: Told?
  package var core: Digest
  /// Cores that count as the current one, because somebody vouched for what was made by them.
  package var accepted: [Digest] = []
  /// The person who has an output in hand; its step is not run.
  package var hold: Hold?
  /// How each output of a human step stands.
  package var byHand: [ProductRef: Judged] = [:]
  /// What is to be known beside the reasons, and makes nothing stale.
  package var notes: [Reason] = []
  package var tools: [String: ToolVersion]
  /// Of the whole; nil while an input is still to be made.
  package var recipe: Digest?
  /// What making it would be, foreseen: like the recipe, but known before its inputs are made. Nil where nothing is to
  /// be done.
  package var work: Digest?
  /// Why it cannot run, in words.
  package var obstacle: String?
  /// Inputs that nobody has published.
  package var missingSources: [ProductRef]
  /// Why inputs have no version that could be taken, each in words.
  package var lacking: [Reason] = []

  /// Whether a run would make it anew; what people do or have in hand nothing runs.
  package var needsWork: Bool { freshness != .current && !unit.step.isHuman && hold == nil }

  /// Whether there is nothing to say of it: what is current and has neither notes nor a hold.
  package var isPlain: Bool { freshness == .current && hold == nil && reasons.isEmpty && notes.isEmpty }

  /// A product of a human step.
  package struct Judged: Sendable, Equatable {
    package var freshness: Freshness
    package var reasons: [Reason]
    package var notes: [Reason]
    package var stale: FrameSet?
  }

  /// Frames that the outputs will have; nil for a unit that is not frame by frame.
  package var expected: FrameSet? { frames?.expected }
  /// Frames that are there and that no input has any more. What only lies beyond the range may stay.
  var lost: FrameSet { (existing ?? .empty).subtracting(frames?.available ?? existing ?? .empty) }

  package func tasks(for frames: FrameSet?) -> Int {
    guard unit.step.isPerFrame else { return 1 }
    return unit.step.tasks(of: frames ?? stale ?? .empty).count
  }
}

/// Which frames a unit should have.
package struct FramesWanted: Sendable, Equatable {
  package struct Lack: Sendable, Equatable {
    package let product: ProductRef
    package let frames: FrameSet
  }
  /// What its inputs have; nil where they say nothing about frames.
  package let available: FrameSet?
  /// Of them, those within the folder's range.
  package let expected: FrameSet
  /// Frames of the range that inputs do not have.
  package let lacks: [Lack]
  /// False while an input is to be made whose frames nobody knows before.
  package let isKnown: Bool

  /// Whether the range says something that the inputs do not.
  var isCut: Bool { available != expected }
  package var missing: FrameSet { lacks.reduce(.empty) { $0.union($1.frames) } }
}
