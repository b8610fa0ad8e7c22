/// A change that has not happened, as somebody asks about it (`plan --changed`).
package struct ChangedProduct: Sendable, Hashable, Codable {
  package var ref: String
  /// What it would hold; nil where it would differ wholly from what is there.
  package var files: [File]?
  package var representation: String?
  /// A directory, whatever its files are called.
  package var tree: Bool?
  /// As a publish would be asked to take a sequence that lacks frames.
  package var allowMissing: Bool?

  /// A file that stays with whoever asks: only its digest is told.
  package struct File: Sendable, Hashable, Codable {
    package var path: String
    package var size: Int64
    package var sha256: Digest
    package init(path: String, size: Int64, sha256: Digest) {
      (self.path, self.size, self.sha256) = (path, size, sha256)
    }
  }

  package init(
    ref: String, files: [File]? = nil, representation: String? = nil, tree: Bool? = nil, allowMissing: Bool? = nil
  ) {
    (self.ref, self.files, self.representation, self.tree) = (ref, files, representation, tree)
    self.allowMissing = allowMissing
  }
}

/// Of what a plan is that cannot be applied: changes that have not happened.
package struct WhatIf: Sendable, Equatable, Codable {
  package struct Change: Sendable, Equatable, Codable {
    package var ref: ProductRef
    /// The version that is there; nil where there is none.
    @OrNull package var version: VersionID?
    @OrNull package var number: Int?
    /// False where the content is what is there already.
    package var differs: Bool
    /// Frames that would differ; nil for what is no sequence, or wholly changed.
    package var frames: FrameSet?
    package var text: String

    package init(
      ref: ProductRef, version: VersionID?, number: Int?, differs: Bool, frames: FrameSet?, text: String
    ) {
      (self.ref, self.differs, self.frames, self.text) = (ref, differs, frames, text)
      _version = OrNull(wrappedValue: version)
      _number = OrNull(wrappedValue: number)
    }
  }
  package var changes: [Change]
  /// Runs of the plan that are due without the changes, too.
  package var alreadyDue: Int
  package var text: String

  package init(changes: [Change], alreadyDue: Int) {
    (self.changes, self.alreadyDue) = (changes, alreadyDue)
    text = "what if: nothing of this was published, and it cannot be applied"
  }
}
