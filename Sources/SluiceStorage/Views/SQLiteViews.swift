import FoundationEssentials
import GRDB
package import SluiceModel

/// The views' file: rows of the registry, and indexes by content, recipe and command. Always rebuildable.
package final class SQLiteViews: ViewStore {
  private let queue: DatabaseQueue
  private let path: String
  private let reducer: String
  private let manifests: any ManifestSource

  package init(path: String, reducer: String, manifests: any ManifestSource) throws(SluiceError) {
    (self.path, self.reducer, self.manifests) = (path, reducer, manifests)
    var configuration = Configuration()
    configuration.label = "views"
    configuration.journalMode = .wal
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.writeWithoutTransaction { database in
        // What a crash loses here is read again from the log.
        try database.execute(sql: "PRAGMA synchronous = OFF")
        try database.execute(sql: ViewSQL.schema)
      }
    } catch {
      throw SluiceError(sqlite: error, at: path)
    }
  }

  package func head() async throws(SluiceError) -> ViewHead? {
    let reducer = reducer
    do {
      return try await queue.read { database in
        guard let place = try Row.fetchOne(database, sql: "SELECT head, reducer FROM place"),
          place["reducer"] == reducer
        else { return nil }
        return try? StableJSON.decode(ViewHead.self, from: (place["head"] as String).utf8)
      }
    } catch {
      throw SluiceError(sqlite: error, at: path)
    }
  }

  package func page(after last: ViewPage.End?) async throws(SluiceError) -> ViewPage? {
    do {
      return try await queue.read { database in
        let rows = try database.cachedStatement(sql: ViewSQL.next)
        let cursor = try Row.fetchCursor(rows, arguments: [last?.model ?? "", last?.key ?? ""])
        var page: ViewPage?
        var folder: Data?
        while let row = try cursor.next() {
          let isPut = try row.withUnsafeData(atIndex: 0) { model in
            try row.withUnsafeData(atIndex: 1) { key in
              try row.withUnsafeData(atIndex: 2) { body in
                SQLiteViews.put(model ?? Data(), key ?? Data(), body ?? Data(), on: &page, &folder)
              }
            }
          }
          if !isPut { break }
        }
        return page
      }
    } catch {
      throw SluiceError(sqlite: error, at: path)
    }
  }

  /// - Parameter folder: of the last row, where the page is full but for what lies in it.
  /// - Returns: false for a row of the next page.
  private static func put(
    _ model: Data, _ key: Data, _ body: Data, on page: inout ViewPage?, _ folder: inout Data?
  ) -> Bool {
    var added = page ?? ViewPage(model: String(decoding: model, as: UTF8.self))
    page = nil
    defer { page = added }
    guard added.model.utf8.elementsEqual(model) else { return false }
    if added.byteCount > Limits.viewPageBytes {
      let next = key.prefix(upTo: key.lastIndex(of: UInt8(ascii: "/")) ?? key.endIndex)
      guard folder == nil || next == folder else { return false }
      // What SQLite lends is gone with the row.
      if folder == nil { folder = Data(Array(next)) }
    }
    key.withUnsafeBytes { key in body.withUnsafeBytes { body in added.add(key: key, body: body) } }
    return true
  }

  /// All rows at once, and where they stand; nil where another reducer made them, or none did.
  package func load() async throws(SluiceError) -> (head: ViewHead, rows: [ViewRow])? {
    guard let head = try await head() else { return nil }
    var rows: [ViewRow] = []
    var last: ViewPage.End?
    while let page = try await page(after: last) {
      rows += page.rows
      last = page.end
    }
    return (head, rows)
  }

  package func save(_ changes: [ViewRow], index: ContentIndex, head: ViewHead) async throws(SluiceError) {
    var files: [(VersionAddress, Representation)] = []
    for entry in index.published {
      files += try manifests.manifest(entry.manifest).representations.map { (entry.address, $0) }
    }
    let (published, reducer) = (files, reducer)
    do {
      try await queue.write { database in
        let put = try database.cachedStatement(sql: "INSERT OR REPLACE INTO row VALUES (?, ?, ?)")
        let drop = try database.cachedStatement(sql: "DELETE FROM row WHERE model = ? AND key = ?")
        for change in changes {
          if let body = change.body {
            try put.execute(arguments: [change.model, change.key, Data(body)])
          } else {
            try drop.execute(arguments: [change.model, change.key])
          }
        }
        let content = try database.cachedStatement(sql: "INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?, ?, ?)")
        for (address, representation) in published {
          for file in representation.files {
            try content.execute(arguments: [
              file.sha256.hex, "\(address.product)", "\(address.version)", representation.name, file.path,
              file.recipe?.hex,
            ])
          }
        }
        let remember = try database.cachedStatement(sql: "INSERT OR IGNORE INTO command VALUES (?, ?)")
        for entry in index.commands { try remember.execute(arguments: ["\(entry.command)", entry.last]) }
        try database.execute(
          sql: "INSERT OR REPLACE INTO place VALUES (1, ?, ?)", arguments: [StableJSON.text(head), reducer])
      }
    } catch {
      throw SluiceError(sqlite: error, at: path)
    }
  }

  package func clear() async throws(SluiceError) {
    do {
      try await queue.write { try $0.execute(sql: ViewSQL.clear) }
    } catch {
      throw SluiceError(sqlite: error, at: path)
    }
  }

  package func versions(holding digest: Digest, limit: Int) async throws(SluiceError) -> [ContentPlace] {
    try await places("SELECT * FROM content WHERE sha256 = ? ORDER BY rowid DESC LIMIT ?", [digest.hex, limit])
  }

  package func outputs(ofRecipe recipe: Digest) async throws(SluiceError) -> [ContentPlace] {
    try await places("SELECT * FROM content WHERE recipe = ? ORDER BY rowid DESC LIMIT 64", [recipe.hex])
  }

  package func records(ofCommands commands: [CommandID]) async throws(SluiceError) -> [CommandID: Int64] {
    do {
      // One statement at a time sees whole transactions anyway, and every event that comes in is looked up here.
      return try await queue.unsafeRead { database in
        let select = try database.cachedStatement(sql: "SELECT last FROM command WHERE id = ?")
        var found: [CommandID: Int64] = [:]
        for command in commands {
          if let last = try Int64.fetchOne(select, arguments: ["\(command)"]) { found[command] = last }
        }
        return found
      }
    } catch {
      throw SluiceError(sqlite: error, at: path)
    }
  }

  private func places(_ sql: String, _ arguments: StatementArguments) async throws(SluiceError) -> [ContentPlace] {
    do {
      return try await queue.read { database in
        try Row.fetchAll(database, sql: sql, arguments: arguments).compactMap { row in
          guard let product = try? ProductRef(row["product"] as String),
            let version = VersionID(row["version"] as String)
          else { return nil }
          return ContentPlace(
            address: VersionAddress(product: product, version: version), representation: row["representation"],
            path: row["path"])
        }
      }
    } catch {
      throw SluiceError(sqlite: error, at: path)
    }
  }
}

enum ViewSQL {
  static let next = "SELECT model, key, body FROM row WHERE (model, key) > (?, ?) ORDER BY model, key"
  static let schema = """
    DROP TABLE IF EXISTS head;
    CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY, head TEXT NOT NULL, reducer TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS row (
      model TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (model, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS content (
      sha256 TEXT NOT NULL, product TEXT NOT NULL, version TEXT NOT NULL, representation TEXT NOT NULL,
      path TEXT NOT NULL, recipe TEXT, UNIQUE (product, version, representation, path)
    );
    CREATE INDEX IF NOT EXISTS content_sha256 ON content (sha256);
    CREATE INDEX IF NOT EXISTS content_recipe ON content (recipe) WHERE recipe IS NOT NULL;
    CREATE TABLE IF NOT EXISTS command (id TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
    """
  static let clear = "DELETE FROM place; DELETE FROM row; DELETE FROM content; DELETE FROM command;"
}
