import Glibc
import SluiceModel
import Synchronization
import SystemPackage

/// The file that a task's output is kept in, within a bound; closed with the last who holds it.
final class TaskLog: Sendable {
  private let file: FileDescriptor
  private let bounded = Mutex(BoundedLog())

  /// Opens the log, behind what earlier tries wrote.
  /// - Throws: `Errno`.
  init(_ path: String) throws {
    do {
      file = try TaskLog.open(path)
    } catch Errno.noSuchFileOrDirectory {
      LocalProcess.makeFolder(LocalProcess.parent(of: path))
      file = try TaskLog.open(path)
    }
  }

  private static func open(_ path: String) throws -> FileDescriptor {
    try FileDescriptor.open(
      FilePath(path), .writeOnly, options: [.create, .append, .closeOnExec],
      permissions: [.ownerReadWrite, .groupRead, .otherRead])
  }

  deinit { try? file.close() }

  func write(_ bytes: ArraySlice<UInt8>) {
    bounded.withLock { log in
      let now = log.take(bytes)
      if !now.isEmpty { _ = try? file.writeAll(now) }
    }
  }

  func write(_ bytes: [UInt8]) { write(bytes[...]) }

  func write(_ bytes: UnsafeRawBufferPointer) { write(Array(bytes)[...]) }

  /// What Sluice itself has to say stands out of what the task prints, and is not cut.
  func say(_ words: String) { _ = try? file.writeAll(Array("\u{1B}[1;33msluice: \(words)\u{1B}[0m\n".utf8)) }

  /// The task has ended: what was kept of its end is written.
  func finish() {
    bounded.withLock { log in
      let now = log.finish()
      if !now.isEmpty { _ = try? file.writeAll(now) }
    }
  }
}
