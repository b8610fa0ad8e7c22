package import FoundationEssentials

/// The log of one site: records in order, each whole or not at all.
package protocol EventLog: Sendable {
  /// Makes blobs and the records that name them durable, then returns the sequence of each record's last event. On an
  /// error none of them is there.
  func append(_ records: [EncodedRecord], blobs: [Blob]) async throws(SluiceError) -> [Int64]
  /// Records with events after `sequence`, oldest first, undecoded: at most `limit` of them, and no more than
  /// `Limits.scanBytes` in all, but at least one. Empty only at the log's end.
  func scan(after sequence: Int64, limit: Int) async throws(SluiceError) -> [LoggedRecord]
  /// The sequence of the last event; 0 for an empty log.
  func head() async throws(SluiceError) -> Int64
  /// An event before which nothing was recorded at `moment` or later: those shortly behind it may be older as well.
  func sequence(before moment: Date) async throws(SluiceError) -> Int64
  func blob(_ digest: Digest) throws(SluiceError) -> [UInt8]?
}

/// A record as it lies in the log: who only passes events on need not decode it.
package struct LoggedRecord: Sendable, Equatable {
  /// The sequence of its last event.
  package let last: Int64
  /// How many events it has.
  package let count: Int
  package let bytes: [UInt8]

  package init(last: Int64, count: Int, bytes: [UInt8]) { (self.last, self.count, self.bytes) = (last, count, bytes) }
}

/// A record as it will be stored.
package struct EncodedRecord: Sendable, Equatable {
  package let record: Record
  package let bytes: [UInt8]

  /// A record as another site encoded it.
  package init(record: Record, bytes: [UInt8]) { (self.record, self.bytes) = (record, bytes) }

  /// - Throws: `record.tooLarge`.
  package init(_ record: Record) throws(SluiceError) {
    self.record = record
    bytes = record.json
    guard bytes.count <= Limits.recordBytes else {
      throw SluiceError(
        .recordTooLarge,
        what: "the decision would be a record of \(bytes.count) bytes; at most \(Limits.recordBytes) are allowed",
        at: "the log", fix: "do less in one command: fewer products in a manifest, or a smaller pipeline file")
    }
  }
}

/// Bytes named by their digest: manifests, plans, pipeline files.
package struct Blob: Sendable, Hashable {
  package let digest: Digest
  package let bytes: [UInt8]
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    digest = Digest.of(bytes)
  }
  package init(_ value: some Encodable) { self.init(StableJSON.encode(value)) }
}

/// Where manifests are read from; planning expands frames only on demand.
package protocol ManifestSource: Sendable {
  func manifest(_ digest: Digest) throws(SluiceError) -> Manifest
}
