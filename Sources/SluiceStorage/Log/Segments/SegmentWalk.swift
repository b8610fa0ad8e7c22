package import SluiceModel

/// What is wrong inside of a batch whose header holds.
package enum BatchFault: Sendable, Equatable {
  /// The table cannot be trusted, and so nothing behind it can be found.
  case table(Range<Int>)
  case record(RecordPlace)
  case blob(Digest, BlobPlace)
  /// It is whole, but does not follow the batch before it.
  case chain
}

/// A batch as it was found.
package struct FoundBatch: Sendable, Equatable {
  package let offset: Int
  package let header: BatchHeader
  /// Empty where the table is damaged.
  package let records: [RecordPlace]
  package let blobs: [FoundBlob]
  package let faults: [BatchFault]
}

package struct FoundBlob: Sendable, Equatable {
  package let digest: Digest
  package let place: BlobPlace
}

/// What a walk over a segment meets.
package enum Finding: Sendable, Equatable {
  case batch(FoundBatch)
  /// Bytes that are no batch, and the header of the batch behind them; nil where there is none.
  case gap(Range<Int>, behind: BatchHeader?)

  var isSound: Bool {
    if case .batch(let batch) = self { batch.faults.isEmpty } else { false }
  }
}

/// Walks over the batches of a segment, and over what has taken their place.
///
/// Where a header does not hold, the next one that was written for its very place is looked for, so that damage ends
/// where it ends. Pure: it sees bytes and says what lies in them.
package struct SegmentWalk<Source: SegmentBytes> {
  package private(set) var source: Source
  /// Where the next batch must begin.
  package private(set) var place: LogPlace
  private let identity: SegmentIdentity
  private let limit: Int
  private let checksBodies: Bool

  /// - Parameters:
  ///   - limit: the segment's end where it is known, else the file's size.
  ///   - checksBodies: false reads headers and tables only.
  package init(
    _ source: Source, of identity: SegmentIdentity, from place: LogPlace, to limit: Int, checksBodies: Bool = true
  ) {
    (self.source, self.identity, self.place, self.limit) = (source, identity, place, limit)
    self.checksBodies = checksBodies
  }

  /// Nil at the end: where `limit` is, or where nothing but zeros follows.
  package mutating func next() throws(SluiceError) -> Finding? {
    guard place.offset < limit else { return nil }
    if let header = try header(at: place.offset), header.first >= place.sequence {
      let batch = try batch(header, at: place.offset)
      place = place.after(header)
      return .batch(batch)
    }
    return try gap()
  }

  private mutating func header(at offset: Int) throws(SluiceError) -> BatchHeader? {
    let identity = identity
    return try source.look(at: offset, BatchHeader.bytes) { BatchHeader.decode($0, at: offset, of: identity) }
  }

  private mutating func batch(_ header: BatchHeader, at offset: Int) throws(SluiceError) -> FoundBatch {
    var faults: [BatchFault] = []
    if header.previous != place.chain ?? header.previous || header.first != place.sequence { faults.append(.chain) }
    guard let (records, blobs) = try contents(header, at: offset) else {
      let table = offset + BatchHeader.bytes..<offset + BatchHeader.bytes + header.tableBytes
      return FoundBatch(
        offset: offset, header: header, records: [], blobs: [], faults: faults + [.table(table)])
    }
    if checksBodies {
      for record in records where try source.checksum(record.offset, record.length) != record.checksum {
        faults.append(.record(record))
      }
      for blob in blobs where try source.checksum(blob.place.offset, blob.place.length) != blob.place.checksum {
        faults.append(.blob(blob.digest, blob.place))
      }
    }
    return FoundBatch(offset: offset, header: header, records: records, blobs: blobs, faults: faults)
  }

  /// What the table says; nil where it does not hold.
  private mutating func contents(
    _ header: BatchHeader, at offset: Int
  ) throws(SluiceError) -> ([RecordPlace], [FoundBlob])? {
    let start = offset + BatchHeader.bytes
    let read = try source.look(at: start, header.tableBytes) { bytes in
      let table = BatchTable(header: header, bytes: bytes)
      var check = CRC32C()
      check.update(bytes)
      let blobs = table.blobs(at: offset).map { FoundBlob(digest: $0.digest, place: $0.place) }
      return (check, table.records(at: offset), blobs, table.bodyBytes)
    }
    var (check, records, blobs, bodies) = read
    let padding = header.payload - header.tableBytes - bodies
    guard (0..<BatchHeader.alignment).contains(padding) else { return nil }
    try source.look(at: start + header.payload - padding, padding) { check.update($0) }
    guard check.value == header.table, (records.last?.last ?? header.last) == header.last else { return nil }
    return (records, blobs)
  }

  /// Looks for the next header; where there is none, for the last byte that is not zero.
  private mutating func gap() throws(SluiceError) -> Finding? {
    let (identity, sequence) = (identity, place.sequence)
    var (offset, used) = (place.offset, place.offset)
    while offset < limit {
      let count = min(64 * 1024, limit - offset)
      let start = offset
      let found = try source.look(at: offset, count + BatchHeader.bytes) { bytes -> (Int, BatchHeader)? in
        for step in stride(from: 0, to: count, by: BatchHeader.alignment) {
          guard !bytes.part(step, BatchHeader.alignment).isZero else { continue }
          let header = BatchHeader.decode(bytes.part(step, BatchHeader.bytes), at: start + step, of: identity)
          if let header, header.first >= sequence { return (start + step, header) }
          used = start + step + BatchHeader.alignment
        }
        return nil
      }
      if let (offset, header) = found {
        defer { place = LogPlace(offset: offset, sequence: header.first, chain: header.previous) }
        return .gap(place.offset..<offset, behind: header)
      }
      offset += count
    }
    let gap = place.offset..<used
    place.offset = limit
    return gap.isEmpty ? nil : .gap(gap, behind: nil)
  }
}
