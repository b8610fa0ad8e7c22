import Glibc
import SluiceModel

/// The files that a session writes for its actions.
enum SessionFiles {
  /// Writes a file anew; a link that stands in its place is not followed.
  static func write(_ text: String, to path: String, mode: mode_t) -> Bool {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode)
    guard file >= 0 else { return false }
    defer { close(file) }
    guard fchmod(file, mode) == 0 else { return false }
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

  /// Takes a folder away with all that is in it.
  static func remove(_ path: String) {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name == "." || name == ".." { continue }
        if entry.pointee.d_type == UInt8(DT_DIR) { remove(path + "/" + name) } else { unlink(path + "/" + name) }
      }
      closedir(folder)
    }
    rmdir(path)
  }
}
