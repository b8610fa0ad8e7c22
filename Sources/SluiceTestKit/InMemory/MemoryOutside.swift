package import SluiceModel
import Synchronization

/// Files of others in memory, below one root that can be taken away.
package final class MemoryOutside: OutsideFiles {
  private struct File {
    var text: String
    var modified: Int64
  }
  private let files = Mutex<[String: File]>([:])
  private let mounted = Mutex(true)
  package let roots = ["/mnt"]

  package init() {}

  package func write(_ text: String, to path: String, modified: Int64 = 1) {
    files.withLock { $0[path] = File(text: text, modified: modified) }
  }
  package func remove(_ path: String) { files.withLock { $0[path] = nil } }
  /// Whether the root is there.
  package func mount(_ isThere: Bool) { mounted.withLock { $0 = isThere } }

  private func file(_ path: String) throws(SluiceError) -> File? {
    guard path.hasPrefix("/mnt/") else {
      throw SluiceError(.placeOutside, what: "'\(path)' is outside", at: path, fix: "use /mnt")
    }
    guard mounted.withLock({ $0 }) else {
      throw SluiceError(.placeVanished, what: "the root '/mnt' is not there", at: path, fix: "mount it")
    }
    return files.withLock { $0[path] }
  }

  package func find(_ paths: [String]) async throws(SluiceError) -> (files: [OutsideFile], isTree: Bool) {
    var found: [OutsideFile] = []
    for path in paths {
      guard let file = try file(path) else { throw MemoryOutside.vanished(path) }
      found.append(
        OutsideFile(
          path: String(path.dropFirst(5)), size: Int64(file.text.utf8.count),
          place: FilePlace(path: path, modified: file.modified, inode: 1)))
    }
    return (found, false)
  }

  package func digest(_ file: StoredFile) async throws(SluiceError) -> Digest { Digest.of(try same(file).text) }

  package func differences(_ files: [StoredFile]) async throws(SluiceError) -> [FileDifference] {
    var found: [FileDifference] = []
    for file in files {
      guard let place = file.place else { continue }
      let now = try self.file(place.path)
      if let now, Int64(now.text.utf8.count) == file.size, now.modified == place.modified { continue }
      let state = now.map { FileDifference.State(size: Int64($0.text.utf8.count), modified: $0.modified) }
      found.append(FileDifference(file, at: place, now: state))
    }
    return found
  }

  package func open(_ file: StoredFile) async throws(SluiceError) -> any OutsideReader {
    Reader(files: self, bytes: Array(try same(file).text.utf8))
  }

  private struct Reader: OutsideReader {
    let files: MemoryOutside
    let bytes: [UInt8]
    func read(at offset: Int64, count: Int) async throws(SluiceError) -> [UInt8] {
      Array(bytes.dropFirst(Int(offset)).prefix(count))
    }
    func requireSame(_ file: StoredFile) async throws(SluiceError) { _ = try files.same(file) }
    var pathForPrograms: String? { nil }
  }

  private func same(_ file: StoredFile) throws(SluiceError) -> File {
    let path = file.place?.path ?? ""
    guard let now = try self.file(path) else { throw MemoryOutside.vanished(path) }
    guard Int64(now.text.utf8.count) == file.size, now.modified == file.place?.modified else {
      throw SluiceError(.placeChanged, what: "'\(path)' changed", at: path, fix: "publish it anew")
    }
    return now
  }

  private static func vanished(_ path: String) -> SluiceError {
    SluiceError(.placeVanished, what: "'\(path)' is not there", at: path, fix: "look at the path")
  }
}
