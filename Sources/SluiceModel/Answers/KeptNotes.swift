package import FoundationEssentials

/// That a product is frozen: who takes its latest version takes this one.
package struct FreezeNote: Sendable, Equatable, Codable {
  package var version: VersionID
  @OrNull package var number: Int?
  @OrNull package var until: Date?
  @OrNull package var because: String?
  package var actor: Actor
  package var time: Date

  package init(version: VersionID, number: Int?, until: Date?, because: String?, actor: Actor, time: Date) {
    (self.version, self.actor, self.time) = (version, actor, time)
    _number = OrNull(wrappedValue: number)
    _until = OrNull(wrappedValue: until)
    _because = OrNull(wrappedValue: because)
  }
}

/// That a person has a product in hand, so that its step leaves it alone.
package struct HoldNote: Sendable, Equatable, Codable {
  @OrNull package var because: String?
  package var actor: Actor
  package var time: Date

  package init(because: String?, actor: Actor, time: Date) {
    (self.actor, self.time) = (actor, time)
    _because = OrNull(wrappedValue: because)
  }
}

/// A version that others take instead of an older one.
package struct NewerVersion: Sendable, Equatable, Codable {
  package var version: VersionID
  @OrNull package var number: Int?
  package init(version: VersionID, number: Int?) {
    self.version = version
    _number = OrNull(wrappedValue: number)
  }
}

/// Frames that a version has as another one had them.
package struct CarriedFrames: Sendable, Equatable, Codable {
  /// The version that they were carried from.
  package var version: VersionID
  @OrNull package var number: Int?
  package var frames: FrameSet
  /// Frames that are its own.
  package var but: FrameSet
  package init(version: VersionID, number: Int?, frames: FrameSet, but: FrameSet) {
    (self.version, self.frames, self.but) = (version, frames, but)
    _number = OrNull(wrappedValue: number)
  }
}
