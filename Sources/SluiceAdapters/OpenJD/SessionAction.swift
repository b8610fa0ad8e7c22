import FoundationEssentials
import Glibc
import SluiceModel
import SystemPackage

/// One action of a session while it runs: its process, what it says, and how it is stopped.
///
/// It polls: output, deadlines and wishes to stop are looked at together, fifty times a second while nothing comes.
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
  private var status: LocalProcess.End?
  private var isTimedOut = false
  private var refusal: String?
  private var said: String?
  private var notifiedAt: Duration?
  private var killAt: Duration?
  private var isKilled = false
  private var isHasty = false
  private var overMemory: End?
  private var buffer: [UInt8] = []

  /// - Parameter limit: how long it may take; nil for no end.
  init(_ process: LocalProcess, limit: Duration?, stop: Stop, gauge: MemoryGauge, ambient: Ambient) {
    (self.process, self.limit, self.stop, self.ambient) = (process, limit, stop, ambient)
    self.gauge = gauge
  }

  /// Runs it to its end.
  /// - Parameter hear: is given each line, without its end, and says what to write for it, or why the action must end.
  func run(hear: @Sendable (String) async -> Heard, write: @escaping @Sendable ([UInt8]) -> Void) async -> End {
    let pipe: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
    do {
      pipe = try FileDescriptor.pipe()
    } catch {
      return .failed("could not run: \(error)", said: nil)
    }
    for end in [pipe.readEnd, pipe.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(pipe.readEnd.rawValue, F_SETFL, O_NONBLOCK)
    defer { close(pipe.readEnd.rawValue) }
    return await withTaskGroup(of: Void.self) { group in
      group.addTask { [process] in
        let ended = await process.run(output: pipe.writeEnd, grace: .zero) { number in await self.begin(number) }
        await self.finish(ended.end)
      }
      group.addTask { [gauge, ambient] in
        if case .overMemory(let had, let limit)? = await gauge.watch(ambient.sleep) {
          await self.exceed(.overMemory(had: had, limit: limit))
        }
      }
      let began = ambient.uptime()
      var pause = 1
      while true {
        let isOver = status != nil
        let count = await listen(pipe.readEnd, hear: hear, write: write)
        if isOver { break }
        watch(since: began)
        // Most actions are over soon, and nobody waits for the others to the millisecond.
        pause = count == 0 ? min(pause * 2, 20) : 1
        if count == 0 { try? await ambient.sleep(.milliseconds(pause)) }
      }
      if !buffer.isEmpty { await take(buffer[...], hear: hear, write: write) }
      await gauge.end()
      group.cancelAll()
      await group.waitForAll()
      return outcome
    }
  }

  /// What became of a line.
  struct Heard: Sendable {
    var line: String
    var failure: String?
    /// Why the action must end.
    var refusal: String?
  }

  private func begin(_ number: Int32) async {
    self.number = number
    await gauge.begin(number)
  }
  private func exceed(_ end: End) { overMemory = end }
  private func finish(_ end: LocalProcess.End) { status = end }

  private var outcome: End {
    if let overMemory { return overMemory }
    if let refusal { return .failed("was ended: \(refusal)", said: nil) }
    if isTimedOut { return .timedOut }
    if !stop.isWanted, notifiedAt != nil || isKilled { return .stopped }
    switch status {
    case .exited(0): return .succeeded
    case .exited(let code): return .failed("ended with exit code \(code)", said: said)
    case .signaled(let signal): return .failed("was ended by signal \(signal)", said: said)
    case .notFound: return .notFound
    case .failed(let words): return .failed("could not run: \(words)", said: nil)
    case nil: return .failed("has no end", said: nil)
    }
  }

  // MARK: Stopping

  private func watch(since began: Duration) {
    guard let number else { return }
    let now = ambient.uptime()
    if let limit, stop.isWanted, now - began >= limit { isTimedOut = true }
    guard isTimedOut || !stop.isWanted || refusal != nil else { return }
    if notifiedAt == nil, killAt == nil {
      if let period = stop.notifyPeriod { notify(number, period, at: now) } else { killAt = now }
    }
    if let haste = stop.sign.haste, let due = killAt, !isHasty {
      isHasty = true
      killAt = min(due, now + haste)
    }
    if let killAt, now >= killAt, !isKilled {
      isKilled = true
      LocalProcess.endGroup(number)
    }
  }

  private func notify(_ number: Int32, _ period: Duration, at now: Duration) {
    notifiedAt = now
    let until = ambient.now().addingTimeInterval(Double(period.components.seconds))
    let notice = "{\"NotifyEnd\": \"\(Timestamp.text(until).prefix(19))Z\"}"
    // Who waits for a notice that cannot be written would wait for ever.
    let isWritten = SessionFiles.write(notice, to: stop.folder + "/cancel_info.json", mode: 0o600, owner: stop.user)
    killAt = isWritten ? now + period : now
    kill(number, SIGTERM)
  }

  // MARK: Listening

  /// Takes what has come, and no more than a pipe holds a few times over.
  /// - Returns: how many bytes.
  private func listen(
    _ end: FileDescriptor, hear: @Sendable (String) async -> Heard, write: @Sendable ([UInt8]) -> Void
  ) async -> Int {
    var total = 0
    for _ in 0..<16 {
      var piece = [UInt8](repeating: 0, count: 65_536)
      let count = read(end.rawValue, &piece, piece.count)
      guard count > 0 else { break }
      total += count
      buffer += piece[..<count]
      var start = 0
      while let newline = buffer[start...].firstIndex(of: 0x0A) {
        await take(buffer[start..<newline], hear: hear, write: write)
        start = newline + 1
      }
      buffer.removeFirst(start)
      // A line without end is written in pieces; nobody says anything in so long a line.
      if buffer.count > Limits.sessionLineBytes {
        await take(buffer[...], hear: hear, write: write)
        buffer = []
      }
    }
    return total
  }

  private func take(
    _ line: ArraySlice<UInt8>, hear: @Sendable (String) async -> Heard, write: @Sendable ([UInt8]) -> Void
  ) async {
    var line = line
    if line.last == 0x0D { line.removeLast() }
    let heard = await hear(String(decoding: line, as: UTF8.self))
    said = heard.failure ?? said
    refusal = refusal ?? heard.refusal
    write(Array(heard.line.utf8) + [0x0A])
  }
}
