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
    /// Milliseconds after which its group is to be ended, by whoever waits for it next.
    var grace: Int?
    var isReaped = false
    var end: LocalProcess.End?
    /// Whoever started it waits until it has ended, or for a while.
    var starting: CheckedContinuation<Void, Never>?
    var ending: CheckedContinuation<Void, Never>?
  }
  private let progress = Mutex(Progress())

  private init() {}

  /// Starts a process.
  /// - Parameter patience: how long this waits for its end, in milliseconds. On a thread that may be held up it does.
  /// - Returns: when it has ended, or after that.
  static func start(_ process: LocalProcess, _ output: Output, patience: Int32) async -> Child {
    let child = Child()
    if let thread = WaitingThread.current {
      child.hold(thread, process, output, patience: patience)
      return child
    }
    await withCheckedContinuation { continuation in
      child.progress.withLock { $0.starting = continuation }
      let isRunning = WaitingThread.run { thread in
        guard let watched = child.begin(process, output) else { return }
        if !child.follow(watched, on: thread, for: patience) {
          child.begun()
          _ = child.follow(watched, on: thread, for: nil)
        }
      }
      if !isRunning { child.leave(output, .failed("this program cannot have more threads")) }
    }
    return child
  }

  /// Starts and waits for it here, and lets another thread wait for one that takes longer.
  private func hold(_ thread: WaitingThread, _ process: LocalProcess, _ output: Output, patience: Int32) {
    guard let watched = begin(process, output), !follow(watched, on: thread, for: patience) else { return }
    let isRunning = WaitingThread.run { _ = self.follow(watched, on: $0, for: nil) }
    if !isRunning { _ = follow(watched, on: thread, for: nil) }
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
      guard let process = progress.process, !progress.isReaped else { return }
      kill(-process, SIGTERM)
      progress.grace = Int(grace / .milliseconds(1))
      if let timer = progress.timer { csluice_set_timer(timer, Int(grace / .milliseconds(1))) }
    }
  }

  /// Nothing where it has ended: its number may be another's then.
  func signal(_ signal: Int32) {
    progress.withLock { if let process = $0.process, !$0.isReaped { kill(process, signal) } }
  }

  func endGroup() {
    progress.withLock { if let process = $0.process, !$0.isReaped { LocalProcess.endGroup(process) } }
  }

  // MARK: On a thread that may be held up

  /// What is waited for.
  private struct Watched: Sendable {
    /// Of the process; -1 where the kernel has no such thing.
    let descriptor: Int32
    /// What it writes; -1 where that goes to a file.
    let pipe: Int32
    let hear: (@Sendable (UnsafeRawBufferPointer) -> Void)?
    let endsGroup: Bool
  }

  /// - Returns: nil where it could not be started; that is its end.
  private func begin(_ process: LocalProcess, _ output: Output) -> Watched? {
    let started: Result<ChildStart.Started, ChildStart.Failure>
    var (pipe, hear): (Int32, (@Sendable (UnsafeRawBufferPointer) -> Void)?) = (-1, nil)
    switch output {
    case .file(let file):
      started = ChildStart.start(process, writesTo: file.rawValue)
      try? file.close()
    case .heard(let told):
      var ends: [Int32] = [-1, -1]
      guard csluice_pipe(&ends) == 0 else {
        finish(.failed("this program has too many files open"))
        return nil
      }
      started = ChildStart.start(process, writesTo: ends[1])
      close(ends[1])
      (pipe, hear) = (ends[0], told)
    }
    switch started {
    case .failure(let failure):
      if pipe >= 0 { close(pipe) }
      finish(failure.end)
      return nil
    case .success(let started):
      progress.withLock { $0.process = started.process }
      return Watched(descriptor: started.descriptor, pipe: pipe, hear: hear, endsGroup: process.endsGroup)
    }
  }

  /// Waits for its end.
  /// - Parameter patience: for about so many milliseconds; nil for as long as it takes.
  /// - Returns: whether it has ended.
  private func follow(_ watched: Watched, on thread: WaitingThread, for patience: Int32?) -> Bool {
    var left = patience
    progress.withLock { progress in
      progress.timer = thread.timer
      if let grace = progress.grace { csluice_set_timer(thread.timer, grace) }
    }
    // A number below 0 is passed over.
    var sources = [
      pollfd(fd: watched.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: thread.timer, events: Int16(POLLIN), revents: 0),
      pollfd(fd: watched.pipe, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let longest = watched.descriptor < 0 ? Child.lookMilliseconds : Int32.max
      let pause = min(left ?? longest, longest)
      let ready = poll(&sources, 3, pause == Int32.max ? -1 : pause)
      if ready < 0 { continue }
      if sources[1].revents != 0 {
        endGroup()
        sources[1].fd = -1
      }
      if sources[0].revents != 0 || watched.descriptor < 0, let end = reap(endsGroup: watched.endsGroup) {
        _ = drain(watched, atMost: Child.lastBytes)
        // First of all: what is done with the end takes longer than what is left to do here.
        finish(end)
        if watched.pipe >= 0 { close(watched.pipe) }
        if watched.descriptor >= 0 { close(watched.descriptor) }
        return true
      }
      if sources[2].revents != 0, drain(watched, atMost: Child.turnBytes) { sources[2].fd = -1 }
      // What writes all the time is not waited for longer than what is silent.
      if let now = left {
        left = max(0, now - (ready == 0 ? pause : 1))
        if left == 0 {
          progress.withLock { $0.timer = nil }
          return false
        }
      }
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
      guard let process = progress.process, !progress.isReaped else { return nil }
      var found = siginfo_t()
      guard waitid(P_PID, id_t(process), &found, WEXITED | WNOHANG | WNOWAIT) == 0, found.si_code != 0 else {
        return nil
      }
      // As long as it is not taken, its number is nobody else's.
      if endsGroup { LocalProcess.endGroup(process) }
      var status: Int32 = 0
      (progress.timer, progress.isReaped) = (nil, true)
      guard csluice_reap(process, &status) == 0 else { return .failed("its end was taken by others") }
      return status & 0x7F == 0 ? .exited(Int(status >> 8 & 0xFF)) : .signaled(Int(status & 0x7F))
    }
  }

  /// - Returns: whether nothing more can come.
  private func drain(_ watched: Watched, atMost bound: Int) -> Bool {
    guard let hear = watched.hear else { return true }
    return withUnsafeTemporaryAllocation(byteCount: Child.pieceBytes, alignment: 16) { piece in
      var total = 0
      while total < bound {
        let count = read(watched.pipe, piece.baseAddress, piece.count)
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
