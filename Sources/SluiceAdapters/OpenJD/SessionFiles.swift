import Glibc
import SluiceModel

/// The files that a session writes for its actions.
enum SessionFiles {
  /// Writes a file anew; nothing that stands in its place is followed, waited for, or written into.
  static func write(_ text: String, to path: String, mode: mode_t, owner: TaskUser? = nil) -> Bool {
    unlink(path)
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard file >= 0 else { return false }
    defer { close(file) }
    guard fchmod(file, mode) == 0 else { return false }
    if let owner, fchown(file, owner.user, owner.group) != 0 { return false }
    let bytes = Array(text.utf8)
    var at = 0
    while at < bytes.count {
      let count = bytes[at...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count <= 0 { return false }
      at += count
    }
    return true
  }

  static func text(_ text: String, lineEnd: OpenJD.EmbeddedFile.LineEnd) -> String {
    var lines: [UInt8] = []
    for byte in text.utf8 {
      if byte == 0x0A {
        if lines.last == 0x0D { lines.removeLast() }
        if lineEnd == .crlf { lines.append(0x0D) }
      }
      lines.append(byte)
    }
    return String(decoding: lines, as: UTF8.self)
  }

  /// Lets a session's actions use folders that were made for it. They stay this program's, and what it puts there can
  /// be moved by nobody else, but for that all may be done: the sticky bit.
  static func share(_ folders: [String], with user: TaskUser?) -> Bool {
    guard let user else { return true }
    return folders.allSatisfy { lchown($0, uid_t.max, user.group) == 0 && chmod($0, 0o1770) == 0 }
  }

  /// Takes a folder away with all that is in it.
  static func remove(_ path: String) { GuardedFolder.remove(path) }
}
