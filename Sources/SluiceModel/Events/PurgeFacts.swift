/// A version's files are dropped; its lineage and its manifest stay. Recorded before the first byte goes, so that a
/// start finishes what was cut off.
package struct VersionPurged: Sendable, Equatable, Codable {
  package var version: VersionID
  /// Of its files; what other versions share with it stays on the disk.
  package var bytes: Int64
  package var because: String?
  package init(version: VersionID, bytes: Int64, because: String? = nil) {
    (self.version, self.bytes, self.because) = (version, bytes, because)
  }
}

/// A run made a purged version's content again: the same version has its files back.
package struct VersionRestored: Sendable, Equatable, Codable {
  package var version: VersionID
  package var run: RunID
  package var plan: PlanID
  package var bytes: Int64
  /// Where the bytes differ although the content is the same, as a picture's header may: what its files are now.
  package var manifest: Digest?
  package var representations: [RepresentationSummary]?

  package init(
    version: VersionID, run: RunID, plan: PlanID, bytes: Int64, manifest: Digest? = nil,
    representations: [RepresentationSummary]? = nil
  ) {
    (self.version, self.run, self.plan, self.bytes) = (version, run, plan, bytes)
    (self.manifest, self.representations) = (manifest, representations)
  }
}
