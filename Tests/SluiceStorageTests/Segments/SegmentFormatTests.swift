import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

/// Bytes of batches, without a disk.
private enum Bytes {
  static let segment = SegmentIdentity(log: LogIdentity(high: 1, low: 2), first: 10)
  static let start = LogPlace(offset: SegmentHeader.bytes, sequence: 10, chain: 77)
  static let records = [
    BatchRecord(events: 2, bytes: Array("first".utf8)), BatchRecord(events: 1, bytes: [0, 255, 0]),
  ]
  static let blobs = [Blob(Array("a manifest".utf8)), Blob([UInt8]())]

  static func batch(
    _ records: [BatchRecord] = records, _ blobs: [Blob] = blobs, at place: LogPlace = start,
    of segment: SegmentIdentity = segment
  ) -> (bytes: [UInt8], header: BatchHeader) {
    let shape = BatchShape(records, blobs)
    var bytes = [UInt8](repeating: 0xEE, count: shape.length)
    let header = bytes.withUnsafeMutableBytes {
      shape.encode(records, blobs, time: 5, at: place, of: segment, into: $0)
    }
    return (bytes, header)
  }

  /// A segment's bytes with these batches in it, each by the events of its only record.
  static func segment(_ events: [Int]) -> (bytes: [UInt8], places: [LogPlace]) {
    var (bytes, places) = ([UInt8](repeating: 0, count: SegmentHeader.bytes), [start])
    for count in events {
      let place = places[places.count - 1]
      let record = BatchRecord(events: count, bytes: [UInt8](repeating: UInt8(count), count: count * 100))
      let (batch, header) = batch([record], [], at: place)
      bytes += batch
      places.append(LogPlace(offset: bytes.count, sequence: header.last + 1, chain: header.checksum))
    }
    return (bytes, places)
  }

  static func walk(_ bytes: [UInt8], to limit: Int? = nil) throws -> [Finding] {
    var walk = SegmentWalk(BytesInMemory(bytes), of: segment, from: start, to: limit ?? bytes.count)
    var findings: [Finding] = []
    while let finding = try walk.next() { findings.append(finding) }
    return findings
  }

  static func verdict(_ bytes: [UInt8]) throws -> SegmentTail {
    let trouble = try walk(bytes).drop { finding in
      if case .batch(let batch) = finding { return batch.faults.isEmpty }
      return false
    }
    var source = BytesInMemory(bytes)
    return try SegmentTail.verdict(on: Array(trouble), in: &source, size: bytes.count)
  }
}

@Suite struct `A checksum` {
  @Test(
    arguments: [
      ([], 0), (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
    ] as [([UInt8], UInt32)])
  func `is CRC-32C, as RFC 3720 has it`(bytes: [UInt8], expected: UInt32) {
    #expect(CRC32C.of(bytes) == expected)
  }

  @Test func `is the same in one piece and in several`() {
    let bytes = (0..<100).map { UInt8($0 * 7 & 0xFF) }
    for cut in 0...100 {
      var check = CRC32C()
      bytes[..<cut].withUnsafeBytes { check.update($0) }
      bytes[cut...].withUnsafeBytes { check.update($0) }
      #expect(check.value == CRC32C.of(bytes), "cut at \(cut)")
    }
  }
}

@Suite struct `A batch` {
  @Test func `is found with its records and blobs where they lie`() throws {
    let (batch, header) = Bytes.batch()
    let bytes = [UInt8](repeating: 0, count: SegmentHeader.bytes) + batch
    guard case .batch(let found) = try Bytes.walk(bytes).first else { throw TemporaryFolder.Missing() }
    #expect(found.faults.isEmpty && found.header == header)
    #expect(found.records.map(\.first) == [10, 12] && found.records.map(\.last) == [11, 12])
    #expect(found.records.map { Array(bytes[$0.offset..<$0.offset + $0.length]) } == Bytes.records.map(\.bytes))
    #expect(found.blobs.map(\.digest) == Bytes.blobs.map(\.digest))
    #expect(
      found.blobs.map { Array(bytes[$0.place.offset..<$0.place.offset + $0.place.length]) } == Bytes.blobs.map(\.bytes))
  }

  @Test func `takes whole units of 64 bytes, the rest of them zeros`() {
    let (bytes, header) = Bytes.batch()
    #expect(bytes.count % 64 == 0 && bytes.count == header.length)
    #expect(bytes.last == 0 && !bytes.contains(0xEE))
  }

  @Test func `is not taken for one with any of its bits turned`() throws {
    let (batch, _) = Bytes.batch()
    let page = [UInt8](repeating: 0, count: SegmentHeader.bytes)
    for bit in 0..<batch.count * 8 {
      var turned = batch
      turned[bit / 8] ^= 1 << (bit % 8)
      let findings = try Bytes.walk(page + turned)
      let isSound = findings.contains { if case .batch(let batch) = $0 { batch.faults.isEmpty } else { false } }
      #expect(!isSound && !findings.isEmpty, "bit \(bit)")
    }
  }

  @Test(arguments: [
    (SegmentIdentity(log: LogIdentity(high: 1, low: 3), first: 10), Bytes.start),
    (SegmentIdentity(log: LogIdentity(high: 1, low: 2), first: 11), Bytes.start),
    (SegmentIdentity(log: LogIdentity(high: 1, low: 2), first: 10, kind: .blobs), Bytes.start),
    (Bytes.segment, LogPlace(offset: SegmentHeader.bytes + 64, sequence: 10, chain: 77)),
  ])
  func `that was written for another log, segment or place counts for nothing`(
    segment: SegmentIdentity, place: LogPlace
  )
    throws
  {
    let (batch, _) = Bytes.batch(at: place, of: segment)
    let findings = try Bytes.walk([UInt8](repeating: 0, count: SegmentHeader.bytes) + batch)
    #expect(findings == [.gap(SegmentHeader.bytes..<SegmentHeader.bytes + batch.count, behind: nil)])
  }

  @Test func `that does not follow the one before it is whole, but out of its chain`() throws {
    let (batch, _) = Bytes.batch(at: LogPlace(offset: SegmentHeader.bytes, sequence: 10, chain: 78))
    guard case .batch(let found) = try Bytes.walk([UInt8](repeating: 0, count: SegmentHeader.bytes) + batch).first
    else { throw TemporaryFolder.Missing() }
    #expect(found.faults == [.chain])
  }

  @Test func `that is older than its place counts for nothing`() throws {
    let (batch, _) = Bytes.batch(at: LogPlace(offset: SegmentHeader.bytes, sequence: 9, chain: 77))
    #expect(try Bytes.walk([UInt8](repeating: 0, count: SegmentHeader.bytes) + batch).count == 1)
  }
}

@Suite struct `A walk over a segment` {
  @Test func `ends where only zeros follow`() throws {
    let (bytes, _) = Bytes.segment([1, 2, 3])
    #expect(try Bytes.walk(bytes + [UInt8](repeating: 0, count: 10_000)) == Bytes.walk(bytes))
    #expect(try Bytes.walk(bytes).count == 3)
  }

  @Test func `ends at its limit, whatever lies behind`() throws {
    let (bytes, places) = Bytes.segment([1, 2, 3])
    #expect(try Bytes.walk(bytes, to: places[2].offset).count == 2)
  }

  @Test func `finds the batches behind a lost one, and how much was lost`() throws {
    var (bytes, places) = Bytes.segment([1, 2, 3, 1])
    for index in places[1].offset..<places[2].offset { bytes[index] = 0 }
    let findings = try Bytes.walk(bytes)
    guard findings.count == 4, case .gap(let gap, let header?) = findings[1] else { throw TemporaryFolder.Missing() }
    #expect(gap == places[1].offset..<places[2].offset && header.first == places[2].sequence)
  }
}

@Suite struct `What lies behind the last sound batch` {
  private let page = 4_096

  @Test func `is clean where it is zeros`() throws {
    #expect(try Bytes.verdict(Bytes.segment([1, 2]).bytes + [0, 0, 0]) == .clean)
  }

  @Test func `is torn where any sector of the last batch is still zeros`() throws {
    let (bytes, places) = Bytes.segment([1, 20])
    let last = places[1].offset..<places[2].offset
    for sector in last.lowerBound / 512...(last.upperBound - 1) / 512 {
      var torn = bytes
      for index in max(last.lowerBound, sector * 512)..<min(last.upperBound, (sector + 1) * 512) { torn[index] = 0 }
      #expect(try Bytes.verdict(torn) == .torn, "sector \(sector)")
    }
  }

  @Test func `is torn where the file ends within it`() throws {
    let (bytes, places) = Bytes.segment([1, 20])
    for size in places[1].offset + 1..<places[2].offset - 63 {
      // Cut within the padding nothing is missing.
      #expect(try Bytes.verdict(Array(bytes[..<size])) == .torn, "\(size) bytes")
    }
  }

  @Test func `is damage where a bit of the last batch is turned`() throws {
    let (bytes, places) = Bytes.segment([1, 20])
    for bit in stride(from: places[1].offset * 8, to: places[2].offset * 8, by: 3) {
      var turned = bytes
      turned[bit / 8] ^= 1 << (bit % 8)
      #expect(try Bytes.verdict(turned) == .damaged, "bit \(bit)")
    }
  }

  @Test func `is damage where more lies behind a torn batch: one append is one batch`() throws {
    var bytes = Bytes.segment([1, 20]).bytes
    for index in 10 * 512..<11 * 512 { bytes[index] = 0 }
    #expect(try Bytes.verdict(bytes) == .torn)
    #expect(try Bytes.verdict(bytes + [UInt8](repeating: 9, count: 100)) == .damaged)
  }

  @Test func `is damage where foreign bytes lie`() throws {
    let (bytes, _) = Bytes.segment([1])
    #expect(try Bytes.verdict(bytes + [UInt8](repeating: 9, count: 700)) == .damaged)
  }
}

@Suite struct `A segment's first page` {
  private let header = SegmentHeader(
    Bytes.segment, made: 5, before: SegmentHeader.Predecessor(first: 3, end: 8_192, chain: 99))

  private func read(_ page: [UInt8]) -> SegmentHeader.Reading { page.withUnsafeBytes(SegmentHeader.decode) }

  @Test func `is read as it was written`() {
    #expect(read(header.encoded()) == .header(header))
  }

  @Test func `is read from its second copy where the first does not hold`() {
    var page = header.encoded()
    for index in 0..<512 { page[index] = 0x55 }
    #expect(read(page) == .header(header))
  }

  @Test func `is damaged where neither copy holds`() {
    var page = header.encoded()
    (page[20], page[2_048 + 20]) = (0x55, 0x55)
    #expect(read(page) == .damaged)
  }
}

@Suite struct `A filter of blobs` {
  private func digests(_ count: Int, _ name: String) -> [Digest] { (0..<count).map { Digest.of("\(name) \($0)") } }

  @Test(arguments: [1, 10, 3_000, 8_000])
  func `never says that a blob is not there which is`(count: Int) {
    let there = digests(count, "there")
    let filter = BlobFilter(there)
    #expect(there.allSatisfy(filter.mayHold))
  }

  @Test(arguments: [10, 3_000, 8_000])
  func `says of nearly every other that it is not there`(count: Int) {
    let filter = BlobFilter(digests(count, "there"))
    #expect(digests(2_000, "not there").count { filter.mayHold($0) } < 60)
  }

  @Test func `of nothing holds nothing`() {
    #expect(!BlobFilter([]).mayHold(Digest.of("anything")))
  }
}
