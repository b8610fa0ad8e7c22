package import FoundationEssentials

/// Whether all of a product's step is there, and what is not.
package struct Completeness: Sendable, Equatable, Codable {
  package var value: Bool
  @OrNull package var reason: String?
  package init(value: Bool, reason: String?) {
    self.value = value
    _reason = OrNull(wrappedValue: reason)
  }
}

/// What a person said of a version.
package struct Approval: Sendable, Equatable, Codable {
  package var value: Bool
  package var verdict: Verdict
  @OrNull package var by: String?
  @OrNull package var time: Date?
  @OrNull package var because: String?
  /// Nobody said anything.
  package static let unsaid = Approval(verdict: .withdrawn, by: nil, time: nil, because: nil)

  package init(verdict: Verdict, by: String?, time: Date?, because: String?) {
    (value, self.verdict) = (verdict == .approved, verdict)
    _by = OrNull(wrappedValue: by)
    _time = OrNull(wrappedValue: time)
    _because = OrNull(wrappedValue: because)
  }
}

/// A product whose freeze keeps a change out of a plan.
package struct FrozenInput: Sendable, Equatable, Codable {
  package var product: ProductRef
  package var at: VersionID
  @OrNull package var number: Int?
  package var by: String
  package var time: Date
  @OrNull package var until: Date?
  @OrNull package var because: String?
  /// The version that would be taken without it; nil where that is still to be made.
  @OrNull package var keptOut: VersionID?
  /// Units of the selection that would take it.
  package var units: Int
  package var text: String

  package init(
    product: ProductRef, at: VersionID, number: Int?, by: String, time: Date, until: Date?, because: String?,
    keptOut: VersionID?, units: Int, text: String
  ) {
    (self.product, self.at, self.by, self.time) = (product, at, by, time)
    (self.units, self.text) = (units, text)
    _number = OrNull(wrappedValue: number)
    _until = OrNull(wrappedValue: until)
    _because = OrNull(wrappedValue: because)
    _keptOut = OrNull(wrappedValue: keptOut)
  }
}

/// A product that its step leaves alone, because a person has it in hand.
package struct HeldProduct: Sendable, Equatable, Codable {
  package var product: ProductRef
  package var step: String
  package var folder: FolderPath
  package var by: String
  package var time: Date
  @OrNull package var because: String?
  package var text: String

  package init(
    product: ProductRef, step: String, folder: FolderPath, by: String, time: Date, because: String?, text: String
  ) {
    (self.product, self.step, self.folder, self.by) = (product, step, folder, by)
    (self.time, self.text) = (time, text)
    _because = OrNull(wrappedValue: because)
  }
}

/// A product of a human step that wants a person.
package struct HandWork: Sendable, Equatable, Codable {
  package var product: ProductRef
  package var step: String
  package var folder: FolderPath
  package var freshness: Freshness
  package var text: String
  package init(product: ProductRef, step: String, folder: FolderPath, freshness: Freshness, text: String) {
    (self.product, self.step, self.folder) = (product, step, folder)
    (self.freshness, self.text) = (freshness, text)
  }
}

/// What `approve` and `reject` led to.
package struct JudgementAnswer: Sendable, Equatable, Codable {
  package var ref: ProductRef
  package var version: VersionID
  @OrNull package var number: Int?
  package var approved: Approval
  /// The version that `latest` means now; null where every version was rejected.
  @OrNull package var latest: VersionID?
  package var position: Position
  package init(
    ref: ProductRef, version: VersionID, number: Int?, approved: Approval, latest: VersionID?, position: Position
  ) {
    (self.ref, self.version, self.approved, self.position) = (ref, version, approved, position)
    _number = OrNull(wrappedValue: number)
    _latest = OrNull(wrappedValue: latest)
  }
}

/// What `vouch` led to.
package struct VouchAnswer: Sendable, Equatable, Codable {
  /// One version that the vouch is about.
  package struct Input: Sendable, Equatable, Codable {
    package var input: String?
    package var product: ProductRef
    package var version: VersionID
    @OrNull package var number: Int?
    package var content: Digest
    package var frames: FrameSet?
    /// The input's product that names it by a reference.
    package var through: ProductRef?
    package init(_ used: Used, number: Int?) {
      (input, product, version, content) = (used.input, used.product, used.version, used.content)
      (frames, through) = (used.frames, used.through)
      _number = OrNull(wrappedValue: number)
    }
  }
  package var ref: ProductRef
  package var version: VersionID
  @OrNull package var number: Int?
  package var inputs: [Input]
  @OrNull package var core: Digest?
  @OrNull package var because: String?
  package var position: Position
  /// How the product stands now that it was vouched for.
  package var status: ProductStatus?
  package init(
    ref: ProductRef, version: VersionID, number: Int?, inputs: [Input], core: Digest?, because: String?,
    position: Position
  ) {
    (self.ref, self.version, self.inputs, self.position) = (ref, version, inputs, position)
    _number = OrNull(wrappedValue: number)
    _core = OrNull(wrappedValue: core)
    _because = OrNull(wrappedValue: because)
  }
}

/// What `freeze` and `thaw` led to.
package struct FreezeAnswer: Sendable, Equatable, Codable {
  package var ref: ProductRef
  /// The version that it is frozen at; null where it is not.
  @OrNull package var at: VersionID?
  @OrNull package var number: Int?
  @OrNull package var until: Date?
  @OrNull package var because: String?
  package var position: Position
  package init(
    ref: ProductRef, at: VersionID?, number: Int?, until: Date?, because: String?, position: Position
  ) {
    (self.ref, self.position) = (ref, position)
    _at = OrNull(wrappedValue: at)
    _number = OrNull(wrappedValue: number)
    _until = OrNull(wrappedValue: until)
    _because = OrNull(wrappedValue: because)
  }
}

/// What `release` led to.
package struct ReleaseAnswer: Sendable, Equatable, Codable {
  package var ref: ProductRef
  package var held: Bool
  package var position: Position
  package init(ref: ProductRef, held: Bool, position: Position) {
    (self.ref, self.held, self.position) = (ref, held, position)
  }
}
