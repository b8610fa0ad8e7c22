import FoundationEssentials
import GRDB
import Glibc
import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

@Suite struct `A log in SQLite` {
  private let folder: TemporaryFolder
  private let records: [LoggedRecord]
  private let manifests = (0..<30).map { Blob(Array("manifest \($0)".utf8)) }
  private let stray = Blob(Array("nobody names it".utf8))

  init() throws {
    folder = try TemporaryFolder()
    var (last, records): (Int64, [LoggedRecord]) = (0, [])
    for number in 0..<90 {
      let encoded =
        number % 3 == 0
        ? try SegmentLab.publish("e-\(number)", manifests[number / 3].digest) : SegmentLab.records[number % 24]
      last += Int64(encoded.record.events.count)
      records.append(LoggedRecord(last: last, count: encoded.record.events.count, bytes: encoded.bytes))
    }
    self.records = records
    try write(records, manifests + [stray, Blob([UInt8]())])
  }

  /// A file as it was before there were segments.
  private func write(_ records: [LoggedRecord], _ blobs: [Blob]) throws {
    let queue = try DatabaseQueue(path: folder.path + "/log.sqlite")
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
    try queue.write { database in
      try database.execute(
        sql: """
          CREATE TABLE record (last INTEGER PRIMARY KEY, count INTEGER NOT NULL, body BLOB NOT NULL);
          CREATE TABLE blob (digest TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
          """)
      for record in records {
        try database.execute(
          sql: "INSERT INTO record VALUES (?, ?, ?)", arguments: [record.last, record.count, Data(record.bytes)])
      }
      for blob in blobs {
        try database.execute(sql: "INSERT INTO blob VALUES (?, ?)", arguments: [blob.digest.hex, Data(blob.bytes)])
      }
    }
  }

  private func open() throws -> SegmentedLog {
    try SegmentedLog(
      folder: folder.path + "/log", importing: folder.path + "/log.sqlite", ambient: Seeded(seed: 1).ambient)
  }

  @Test func `becomes segments, byte for byte, with all of its blobs`() async throws {
    let log = try open()
    #expect(log.opening.imported == records.last?.last)
    #expect(try await log.scan(after: 0, limit: .max) == records)
    for blob in manifests + [stray, Blob([UInt8]())] { #expect(try log.blob(blob.digest) == blob.bytes) }
    let report = try await log.verify()
    #expect(report.isSound && report.blobs == manifests.count + 2)
  }

  @Test func `has another name then, and is not looked at again`() async throws {
    _ = try open()
    #expect(TemporaryFolder.files(below: folder.path).filter { $0.hasPrefix("log.sqlite") } == ["log.sqlite.imported"])
    let later = try open()
    #expect(later.opening.imported == nil)
    #expect(try await later.append([SegmentLab.records[0]], blobs: []) == [(records.last?.last ?? 0) + 1])
  }

  @Test func `keeps its times, to the second`() async throws {
    let log = try open()
    let moment = Date(timeIntervalSince1970: 1_795_000_000)
    #expect(try await log.sequence(before: moment) == 0)
    #expect(try await log.sequence(before: moment.addingTimeInterval(1)) == records.last?.last)
  }

  @Test func `that was half imported is imported anew`() async throws {
    mkdir(folder.path + "/log.importing", 0o755)
    try folder.write("half", to: "log.importing/00000000000000000001.seg")
    mkdir(folder.path + "/log", 0o755)
    #expect(try await open().scan(after: 0, limit: .max) == records)
    #expect(!TemporaryFolder.files(below: folder.path).contains { $0.hasPrefix("log.importing") })
  }

  @Test func `that was imported but kept its name gets the other one`() async throws {
    _ = try open()
    #expect(rename(folder.path + "/log.sqlite.imported", folder.path + "/log.sqlite") == 0)
    let later = try open()
    #expect(later.opening.imported == nil)
    #expect(try await later.scan(after: 0, limit: .max) == records)
    #expect(TemporaryFolder.status(folder.path + "/log.sqlite") == nil)
  }

  @Test func `beside segments of another log is not passed over`() async throws {
    let log = try SegmentedLog(folder: folder.path + "/log", ambient: Seeded(seed: 1).ambient)
    _ = try await log.append([SegmentLab.records[0]], blobs: [])
    let error = #expect(throws: SluiceError.self) { try open() }
    #expect(error?.code == .logDamaged)
    #expect(TemporaryFolder.status(folder.path + "/log.sqlite") != nil)
  }

  @Test func `with a blob that is not its digest's is not imported at all`() async throws {
    let queue = try DatabaseQueue(path: folder.path + "/log.sqlite")
    try await queue.write { [digest = manifests[7].digest.hex] database in
      try database.execute(sql: "UPDATE blob SET body = x'00' WHERE digest = ?", arguments: [digest])
    }
    try queue.close()
    let error = #expect(throws: SluiceError.self) { try open() }
    #expect(error?.code == .logDamaged)
    #expect(TemporaryFolder.status(folder.path + "/log") == nil)
  }

  @Test func `that is no database is called damaged`() throws {
    let other = try TemporaryFolder()
    try other.write(String(repeating: "these are words, not tables. ", count: 200), to: "log.sqlite")
    let error = #expect(throws: SluiceError.self) {
      try SegmentedLog(
        folder: other.path + "/log", importing: other.path + "/log.sqlite", ambient: Seeded(seed: 1).ambient)
    }
    #expect(error?.code == .logDamaged)
  }
}
