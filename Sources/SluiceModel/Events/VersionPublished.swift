/// A version of a product. Its files are in the manifest, a blob that was durable before this event.
package struct VersionPublished: Sendable, Equatable, Codable {
  package var version: VersionID
  package var number: Int?
  package var manifest: Digest
  package var representations: [RepresentationSummary]
  package var madeFrom: [Used]
  package var note: String?
  package var label: String?
  /// The version that a patch or a partial run carried files from.
  package var base: VersionID?
  /// Frames that differ from the version before, by content.
  package var changed: FrameSet?
  package var made: Made?
  /// Whether its bytes were read, of files that stay where they lay; nil for files that are in the store.
  package var inPlace: InPlaceState?

  package init(
    version: VersionID, number: Int?, manifest: Digest, representations: [RepresentationSummary], madeFrom: [Used],
    note: String? = nil, label: String? = nil, base: VersionID? = nil, changed: FrameSet? = nil, made: Made? = nil
  ) {
    (self.version, self.number, self.manifest, self.representations) = (version, number, manifest, representations)
    (self.madeFrom, self.note, self.label, self.base) = (madeFrom, note, label, base)
    (self.changed, self.made) = (changed, made)
  }
}
