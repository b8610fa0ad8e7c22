/// The first page of a segment: which file it is, and where the one before it ends.
///
/// The end of a segment stands in its successor: what lies behind it there, left over from an append that failed, is
/// not part of the log. The page is followed by batches.
///
///     0  "SLUICSEG"   8  format   12 kind   16 log's identity (2 × 8)   32 first sequence   40 made at, ms since 1970
///     48 first sequence of the segment before, 0 for none   56 its end in bytes   64 checksum of its last batch
///     68 checksum of all of this
///
/// It stands there twice, in two sectors: without it nothing of the segment could be told from foreign bytes.
package struct SegmentHeader: Sendable, Equatable {
  package struct Predecessor: Sendable, Equatable {
    package var first: Int64
    package var end: Int
    /// The checksum of the last batch before this segment.
    package var chain: UInt32
  }
  /// A page of its own, so that what is written later never touches its block.
  package static let bytes = 4_096
  static let format: UInt32 = 1
  private static let magic: UInt64 = 0x4745_5343_4955_4C53
  private static let checked = 68
  static let copies = [0, 2_048]

  package let identity: SegmentIdentity
  package let made: Int64
  package let before: Predecessor?

  package init(_ identity: SegmentIdentity, made: Int64, before: Predecessor?) {
    (self.identity, self.made, self.before) = (identity, made, before)
  }

  /// Where its first batch begins.
  var start: LogPlace { LogPlace(offset: Self.bytes, sequence: identity.first, chain: before?.chain ?? 0) }

  package func encoded() -> [UInt8] {
    var page = [UInt8](repeating: 0, count: Self.bytes)
    for copy in Self.copies { page.withUnsafeMutableBytes { write(into: $0.part(copy, Self.checked + 4)) } }
    return page
  }

  private func write(into page: UnsafeMutableRawBufferPointer) {
    page.put(Self.magic, at: 0)
    page.put(Self.format, at: 8)
    page.put(identity.kind.rawValue, at: 12)
    page.put(identity.log.high, at: 16)
    page.put(identity.log.low, at: 24)
    page.put(identity.first, at: 32)
    page.put(made, at: 40)
    page.put(before?.first ?? 0, at: 48)
    page.put(UInt64(before?.end ?? 0), at: 56)
    page.put(before?.chain ?? 0, at: 64)
    page.put(CRC32C.of(UnsafeRawBufferPointer(page).part(0, Self.checked)), at: Self.checked)
  }

  package enum Reading: Equatable {
    case header(SegmentHeader)
    case damaged
    /// A later Sluice wrote it.
    case newer(format: UInt32)
  }

  /// - Parameter page: at least `bytes` bytes.
  package static func decode(_ page: UnsafeRawBufferPointer) -> Reading {
    let readings = copies.map { decodeCopy(page.part($0, checked + 4)) }
    return readings.first { $0 != .damaged } ?? .damaged
  }

  /// How many of the copies hold.
  static func soundCopies(in page: UnsafeRawBufferPointer) -> Int {
    copies.count { decodeCopy(page.part($0, checked + 4)) != .damaged }
  }

  private static func decodeCopy(_ page: UnsafeRawBufferPointer) -> Reading {
    guard page.number(at: 0) == magic, page.number(at: checked) == CRC32C.of(page.part(0, checked)) else {
      return .damaged
    }
    let format = page.number(UInt32.self, at: 8)
    guard format == Self.format else { return .newer(format: format) }
    guard let kind = SegmentKind(rawValue: page.number(at: 12)) else { return .damaged }
    let log = LogIdentity(high: page.number(at: 16), low: page.number(at: 24))
    let before = page.number(Int64.self, at: 48)
    return .header(
      SegmentHeader(
        SegmentIdentity(log: log, first: page.number(at: 32), kind: kind), made: page.number(at: 40),
        before: before == 0
          ? nil : Predecessor(first: before, end: Int(page.number(Int64.self, at: 56)), chain: page.number(at: 64))))
  }
}

/// A place between two batches of a segment.
package struct LogPlace: Sendable, Equatable {
  package var offset: Int
  /// Of the next event.
  package var sequence: Int64
  /// The checksum of the batch before, which the next one names; nil where it is not known.
  package var chain: UInt32?

  package init(offset: Int, sequence: Int64, chain: UInt32?) {
    (self.offset, self.sequence, self.chain) = (offset, sequence, chain)
  }

  /// The place behind a batch that begins here.
  func after(_ batch: BatchHeader) -> LogPlace {
    LogPlace(offset: offset + batch.length, sequence: batch.last + 1, chain: batch.checksum)
  }
}
