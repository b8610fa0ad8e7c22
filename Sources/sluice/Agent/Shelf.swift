import FoundationEssentials
import Glibc
import SluiceModel

/// What an agent keeps of the inputs that it brought: read-only files by their digest, the least recently used of which
/// go when the quota is full.
actor Shelf {
  private struct Kept {
    var size: Int64
    /// When its bytes were written, in nanoseconds: a task that writes into what it reads spoils it for others.
    var written: Int64
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
  /// - Throws: `agent.cache` where another agent uses the folder, `store.denied`, `store.full`.
  func open() throws {
    try FileManager.default.createDirectory(atPath: root + "/inputs", withIntermediateDirectories: true)
    try lock()
    var found: [(digest: Digest, kept: Kept)] = []
    for folder in (try? FileManager.default.contentsOfDirectory(atPath: root + "/inputs")) ?? [] {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/inputs/\(folder)")) ?? [] {
        let path = "\(root)/inputs/\(folder)/\(name)"
        var status = stat()
        guard let digest = Digest(hex: name), stat(path, &status) == 0 else {
          unlink(path)
          continue
        }
        found.append(
          (
            digest,
            Kept(size: Int64(status.st_size), written: Shelf.written(status), used: Int(status.st_atim.tv_sec))
          ))
      }
    }
    for file in found.sorted(by: { $0.kept.used < $1.kept.used }) {
      turn += 1
      kept[file.digest] = file.kept
      kept[file.digest]?.used = turn
    }
  }

  /// Held as long as the agent is there: two of them would take each other's files away.
  private func lock() throws {
    let path = root + "/lock"
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw LocalFiles.failure("write", path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw SluiceError(
        .agentCache, what: "another agent keeps its files in this folder", at: root,
        fix: "give each agent a folder of its own with --cache, or a name of its own with --name")
    }
  }

  private static func written(_ status: stat) -> Int64 {
    Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
  }

  private func isSound(_ digest: Digest) -> Bool {
    var status = stat()
    guard let known = kept[digest], stat(path(of: digest), &status) == 0 else { return false }
    return Int64(status.st_size) == known.size && Shelf.written(status) == known.written
  }

  /// Whether it is there, as it came; it stays until `putBack`.
  func take(_ digest: Digest) -> Bool {
    guard isSound(digest) else { return false }
    turn += 1
    kept[digest]?.used = turn
    kept[digest]?.readers += 1
    let times = [timespec(tv_sec: 0, tv_nsec: Shelf.now), timespec(tv_sec: 0, tv_nsec: Shelf.asItIs)]
    utimensat(AT_FDCWD, path(of: digest), times, 0)
    return true
  }

  /// `UTIME_NOW` and `UTIME_OMIT`, which are macros that Swift does not see.
  private static let (now, asItIs) = ((1 << 30) - 1, (1 << 30) - 2)

  /// A file that was brought and verified comes in from `temporary`, and is taken.
  func put(_ digest: Digest, size: Int64, from temporary: String) throws {
    if take(digest) {
      unlink(temporary)
      return
    }
    chmod(temporary, 0o444)
    var status = stat()
    guard stat(temporary, &status) == 0, rename(temporary, path(of: digest)) == 0 else {
      throw LocalFiles.failure("write", path(of: digest))
    }
    turn += 1
    let readers = (kept[digest]?.readers ?? 0) + 1
    kept[digest] = Kept(size: size, written: Shelf.written(status), used: turn, readers: readers)
    makeRoom()
  }

  func putBack(_ digests: [Digest]) {
    for digest in digests {
      kept[digest]?.readers -= 1
      guard kept[digest]?.readers == 0, !isSound(digest) else { continue }
      unlink(path(of: digest))
      kept[digest] = nil
    }
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
