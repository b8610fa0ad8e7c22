package import SluiceModel

/// A segment that gets no more batches.
package struct SealedSegment: Sendable, Equatable {
  package let identity: SegmentIdentity
  /// The sequence of its last event.
  package let last: Int64
  /// Where its batches end; what lies behind counts for nothing.
  package let end: Int
  /// The checksum of its last batch; nil where nothing says it.
  package let chain: UInt32?
  /// Where its events are, when they are not here any more.
  package let archive: ArchiveStub?

  package var name: String {
    SegmentName.text(identity.first, identity.kind == .events ? SegmentName.events : SegmentName.blobs)
  }
}

/// What stands in the place of a segment whose events were moved to an archive.
package struct ArchiveStub: Sendable, Equatable, Codable {
  /// The log that it belongs to.
  package var log: String
  package var first: Int64
  package var last: Int64
  /// Bytes of the segment.
  package var end: Int
  /// The checksum of its last batch, which the next segment names.
  package var chain: UInt32
  /// The folder that the segment was moved to.
  package var folder: String
  package var sha256: Digest
  /// Bytes of the file with its blobs, which stay here; 0 where it had none.
  package var blobs: Int

  /// One line of JSON, and one with its checksum.
  package func encoded() -> [UInt8] {
    let line = StableJSON.encode(self)
    return line + Array("\n\(CRC32C.of(line))\n".utf8)
  }

  /// Nil for what is damaged.
  package static func decode(_ bytes: [UInt8]) -> ArchiveStub? {
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    guard lines.count == 2, String(decoding: lines[1], as: UTF8.self) == "\(CRC32C.of(Array(lines[0])))" else {
      return nil
    }
    return try? StableJSON.decode(ArchiveStub.self, from: lines[0])
  }

  /// As the error of somebody who wants to read there.
  package func error(in log: String) -> SluiceError {
    let name = SegmentName.text(first, SegmentName.events)
    return SluiceError(
      .logArchived, what: "events \(first) to \(last) were archived", at: log + "/" + name,
      fix: "begin behind event \(last), or bring them back: copy \(folder)/\(name) to \(log) and restart the server")
  }
}
