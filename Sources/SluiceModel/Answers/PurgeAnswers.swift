package import FoundationEssentials

/// What `POST /purge` takes: which files may go.
package struct PurgeRequest: Sendable, Codable {
  package var project: String
  package var select: String
  /// Seconds: only versions that were published, or brought back, longer ago.
  package var olderThan: Double?
  /// So many of the newest versions of each product stay; 0 where it is not said.
  package var keep: Int?
  package var because: String?
  /// Whether to drop them; false only shows what would go.
  package var apply: Bool?

  package init(
    project: String, select: String, olderThan: Double? = nil, keep: Int? = nil, because: String? = nil,
    apply: Bool? = nil
  ) {
    (self.project, self.select, self.olderThan, self.keep) = (project, select, olderThan, keep)
    (self.because, self.apply) = (because, apply)
  }
}

/// What goes, or would go, and what stays and why.
package struct PurgeAnswer: Sendable, Equatable, Codable {
  package struct Gone: Sendable, Equatable, Codable {
    package var ref: ProductRef
    package var version: VersionID
    @OrNull package var number: Int?
    package var files: Int
    package var bytes: Int64
    /// What the disk gets back of it: a file that versions share goes with the last of them, and is counted there.
    package var frees: Int64
    package init(ref: ProductRef, version: VersionID, number: Int?, files: Int, bytes: Int64, frees: Int64) {
      (self.ref, self.version, self.files, self.bytes, self.frees) = (ref, version, files, bytes, frees)
      _number = OrNull(wrappedValue: number)
    }
  }
  package struct Kept: Sendable, Equatable, Codable {
    package var ref: ProductRef
    package var version: VersionID
    @OrNull package var number: Int?
    package var kind: PurgeHindrance.Kind
    package var text: String
    package init(ref: ProductRef, version: VersionID, number: Int?, because hindrance: PurgeHindrance) {
      (self.ref, self.version, kind, text) = (ref, version, hindrance.kind, hindrance.text)
      _number = OrNull(wrappedValue: number)
    }
  }
  package var project: ProjectName
  package var selection: String
  /// Whether it happened; false where it was only shown.
  package var purged: Bool
  package var versions: [Gone]
  package var kept: [Kept]
  package var files: Int
  package var bytes: Int64
  package var frees: Int64
  package var position: Position

  package init(
    project: ProjectName, selection: String, purged: Bool, versions: [Gone], kept: [Kept], position: Position
  ) {
    (self.project, self.selection, self.purged) = (project, selection, purged)
    (self.versions, self.kept, self.position) = (versions, kept, position)
    files = versions.reduce(0) { $0 + $1.files }
    bytes = versions.reduce(0) { $0 + $1.bytes }
    frees = versions.reduce(0) { $0 + $1.frees }
  }
}

/// Why a version's files stay.
package struct PurgeHindrance: Sendable, Hashable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// Somebody approved it.
    case approved
    /// A person has its product in hand, and its step leaves it alone.
    case held
    /// `approved` or another tag points to it.
    case tagged
    /// A run that is queued or under way takes it or carries its frames.
    case inUse
    /// Its files lie where their owners keep them.
    case inPlace
    /// Somebody published it: no step could make it again.
    case source
    /// The step was edited or is gone, an input is gone, or a program is not here.
    case notRemakeable
    /// Somebody tagged it, or a plan took it, while it was being looked at.
    case changed
  }
  package var kind: Kind
  package var text: String
  package init(_ kind: Kind, _ text: String) { (self.kind, self.text) = (kind, text) }
}

/// That a version has no files any more, and since when.
package struct PurgeNote: Sendable, Hashable, Codable {
  package var time: Date
  package var actor: Actor
  package var bytes: Int64
  package var because: String?
  package init(time: Date, actor: Actor, bytes: Int64, because: String?) {
    (self.time, self.actor, self.bytes, self.because) = (time, actor, bytes, because)
  }
}
