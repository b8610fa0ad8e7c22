/// Files that stay where their owners keep them, below the roots of the server's configuration. Nothing else is opened,
/// whatever a client names.
package protocol OutsideFiles: Sendable {
  /// Absolute folders without links; empty where nothing may be recorded in place.
  var roots: [String] { get }
  /// The files that paths stand for: named ones by their names, those of a folder by their paths in it.
  /// - Throws: `place.noRoots`, `place.outside`, `place.vanished`, `path.invalid`, `publish.nothing`.
  func find(_ paths: [String]) async throws(SluiceError) -> (files: [OutsideFile], isTree: Bool)
  /// Reads a file's bytes.
  /// - Throws: `place.changed` where it is not the recorded one, before or after; `place.noRoots`, `place.outside`,
  ///   `place.vanished`; `log.failed` where the task was cancelled.
  func digest(_ file: StoredFile) async throws(SluiceError) -> Digest
  /// How files are not what was recorded, in their order; empty where all are.
  /// - Throws: `place.noRoots`, `place.outside`, `place.vanished` where nobody can say: no root leads there, or it is
  ///   not mounted.
  func differences(_ files: [StoredFile]) async throws(SluiceError) -> [FileDifference]
  /// - Throws: `place.changed`, `place.noRoots`, `place.outside`, `place.vanished`.
  func open(_ file: StoredFile) async throws(SluiceError) -> any OutsideReader
}

/// A file in place that is open: whatever happens to its name, it is the one that was looked at.
package protocol OutsideReader: Sendable {
  /// Up to `count` bytes; empty at the end.
  func read(at offset: Int64, count: Int) async throws(SluiceError) -> [UInt8]
  /// - Throws: `place.changed` where it was written to since it was recorded.
  func requireSame(_ file: StoredFile) async throws(SluiceError)
  /// A path by which a program that this process starts opens this very file, whatever its own name leads to by then;
  /// it holds as long as the reader does. Nil where there is none.
  var pathForPrograms: String? { get }
}

package struct OutsideFile: Sendable, Hashable {
  /// In the version.
  package let path: String
  package let size: Int64
  package let place: FilePlace
  package init(path: String, size: Int64, place: FilePlace) {
    (self.path, self.size, self.place) = (path, size, place)
  }
}

/// A server without roots.
package struct NoOutsideFiles: OutsideFiles {
  package init() {}
  package var roots: [String] { [] }
  package static let refusal = SluiceError(
    .placeNoRoots, what: "this server has no folders whose files may be recorded in place", at: "serve --root",
    fix: "start it with --root DIR for each folder, or publish without --in-place")

  package func find(_ paths: [String]) async throws(SluiceError) -> (files: [OutsideFile], isTree: Bool) {
    throw Self.refusal
  }
  package func digest(_ file: StoredFile) async throws(SluiceError) -> Digest { throw Self.refusal }
  package func differences(_ files: [StoredFile]) async throws(SluiceError) -> [FileDifference] { throw Self.refusal }
  package func open(_ file: StoredFile) async throws(SluiceError) -> any OutsideReader { throw Self.refusal }
}
