import Glibc
import SluiceModel

/// A folder on the real disk that goes with the value.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/sluice-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Missing() }
    path = String(cString: made)
  }

  deinit { TemporaryFolder.remove(path) }

  struct Missing: Error {}

  func write(_ text: String, to name: String) throws {
    guard let file = fopen(path + "/" + name, "w") else { throw Missing() }
    defer { fclose(file) }
    fputs(text, file)
  }

  static func text(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func status(_ path: String) -> stat? {
    var found = stat()
    return lstat(path, &found) == 0 ? found : nil
  }

  /// Files below a folder, relative to it and sorted; folders are not in it.
  static func files(below path: String, prefix: String = "") -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var found: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      if let status = status(path + "/" + name), status.st_mode & S_IFMT == S_IFDIR {
        found += files(below: path + "/" + name, prefix: prefix + name + "/")
      } else {
        found.append(prefix + name)
      }
    }
    return found.sorted()
  }

  private static func remove(_ path: String) {
    for name in files(below: path) { unlink(path + "/" + name) }
    removeFolders(path)
  }

  private static func removeFolders(_ path: String) {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { removeFolders(path + "/" + name) }
    }
    closedir(folder)
    rmdir(path)
  }
}
