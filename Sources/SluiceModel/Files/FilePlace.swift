package import FoundationEssentials

/// Where a file lies that was recorded in place, and what it was then.
package struct FilePlace: Sendable, Hashable, Codable {
  /// Absolute and without links, below a root of the server's configuration.
  package var path: String
  /// Nanoseconds since 1970.
  package var modified: Int64
  package var inode: Int64
  package init(path: String, modified: Int64, inode: Int64) {
    (self.path, self.modified, self.inode) = (path, modified, inode)
  }

  /// What stands for the digest until the bytes were read: the digest of no bytes, but of the place, the size, the time
  /// of the last change and the inode.
  package func standIn(size: Int64) -> Digest { Digest.of("in place\n\(path)\n\(size)\n\(modified)\n\(inode)\n") }
}

extension StoredFile {
  /// False for a file in place whose bytes were not read yet: its digest only says which one is meant.
  package var isHashed: Bool { place.map { sha256 != $0.standIn(size: size) } ?? true }
}

/// How a file in place is not what was recorded.
package struct FileDifference: Sendable, Hashable, Codable {
  package struct State: Sendable, Hashable, Codable {
    package var size: Int64
    package var modified: Date
    package init(size: Int64, modified: Int64) {
      self.size = size
      // Whole milliseconds, as times are written.
      self.modified = Date(timeIntervalSince1970: Double(modified / 1_000_000) / 1_000)
    }
  }
  /// In the version.
  package var path: String
  package var place: String
  package var was: State
  /// Nil where it is not there any more, or is no file that may be read.
  package var now: State?
  package init(_ file: StoredFile, at place: FilePlace, now: State?) {
    (path, self.place, self.now) = (file.path, place.path, now)
    was = State(size: file.size, modified: place.modified)
  }
}
