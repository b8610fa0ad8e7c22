import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

@Suite struct `A backup` {
  private let backup = "/backup/monday"
  private let restored = "/restored/log"

  private func log() throws -> (disk: SimulatedLogDisk, engine: SegmentEngine, records: [LoggedRecord]) {
    let (disk, engine) = try SegmentLab.log(50)
    _ = try engine.append([SegmentLab.records[0]], blobs: SegmentLab.blobs, now: 0)
    return (disk, engine, try SegmentLab.all(engine))
  }

  private func reopen(_ disk: SimulatedLogDisk) throws -> SegmentEngine {
    try SegmentEngine.open(restored, disk, SegmentLab.settings(), now: 0, chance: { 1 }).engine
  }

  @Test func `that is restored has the same records and blobs, and goes on`() throws {
    let (disk, engine, records) = try log()
    let made = try engine.backup(to: backup)
    #expect(made.head == records.last?.last && made.damages.isEmpty)
    let (found, report) = try SegmentEngine.restore(from: backup, to: restored, disk, SegmentLab.settings())
    #expect(found == made && report.isSound && report.records == records.count)
    let later = try reopen(disk.crash(seed: 1))
    #expect(try SegmentLab.all(later) == records)
    for blob in SegmentLab.blobs { #expect(try later.blob(blob.digest) == blob.bytes) }
    _ = try later.append([SegmentLab.records[1]], blobs: [], now: 0)
    #expect(try later.verify().isSound)
  }

  @Test func `that is made while others write has everything up to its head, and nothing by half`() async throws {
    let folder = try TemporaryFolder()
    let ambient = Seeded(seed: 1).ambient
    let log = try SegmentedLog(folder: folder.path + "/log", ambient: ambient, settings: SegmentLab.settings())
    let writing = Task {
      for _ in 0..<300 { _ = try await log.append([SegmentLab.records[3], SegmentLab.records[4]], blobs: []) }
    }
    while try await log.head() < 100 { await Task.yield() }
    let made = try await log.backup(to: folder.path + "/backup")
    try await writing.value
    #expect(made.head >= 100)
    _ = try SegmentedLog.restore(from: folder.path + "/backup", to: folder.path + "/again")
    let later = try SegmentedLog(folder: folder.path + "/again", ambient: ambient)
    #expect(try await later.head() == made.head)
    #expect(
      try await later.scan(after: 0, limit: .max) == log.scan(after: 0, limit: .max).filter { $0.last <= made.head })
  }

  @Test func `has stubs and blobs of archived segments`() throws {
    let (disk, engine, _) = try log()
    _ = try engine.archive(before: 30, to: "/archive")
    _ = try engine.backup(to: backup)
    let report = try SegmentEngine.restore(from: backup, to: restored, disk, SegmentLab.settings()).report
    #expect(report.isSound && !report.archives.isEmpty)
  }

  @Test func `wants an empty folder, and so does restoring`() throws {
    let (disk, engine, _) = try log()
    _ = try engine.backup(to: backup)
    let again = #expect(throws: SluiceError.self) { try engine.backup(to: backup) }
    #expect(again?.code == .usage)
    let into = #expect(throws: SluiceError.self) {
      try SegmentEngine.restore(from: backup, to: SegmentLab.folder, disk)
    }
    #expect(into?.code == .usage)
  }

  @Test func `with a changed byte is not restored`() throws {
    let (disk, engine, _) = try log()
    let made = try engine.backup(to: backup)
    for file in made.files.map(\.name) + ["contents.json"] {
      let path = backup + "/" + file
      let bytes = try #require(disk.contents(path))
      disk.flip(bit: 4, ofByte: bytes.count / 2, in: path)
      let target = "/into-\(file)"
      let error = #expect(throws: SluiceError.self) { try SegmentEngine.restore(from: backup, to: target, disk) }
      #expect(error?.code == .logDamaged, "\(file)")
      if file != "contents.json" {
        let half = #expect(throws: SluiceError.self) {
          try SegmentEngine.open(target, disk, now: 0, chance: { 1 })
        }
        #expect(half?.code == .logDamaged, "half of a log is no log: \(file)")
      }
      disk.flip(bit: 4, ofByte: bytes.count / 2, in: path)
    }
    #expect(made.files.count > 3)
  }

  @Test func `without a file or without its list is not restored`() throws {
    let (disk, engine, _) = try log()
    let made = try engine.backup(to: backup)
    disk.take(backup + "/" + made.files[1].name)
    let file = #expect(throws: SluiceError.self) { try SegmentEngine.restore(from: backup, to: "/a", disk) }
    disk.take(backup + "/contents.json")
    let list = #expect(throws: SluiceError.self) { try SegmentEngine.restore(from: backup, to: "/b", disk) }
    #expect(file?.code == .logDamaged && list?.code == .logDamaged)
  }

  @Test func `of a damaged log says so, and brings back what there is`() throws {
    let (disk, engine, records) = try log()
    disk.flip(bit: 0, ofByte: 4_096 + 100, in: SegmentLab.first)
    let made = try engine.backup(to: backup)
    #expect(!made.damages.isEmpty)
    let (_, report) = try SegmentEngine.restore(from: backup, to: restored, disk, SegmentLab.settings())
    #expect(report.damages == made.damages)
    let later = try reopen(disk)
    #expect(try later.scan(after: 10, limit: 1) == [try #require(records.first { $0.last > 10 })])
  }
}
