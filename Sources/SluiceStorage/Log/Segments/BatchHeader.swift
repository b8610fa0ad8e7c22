/// What stands in front of a batch: everything that one append wrote.
///
/// A batch is this header, a table with an entry for each record and each blob, the records, the blobs, and zeros up to
/// the next multiple of 64. The table has a checksum for each of them, the header one for the table, and the header's
/// own takes in the segment and the place: every byte is covered once, and damage can be told record by record.
///
///     0  magic   8  bytes behind this header   12 first sequence   20 events   24 records   28 blobs
///     32 time, ms since 1970   40 checksum of the table and the padding   44 checksum of the batch before
///     48 zeros   60 checksum of this header, with the segment's identity and its own place
package struct BatchHeader: Sendable, Equatable {
  package static let bytes = 64
  /// Batches begin at multiples of this: a header lies within one sector, and is found again behind damage.
  package static let alignment = 64
  /// No UTF-8 text has these bytes, so that no record can look like a batch.
  static let magic: UInt64 = 0xFF4C_4F47_FE42_4154

  /// Bytes behind the header.
  package let payload: Int
  package let first: Int64
  package let events: Int
  package let records: Int
  package let blobs: Int
  /// Milliseconds since 1970; never less than in the batch before.
  package let time: Int64
  let table: UInt32
  /// The checksum of the batch before; 0 for the first one.
  package let previous: UInt32
  /// Its own.
  package let checksum: UInt32

  package var length: Int { Self.bytes + payload }
  /// The sequence of its last event; `first - 1` where it has none.
  package var last: Int64 { first + Int64(events) - 1 }
  var tableBytes: Int { RecordFrame.bytes * records + BlobFrame.bytes * blobs }

  /// Writes a header into the first bytes of `batch`.
  static func write(
    _ shape: BatchShape, table: UInt32, time: Int64, at place: LogPlace, of segment: SegmentIdentity,
    into batch: UnsafeMutableRawBufferPointer
  ) -> BatchHeader {
    batch.part(0, bytes).initializeMemory(as: UInt8.self, repeating: 0)
    batch.put(magic, at: 0)
    batch.put(count: shape.length - bytes, at: 8)
    batch.put(place.sequence, at: 12)
    batch.put(count: shape.events, at: 20)
    batch.put(count: shape.records, at: 24)
    batch.put(count: shape.blobs, at: 28)
    batch.put(time, at: 32)
    batch.put(table, at: 40)
    batch.put(place.chain ?? 0, at: 44)
    let checksum = check(UnsafeRawBufferPointer(batch), at: place.offset, of: segment)
    batch.put(checksum, at: 60)
    return BatchHeader(UnsafeRawBufferPointer(batch), checksum: checksum)
  }

  /// The header at a place; nil where there is none that was written for this very place.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, at offset: Int, of segment: SegmentIdentity
  ) -> BatchHeader? {
    guard bytes.number(at: 0) == magic else { return nil }
    let checksum = check(bytes, at: offset, of: segment)
    guard bytes.number(at: 60) == checksum else { return nil }
    let header = BatchHeader(bytes, checksum: checksum)
    return header.payload % alignment == 0 && header.tableBytes <= header.payload ? header : nil
  }

  private static func check(_ bytes: UnsafeRawBufferPointer, at offset: Int, of segment: SegmentIdentity) -> UInt32 {
    var check = segment.check(at: offset)
    check.update(bytes.part(0, 60))
    return check.value
  }

  private init(_ bytes: UnsafeRawBufferPointer, checksum: UInt32) {
    payload = bytes.count(at: 8)
    first = bytes.number(at: 12)
    events = bytes.count(at: 20)
    records = bytes.count(at: 24)
    blobs = bytes.count(at: 28)
    time = bytes.number(at: 32)
    table = bytes.number(at: 40)
    previous = bytes.number(at: 44)
    self.checksum = checksum
  }
}
