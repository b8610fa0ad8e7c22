/// What `status` says.
package struct StatusAnswer: Sendable, Equatable, Codable {
  package var asOf: Position
  package var products: [ProductStatus]
  package init(asOf: Position, products: [ProductStatus]) { (self.asOf, self.products) = (asOf, products) }
}

/// One product: four things kept apart, and `state`, the first of the documented precedence that holds.
package struct ProductStatus: Sendable, Equatable, Codable {
  package var ref: ProductRef
  package var state: ProductState
  package var freshness: Freshness
  package var activity: Activity
  @OrNull package var version: VersionID?
  @OrNull package var number: Int?
  /// The step that makes it; nil for a source.
  @OrNull package var step: String?
  package var folder: FolderPath
  /// Frames that are there, and those of them, or beyond them, that want work.
  package var frames: FrameSet?
  package var staleFrames: FrameSet?
  /// Frames of the folder's range that an input lacks, so that they cannot be made; nil where none is.
  package var missingFrames: FrameSet?
  package var reasons: [Reason]
  /// How its frames stand; nil for what is not made frame by frame.
  package var ranges: [StatusRange]?
  package var failure: Failure?
  package var preview: Bool
  /// What Sluice does about it by itself; nil where nothing is to be done.
  package var reaction: ReactionNote?
  package var complete = Completeness(value: false, reason: nil)
  package var approved = Approval.unsaid
  /// True where the version's files were dropped and can be made again; nil where they are there.
  package var purged: Bool?
  /// Of a version whose files stay where they lay; nil for files in the store.
  package var inPlace: InPlaceState?
  /// How the files in place of its version are not what was recorded, in words; nil where they are.
  package var damaged: String?
  /// The freeze that is in force; nil where none is.
  package var frozen: FreezeNote?
  /// Who has it in hand; nil where nobody does.
  package var held: HoldNote?
  /// True where its folder, or one above, is left out of the show; nil where none is.
  package var omitted: Bool?

  package init(
    ref: ProductRef, state: ProductState, freshness: Freshness, activity: Activity, version: VersionID?,
    number: Int?, step: String?, frames: FrameSet?, staleFrames: FrameSet?, missingFrames: FrameSet? = nil,
    reasons: [Reason], failure: Failure?, preview: Bool, reaction: ReactionNote? = nil
  ) {
    self.missingFrames = missingFrames
    self.reaction = reaction
    (self.ref, self.state, self.freshness, self.activity) = (ref, state, freshness, activity)
    _version = OrNull(wrappedValue: version)
    _number = OrNull(wrappedValue: number)
    _step = OrNull(wrappedValue: step)
    self.frames = frames
    (self.staleFrames, self.reasons, self.failure, self.preview) = (staleFrames, reasons, failure, preview)
    folder = ref.folder
  }
}

package enum ProductState: String, Sendable, Codable, CaseIterable {
  case failed, running, queued, dubious, stale, missing, unknown, current

  package init(freshness: Freshness, activity: Activity) {
    switch (activity, freshness) {
    case (.failed, _): self = .failed
    case (.running, _): self = .running
    case (.queued, _): self = .queued
    case (_, .dubious): self = .dubious
    case (_, .stale): self = .stale
    case (_, .missing): self = .missing
    case (_, .unknown): self = .unknown
    case (_, .current): self = .current
    }
  }
}

package enum Freshness: String, Sendable, Codable {
  case current, stale, dubious, missing, unknown
}

package enum Activity: String, Sendable, Codable {
  case idle, queued, running, failed
}

/// What Sluice does by itself about something that is out of date, or why it does nothing.
package struct ReactionNote: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Codable {
    /// It is run as soon as changes have come to rest.
    case auto
    /// It is, or is about to be, part of a proposal.
    case proposed
    case declined
    /// Something that it is made from has to come first.
    case waits
    /// It is part of a running plan.
    case running
    /// The step is `manual`.
    case manual
    /// It failed with the same inputs.
    case failed
    /// It cannot run.
    case blocked
  }
  package var kind: Kind
  /// The proposal that it is part of, or was.
  package var plan: PlanID?
  package var text: String
  package init(_ kind: Kind, plan: PlanID? = nil, text: String) {
    (self.kind, self.plan, self.text) = (kind, plan, text)
  }
}

/// Why something is not current, complete in one sentence.
package struct Reason: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Codable {
    /// An input that is not made by a step, or whose maker is current, has other content now.
    case input
    /// An input is itself out of date; `text` says because of what.
    case upstream
    /// Nothing was made yet.
    case missing
    /// An input has no version.
    case missingInput
    /// Command, parameters or outputs of the step changed.
    case step
    /// An event that the step listens for says something else.
    case event
    /// A program that the step names changed.
    case tool
    /// What an input names by a reference has other content now.
    case reference
    /// The set of frames changed.
    case frames
    /// A folder has another range or other handles.
    case range
    /// Frames of the range that an input lacks; it makes nothing out of date.
    case missingFrames
    /// An asset was cast in the shot, or taken out of it.
    case cast
    /// A folder that was gathered was omitted.
    case omitted
    /// The folders below have another order in the cut.
    case order
    /// Frames that an earlier run left out.
    case partial
    /// The version does not say what it was made from, or not all of it.
    case unrecorded
    /// Notes, which make nothing stale: a freeze keeps a change out; a person has it in hand, or vouched for it;
    /// a newer version was rejected; an input lies in place and is not what was recorded.
    case frozen, held, vouched, rejected, damaged
    /// Somebody wants it made anew although it is current.
    case forced
    /// Its files were dropped, and somebody or a run needs them.
    case purged
  }
  package var kind: Kind
  /// The product, step or tool that it is about.
  @OrNull package var input: String?
  @OrNull package var used: String?
  @OrNull package var now: String?
  /// The input that is itself out of date because of it, for `upstream`; that names it, for `reference`.
  package var via: ProductRef?
  package var text: String
  /// Whether it says why something is as it is, and not why it is out of date.
  package var isNote: Bool { [.frozen, .held, .vouched, .rejected, .damaged, .missingFrames].contains(kind) }

  package init(kind: Kind, input: String?, used: String?, now: String?, via: ProductRef? = nil, text: String) {
    _input = OrNull(wrappedValue: input)
    _used = OrNull(wrappedValue: used)
    _now = OrNull(wrappedValue: now)
    (self.kind, self.via, self.text) = (kind, via, text)
  }
}
