package import SluiceModel

/// What a backup has: the list that lies beside its files and is written last.
package struct LogBackup: Sendable, Equatable, Codable {
  package struct File: Sendable, Equatable, Codable {
    package var name: String
    package var bytes: Int
    package var sha256: Digest
  }
  package var format = 1
  /// The log's identity.
  package var log: String
  /// The last event in it.
  package var head: Int64
  package var files: [File]
  /// What was damaged already when it was made; empty for a sound one.
  package var damages: [LogDamage]

  package var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

  static let listName = "contents.json"
  /// Lies in a folder while a log is being restored into it.
  static let unfinishedRestore = "restore.unfinished"

  /// A line of JSON, and one with its digest.
  func encoded() -> [UInt8] {
    let line = StableJSON.encode(self)
    return line + Array("\n\(Digest.of(line))\n".utf8)
  }

  /// Nil where it is not what was written.
  static func decode(_ bytes: [UInt8]) -> LogBackup? {
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    guard lines.count == 2, String(decoding: lines[1], as: UTF8.self) == "\(Digest.of(Array(lines[0])))" else {
      return nil
    }
    return try? StableJSON.decode(LogBackup.self, from: lines[0])
  }
}
