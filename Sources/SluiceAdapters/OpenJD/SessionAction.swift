import FoundationEssentials
import Glibc
import SluiceModel

/// One action of a session while it runs: its process, and how it is stopped.
///
/// Deadlines and wishes to stop are looked at fifty times a second, from when it has run for a moment.
actor SessionAction {
  struct Stop: Sendable {
    /// Nil terminates at once.
    var notifyPeriod: Duration?
    /// Where the notice is written.
    var folder: String
    /// Who reads it, where that is another than this program.
    var user: TaskUser?
    var sign: StopSign
    /// Whether the sign ends it; else only haste does.
    var obeys: Bool
    var isWanted: Bool { !(obeys && sign.isRaised) && sign.haste == nil }
  }

  enum End: Sendable, Hashable {
    case succeeded
    /// What happened, and what the action said of it.
    case failed(String, said: String?)
    case timedOut
    case overMemory(had: Int64, limit: Int64)
    case stopped
    case notFound
  }

  private let process: LocalProcess
  private let stop: Stop
  private let limit: Duration?
  private let ambient: Ambient
  private(set) var number: Int32?
  private let gauge: MemoryGauge
  private let speech: SessionSpeech
  private var isTimedOut = false
  private var notifiedAt: Duration?
  private var killAt: Duration?
  private var isKilled = false
  private var isHasty = false
  private var overMemory: End?

  /// - Parameter limit: how long it may take; nil for no end.
  init(
    _ process: LocalProcess, limit: Duration?, stop: Stop, speech: SessionSpeech, gauge: MemoryGauge, ambient: Ambient
  ) {
    (self.process, self.limit, self.stop, self.ambient) = (process, limit, stop, ambient)
    (self.speech, self.gauge) = (speech, gauge)
  }

  /// Runs it to its end.
  func run() async -> End {
    let began = ambient.uptime()
    let child = await process.start(
      .heard { [speech] in speech.take($0) }, patience: Int32(Limits.taskPatienceMilliseconds))
    number = child.number
    // What runs is ended in the way of its template, and not with the task that waits for it.
    if child.end == nil { await Task { await self.attend(child, since: began) }.value }
    speech.finish()
    return outcome(child.end)
  }

  /// Looks at it until it has ended.
  private func attend(_ child: Child, since began: Duration) async {
    if let number { gauge.begin(number) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [gauge, ambient] in
        if case .overMemory(let had, let limit)? = await gauge.watch(ambient.sleep) {
          await self.exceed(.overMemory(had: had, limit: limit))
        }
      }
      group.addTask { [ambient] in
        while !Task.isCancelled {
          await self.watch(child, since: began)
          try? await ambient.sleep(.milliseconds(SessionAction.lookMilliseconds))
        }
      }
      _ = await child.wait()
      gauge.end()
      group.cancelAll()
    }
  }

  private static let lookMilliseconds = 20

  private func exceed(_ end: End) { overMemory = end }

  private func outcome(_ status: LocalProcess.End?) -> End {
    let heard = speech.heard
    if let overMemory { return overMemory }
    if let refusal = heard.refusal { return .failed("was ended: \(refusal)", said: nil) }
    if isTimedOut { return .timedOut }
    if !stop.isWanted, notifiedAt != nil || isKilled { return .stopped }
    switch status {
    case .exited(0): return .succeeded
    case .exited(let code): return .failed("ended with exit code \(code)", said: heard.failure)
    case .signaled(let signal): return .failed("was ended by signal \(signal)", said: heard.failure)
    case .notFound: return .notFound
    case .failed(let words): return .failed("could not run: \(words)", said: nil)
    case nil: return .failed("has no end", said: nil)
    }
  }

  // MARK: Stopping

  private func watch(_ child: Child, since began: Duration) {
    let now = ambient.uptime()
    if let limit, stop.isWanted, now - began >= limit { isTimedOut = true }
    guard isTimedOut || !stop.isWanted || speech.heard.refusal != nil else { return }
    if notifiedAt == nil, killAt == nil {
      if let period = stop.notifyPeriod { notify(child, period, at: now) } else { killAt = now }
    }
    if let haste = stop.sign.haste, let due = killAt, !isHasty {
      isHasty = true
      killAt = min(due, now + haste)
    }
    if let killAt, now >= killAt, !isKilled {
      isKilled = true
      child.endGroup()
    }
  }

  private func notify(_ child: Child, _ period: Duration, at now: Duration) {
    notifiedAt = now
    let until = ambient.now().addingTimeInterval(Double(period.components.seconds))
    let notice = "{\"NotifyEnd\": \"\(Timestamp.text(until).prefix(19))Z\"}"
    // Who waits for a notice that cannot be written would wait for ever.
    let isWritten = SessionFiles.write(notice, to: stop.folder + "/cancel_info.json", mode: 0o600, owner: stop.user)
    killAt = isWritten ? now + period : now
    child.signal(SIGTERM)
  }
}
