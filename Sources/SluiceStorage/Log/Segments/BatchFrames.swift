package import SluiceModel

/// A record's entry in its batch's table.
///
///     0 events   4 bytes   8 checksum of the bytes
struct RecordFrame: Equatable {
  static let bytes = 12
  let events: Int
  let length: Int
  let checksum: UInt32
}

/// A blob's entry in its batch's table, behind those of all records.
///
///     0 SHA-256   32 bytes   36 checksum of the bytes
struct BlobFrame: Equatable {
  static let bytes = 40
  let digest: Digest
  let length: Int
  let checksum: UInt32
}

/// Where a blob's bytes lie in a file.
package struct BlobPlace: Sendable, Equatable {
  package var offset: Int
  package var length: Int
  package var checksum: UInt32
}

/// Where a record's bytes lie in a file, and its place in the log.
package struct RecordPlace: Sendable, Equatable {
  package var first: Int64
  package var last: Int64
  package var offset: Int
  package var length: Int
  package var checksum: UInt32
  package var events: Int { Int(last - first + 1) }
}

/// The table of a batch, over the bytes behind its header.
struct BatchTable {
  let header: BatchHeader
  /// `header.tableBytes` bytes.
  let bytes: UnsafeRawBufferPointer

  func record(_ index: Int) -> RecordFrame {
    let place = index * RecordFrame.bytes
    return RecordFrame(
      events: bytes.count(at: place), length: bytes.count(at: place + 4), checksum: bytes.number(at: place + 8))
  }

  func blob(_ index: Int) -> BlobFrame {
    let place = header.records * RecordFrame.bytes + index * BlobFrame.bytes
    return BlobFrame(
      digest: Digest(bytes: bytes.part(place, 32)), length: bytes.count(at: place + 32),
      checksum: bytes.number(at: place + 36))
  }

  /// The records of a batch that begins at `offset`.
  func records(at offset: Int) -> [RecordPlace] {
    var (sequence, place) = (header.first, offset + BatchHeader.bytes + header.tableBytes)
    return (0..<header.records).map { index in
      let frame = record(index)
      defer { (sequence, place) = (sequence + Int64(frame.events), place + frame.length) }
      return RecordPlace(
        first: sequence, last: sequence + Int64(frame.events) - 1, offset: place, length: frame.length,
        checksum: frame.checksum)
    }
  }

  /// The blobs of a batch that begins at `offset`.
  func blobs(at offset: Int) -> [(digest: Digest, place: BlobPlace)] {
    var place = offset + BatchHeader.bytes + header.tableBytes
    for index in 0..<header.records { place += record(index).length }
    return (0..<header.blobs).map { index in
      let frame = blob(index)
      defer { place += frame.length }
      return (frame.digest, BlobPlace(offset: place, length: frame.length, checksum: frame.checksum))
    }
  }

  /// Bytes of all records and blobs.
  var bodyBytes: Int {
    (0..<header.records).reduce(0) { $0 + record($1).length } + (0..<header.blobs).reduce(0) { $0 + blob($1).length }
  }
}

/// How large a batch will be.
package struct BatchShape: Sendable, Equatable {
  let events: Int
  let records: Int
  let blobs: Int
  /// Bytes behind the header that are not padding.
  let used: Int
  /// With header and padding.
  package let length: Int

  package init(_ records: [EncodedRecord], _ blobs: [Blob]) {
    var (events, bytes) = (0, RecordFrame.bytes * records.count + BlobFrame.bytes * blobs.count)
    for record in records {
      events += record.record.events.count
      bytes += record.bytes.count
    }
    for blob in blobs { bytes += blob.bytes.count }
    (self.events, self.records, self.blobs, used) = (events, records.count, blobs.count, bytes)
    length = (BatchHeader.bytes + bytes + BatchHeader.alignment - 1) & ~(BatchHeader.alignment - 1)
  }

  /// Writes the batch into the first `length` bytes of `batch`.
  package func encode(
    _ records: [EncodedRecord], _ blobs: [Blob], time: Int64, at place: LogPlace, of segment: SegmentIdentity,
    into batch: UnsafeMutableRawBufferPointer
  ) -> BatchHeader {
    var entry = BatchHeader.bytes
    var body = entry + RecordFrame.bytes * self.records + BlobFrame.bytes * self.blobs
    let table = entry..<body
    func put(_ bytes: [UInt8]) -> UInt32 {
      bytes.withUnsafeBytes { bytes in
        batch.put(bytes, at: body)
        body += bytes.count
        return CRC32C.of(bytes)
      }
    }
    for record in records {
      batch.put(count: record.record.events.count, at: entry)
      batch.put(count: record.bytes.count, at: entry + 4)
      batch.put(put(record.bytes), at: entry + 8)
      entry += RecordFrame.bytes
    }
    for blob in blobs {
      blob.digest.write(into: batch.part(entry, 32))
      batch.put(count: blob.bytes.count, at: entry + 32)
      batch.put(put(blob.bytes), at: entry + 36)
      entry += BlobFrame.bytes
    }
    let padding = batch.part(body, length - body)
    padding.initializeMemory(as: UInt8.self, repeating: 0)
    var check = CRC32C()
    check.update(UnsafeRawBufferPointer(batch).part(table.lowerBound, table.count))
    check.update(UnsafeRawBufferPointer(padding))
    return BatchHeader.write(self, table: check.value, time: time, at: place, of: segment, into: batch)
  }
}

extension Digest {
  /// - Parameter bytes: 32 of them.
  init(bytes: UnsafeRawBufferPointer) {
    func word(_ index: Int) -> UInt64 { bytes.number(UInt64.self, at: index * 8).byteSwapped }
    self.init(words: (word(0), word(1), word(2), word(3)))
  }

  func write(into bytes: UnsafeMutableRawBufferPointer) {
    for (index, word) in [words.0, words.1, words.2, words.3].enumerated() {
      bytes.put(word.byteSwapped, at: index * 8)
    }
  }
}
