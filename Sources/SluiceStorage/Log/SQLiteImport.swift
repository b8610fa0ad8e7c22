import FoundationEssentials
import GRDB
import SluiceModel

/// The log of a data folder from before segments: one SQLite file, whose records and blobs become segments.
///
/// Everything is written beside first and compared with the old file byte by byte; then it takes its place in one step,
/// and the old file gets another name. Where that was cut off it begins anew, or ends what is left to do.
enum SQLiteImport {
  /// - Returns: how many events came over; nil where there is nothing to bring.
  /// - Throws: `log.damaged` where the old log cannot be read, or is not the one that the segments came from;
  ///   `log.full`, `log.failed`.
  static func run(from old: String, to folder: String, ambient: Ambient) throws(SluiceError) -> Int64? {
    guard Disk.status(old) != nil else { return nil }
    let files = DiskLogFiles()
    let source = try OldLog(old)
    let isDone = try files.names(in: folder)?.contains { $0.hasSuffix("." + SegmentName.events) } ?? false
    if isDone {
      try requireSame(source, folder, files, ambient)
    } else {
      try bring(source, to: folder, files, ambient)
    }
    let head = try source.head()
    try source.close()
    for ending in ["-wal", "-shm"] { try files.remove(old + ending) }
    try files.rename(old, to: old + ".imported")
    try files.syncFolder(Disk.parent(of: old))
    return isDone ? nil : head
  }

  private static func bring(
    _ source: OldLog, to folder: String, _ files: DiskLogFiles, _ ambient: Ambient
  ) throws(SluiceError) {
    let unfinished = folder + ".importing"
    Disk.remove(unfinished)
    // Synced once at the end: until then the old file is the log.
    var lazily = SyncSwitch.all
    (lazily.log, lazily.folder) = (false, false)
    let (engine, _) = try SegmentEngine.open(
      unfinished, DiskLogFiles(syncs: lazily), now: ambient.milliseconds, chance: ambient.random)
    try copy(source, to: engine)
    try compare(source, with: engine)
    for name in try files.names(in: unfinished) ?? [] {
      try files.open(unfinished + "/" + name, .writing)?.sync()
    }
    try files.syncFolder(unfinished)
    Disk.remove(folder)
    try files.rename(unfinished, to: folder)
    try files.syncFolder(Disk.parent(of: folder))
  }

  /// Records in batches of one second each, as far as they tell, with the blobs that they name; then all other blobs.
  private static func copy(_ source: OldLog, to engine: SegmentEngine) throws(SluiceError) {
    var batch = ImportedBatch()
    try source.records { (record) throws(SluiceError) in
      let decoded = try? record.decoded().record
      let time = decoded?.events.last?.time.milliseconds ?? batch.time
      if !batch.takes(record, at: time) {
        try batch.write(to: engine)
        batch = ImportedBatch()
      }
      var blobs: [Blob] = []
      for digest in (decoded?.events ?? []).compactMap(\.fact.blob) {
        if let blob = try source.blob(digest) { blobs.append(blob) }
      }
      batch.add(record, blobs, at: time)
    }
    try batch.write(to: engine)
    for digest in try source.digests() where try engine.find(digest) == nil {
      guard let blob = try source.blob(digest) else { continue }
      _ = try engine.append([BatchRecord](), blobs: [blob], now: batch.time)
    }
  }

  private static func compare(_ source: OldLog, with engine: SegmentEngine) throws(SluiceError) {
    func require(_ isSame: Bool, _ what: String) throws(SluiceError) {
      guard isSame else {
        throw SluiceError(
          .logFailed, what: "the imported log is not the same as the old one: \(what)", at: source.path,
          fix: "look at the disk; the old log is untouched, and the next start imports it again")
      }
    }
    var page: ArraySlice<LoggedRecord> = []
    var last: Int64 = 0
    try source.records { (record) throws(SluiceError) in
      if page.isEmpty { page = try engine.scan(after: last, limit: Limits.recordsPerCommit)[...] }
      try require(page.first == record, "record \(record.last)")
      page = page.dropFirst()
      last = record.last
    }
    let head = try engine.head()
    try require(head == last, "its last event is \(head)")
    for digest in try source.digests() {
      try require(try engine.blob(digest) == source.blob(digest)?.bytes, "blob \(digest)")
    }
  }

  /// There are segments and an old log: the last step of an import was cut off, unless they are two logs.
  private static func requireSame(
    _ source: OldLog, _ folder: String, _ files: DiskLogFiles, _ ambient: Ambient
  ) throws(SluiceError) {
    guard let last = try source.last() else { return }
    let (engine, _) = try SegmentEngine.open(folder, files, now: ambient.milliseconds, chance: ambient.random)
    let there = try engine.scan(after: last.last - 1, limit: 1).first
    guard there == last else {
      throw SluiceError(
        .logDamaged, what: "there are two logs, and the older one does not end as the newer one has it",
        at: source.path,
        fix: "keep the one that is right and move the other away: log.sqlite, or the folder log")
    }
  }
}

/// Records that become one batch.
private struct ImportedBatch {
  private(set) var time: Int64 = 0
  private var second: Int64?
  private var records: [BatchRecord] = []
  private var blobs: [Blob] = []
  private var bytes = 0

  func takes(_ record: LoggedRecord, at time: Int64) -> Bool {
    records.isEmpty
      || (second == time / 1_000 && records.count < Limits.recordsPerCommit && bytes < Limits.scanBytes)
  }

  mutating func add(_ record: LoggedRecord, _ named: [Blob], at time: Int64) {
    (self.time, second) = (time, time / 1_000)
    records.append(BatchRecord(events: record.count, bytes: record.bytes))
    blobs += named
    bytes += record.bytes.count + named.reduce(0) { $0 + $1.bytes.count }
  }

  func write(to engine: SegmentEngine) throws(SluiceError) { _ = try engine.append(records, blobs: blobs, now: time) }
}

/// The file as it was: a table of records and one of blobs.
private struct OldLog {
  let path: String
  private let queue: DatabaseQueue

  init(_ path: String) throws(SluiceError) {
    self.path = path
    do {
      queue = try DatabaseQueue(path: path)
      // What stands in the file beside it comes into the file itself.
      try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    } catch {
      throw SluiceError(sqlite: error, at: path)
    }
  }

  func close() throws(SluiceError) {
    do { try queue.close() } catch { throw SluiceError(sqlite: error, at: path) }
  }

  /// Every record, oldest first.
  func records(_ body: (LoggedRecord) throws(SluiceError) -> Void) throws(SluiceError) {
    try read { database in
      let rows = try Row.fetchCursor(database, sql: "SELECT last, count, body FROM record ORDER BY last")
      while let row = try rows.next() { try body(OldLog.record(row)) }
    }
  }

  func last() throws(SluiceError) -> LoggedRecord? {
    try read { database in
      try Row.fetchOne(database, sql: "SELECT last, count, body FROM record ORDER BY last DESC LIMIT 1").map(
        OldLog.record)
    }
  }

  func head() throws(SluiceError) -> Int64 { try last()?.last ?? 0 }

  func digests() throws(SluiceError) -> [Digest] {
    try read { database in
      try String.fetchAll(database, sql: "SELECT digest FROM blob ORDER BY digest").compactMap { Digest(hex: $0) }
    }
  }

  /// - Throws: `log.damaged` where its bytes have another digest.
  func blob(_ digest: Digest) throws(SluiceError) -> Blob? {
    let bytes = try read { database in
      try Data.fetchOne(database, sql: "SELECT body FROM blob WHERE digest = ?", arguments: [digest.hex])
    }
    guard let bytes else { return nil }
    let blob = Blob(Array(bytes))
    guard blob.digest == digest else {
      throw SluiceError(
        .logDamaged, what: "the bytes of blob \(digest) are not what was written", at: path,
        fix: "restore the log from a backup")
    }
    return blob
  }

  private static func record(_ row: Row) -> LoggedRecord {
    LoggedRecord(last: row[0], count: row[1], bytes: Array(row[2] as Data))
  }

  private func read<Value>(_ body: (Database) throws -> Value) throws(SluiceError) -> Value {
    do { return try queue.unsafeReentrantRead(body) } catch { throw SluiceError(sqlite: error, at: path) }
  }
}
