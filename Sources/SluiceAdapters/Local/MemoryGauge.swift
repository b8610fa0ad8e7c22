import Glibc
import SluiceModel
import Synchronization

/// Looks at what the processes of a task take while they run. Source: ADR 0019.
///
/// One process says itself the most that it has had. Of several it is the sum at the moment of a look, with what they
/// share counted once; that is asked for only where the plain sum is more than what is known, since it costs.
final class MemoryGauge: Sendable {
  private struct State {
    /// Sessions of the task itself.
    var own: Set<Int32> = []
    /// What was there before it and works for it.
    var loaded: [Int32] = []
    /// The session of what runs now: its processes are what is stopped.
    var current: Int32?
    var used: TaskUse?
  }
  private let limit: Int64?
  private let census: Census
  private let state = Mutex(State())

  /// - Parameter limit: in bytes; nil for none.
  init(limit: Int64?, census: Census) { (self.limit, self.census) = (limit, census) }

  /// What it took, as far as somebody looked.
  var used: TaskUse? { state.withLock { $0.used } }

  /// A process of the task runs, in a session of its own.
  func begin(_ session: Int32) {
    state.withLock {
      $0.own.insert(session)
      $0.current = session
    }
  }

  /// Applications that environments have loaded for many tasks: their memory counts for each, their time for none.
  func include(_ sessions: [Int32]) { state.withLock { $0.loaded += sessions } }

  /// Ends what runs now.
  func stop() { state.withLock { if let current = $0.current { LocalProcess.endGroup(current) } } }

  /// It has ended; its session may still have others.
  func end() { state.withLock { $0.current = nil } }

  /// Takes what the kernel counted of all that ran in a control group.
  func count(_ group: ControlGroup) { state.withLock { $0.used = group.use($0.used) } }

  /// Looks again and again, until the task has too much, or the Swift task is cancelled.
  /// - Returns: what it had when it had too much; its processes are ended then.
  func watch(_ sleep: @Sendable (Duration) async throws -> Void) async -> TaskEnd? {
    var pause = Limits.memoryFirstLookMilliseconds
    while true {
      do { try await sleep(.milliseconds(pause)) } catch { return nil }
      pause = Limits.memoryLookMilliseconds
      if let end = look() { return end }
    }
  }

  /// - Returns: how it ends where it has too much.
  func look() -> TaskEnd? {
    let now = state.withLock { $0 }
    let processes = census.processes(of: now.loaded + now.own, youngest: now.current)
    guard !processes.isEmpty else { return nil }
    let memory = MemoryGauge.memory(of: processes, moreThan: now.used?.memoryBytes ?? 0)
    let ticks = processes.reduce(0) { now.own.contains($1.session) ? $0 + $1.ticks : $0 }
    let seconds = Double(ticks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    return state.withLock { state in
      state.used = TaskUse(
        memoryBytes: max(memory, state.used?.memoryBytes ?? 0), cpuSeconds: max(seconds, state.used?.cpuSeconds ?? 0))
      guard let limit, memory > limit, let current = state.current else { return nil }
      LocalProcess.endGroup(current)
      return .overMemory(had: memory, limit: limit)
    }
  }

  private static func memory(of processes: [ProcessStat], moreThan known: Int64) -> Int64 {
    let page = Int64(sysconf(Int32(_SC_PAGESIZE)))
    if processes.count == 1 {
      let own = ProcessStat.bytes("VmHWM", in: Census.text(of: "/proc/\(processes[0].process)/status"))
      return own ?? processes[0].residentPages * page
    }
    let sum = processes.reduce(0) { $0 + $1.residentPages * page }
    guard sum > known else { return sum }
    return processes.reduce(0) { total, process in
      let text = Census.text(of: "/proc/\(process.process)/smaps_rollup")
      return total + (ProcessStat.bytes("Pss", in: text) ?? process.residentPages * page)
    }
  }
}
