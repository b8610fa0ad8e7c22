import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

@Suite struct `An append` {
  @Test func `is one write and one sync`() throws {
    let (disk, engine) = try SegmentLab.log(1, SegmentLab.settings(segment: 1 << 20, zeros: 1 << 16))
    let before = disk.counts
    for _ in 0..<10 { _ = try engine.append([SegmentLab.records[3]], blobs: [SegmentLab.blobs[5]], now: 0) }
    #expect(disk.counts[.write, default: 0] - before[.write, default: 0] == 10)
    #expect(disk.counts[.sync, default: 0] - before[.sync, default: 0] == 10)
  }

  @Test func `of a blob that is there already does not write it again`() throws {
    let engine = try SegmentLab.log(0).engine
    let blob = SegmentLab.blobs[30]
    for _ in 0..<30 { _ = try engine.append([SegmentLab.records[1]], blobs: [blob, blob], now: 0) }
    #expect(try engine.verify().blobs == 1)
  }

  @Test func `that would make a segment too large begins the next`() throws {
    let (disk, engine) = try SegmentLab.log(0)
    for _ in 0..<60 { _ = try engine.append([SegmentLab.records[7]], blobs: [], now: 0) }
    let names = try #require(try disk.names(in: SegmentLab.folder)).filter { $0.hasSuffix(".seg") }
    #expect(names.count > 3)
    for name in names { #expect(try #require(disk.contents(SegmentLab.folder + "/" + name)).count <= 8 * 1024) }
    #expect(try SegmentLab.all(engine).map(\.bytes) == Array(repeating: SegmentLab.records[7].bytes, count: 60))
  }

  @Test func `that is larger than a segment has one of its own`() throws {
    let (_, engine) = try SegmentLab.log(2)
    let large = try EventLogConformance.record(bytes: 30_000)
    _ = try engine.append([large, large], blobs: [], now: 0)
    _ = try engine.append([SegmentLab.records[0]], blobs: [], now: 0)
    #expect(
      try SegmentLab.all(engine).map(\.bytes.count).suffix(3) == [30_000, 30_000, SegmentLab.records[0].bytes.count])
    #expect(try engine.verify().segments == 3)
  }

  @Test func `of blobs alone is kept even where nothing else comes, however many there are`() throws {
    let disk = SimulatedLogDisk()
    let engine = try SegmentLab.open(disk).engine
    for blob in SegmentLab.blobs { _ = try engine.append([EncodedRecord](), blobs: [blob], now: 0) }
    _ = try engine.append([SegmentLab.records[0]], blobs: [], now: 0)
    let later = try SegmentLab.open(disk.crash(seed: 1)).engine
    for blob in SegmentLab.blobs { #expect(try later.blob(blob.digest) == blob.bytes) }
  }

  @Test func `larger than a batch may be is refused`() throws {
    let engine = try SegmentLab.open(SimulatedLogDisk()).engine
    let record = BatchShape([BatchRecord(events: 1, bytes: [UInt8](repeating: 0, count: 1 << 20))], [])
    #expect(record.length <= Limits.batchBytes)
    let blob = Blob([UInt8](repeating: 0, count: Limits.batchBytes))
    let error = #expect(throws: SluiceError.self) { try engine.append([EncodedRecord](), blobs: [blob], now: 0) }
    #expect(error?.code == .recordTooLarge)
  }
}

@Suite struct `A log that is opened again` {
  @Test func `has everything of many segments, wherever reading begins`() throws {
    let (disk, _) = try SegmentLab.log(80)
    let engine = try SegmentLab.open(disk).engine
    let all = try SegmentLab.all(engine)
    #expect(all.count == 80)
    for (number, record) in all.enumerated() {
      let before = number > 0 ? all[number - 1].last : 0
      #expect(try engine.scan(after: before, limit: 1) == [record])
      #expect(try engine.scan(after: record.last - 1, limit: 1) == [record])
    }
  }

  @Test(arguments: ["gone", "damaged", "of another segment", "cut off"])
  func `makes an index anew that is`(_ problem: String) throws {
    let (disk, engine) = try SegmentLab.log(0)
    for (record, blob) in zip(SegmentLab.records, SegmentLab.blobs) {
      _ = try engine.append([record, record], blobs: [blob], now: 0)
    }
    let names = try #require(try disk.names(in: SegmentLab.folder)).filter { $0.hasSuffix(".idx") }
    let paths = names.map { SegmentLab.folder + "/" + $0 }
    let before = paths.map { disk.contents($0) }
    #expect(paths.count > 2)
    for (path, other) in zip(paths, paths.dropFirst() + paths.prefix(1)) {
      let bytes = try #require(disk.contents(path))
      switch problem {
      case "gone": disk.take(path)
      case "damaged": for page in 0..<bytes.count / 4_096 { disk.flip(bit: 2, ofByte: page * 4_096 + 9, in: path) }
      case "cut off": disk.place(Array(bytes.prefix(5_000)), at: path)
      default: disk.place(try #require(disk.contents(other)), at: path)
      }
    }
    let later = try SegmentLab.open(disk).engine
    for (record, blob) in zip(SegmentLab.records, SegmentLab.blobs) {
      #expect(try later.blob(blob.digest) == blob.bytes)
      _ = record
    }
    let all = try SegmentLab.all(later)
    for record in all { #expect(try later.scan(after: record.last - 1, limit: 1) == [record]) }
    #expect(paths.map { disk.contents($0) } == before)
  }

  @Test func `reads without indexes where the disk takes none`() throws {
    let (disk, engine) = try SegmentLab.log(40)
    let all = try SegmentLab.all(engine)
    for name in try #require(try disk.names(in: SegmentLab.folder)) where name.hasSuffix(".idx") {
      disk.take(SegmentLab.folder + "/" + name)
    }
    let later = try SegmentLab.open(disk).engine
    disk.limit(to: disk.used)
    for record in all { #expect(try later.scan(after: record.last - 1, limit: 1) == [record]) }
  }

  @Test func `tells what was recorded before a moment`() throws {
    let (disk, _) = try SegmentLab.log(60)
    let engine = try SegmentLab.open(disk).engine
    let all = try SegmentLab.all(engine)
    #expect(try engine.sequence(before: 1_000) == 0)
    for number in 1..<60 { #expect(try engine.sequence(before: Int64(1_000 + number)) == all[number - 1].last) }
    #expect(try engine.sequence(before: 9_999) == (try engine.head()))
  }

  @Test func `takes away what was begun and not finished`() throws {
    let (disk, _) = try SegmentLab.log(3)
    disk.place([1, 2, 3], at: SegmentLab.folder + "/00000000000000000009.seg.new")
    let found = try SegmentLab.open(disk).found
    #expect(found.unfinished == ["00000000000000000009.seg.new"])
    #expect(try disk.names(in: SegmentLab.folder)?.contains("00000000000000000009.seg.new") == false)
  }

  @Test func `says what was cut off of it`() throws {
    var torn: [LogOpening.TornTail] = []
    for seed in 0..<40 as Range<UInt64> {
      let (disk, engine) = try SegmentLab.log(3, SegmentLab.settings(segment: 1 << 16))
      disk.losePower(in: 2, seed: seed)
      _ = try? engine.append([SegmentLab.records[20]], blobs: [], now: 0)
      let (later, found) = try SegmentLab.open(disk.crash(seed: seed))
      if let tail = found.torn { torn.append(tail) }
      #expect(try SegmentLab.all(later).count == (found.torn == nil && (try later.head()) > 6 ? 4 : 3), "seed \(seed)")
    }
    #expect(torn.count > 10 && torn.allSatisfy { $0.file == "00000000000000000001.seg" && $0.bytes > 0 })
  }

  @Test func `never writes a time that is before the last one`() throws {
    let disk = SimulatedLogDisk()
    let engine = try SegmentLab.open(disk).engine
    _ = try engine.append([SegmentLab.records[0]], blobs: [], now: 9_000)
    let later = try SegmentLab.open(disk).engine
    _ = try later.append([SegmentLab.records[0]], blobs: [], now: 8_000)
    #expect(try later.sequence(before: 9_000) == 0 && later.sequence(before: 9_001) == 2)
  }
}

@Suite struct `A disk that fails` {
  @Test(arguments: [SimulatedLogDisk.Call.write, .sync, .truncate, .create, .rename, .syncFolder, .remove])
  func `in any call leaves nothing of what was refused, and the next append goes on`(call: SimulatedLogDisk.Call) throws
  {
    for seed in 0..<100 as Range<UInt64> {
      let chance = Seeded(seed: seed)
      let disk = SimulatedLogDisk()
      let engine = try SegmentLab.open(disk).engine
      var kept: [[UInt8]] = []
      for _ in 0..<25 {
        if chance.below(3) == 0 { disk.fail(call, times: 1 + chance.below(3)) }
        let record = SegmentLab.records[chance.below(24)]
        do throws(SluiceError) {
          _ = try engine.append([record], blobs: [], now: 0)
          kept.append(record.bytes)
        } catch {
          #expect(error.code == .logFailed)
        }
        #expect(try SegmentLab.all(engine).map(\.bytes) == kept, "seed \(seed)")
      }
      disk.heal()
      _ = try engine.append([SegmentLab.records[0]], blobs: [], now: 0)
      kept.append(SegmentLab.records[0].bytes)
      let (later, found) = try SegmentLab.open(disk.crash(seed: seed))
      #expect(try SegmentLab.all(later).map(\.bytes) == kept, "seed \(seed)")
      let isSound = try later.verify().isSound
      #expect(found.damages.isEmpty && isSound, "seed \(seed)")
    }
  }

  @Test func `for want of room refuses by its code, and takes the next append when there is some`() throws {
    for room in stride(from: 0, through: 6_000, by: 37) {
      let (disk, engine) = try SegmentLab.log(5)
      let before = try SegmentLab.all(engine)
      disk.limit(to: disk.used + room)
      var accepted: [[UInt8]] = []
      var refusal: SluiceError?
      while refusal == nil {
        do throws(SluiceError) {
          _ = try engine.append([SegmentLab.records[10]], blobs: [], now: 0)
          accepted.append(SegmentLab.records[10].bytes)
        } catch { refusal = error }
      }
      #expect(refusal?.code == .logFull)
      #expect(try SegmentLab.all(engine).map(\.bytes) == before.map(\.bytes) + accepted)
      disk.limit(to: nil)
      _ = try engine.append([SegmentLab.records[2]], blobs: [], now: 0)
      let later = try SegmentLab.open(disk.crash(seed: UInt64(room))).engine
      #expect(try SegmentLab.all(later).map(\.bytes) == before.map(\.bytes) + accepted + [SegmentLab.records[2].bytes])
    }
  }

  @Test func `by turning read-only refuses, reads on, and goes on when it is writable again`() throws {
    let (disk, engine) = try SegmentLab.log(20)
    let before = try SegmentLab.all(engine)
    disk.setReadOnly(true)
    let error = #expect(throws: SluiceError.self) { try engine.append([SegmentLab.records[0]], blobs: [], now: 0) }
    #expect(error?.code == .logFailed)
    #expect(try SegmentLab.all(engine) == before)
    disk.setReadOnly(false)
    _ = try engine.append([SegmentLab.records[0]], blobs: [], now: 0)
    #expect(try SegmentLab.all(engine).count == 21)
  }

  @Test func `to sync and loses what was acknowledged is found out, and nothing more is written`() throws {
    let (disk, engine) = try SegmentLab.log(0, SegmentLab.settings(segment: 1 << 16))
    _ = try engine.append([SegmentLab.records[20]], blobs: [], now: 0)
    disk.flipOnDisk(bit: 1, ofByte: 4_096 + 90, in: SegmentLab.first)
    disk.fail(.sync)
    for _ in 0..<2 {
      _ = #expect(throws: SluiceError.self) { try engine.append([SegmentLab.records[1]], blobs: [], now: 0) }
    }
    let error = #expect(throws: SluiceError.self) { try engine.append([SegmentLab.records[1]], blobs: [], now: 0) }
    #expect(error?.code == .logDamaged)
  }

  @Test func `to sync moves the log to a new segment, since nobody knows what the old one has`() throws {
    let (disk, engine) = try SegmentLab.log(3)
    disk.fail(.sync)
    _ = #expect(throws: SluiceError.self) { try engine.append([SegmentLab.records[1]], blobs: [], now: 0) }
    _ = try engine.append([SegmentLab.records[1]], blobs: [], now: 0)
    #expect(try engine.verify().segments == 2)
    #expect(try SegmentLab.all(try SegmentLab.open(disk.crash(seed: 3)).engine).count == 4)
  }
}
