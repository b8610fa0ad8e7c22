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
    LocalProcess.makeFolder(LocalProcess.parent(of: path))
    file = try FileDescriptor.open(
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

/// A pipe from a process into its task's log.
final class LogPipe: Sendable {
  private let log: TaskLog
  private let readEnd: Int32
  /// Closed by whoever starts the process.
  let writeEnd: FileDescriptor
  private let isOver = Mutex(false)

  /// - Throws: `Errno` where this program has too many files open.
  init(into log: TaskLog) throws {
    let pipe = try FileDescriptor.pipe()
    for end in [pipe.readEnd, pipe.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(pipe.readEnd.rawValue, F_SETFL, O_NONBLOCK)
    (self.log, readEnd, writeEnd) = (log, pipe.readEnd.rawValue, pipe.writeEnd)
  }

  deinit { close(readEnd) }

  /// What is taken before others have their turn.
  private static let turnBytes = 1024 * 1024
  /// More than a pipe holds; whatever still prints then is no task any more.
  private static let lastBytes = 16 * 1024 * 1024

  /// Takes what comes while something is done. What is in the pipe then is taken as well, and whoever still has its
  /// other end writes in vain.
  func reading<Value: Sendable>(
    _ sleep: @escaping @Sendable (Duration) async throws -> Void, while work: () async -> Value
  ) async -> Value {
    // A process that is asked to end may have much to say, so it is heard although its task is cancelled.
    let reading = Task { await self.follow(sleep) }
    let value = await work()
    isOver.withLock { $0 = true }
    reading.cancel()
    await reading.value
    _ = drain(atMost: LogPipe.lastBytes)
    log.finish()
    return value
  }

  /// Looks again at once where something came, and else less and less often: nobody waits for a log to the millisecond.
  private func follow(_ sleep: @Sendable (Duration) async throws -> Void) async {
    var pause = 1
    while !isOver.withLock({ $0 }) {
      let (count, isAtEnd) = drain(atMost: LogPipe.turnBytes)
      if isAtEnd { return }
      pause = count > 0 ? 1 : min(50, pause * 2)
      if count < LogPipe.turnBytes { try? await sleep(.milliseconds(pause)) } else { await Task.yield() }
    }
  }

  /// - Returns: how many bytes there were, and whether nothing more can come.
  private func drain(atMost bound: Int) -> (count: Int, isAtEnd: Bool) {
    var piece = [UInt8](repeating: 0, count: 65_536)
    var total = 0
    while total < bound {
      let count = read(readEnd, &piece, piece.count)
      if count <= 0 { return (total, count == 0) }
      total += count
      log.write(piece[..<count])
    }
    return (total, false)
  }
}
