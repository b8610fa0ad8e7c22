import FoundationEssentials
import Glibc
import SluiceModel

/// What an agent keeps of the inputs that it brought: read-only files by their digest, the least recently used of which
/// go when the quota is full.
actor Shelf {
  private struct Kept {
    var size: Int64
    var used: Int
    /// Tasks that read it now.
    var readers = 0
  }
  nonisolated let root: String
  private let quota: Int64
  private var kept: [Digest: Kept] = [:]
  private var turn = 0

  /// - Parameter bytes: how much it keeps beside what running tasks need.
  init(root: String, bytes: Int64) { (self.root, quota) = (root, bytes) }

  nonisolated func path(of digest: Digest) -> String { "\(root)/inputs/\(digest.hex.prefix(2))/\(digest.hex)" }

  /// Finds what an earlier agent left, the one that was used last first; half-brought files go.
  func open() throws {
    try FileManager.default.createDirectory(atPath: root + "/inputs", withIntermediateDirectories: true)
    var found: [(digest: Digest, size: Int64, time: Int)] = []
    for folder in (try? FileManager.default.contentsOfDirectory(atPath: root + "/inputs")) ?? [] {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/inputs/\(folder)")) ?? [] {
        let path = "\(root)/inputs/\(folder)/\(name)"
        var status = stat()
        guard let digest = Digest(hex: name), stat(path, &status) == 0 else {
          unlink(path)
          continue
        }
        found.append((digest, Int64(status.st_size), Int(status.st_mtim.tv_sec)))
      }
    }
    for file in found.sorted(by: { $0.time < $1.time }) {
      turn += 1
      kept[file.digest] = Kept(size: file.size, used: turn)
    }
  }

  /// Whether it is there; it stays until `putBack`.
  func take(_ digest: Digest) -> Bool {
    guard kept[digest] != nil, access(path(of: digest), R_OK) == 0 else {
      kept[digest] = nil
      return false
    }
    turn += 1
    kept[digest]?.used = turn
    kept[digest]?.readers += 1
    utimes(path(of: digest), nil)
    return true
  }

  /// A file that was brought and verified comes in from `temporary`, and is taken.
  func put(_ digest: Digest, size: Int64, from temporary: String) throws {
    if take(digest) {
      unlink(temporary)
      return
    }
    chmod(temporary, 0o444)
    guard rename(temporary, path(of: digest)) == 0 else { throw LocalFiles.failure("write", path(of: digest)) }
    turn += 1
    kept[digest] = Kept(size: size, used: turn, readers: 1)
    makeRoom()
  }

  func putBack(_ digests: [Digest]) {
    for digest in digests { kept[digest]?.readers -= 1 }
    makeRoom()
  }

  /// Takes away whatever no task reads.
  /// - Returns: whether there was something.
  func clear() -> Bool {
    let idle = kept.filter { $0.value.readers == 0 }
    for digest in idle.keys {
      unlink(path(of: digest))
      kept[digest] = nil
    }
    return !idle.isEmpty
  }

  private func makeRoom() {
    var total = kept.values.reduce(0) { $0 + $1.size }
    for (digest, file) in kept.sorted(by: { $0.value.used < $1.value.used }) where file.readers == 0 {
      guard total > quota else { return }
      unlink(path(of: digest))
      kept[digest] = nil
      total -= file.size
    }
  }
}
