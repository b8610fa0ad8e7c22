import CSluiceProcess
import Glibc
import Synchronization
import SystemPackage

/// A process of this program, in a session of its own, from its start to its end.
///
/// A thread of its own starts it, takes what it writes, and waits for it. Nothing is asked again and again, and for one
/// that is over within moments nobody needs to set a clock. Source: ADR 0025.
final class Child: Sendable {
  /// Where what it writes goes, on both channels together.
  enum Output: Sendable {
    /// Closed as soon as the process has it, or cannot be started.
    case file(FileDescriptor)
    /// Told piece by piece, on the thread; nobody writes on while it works.
    case heard(@Sendable (UnsafeRawBufferPointer) -> Void)
  }

  private struct Progress {
    var process: Int32?
    /// Set off ends its group.
    var timer: Int32?
    var end: LocalProcess.End?
    /// Whoever started it waits until it has ended, or for a while.
    var starting: CheckedContinuation<Void, Never>?
    var ending: CheckedContinuation<Void, Never>?
    var isStarted = false
  }
  private let progress = Mutex(Progress())

  private init() {}

  /// Starts a process.
  /// - Parameter patience: how long this waits for its end, in milliseconds.
  /// - Returns: when it has ended, or after that.
  static func start(_ process: LocalProcess, _ output: Output, patience: Int32) async -> Child {
    let child = Child()
    await withCheckedContinuation { continuation in
      child.progress.withLock { $0.starting = continuation }
      let isRunning = WaitingThread.run { child.live(process, output, patience: patience, on: $0) }
      if !isRunning { child.leave(output, .failed("this program cannot have more threads")) }
    }
    return child
  }

  /// One that never began.
  static func ended(_ end: LocalProcess.End, _ output: Output) -> Child {
    let child = Child()
    child.leave(output, end)
    return child
  }

  private func leave(_ output: Output, _ end: LocalProcess.End) {
    if case .file(let file) = output { try? file.close() }
    finish(end)
  }

  /// Nil where it could not be started.
  var number: Int32? { progress.withLock { $0.process } }
  /// Nil while it runs.
  var end: LocalProcess.End? { progress.withLock { $0.end } }

  /// Waits until it has ended, and all that it wrote was told. One waits at a time.
  func wait() async -> LocalProcess.End {
    await withCheckedContinuation { continuation in
      let isOver = progress.withLock { progress in
        if progress.end == nil { progress.ending = continuation }
        return progress.end != nil
      }
      if isOver { continuation.resume() }
    }
    return end ?? .failed("it has no end")
  }

  /// Waits until it has ended. A cancelled Swift task asks its group to end, and `grace` later makes it.
  func wait(grace: Duration) async -> LocalProcess.End {
    await withTaskCancellationHandler {
      await wait()
    } onCancel: {
      terminate(within: grace)
    }
  }

  /// Asks its group to end, and makes it after a while.
  func terminate(within grace: Duration) {
    progress.withLock { progress in
      guard let process = progress.process, let timer = progress.timer else { return }
      kill(-process, SIGTERM)
      csluice_set_timer(timer, Int(grace / .milliseconds(1)))
    }
  }

  /// Nothing where it has ended: its number may be another's then.
  func signal(_ signal: Int32) {
    progress.withLock { if let process = $0.process, $0.timer != nil { kill(process, signal) } }
  }

  func endGroup() {
    progress.withLock { if let process = $0.process, $0.timer != nil { LocalProcess.endGroup(process) } }
  }

  // MARK: On its thread

  private func live(_ process: LocalProcess, _ output: Output, patience: Int32, on thread: WaitingThread) {
    let (end, descriptor): (LocalProcess.End?, Int32)
    let pipe: FileDescriptor?
    switch output {
    case .file(let file):
      (end, descriptor) = begin(process, writesTo: file.rawValue, on: thread)
      try? file.close()
      pipe = nil
    case .heard:
      var ends: [Int32] = [-1, -1]
      guard csluice_pipe(&ends) == 0 else {
        thread.rest()
        return finish(.failed("this program has too many files open"))
      }
      (end, descriptor) = begin(process, writesTo: ends[1], on: thread)
      close(ends[1])
      pipe = FileDescriptor(rawValue: ends[0])
    }
    let how = end ?? follow(descriptor, pipe, output, patience: patience, on: thread, endsGroup: process.endsGroup)
    // First of all: what is done with the end takes longer than what is left to do here.
    finish(how)
    try? pipe?.close()
    if descriptor >= 0 { close(descriptor) }
    thread.rest()
  }

  /// - Returns: how it ended before it began, and what a `poll` can wait for.
  private func begin(
    _ process: LocalProcess, writesTo output: Int32, on thread: WaitingThread
  ) -> (LocalProcess.End?, Int32) {
    switch ChildStart.start(process, writesTo: output) {
    case .failure(let end): return (end.end, -1)
    case .success(let started):
      progress.withLock { ($0.process, $0.timer) = (started.process, thread.timer) }
      return (nil, started.descriptor)
    }
  }

  /// Waits for its end.
  private func follow(
    _ descriptor: Int32, _ pipe: FileDescriptor?, _ output: Output, patience: Int32, on thread: WaitingThread,
    endsGroup: Bool
  ) -> LocalProcess.End {
    var patience = patience
    // A number below 0 is passed over.
    var sources = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: thread.timer, events: Int16(POLLIN), revents: 0),
      pollfd(fd: pipe?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let isWaitedFor = progress.withLock { $0.starting != nil }
      let longest = isWaitedFor ? patience : -1
      let pause = descriptor < 0 && (longest < 0 || longest > Child.lookMilliseconds) ? Child.lookMilliseconds : longest
      let ready = poll(&sources, 3, pause)
      if sources[1].revents != 0 {
        endGroup()
        sources[1].fd = -1
      }
      if sources[0].revents != 0 || descriptor < 0, let end = reap(endsGroup: endsGroup) {
        if let pipe { _ = drain(pipe, output, atMost: Child.lastBytes) }
        return end
      }
      if sources[2].revents != 0, let pipe, drain(pipe, output, atMost: Child.turnBytes) { sources[2].fd = -1 }
      // What writes all the time is not waited for longer than what is silent.
      patience = max(0, patience - (ready == 0 ? pause : 1))
      if patience == 0 { begun() }
    }
  }

  /// Where the kernel does not tell when a process ends.
  private static let lookMilliseconds: Int32 = 10
  /// What is taken before anything else is looked at.
  private static let turnBytes = 1024 * 1024
  /// More than a pipe holds; whatever still writes then is no task any more.
  private static let lastBytes = 16 * 1024 * 1024
  private static let pieceBytes = 65_536

  private func reap(endsGroup: Bool) -> LocalProcess.End? {
    progress.withLock { progress in
      guard let process = progress.process else { return nil }
      var found = siginfo_t()
      guard waitid(P_PID, id_t(process), &found, WEXITED | WNOHANG | WNOWAIT) == 0, found.si_code != 0 else {
        return nil
      }
      // As long as it is not taken, its number is nobody else's.
      if endsGroup { LocalProcess.endGroup(process) }
      var status: Int32 = 0
      progress.timer = nil
      guard csluice_reap(process, 1, &status) == 0 else { return .failed("its end was taken by others") }
      return status & 0x7F == 0 ? .exited(Int(status >> 8 & 0xFF)) : .signaled(Int(status & 0x7F))
    }
  }

  /// - Returns: whether nothing more can come.
  private func drain(_ pipe: FileDescriptor, _ output: Output, atMost bound: Int) -> Bool {
    guard case .heard(let hear) = output else { return true }
    return withUnsafeTemporaryAllocation(byteCount: Child.pieceBytes, alignment: 16) { piece in
      var total = 0
      while total < bound {
        let count = read(pipe.rawValue, piece.baseAddress, piece.count)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return count == 0 }
        total += count
        hear(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      }
      return false
    }
  }

  private func begun() {
    let starting = progress.withLock { progress in
      defer { progress.starting = nil }
      return progress.starting
    }
    starting?.resume()
  }

  private func finish(_ end: LocalProcess.End) {
    let waiting = progress.withLock { progress in
      progress.end = end
      progress.timer = nil
      defer { (progress.starting, progress.ending) = (nil, nil) }
      return (progress.starting, progress.ending)
    }
    waiting.0?.resume()
    waiting.1?.resume()
  }
}
