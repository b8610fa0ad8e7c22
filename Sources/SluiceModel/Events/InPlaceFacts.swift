/// Whether files in place have a content to compare by, or only a place, a size and a time.
package enum InPlaceState: String, Sendable, Codable { case unhashed, hashed }

/// The bytes of a version that was recorded in place were read: from here on it has a content to compare by.
package struct VersionHashed: Sendable, Equatable, Codable {
  package var version: VersionID
  /// Takes the place of the one that the version was published with.
  package var manifest: Digest
  package var representations: [RepresentationSummary]
  package init(version: VersionID, manifest: Digest, representations: [RepresentationSummary]) {
    (self.version, self.manifest, self.representations) = (version, manifest, representations)
  }
}

/// A file of a version that was recorded in place is not what it was; nothing is made from the version any more.
package struct VersionDamaged: Sendable, Equatable, Codable {
  package var version: VersionID
  /// How many files differ.
  package var files: Int
  /// The first of them, in order of their paths.
  package var first: FileDifference
  package init(version: VersionID, files: Int, first: FileDifference) {
    (self.version, self.files, self.first) = (version, files, first)
  }
}
