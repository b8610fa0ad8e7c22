import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

@Suite struct `Damage in the log` {
  /// A log of several segments on a disk of its own, with what was written.
  private struct Sample {
    let disk = SimulatedLogDisk()
    var records: [LoggedRecord] = []
    var blobs: [Blob] = []
    var segments: [String] = []

    init(seed: UInt64) throws {
      let chance = Seeded(seed: seed)
      let engine = try SegmentLab.open(disk).engine
      for number in 0..<14 {
        let (records, blobs) = SegmentLab.batch(chance)
        _ = try engine.append(records, blobs: blobs, now: Int64(number))
        self.blobs += blobs
      }
      _ = try engine.append([SegmentLab.records[3]], blobs: [], now: 20)
      records = try SegmentLab.all(engine)
      segments = try #require(try disk.names(in: SegmentLab.folder)).filter { $0.hasSuffix(".seg") }
    }

    /// What can be read whatever the damage, record by record; nil where an error says that it is damaged.
    func read(_ engine: SegmentEngine, _ record: LoggedRecord) -> [LoggedRecord]? {
      do throws(SluiceError) { return try engine.scan(after: record.last - Int64(record.count), limit: 1) } catch {
        #expect(error.code == .logDamaged)
        return nil
      }
    }
  }

  @Test func `by a flipped bit is found wherever it is, and everything beside it can be read`() throws {
    for seed in 0..<400 as Range<UInt64> {
      let sample = try Sample(seed: seed % 20)
      let chance = Seeded(seed: seed)
      let name = sample.segments[chance.below(sample.segments.count)]
      let path = SegmentLab.folder + "/" + name
      // Zeros that lie ready, and the unused part of the first page, mean nothing.
      let used = try #require(sample.disk.contents(path)).lastIndex { $0 != 0 } ?? 0
      let offset = chance.below(5) == 0 ? 2_048 + chance.below(70) : 4_096 + chance.below(max(1, used - 4_096))
      sample.disk.flip(bit: chance.below(8), ofByte: offset, in: path)
      let (engine, _) = try SegmentLab.open(sample.disk)
      let report = try engine.verify()
      #expect(!report.isSound, "seed \(seed): byte \(offset) of \(name)")
      #expect(report.damages.allSatisfy { $0.file == name || $0.kind == .reference }, "seed \(seed)")
      for record in sample.records {
        let isNamed = report.damages.contains { damage in
          damage.kind != .chain && (damage.first ?? .max) <= record.last
            && record.last - Int64(record.count) + 1 <= damage.last ?? (damage.first == nil ? 0 : .max)
        }
        let read = sample.read(engine, record)
        #expect(read == [record] || (isNamed && read == nil), "seed \(seed), record \(record.last): \(report.damages)")
      }
    }
  }

  @Test func `by a write that went astray is found and named`() throws {
    for seed in 0..<200 as Range<UInt64> {
      let disk = SimulatedLogDisk()
      let engine = try SegmentLab.open(disk).engine
      let chance = Seeded(seed: seed)
      let astray = 2 + chance.below(6)
      for number in 0..<12 {
        if number == astray {
          disk.misdirectNextSync(by: chance.below(2) == 0 ? 1 + chance.below(4) : -1 - chance.below(4))
        }
        _ = try engine.append([SegmentLab.records[chance.below(12)]], blobs: [], now: 0)
      }
      let expected = try SegmentLab.all(engine)
      let later = try SegmentLab.open(disk.crash(seed: seed)).engine
      let report = try later.verify()
      let readable = expected.filter { (try? later.scan(after: $0.last - Int64($0.count), limit: 1)) == [$0] }
      let lost = expected.filter { record in !readable.contains(record) }
      // Where the bytes were the same on both places, or the right ones came later, nothing is lost.
      for record in lost {
        #expect(
          report.damages.contains { ($0.first ?? .max) <= record.last && record.last <= $0.last ?? .max },
          "seed \(seed): \(record.last) of \(report.damages)")
      }
      #expect(!report.isSound || lost.isEmpty, "seed \(seed)")
    }
  }

  @Test func `with sound batches behind it refuses every append, and says what and how to mend it`() throws {
    let (disk, before) = try SegmentLab.log(6, SegmentLab.settings(segment: 1 << 16))
    let all = try SegmentLab.all(before)
    disk.flip(bit: 0, ofByte: 4_096 + 20, in: SegmentLab.first)
    let (engine, found) = try SegmentLab.open(disk, SegmentLab.settings(segment: 1 << 16))
    #expect(found.damages.map(\.kind) == [.batch] && found.damages.first?.first == 1 && found.damages.first?.last == 1)
    let error = #expect(throws: SluiceError.self) { try engine.append([SegmentLab.records[0]], blobs: [], now: 0) }
    #expect(error?.code == .logDamaged && error?.fix.contains("backup") == true)
    #expect(error?.what.contains("event 1") == true && error?.at == SegmentLab.first)
    #expect(try engine.scan(after: 1, limit: 99) == Array(all.dropFirst()))
    #expect(try engine.head() == all.last?.last)
  }

  @Test func `of the last batch is no torn write where a power cut cannot explain it`() throws {
    let (disk, before) = try SegmentLab.log(6)
    let used = try #require(disk.contents(SegmentLab.first)).lastIndex { $0 != 0 } ?? 0
    disk.flip(bit: 0, ofByte: used - 10, in: SegmentLab.first)
    let (engine, found) = try SegmentLab.open(disk)
    #expect(found.torn == nil && found.damages.count == 1)
    let head = try before.head()
    #expect(try engine.head() == head)
    let (cut, said) = try SegmentLab.open(disk, cutsDamagedTail: true)
    #expect(said.damages.isEmpty && said.torn != nil)
    #expect(try SegmentLab.all(cut).count == 5)
    _ = try cut.append([SegmentLab.records[0]], blobs: [], now: 0)
    #expect(try cut.verify().isSound)
  }

  @Test func `that took whole segments is named by the events that are gone`() throws {
    let (disk, before) = try SegmentLab.log(60)
    let all = try SegmentLab.all(before)
    let names = try #require(try disk.names(in: SegmentLab.folder)).filter { $0.hasSuffix(".seg") }
    disk.take(SegmentLab.folder + "/" + names[2])
    let (engine, found) = try SegmentLab.open(disk)
    let damage = try #require(found.damages.first)
    #expect(damage.kind == .segment && damage.file == names[2])
    let gone = all.filter { (damage.first ?? 0)...(damage.last ?? 0) ~= $0.last }
    #expect(!gone.isEmpty)
    #expect(try engine.scan(after: 0, limit: 999).last?.last == (damage.first ?? 0) - 1)
    _ = #expect(throws: SluiceError.self) { try engine.scan(after: (damage.first ?? 0) - 1, limit: 9) }
    #expect(try engine.scan(after: damage.last ?? 0, limit: 1).first == all.first { $0.last > damage.last ?? 0 })
  }

  @Test func `that cut off a sealed segment is named by the events that are gone`() throws {
    let (disk, _) = try SegmentLab.log(60)
    let bytes = try #require(disk.contents(SegmentLab.first))
    disk.place(Array(bytes.prefix(5_000)), at: SegmentLab.first)
    let (engine, found) = try SegmentLab.open(disk)
    #expect(found.damages.map(\.kind) == [.segment])
    let report = try engine.verify()
    #expect(!report.isSound)
    let next = try #require(try disk.names(in: SegmentLab.folder)).filter { $0.hasSuffix(".seg") }[1]
    #expect(report.damages.compactMap(\.last).max() == Int64(next.prefix(20)).map { $0 - 1 })
  }

  @Test func `of an event is told by its id and type where they can still be read`() throws {
    let disk = SimulatedLogDisk()
    let engine = try SegmentLab.open(disk).engine
    for name in ["before", "damaged", "after"] {
      _ = try engine.append([EventLogConformance.record(2, name)], blobs: [], now: 0)
    }
    let bytes = try #require(disk.contents(SegmentLab.first))
    let mark = Array(#""text":"x""#.utf8)
    let second = try #require(bytes.indices.filter { bytes[$0...].starts(with: mark) }.dropFirst(2).first)
    disk.flip(bit: 0, ofByte: second + 8, in: SegmentLab.first)
    let damage = try #require(try engine.verify().damages.first)
    #expect(damage.kind == .record && damage.first == 3 && damage.last == 4)
    #expect(damage.events.map(\.id) == ["damaged-0", "damaged-1"])
    #expect(damage.events.map(\.type) == ["sluice.note.v1", "sluice.note.v1"])
    #expect(damage.follows == "before-1" && damage.precedes == "after-0")
  }

  @Test func `of a manifest names the versions that need it`() throws {
    let disk = SimulatedLogDisk()
    let engine = try SegmentLab.open(disk).engine
    let manifests = ["one", "damaged", "three"].map { Blob(Array("a manifest, \($0)".utf8)) }
    for (number, manifest) in manifests.enumerated() {
      _ = try engine.append([try SegmentLab.publish("e-\(number)", manifest.digest)], blobs: [manifest], now: 0)
    }
    #expect(try engine.verify().isSound)
    try flip(manifests[1].bytes, on: disk)
    let report = try engine.verify()
    #expect(report.damages.map(\.kind) == [.blob, .reference])
    #expect(report.damages.last?.events == [DamagedEvent(id: "e-1", type: Fact.versionPublishedType)])
    #expect(report.damages.last?.first == 2)
  }

  @Test func `by a manifest that never came is told too`() throws {
    let engine = try SegmentLab.open(SimulatedLogDisk()).engine
    _ = try engine.append([try SegmentLab.publish("e-1", Digest.of("nothing"))], blobs: [], now: 0)
    #expect(try engine.verify().damages.map(\.kind) == [.reference])
  }

  @Test func `that took a manifest of a sealed segment names the versions that need it`() throws {
    let disk = SimulatedLogDisk()
    let engine = try SegmentLab.open(disk).engine
    let manifest = Blob(Array("a manifest".utf8))
    _ = try engine.append([SegmentLab.records[0]], blobs: [manifest], now: 0)
    let place = try #require(disk.contents(SegmentLab.first)).count
    for number in 0..<12 {
      _ = try engine.append([try SegmentLab.publish("e-\(number)", manifest.digest)], blobs: [], now: 0)
      _ = try engine.append([SegmentLab.records[6]], blobs: [], now: 0)
    }
    // The whole batch with the manifest becomes zeros; the index still knows of it.
    var bytes = try #require(disk.contents(SegmentLab.first))
    for index in 4_096..<min(place, 4_700) { bytes[index] = 0 }
    disk.place(bytes, at: SegmentLab.first)
    let later = try SegmentLab.open(disk).engine
    let references = try later.verify().damages.filter { $0.kind == .reference }
    #expect(references.count >= 11)
  }

  @Test func `of a record's words, under a right checksum, is told`() throws {
    let engine = try SegmentLab.open(SimulatedLogDisk()).engine
    _ = try engine.append([BatchRecord(events: 1, bytes: Array("no JSON".utf8))], blobs: [], now: 0)
    #expect(try engine.verify().damages.map(\.kind) == [.content])
  }

  @Test func `is told even where there is no end of it`() throws {
    let engine = try SegmentLab.open(SimulatedLogDisk(), SegmentLab.settings(segment: 1 << 24, zeros: 0)).engine
    let unreadable = BatchRecord(events: 1, bytes: [1])
    for _ in 0..<11 {
      _ = try engine.append([BatchRecord](repeating: unreadable, count: 1_000), blobs: [], now: 0)
    }
    let report = try engine.verify()
    #expect(report.damageCount == 11_000 && report.damages.count == Limits.reportedDamages)
  }

  private func flip(_ bytes: [UInt8], on disk: SimulatedLogDisk) throws {
    for name in try #require(try disk.names(in: SegmentLab.folder)) where name.hasSuffix(".seg") {
      let path = SegmentLab.folder + "/" + name
      let contents = try #require(disk.contents(path))
      guard let place = contents.indices.first(where: { contents[$0...].starts(with: bytes) }) else { continue }
      return disk.flip(bit: 1, ofByte: place + 4, in: path)
    }
    throw TemporaryFolder.Missing()
  }
}
