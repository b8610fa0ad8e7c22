import FoundationEssentials
import GRDB
package import SluiceModel

/// The embedded log: one SQLite file in WAL mode, synced at every commit, with the blobs that its records name.
///
/// Events and the manifests they name become durable in one transaction, and so by one sync (ADR 0003).
package final class SQLiteEventLog: EventLog {
  private let pool: DatabasePool
  /// Blobs are read while the caller waits. Were the connection one of the pool's, all threads that run tasks could
  /// wait for a connection that only a task on one of them gives back.
  private let blobs: DatabaseQueue
  private let path: String

  /// - Throws: `log.failed` where the file cannot be opened.
  package init(path: String, syncs: SyncSwitch = .all) throws(SluiceError) {
    self.path = path
    var configuration = Configuration()
    configuration.label = "log"
    configuration.busyMode = .timeout(10)
    do {
      pool = try DatabasePool(path: path, configuration: configuration)
      // The pool sets NORMAL after the configuration ran; an acknowledged write could then be lost.
      try pool.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA synchronous = \(syncs.log ? "FULL" : "OFF")")
        try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
      }
      try pool.write { database in try database.execute(sql: LogSQL.schema) }
      configuration.label = "blobs"
      configuration.readonly = true
      blobs = try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      throw SQLiteEventLog.translate(error, path)
    }
  }

  package func append(_ records: [EncodedRecord], blobs: [Blob]) async throws(SluiceError) -> [Int64] {
    do {
      return try await pool.write { database in
        for blob in blobs {
          try database.execute(literal: "INSERT OR IGNORE INTO blob VALUES (\(blob.digest.hex), \(Data(blob.bytes)))")
        }
        var last = try Int64.fetchOne(database, sql: "SELECT max(last) FROM record") ?? 0
        let insert = try database.cachedStatement(sql: "INSERT INTO record VALUES (?, ?, ?)")
        return try records.map { encoded in
          let count = encoded.record.events.count
          last += Int64(count)
          try insert.execute(arguments: [last, count, Data(encoded.bytes)])
          return last
        }
      }
    } catch {
      throw SQLiteEventLog.translate(error, path)
    }
  }

  package func scan(after sequence: Int64, limit: Int) async throws(SluiceError) -> [LoggedRecord] {
    do {
      return try await pool.read { database in
        let rows = try Row.fetchCursor(
          database, sql: "SELECT last, count, body FROM record WHERE last > ? ORDER BY last LIMIT ?",
          arguments: [sequence, limit])
        var page: [LoggedRecord] = []
        var bytes = 0
        while let row = try rows.next() {
          let body: Data = row[2]
          bytes += body.count
          if !page.isEmpty, bytes > Limits.scanBytes { break }
          page.append(LoggedRecord(last: row[0], count: row[1], bytes: Array(body)))
        }
        return page
      }
    } catch {
      throw SQLiteEventLog.translate(error, path)
    }
  }

  package func head() async throws(SluiceError) -> Int64 {
    do {
      return try await pool.read { try Int64.fetchOne($0, sql: "SELECT max(last) FROM record") ?? 0 }
    } catch {
      throw SQLiteEventLog.translate(error, path)
    }
  }

  package func blob(_ digest: Digest) throws(SluiceError) -> [UInt8]? {
    do {
      return try blobs.read { database in
        try Data.fetchOne(database, sql: "SELECT body FROM blob WHERE digest = ?", arguments: [digest.hex]).map(
          Array.init)
      }
    } catch {
      throw SQLiteEventLog.translate(error, path)
    }
  }

  /// How the file is synced: `PRAGMA synchronous`, 2 for FULL.
  package func synchronousSetting() throws -> Int? {
    try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
  }

  static func translate(_ error: any Error, _ path: String) -> SluiceError {
    if let error = error as? SluiceError { return error }
    guard let error = error as? DatabaseError else {
      return SluiceError(.logFailed, what: "\(error)", at: path, fix: "look at the file and the disk")
    }
    switch error.resultCode {
    case .SQLITE_FULL:
      return SluiceError(
        .logFull, what: "the disk is full, and nothing was recorded", at: path,
        fix: "free some space; nothing else is needed, the next command goes through")
    case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
      return SluiceError(
        .logFailed, what: "the file cannot be written (\(error.resultCode))", at: path,
        fix: "give the server's user the right to write there, or mount the disk writable")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      return SluiceError(
        .logDamaged, what: "the file is damaged (\(error.resultCode))", at: path, fix: "restore it from a backup")
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_WRITE:
      return SluiceError(
        .logFull, what: "the disk took no more bytes", at: path, fix: "free some space, or look at the disk")
    default:
      return SluiceError(.logFailed, what: "\(error)", at: path, fix: "look at the disk; the server's log says more")
    }
  }
}

enum LogSQL {
  static let schema = """
    CREATE TABLE IF NOT EXISTS record (
      last INTEGER PRIMARY KEY,   -- sequence of the record's last event
      count INTEGER NOT NULL,     -- events in it
      body BLOB NOT NULL          -- JSON: command id and CloudEvents
    );
    CREATE TABLE IF NOT EXISTS blob (
      digest TEXT PRIMARY KEY,    -- SHA-256 of body
      body BLOB NOT NULL
    ) WITHOUT ROWID;
    """
}
