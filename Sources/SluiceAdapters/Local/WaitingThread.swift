import CSluiceProcess
import Glibc
import Synchronization

/// A thread that waits for one process at a time: starting one and waiting for it hold a thread up, which no thread of
/// the cooperative pool may be. Threads are kept, so there are as many as processes have run at once.
final class WaitingThread: Sendable {
  /// Goes off when the process that is waited for must end. Any thread may set it.
  let timer = csluice_timer()
  private let begins: Semaphore
  private let work = Mutex<(@Sendable (WaitingThread) -> Void)?>(nil)

  private init() { begins = Semaphore() }

  private static let idle = Mutex<[WaitingThread]>([])
  private static let stackBytes = 1024 * 1024

  /// Does some work on a thread that has none.
  /// - Returns: false where this program may have no more threads; then nothing is done.
  static func run(_ work: @escaping @Sendable (WaitingThread) -> Void) -> Bool {
    guard let thread = idle.withLock({ $0.popLast() }) ?? make() else { return false }
    thread.work.withLock { $0 = work }
    thread.begins.signal()
    return true
  }

  private static func make() -> WaitingThread? {
    let thread = WaitingThread()
    guard thread.timer >= 0 else { return nil }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let context = Unmanaged.passRetained(thread)
    var number = pthread_t()
    let error = pthread_create(
      &number, &attributes,
      { context in
        if let context { Unmanaged<WaitingThread>.fromOpaque(context).takeUnretainedValue().live() }
        return nil
      }, context.toOpaque())
    guard error == 0 else {
      context.release()
      close(thread.timer)
      return nil
    }
    return thread
  }

  private func live() {
    // No signal is to be handled here: those who handle them wait for them elsewhere.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, nil)
    while true {
      begins.wait()
      let next = work.withLock { work in
        defer { work = nil }
        return work
      }
      next?(self)
    }
  }

  /// It has done its work; said by itself.
  func rest() {
    csluice_set_timer(timer, -1)
    WaitingThread.idle.withLock { $0.append(self) }
  }
}

/// Lets one thread wait for another.
private struct Semaphore: @unchecked Sendable {
  // tidy: a `sem_t` may not move, and is for several threads.
  private let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
  }

  func signal() { sem_post(semaphore) }

  func wait() {
    while sem_wait(semaphore) != 0 {}
  }
}
