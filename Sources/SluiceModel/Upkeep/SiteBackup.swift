package import FoundationEssentials

/// What a backup of a site has; it lies in it as `backup.json`, written last: a backup without it was not finished.
package struct SiteBackup: Sendable, Equatable, Codable {
  package struct File: Sendable, Equatable, Codable {
    package var name: String
    package var bytes: Int64
    package var sha256: Digest
    package init(name: String, bytes: Int64, sha256: Digest) {
      (self.name, self.bytes, self.sha256) = (name, bytes, sha256)
    }
  }

  package static let listName = "backup.json"

  package var format = 1
  package var site: String
  /// The last event in it.
  package var position: Position
  package var time: Date
  /// The Sluice that made it.
  package var version: String
  /// How the server was started, for who starts one on what was restored.
  package var serve: [String]
  /// Everything but this list and the log, which has a list of its own.
  package var files: [File]
  /// Of the log.
  package var logBytes: Int64
  /// What was damaged already when it was made; empty for a sound log.
  package var damages: [LogDamage]

  package init(
    site: String, position: Position, time: Date, version: String, serve: [String], files: [File], logBytes: Int64,
    damages: [LogDamage]
  ) {
    (self.site, self.position, self.time, self.version) = (site, position, time, version)
    (self.serve, self.files, self.logBytes, self.damages) = (serve, files, logBytes, damages)
  }

  package var bytes: Int64 { logBytes + files.reduce(0) { $0 + $1.bytes } }
}
