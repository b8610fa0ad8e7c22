import CSluiceProcess
import Glibc
import Synchronization

/// A thread that may be held up: starting a process and waiting for it does that, and no thread of the cooperative pool
/// may be. Threads are kept, so there are as many as were used at once.
///
/// It does one work at a time, or is a slot's: then all that the slot does for its tasks runs here, and a task that is
/// over within moments is started, waited for, and followed by the next one without another thread.
final class WaitingThread: TaskExecutor {
  private enum Work {
    case job(UnownedJob)
    case call(@Sendable (WaitingThread) -> Void)
  }

  /// Goes off when the process that is waited for must end. Any thread may set it.
  let timer = csluice_timer()
  private let begins: Semaphore
  private let work = Mutex<[Work]>([])

  private init() { begins = Semaphore() }

  private static let idle = Mutex<[WaitingThread]>([])
  /// As the cooperative pool's are; only what is used of it is there.
  private static let stackBytes = 8 * 1024 * 1024
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// The one that this is called on; nil on any other thread.
  static var current: WaitingThread? {
    pthread_getspecific(key).map { Unmanaged<WaitingThread>.fromOpaque($0).takeUnretainedValue() }
  }

  /// One for whoever gives it back by `rest`.
  /// - Returns: nil where this program may have no more threads.
  static func take() -> WaitingThread? { idle.withLock { $0.popLast() } ?? make() }

  /// Does some work on a thread that has none, which rests after it.
  /// - Returns: false where this program may have no more threads; then nothing is done.
  static func run(_ work: @escaping @Sendable (WaitingThread) -> Void) -> Bool {
    guard let thread = take() else { return false }
    thread.add(.call(work))
    return true
  }

  func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

  private func add(_ next: Work) {
    work.withLock { $0.append(next) }
    begins.signal()
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
    // That a child has ended is passed over where it is not blocked; else the kernel wakes another thread with it.
    sigdelset(&all, SIGCHLD)
    pthread_sigmask(SIG_SETMASK, &all, nil)
    pthread_setspecific(WaitingThread.key, Unmanaged.passUnretained(self).toOpaque())
    while true {
      begins.wait()
      switch work.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
      case .job(let job)?: job.runSynchronously(on: asUnownedTaskExecutor())
      case .call(let call)?:
        call(self)
        rest()
      case nil: continue
      }
    }
  }

  /// It is there for others again.
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
