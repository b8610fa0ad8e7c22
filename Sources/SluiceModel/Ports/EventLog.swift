/// The log of one site: records in order, each whole or not at all.
package protocol EventLog: Sendable {
  /// Makes records and the blobs they name durable, in this order, then returns the sequence of each record's last
  /// event. On an error none of them is there.
  func append(_ records: [EncodedRecord], blobs: [Blob]) async throws(SluiceError) -> [Int64]
  /// Records with events after `sequence`, oldest first, undecoded: at most `limit` of them, and after the first no more
  /// than `Limits.scanBytes` in all. Empty only at the log's end.
  func scan(after sequence: Int64, limit: Int) async throws(SluiceError) -> [LoggedRecord]
  /// The sequence of the last event; 0 for an empty log.
  func head() async throws(SluiceError) -> Int64
  func blob(_ digest: Digest) throws(SluiceError) -> [UInt8]?
}

extension EventLog {
  /// Like `scan`, decoded.
  /// - Throws: `log.damaged`.
  package func read(after sequence: Int64, limit: Int) async throws(SluiceError) -> [StoredRecord] {
    var records: [StoredRecord] = []
    for logged in try await scan(after: sequence, limit: limit) { records.append(try logged.decoded()) }
    return records
  }
}

/// A record as it lies in the log: who only passes events on need not decode it.
package struct LoggedRecord: Sendable, Equatable {
  /// The sequence of its last event.
  package let last: Int64
  /// How many events it has.
  package let count: Int
  package let bytes: [UInt8]

  package init(last: Int64, count: Int, bytes: [UInt8]) { (self.last, self.count, self.bytes) = (last, count, bytes) }

  /// - Throws: `log.damaged`.
  package func decoded() throws(SluiceError) -> StoredRecord {
    do {
      return StoredRecord(last: last, record: try StableJSON.decode(Record.self, from: bytes))
    } catch {
      throw SluiceError(
        .logDamaged, what: "a record cannot be read: \(error)", at: "the log, record \(last)",
        fix: "`sluice log verify` says what else is damaged; restore the log from a backup")
    }
  }
}

/// A record as it will be stored.
package struct EncodedRecord: Sendable, Equatable {
  package let record: Record
  package let bytes: [UInt8]

  /// - Throws: `record.tooLarge`.
  package init(_ record: Record) throws(SluiceError) {
    self.record = record
    bytes = StableJSON.encode(record)
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
