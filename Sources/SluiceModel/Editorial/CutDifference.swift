/// What a cut says differently from what is known of the shots, clip by clip.
package struct CutDifference: Sendable, Equatable, Codable {
  /// In the order of the cut, what left it last.
  package var changes: [CutChange]
  /// Clips that say nothing new.
  package var unchanged: Int
  package init(changes: [CutChange], unchanged: Int) { (self.changes, self.unchanged) = (changes, unchanged) }
}

/// One thing that is different about one shot; a shot may have several.
package struct CutChange: Sendable, Equatable, Codable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// It was not in the cut before.
    case added
    /// It was omitted before.
    case restored
    /// It is no longer in the cut.
    case omitted
    /// It begins later, or earlier.
    case headTrimmed, headExtended
    /// It ends earlier, or later.
    case tailTrimmed, tailExtended
    /// Other frames, and neither ends say how: the source is shown in other pieces.
    case reframed
    /// Another place among the others.
    case moved
    /// The same media and range under another name.
    case renamed
    /// Another number of frames a second.
    case rate
    /// The same clip names another source.
    case media
  }
  package var kind: Kind
  package var folder: FolderPath
  package var clip: String
  /// How many frames were trimmed or added; all of a new clip.
  package var frames: Int?
  package var before: String?
  package var after: String?
  package var text: String

  package init(
    _ kind: Kind, _ folder: FolderPath, clip: String, frames: Int? = nil, before: String? = nil, after: String? = nil,
    text: String
  ) {
    (self.kind, self.folder, self.clip, self.frames) = (kind, folder, clip, frames)
    (self.before, self.after, self.text) = (before, after, text)
  }
}
