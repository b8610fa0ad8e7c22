package import SluiceModel

/// Where things lie in one segment: every so many bytes the place of a batch, and every blob.
///
/// The active segment's is kept in memory; a sealed one's lies in a file beside it, and can be made again.
package struct SegmentIndex: Sendable, Equatable {
  /// A batch's place, with the sequence that it begins with and its time.
  package struct Place: Sendable, Equatable {
    package let sequence: Int64
    package let offset: Int
    package let time: Int64
  }
  package private(set) var places: [Place] = []
  package private(set) var blobs: [Digest: BlobPlace] = [:]
  private let spacing: Int

  package init(spacing: Int = Limits.indexedBytes) { self.spacing = spacing }

  package mutating func add(_ batch: BatchHeader, at offset: Int) {
    if let last = places.last, offset - last.offset < spacing { return }
    places.append(Place(sequence: batch.first, offset: offset, time: batch.time))
  }

  package mutating func add(_ digest: Digest, _ place: BlobPlace) { blobs[digest] = place }

  package mutating func add(_ batch: FoundBatch) {
    add(batch.header, at: batch.offset)
    for blob in batch.blobs { add(blob.digest, blob.place) }
  }

  /// From where on the event `sequence` is to be looked for; nil in a segment without batches.
  package func place(of sequence: Int64) -> Place? {
    place { $0.sequence <= sequence } ?? places.first
  }

  /// The last place for which this holds, where it holds for all before it too.
  package func place(where isBefore: (Place) -> Bool) -> Place? {
    let next = places.firstOfSecondHalf { !isBefore($0) }
    return next > 0 ? places[next - 1] : nil
  }
}

extension Array {
  /// The first index whose element belongs to the second half, where all of the first half come before.
  func firstOfSecondHalf(_ belongsToSecond: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if belongsToSecond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// A sealed segment's index as a file: pages of 4 KiB, each with a checksum that takes in segment and page.
///
/// Page 0 says how many entries follow; then come pages of places in order, then pages of blobs sorted by digest. One
/// page at a time is read, so that memory does not grow with the log.
package struct IndexLayout: Sendable, Equatable {
  package static let pageBytes = 4_096
  private static let checked = pageBytes - 4
  private static let magic: UInt64 = 0x5844_4943_4955_4C53
  private static let format: UInt32 = 1
  private static let placeBytes = 24
  private static let blobBytes = 48
  static let placesPerPage = checked / placeBytes
  static let blobsPerPage = checked / blobBytes

  package let segment: SegmentIdentity
  /// The end of the segment that was indexed, in bytes.
  package let end: Int
  package let places: Int
  package let blobs: Int

  package var placePages: Int { (places + Self.placesPerPage - 1) / Self.placesPerPage }
  package var blobPages: Int { (blobs + Self.blobsPerPage - 1) / Self.blobsPerPage }

  // MARK: Writing

  package static func encode(_ index: SegmentIndex, of segment: SegmentIdentity, end: Int) -> [UInt8] {
    let blobs = index.blobs.sorted { $0.key < $1.key }
    let layout = IndexLayout(segment: segment, end: end, places: index.places.count, blobs: blobs.count)
    var file = [UInt8](repeating: 0, count: (1 + layout.placePages + layout.blobPages) * pageBytes)
    file.withUnsafeMutableBytes { file in
      file.put(magic, at: 0)
      file.put(format, at: 8)
      file.put(UInt64(end), at: 16)
      file.put(UInt64(layout.places), at: 24)
      file.put(UInt64(layout.blobs), at: 32)
      for (number, place) in index.places.enumerated() {
        let page = (1 + number / placesPerPage) * pageBytes
        let entry = file.part(page + number % placesPerPage * placeBytes, placeBytes)
        entry.put(place.sequence, at: 0)
        entry.put(UInt64(place.offset), at: 8)
        entry.put(place.time, at: 16)
      }
      for (number, blob) in blobs.enumerated() {
        let page = (1 + layout.placePages + number / blobsPerPage) * pageBytes
        let entry = file.part(page + number % blobsPerPage * blobBytes, blobBytes)
        blob.key.write(into: entry.part(0, 32))
        entry.put(UInt64(blob.value.offset), at: 32)
        entry.put(count: blob.value.length, at: 40)
        entry.put(blob.value.checksum, at: 44)
      }
      for page in 0..<file.count / pageBytes {
        let bytes = file.part(page * pageBytes, pageBytes)
        bytes.put(checksum(UnsafeRawBufferPointer(bytes), page, segment), at: checked)
      }
    }
    return file
  }

  // MARK: Reading

  /// The digests of all blobs in an index file, as far as its pages hold.
  static func digests(in file: [UInt8], of segment: SegmentIdentity) -> [Digest] {
    file.withUnsafeBytes { file in
      let pages = file.count / pageBytes
      guard pages > 0, isSound(file.part(0, pageBytes), 0, of: segment),
        let layout = decode(file.part(0, pageBytes), of: segment)
      else { return [] }
      return (0..<layout.blobPages).flatMap { number -> [Digest] in
        let place = 1 + layout.placePages + number
        guard place < pages, isSound(file.part(place * pageBytes, pageBytes), place, of: segment) else { return [] }
        return (0..<min(blobsPerPage, layout.blobs - number * blobsPerPage)).map {
          Digest(bytes: file.part(place * pageBytes + $0 * blobBytes, 32))
        }
      }
    }
  }

  /// Whether a page is what was written there for this segment.
  static func isSound(_ page: UnsafeRawBufferPointer, _ number: Int, of segment: SegmentIdentity) -> Bool {
    page.number(at: checked) == checksum(page, number, segment)
  }

  private static func checksum(_ page: UnsafeRawBufferPointer, _ number: Int, _ segment: SegmentIdentity) -> UInt32 {
    var check = segment.check(at: number)
    check.update(page.part(0, checked))
    return check.value
  }

  /// - Parameter page: page 0, sound.
  static func decode(_ page: UnsafeRawBufferPointer, of segment: SegmentIdentity) -> IndexLayout? {
    guard page.number(at: 0) == magic, page.number(at: 8) == format else { return nil }
    return IndexLayout(
      segment: segment, end: Int(page.number(Int64.self, at: 16)), places: Int(page.number(Int64.self, at: 24)),
      blobs: Int(page.number(Int64.self, at: 32)))
  }

  /// The entries of one of the first `placePages` pages.
  func places(in page: UnsafeRawBufferPointer, _ number: Int) -> [SegmentIndex.Place] {
    (0..<min(Self.placesPerPage, places - number * Self.placesPerPage)).map { entry in
      let entry = page.part(entry * Self.placeBytes, Self.placeBytes)
      return SegmentIndex.Place(
        sequence: entry.number(at: 0), offset: Int(entry.number(Int64.self, at: 8)), time: entry.number(at: 16))
    }
  }

  /// Where a digest is on one of the `blobPages` pages, or on which side of it.
  enum Side {
    case before
    case here(BlobPlace)
    case nowhere
    case after
  }

  func side(of digest: Digest, in page: UnsafeRawBufferPointer, _ number: Int) -> Side {
    let count = min(Self.blobsPerPage, blobs - number * Self.blobsPerPage)
    func entry(_ index: Int) -> UnsafeRawBufferPointer { page.part(index * Self.blobBytes, Self.blobBytes) }
    if digest < Digest(bytes: entry(0)) { return .before }
    if digest > Digest(bytes: entry(count - 1)) { return .after }
    var (low, high) = (0, count - 1)
    while low <= high {
      let middle = (low + high) / 2
      let there = Digest(bytes: entry(middle))
      if there == digest {
        return .here(
          BlobPlace(
            offset: Int(entry(middle).number(Int64.self, at: 32)), length: entry(middle).count(at: 40),
            checksum: entry(middle).number(at: 44)))
      }
      if there < digest { low = middle + 1 } else { high = middle - 1 }
    }
    return .nowhere
  }
}
