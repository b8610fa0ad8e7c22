package import SluiceModel
import Synchronization

extension SegmentEngine {
  /// Records with events after `sequence`, oldest first: at most `limit` of them, and after the first no more than
  /// `Limits.scanBytes` in all. Empty only at the log's end.
  ///
  /// - Throws: `log.damaged`, `log.archived`, `log.failed`, when the first record cannot be read; a later one ends the
  ///   page before it.
  package func scan(after sequence: Int64, limit: Int) throws(SluiceError) -> [LoggedRecord] {
    var page = ScanPage(after: sequence, limit: limit)
    do throws(SluiceError) {
      while !page.isFull, let stretch = try stretch(after: page.last) { try read(stretch, into: &page) }
    } catch {
      if page.records.isEmpty { throw error }
    }
    return page.records
  }

  /// Bytes of one segment in which the next records are.
  private struct Stretch {
    let name: String
    let identity: SegmentIdentity
    let file: any LogFile
    let place: LogPlace
    let end: Int
    /// The last event in it.
    let last: Int64
  }

  private enum Where {
    case atEnd
    case active(Stretch)
    case sealed(SealedSegment)
  }

  private func stretch(after sequence: Int64) throws(SluiceError) -> Stretch? {
    let whereabouts = readable.withLock { readable -> Where in
      guard sequence < readable.head else { return .atEnd }
      if let last = readable.sealed.last, sequence < last.last {
        return .sealed(readable.sealed[readable.sealed.firstOfSecondHalf { $0.last > sequence }])
      }
      let place = readable.index.place(of: sequence + 1)
      return .active(
        Stretch(
          name: SegmentName.text(readable.active.first, SegmentName.events), identity: readable.active,
          file: readable.file, place: LogPlace(place, else: readable.active), end: readable.end,
          last: readable.head))
    }
    switch whereabouts {
    case .atEnd: return nil
    case .active(let stretch): return stretch
    case .sealed(let segment):
      if let stub = segment.archive { throw stub.error(in: folder) }
      do throws(SluiceError) {
        // Its beginning needs no index.
        let place =
          sequence < segment.identity.first ? nil : try place(of: sequence + 1, in: segment)
        return Stretch(
          name: segment.name, identity: segment.identity, file: try open(segment),
          place: LogPlace(place, else: segment.identity), end: segment.end, last: segment.last)
      } catch {
        // It may have been archived in this very moment.
        let now = readable.withLock { readable in
          readable.sealed.first { $0.identity.first == segment.identity.first && $0.archive != nil }
        }
        throw now?.archive?.error(in: folder) ?? error
      }
    }
  }

  /// Reads batches until the page is full or the stretch ends.
  private func read(_ stretch: Stretch, into page: inout ScanPage) throws(SluiceError) {
    var window = SegmentWindow(stretch.file, stride: settings.indexedBytes)
    var offset = stretch.place.offset
    while offset < stretch.end, !page.isFull {
      let place = offset
      let header = try window.look(at: offset, BatchHeader.bytes) {
        BatchHeader.decode($0, at: place, of: stretch.identity)
      }
      guard let header else { throw try damage(at: offset, after: page.last, stretch) }
      guard header.first <= page.last + 1 else { throw missing(page.last + 1, header.first - 1, stretch) }
      if header.last > page.last { try read(header, at: offset, &window, stretch, into: &page) }
      offset += header.length
    }
    guard !page.isFull, page.last < stretch.last else { return }
    throw missing(page.last + 1, stretch.last, stretch)
  }

  private func missing(_ first: Int64, _ last: Int64, _ stretch: Stretch) -> SluiceError {
    LogDamage(
      .batch, file: stretch.name, offset: stretch.place.offset, first: first, last: last, what: "events are missing"
    )
    .error(in: folder)
  }

  private func read(
    _ header: BatchHeader, at offset: Int, _ window: inout SegmentWindow, _ stretch: Stretch, into page: inout ScanPage
  ) throws(SluiceError) {
    let records = try window.look(at: offset + BatchHeader.bytes, header.tableBytes) {
      BatchTable(header: header, bytes: $0).records(at: offset)
    }
    for record in records where record.last > page.last {
      guard page.takes(record.length) else { return }
      let (bytes, sum) = try window.look(at: record.offset, record.length) { (Array($0), CRC32C.of($0)) }
      guard sum == record.checksum else { throw try damage(at: offset, after: page.last, stretch) }
      page.add(LoggedRecord(last: record.last, count: record.events, bytes: bytes))
    }
  }

  /// What is wrong at a place, in words: a walk from there names it.
  private func damage(
    at offset: Int, after sequence: Int64, _ stretch: Stretch
  ) throws(SluiceError) -> SluiceError {
    var walk = SegmentWalk(
      SegmentWindow(stretch.file), of: stretch.identity,
      from: LogPlace(offset: offset, sequence: sequence + 1, chain: nil), to: stretch.end)
    let damages = try walk.next().map { LogDamage.all(of: $0, in: stretch.name, from: sequence + 1) } ?? []
    let damage =
      damages.first
      ?? LogDamage(
        .batch, file: stretch.name, offset: offset, first: sequence + 1, what: "the bytes changed while read")
    return damage.error(in: folder)
  }

  // MARK: Blobs

  /// - Throws: `log.damaged` where its bytes are not what was written.
  package func blob(_ digest: Digest) throws(SluiceError) -> [UInt8]? {
    guard let found = try find(digest) else { return nil }
    let bytes = try found.file.bytes(at: found.place.offset, found.place.length)
    guard bytes.count == found.place.length, CRC32C.of(bytes) == found.place.checksum else {
      throw LogDamage(
        .blob, file: found.name, offset: found.place.offset, bytes: found.place.length,
        what: "the bytes of blob \(digest) are not what was written"
      ).error(in: folder)
    }
    return bytes
  }

  /// Where a blob lies; the newest segment is asked first.
  ///
  /// - Complexity: a page or two of each segment's index, O(segments) where there is no such blob.
  func find(_ digest: Digest) throws(SluiceError) -> (name: String, file: any LogFile, place: BlobPlace)? {
    let (active, sealed) = readable.withLock { readable in
      let place = readable.index.blobs[digest]
      return (place.map { (readable.active, readable.file, $0) }, readable.sealed)
    }
    if let (identity, file, place) = active {
      return (SegmentName.text(identity.first, SegmentName.events), file, place)
    }
    for segment in sealed.reversed() {
      do throws(SluiceError) {
        if let place = try place(of: digest, in: segment) { return (segment.name, try open(segment), place) }
      } catch {
        // It may have been archived in this very moment; its blobs are in another file then.
        let now = readable.withLock { readable in
          readable.sealed.first { $0.identity.first == segment.identity.first }
        }
        guard let now, now != segment else { throw error }
        if let place = try place(of: digest, in: now) { return (now.name, try open(now), place) }
      }
    }
    return nil
  }

  // MARK: Time

  /// The last event that was recorded before a moment; 0 where all are later.
  ///
  /// - Parameter time: milliseconds since 1970. Batches carry one time each.
  package func sequence(before time: Int64) throws(SluiceError) -> Int64 {
    let (index, sealed, active, file, end) = readable.withLock {
      ($0.index, $0.sealed, $0.active, $0.file, $0.end)
    }
    if let place = index.place(where: { $0.time < time }) {
      return try sequence(before: time, from: LogPlace(place, else: active), active, file, end)
    }
    for segment in sealed.reversed() where segment.archive == nil {
      guard let place = try place(before: time, in: segment) else { continue }
      let start = LogPlace(place, else: segment.identity)
      return try sequence(before: time, from: start, segment.identity, try open(segment), segment.end)
    }
    return sealed.last { $0.archive != nil }?.last ?? 0
  }

  private func sequence(
    before time: Int64, from place: LogPlace, _ identity: SegmentIdentity, _ file: any LogFile, _ end: Int
  ) throws(SluiceError) -> Int64 {
    var walk = SegmentWalk(
      SegmentWindow(file, stride: settings.indexedBytes), of: identity, from: place, to: end, checksBodies: false)
    var last = place.sequence - 1
    while let finding = try walk.next() {
      guard case .batch(let batch) = finding else { continue }
      guard batch.header.time < time else { break }
      last = batch.header.last
    }
    return last
  }
}

extension LogPlace {
  /// An indexed place, or the beginning of a segment.
  init(_ place: SegmentIndex.Place?, else segment: SegmentIdentity) {
    self.init(
      offset: place?.offset ?? SegmentHeader.bytes, sequence: place?.sequence ?? segment.first, chain: nil)
  }
}

/// A page of records that is being filled.
struct ScanPage {
  private(set) var records: [LoggedRecord] = []
  /// Everything up to this event is in the page, or before it.
  private(set) var last: Int64
  private let limit: Int
  private var bytes = 0
  private var isOver = false

  init(after sequence: Int64, limit: Int) { (last, self.limit) = (max(0, sequence), limit) }

  var isFull: Bool { isOver || records.count >= limit }

  /// Whether so many bytes more are to be in the page; the first record always is.
  mutating func takes(_ more: Int) -> Bool {
    if records.count >= limit || (!records.isEmpty && bytes + more > Limits.scanBytes) { isOver = true }
    return !isOver
  }

  mutating func add(_ record: LoggedRecord) {
    records.append(record)
    bytes += record.bytes.count
    last = record.last
  }
}
