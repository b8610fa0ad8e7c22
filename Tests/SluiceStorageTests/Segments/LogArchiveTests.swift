import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

@Suite struct `Archiving` {
  private let archive = "/archive/2026"

  /// A log with blobs in every segment.
  private func log() throws -> (disk: SimulatedLogDisk, engine: SegmentEngine, records: [LoggedRecord]) {
    let disk = SimulatedLogDisk()
    let engine = try SegmentLab.open(disk).engine
    for number in 0..<40 {
      _ = try engine.append([SegmentLab.records[number % 12]], blobs: [SegmentLab.blobs[number]], now: Int64(number))
    }
    return (disk, engine, try SegmentLab.all(engine))
  }

  private func names(_ disk: SimulatedLogDisk, _ folder: String, _ ending: String) throws -> [String] {
    (try disk.names(in: folder) ?? []).filter { $0.hasSuffix(ending) }
  }

  @Test func `moves whole segments that end before a position, and no other`() throws {
    let (disk, engine, records) = try log()
    let segments = try names(disk, SegmentLab.folder, ".seg")
    let moved = try engine.archive(before: 30, to: archive)
    #expect(moved.count > 1 && moved.allSatisfy { $0.last < 30 })
    #expect(try names(disk, archive, ".seg") == Array(segments.prefix(moved.count)))
    #expect(try names(disk, SegmentLab.folder, ".seg") == Array(segments.dropFirst(moved.count)))
    let first = try #require(moved.last).last
    #expect(try engine.scan(after: first, limit: 999) == records.filter { $0.last > first })
  }

  @Test func `leaves a stub that says where the events are and how to have them back`() throws {
    let (_, engine, _) = try log()
    let moved = try engine.archive(before: 30, to: archive)
    let error = #expect(throws: SluiceError.self) { try engine.scan(after: 0, limit: 1) }
    #expect(error?.code == .logArchived)
    #expect(error?.fix.contains(archive) == true && error?.fix.contains("event \(moved[0].last)") == true)
  }

  @Test func `keeps every blob readable, and brings none a second time`() throws {
    let (disk, engine, _) = try log()
    _ = try engine.archive(before: .max, to: archive)
    let later = try SegmentLab.open(disk).engine
    for blob in SegmentLab.blobs {
      #expect(try engine.blob(blob.digest) == blob.bytes)
      #expect(try later.blob(blob.digest) == blob.bytes)
    }
    let before = try later.verify()
    _ = try later.append([SegmentLab.records[0]], blobs: SegmentLab.blobs, now: 0)
    #expect(try later.verify().blobs == before.blobs)
  }

  @Test func `lets the log be opened, appended to and looked at as before`() throws {
    let (disk, engine, records) = try log()
    let moved = try engine.archive(before: 40, to: archive)
    let (later, found) = try SegmentLab.open(disk.crash(seed: 1))
    #expect(found.damages.isEmpty && found.torn == nil)
    _ = try later.append([SegmentLab.records[1]], blobs: [], now: 0)
    let report = try later.verify()
    #expect(report.isSound && report.archives == moved)
    #expect(report.records == records.count + 1)
  }

  @Test func `is told as out of reach where the archive is on a shelf`() throws {
    let (disk, engine, _) = try log()
    let moved = try engine.archive(before: 30, to: archive)
    for name in try names(disk, archive, ".seg") { disk.take(archive + "/" + name) }
    let report = try engine.verify()
    #expect(report.isSound && report.archives.count == moved.count)
    #expect(report.archives.allSatisfy { !$0.isReachable })
  }

  @Test func `is looked at for damage too`() throws {
    let (disk, engine, _) = try log()
    let moved = try engine.archive(before: 30, to: archive)
    let path = try archive + "/" + names(disk, archive, ".seg")[0]
    disk.flip(bit: 0, ofByte: 4_096 + 100, in: path)
    let damage = try #require(try engine.verify().damages.first)
    #expect(damage.file == path && damage.first == 1 && damage.last ?? 0 <= moved[0].last)
  }

  @Test func `leaves a damaged segment where it is`() throws {
    let (disk, engine, _) = try log()
    let second = try names(disk, SegmentLab.folder, ".seg")[1]
    disk.flip(bit: 0, ofByte: 4_096 + 100, in: SegmentLab.folder + "/" + second)
    let error = #expect(throws: SluiceError.self) { try engine.archive(before: 40, to: archive) }
    #expect(error?.code == .logDamaged)
    #expect(try names(disk, archive, ".seg").count == 1 && names(disk, SegmentLab.folder, ".seg").contains(second))
  }

  @Test func `refuses the log's own folder and one with another log's archive`() throws {
    let (disk, engine, _) = try log()
    let own = #expect(throws: SluiceError.self) { try engine.archive(before: 40, to: SegmentLab.folder) }
    #expect(own?.code == .usage)
    let other = SegmentHeader(
      SegmentIdentity(log: LogIdentity(high: 9, low: 9), first: 1), made: 0, before: nil)
    disk.place(other.encoded(), at: archive + "/00000000000000000001.seg")
    let foreign = #expect(throws: SluiceError.self) { try engine.archive(before: 40, to: archive) }
    #expect(foreign?.code == .usage)
  }

  @Test func `that is brought back is part of the log again`() throws {
    let (disk, engine, records) = try log()
    _ = try engine.archive(before: 30, to: archive)
    for name in try names(disk, archive, ".seg") {
      disk.place(try #require(disk.contents(archive + "/" + name)), at: SegmentLab.folder + "/" + name)
    }
    let later = try SegmentLab.open(disk).engine
    #expect(try SegmentLab.all(later) == records)
    #expect(try later.verify().isSound)
    #expect(try names(disk, SegmentLab.folder, ".archived").isEmpty)
  }

  @Test func `that is cut off by a power cut loses nothing and can be repeated`() throws {
    for calls in 1...80 {
      let (disk, engine, records) = try log()
      disk.losePower(in: calls, seed: UInt64(calls))
      _ = try? engine.archive(before: 40, to: archive)
      guard disk.isOff else { break }
      let after = disk.crash(seed: UInt64(calls))
      let (later, found) = try SegmentLab.open(after)
      #expect(found.damages.isEmpty, "call \(calls)")
      for blob in SegmentLab.blobs { #expect(try later.blob(blob.digest) == blob.bytes, "call \(calls)") }
      _ = try later.archive(before: 40, to: archive)
      let report = try later.verify()
      #expect(report.isSound && report.records == records.count, "call \(calls)")
      #expect(report.archives.allSatisfy(\.isReachable) && !report.archives.isEmpty, "call \(calls)")
    }
  }
}
