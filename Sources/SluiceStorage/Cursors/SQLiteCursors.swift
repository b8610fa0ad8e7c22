import FoundationEssentials
import GRDB
package import SluiceModel

/// Where subscriptions stand, their dead letters and their secrets: a small SQLite file beside the log.
///
/// It is not made from the log and cannot be rebuilt from it. In WAL mode with `synchronous=NORMAL` it stays whole in a
/// power cut and may then be a moment older: events are delivered again, none is left out.
package final class SQLiteCursors: CursorStore {
  private let queue: DatabaseQueue
  private let path: String

  /// - Throws: `log.failed` where the file cannot be opened.
  package init(path: String) throws(SluiceError) {
    self.path = path
    var configuration = Configuration()
    configuration.label = "cursors"
    configuration.journalMode = .wal
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA synchronous = NORMAL")
        try database.execute(sql: CursorSQL.schema)
      }
    } catch {
      throw SQLiteEventLog.translate(error, path)
    }
  }

  package func cursor(of name: SubscriptionName) async throws(SluiceError) -> SavedDelivery? {
    let name = "\(name)"
    let text = try await read { database in
      try String.fetchOne(database, sql: "SELECT body FROM cursor WHERE name = ?", arguments: [name])
    }
    return text.flatMap { try? StableJSON.decode(SavedDelivery.self, from: $0.utf8) }
  }

  package func save(_ changes: [CursorChange]) async throws(SluiceError) {
    // Also for a task that is cancelled, as all are when the server stops: what was delivered is not to be sent again.
    let result: Result<Void, any Error> = await withCheckedContinuation { continuation in
      queue.asyncWrite { database in
        for change in changes { try SQLiteCursors.write(change, to: database) }
      } completion: { _, result in
        continuation.resume(returning: result)
      }
    }
    do { try result.get() } catch { throw SQLiteEventLog.translate(error, path) }
  }

  private static func write(_ change: CursorChange, to database: Database) throws {
    switch change {
    case .cursor(let name, let saved):
      try database.cachedStatement(sql: "INSERT OR REPLACE INTO cursor VALUES (?, ?)")
        .execute(arguments: ["\(name)", StableJSON.text(saved)])
    case .dead(let name, let letter):
      try database.execute(
        sql: "INSERT OR REPLACE INTO dead VALUES (?, ?, ?)",
        arguments: ["\(name)", letter.sequence, StableJSON.text(letter)])
    case .delivered(let name, let sequence):
      try database.execute(
        sql: "DELETE FROM dead WHERE name = ? AND sequence = ?", arguments: ["\(name)", sequence])
    case .secret(let name, let bytes):
      try database.execute(
        sql: "INSERT OR REPLACE INTO secret VALUES (?, ?)", arguments: ["\(name)", Data(bytes)])
    case .forget(let name):
      for table in ["cursor", "dead", "secret"] {
        try database.execute(sql: "DELETE FROM \(table) WHERE name = ?", arguments: ["\(name)"])
      }
    }
  }

  package func deadLetters(
    of name: SubscriptionName, after sequence: Int64, limit: Int
  ) async throws(SluiceError) -> [DeadLetter] {
    let name = "\(name)"
    let texts = try await read { database in
      try String.fetchAll(
        database, sql: "SELECT body FROM dead WHERE name = ? AND sequence > ? ORDER BY sequence LIMIT ?",
        arguments: [name, sequence, limit])
    }
    return texts.compactMap { try? StableJSON.decode(DeadLetter.self, from: $0.utf8) }
  }

  package func deadLetterCount(of name: SubscriptionName) async throws(SluiceError) -> Int {
    let name = "\(name)"
    return try await read { database in
      try Int.fetchOne(database, sql: "SELECT count(*) FROM dead WHERE name = ?", arguments: [name]) ?? 0
    }
  }

  package func secret(of name: SubscriptionName) async throws(SluiceError) -> [UInt8]? {
    let name = "\(name)"
    return try await read { database in
      try Data.fetchOne(database, sql: "SELECT bytes FROM secret WHERE name = ?", arguments: [name]).map(Array.init)
    }
  }

  /// A consistent copy at another path, while the file is in use.
  package func copy(to target: String) async throws(SluiceError) {
    do {
      try await queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [target]) }
    } catch {
      throw SQLiteEventLog.translate(error, path)
    }
  }

  private func read<Value: Sendable>(
    _ work: @escaping @Sendable (Database) throws -> Value
  ) async throws(SluiceError) -> Value {
    do {
      return try await queue.read(work)
    } catch {
      throw SQLiteEventLog.translate(error, path)
    }
  }
}

enum CursorSQL {
  static let schema = """
    CREATE TABLE IF NOT EXISTS cursor (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS dead (
      name TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (name, sequence)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
    """
}
