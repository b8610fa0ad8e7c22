import FoundationEssentials
package import SluiceModel

/// Tries a studio's scripts with real tasks, against the contract of `docs/howto/queue-manager.md`.
package struct FarmCheck: Sendable {
  package struct Result: Sendable, Encodable {
    package var name: String
    package var ok: Bool
    package var words: String
  }

  package struct Settings: Sendable {
    /// Seen by the hosts under the same path.
    package var folder: String
    package var program: String
    /// What a small task may take, with its time in the queue.
    package var patience: Duration
    package var pollEvery: Duration
    package init(folder: String, program: String, patience: Duration, pollEvery: Duration) {
      (self.folder, self.program, self.patience, self.pollEvery) = (folder, program, patience, pollEvery)
    }
  }

  private let scripts: FarmScripts
  private let settings: Settings
  private let ambient: Ambient
  let root: String

  package init(_ scripts: FarmScripts, _ settings: Settings, ambient: Ambient) {
    (self.scripts, self.settings, self.ambient) = (scripts, settings, ambient)
    root = "\(settings.folder)/sluice-farm-check-\(ambient.makeSecret(bytes: 4))"
  }

  /// - Parameter hear: is given each result as it comes.
  package func run(hear: (Result) -> Void) async -> [Result] {
    LocalProcess.makeFolder(root)
    defer { SessionFiles.remove(root) }
    var results: [Result] = []
    let checks: [(String, () async throws(Fault) -> Void)] = [
      ("a task runs in its folder, and its log and its end are seen", runs),
      ("a task that fails is told with its exit code", fails),
      ("what stands in arguments and variables arrives as it is", quotes),
      ("several tasks at once have ids of their own, and all end", several),
      ("tasks of a template run beside each other, each in a session of its own", templates),
      ("a task that runs is cancelled, and nothing of it runs on", cancels),
      ("a task that ignores SIGTERM is cancelled, too", stubborn),
      ("to cancel what is over is no fault", cancelsAgain),
      ("to ask about a job that is not known is no fault", unknown),
    ]
    for (name, check) in checks {
      var result = Result(name: name, ok: true, words: "")
      do throws(Fault) {
        try await check()
      } catch {
        result = Result(name: name, ok: false, words: error.words)
      }
      results.append(result)
      hear(result)
      // Where nothing runs at all, all else only takes time.
      if !result.ok, results.count == 1 { break }
    }
    return results
  }

  struct Fault: Error {
    let words: String
    init(_ words: String) { self.words = words }
  }

  // MARK: Checks

  private func runs() async throws(Fault) {
    let order = order("runs", "echo out; echo err >&2; pwd > place; echo made > made")
    try await expect(order, .exited(0))
    guard text("\(order.directory)/made") == "made\n" else {
      throw Fault("the file that it made is not in \(order.directory): do the hosts see \(settings.folder)?")
    }
    let place = text("\(order.directory)/place") ?? ""
    guard place.hasSuffix("/runs\n") else { throw Fault("it ran in '\(place)', not in its folder") }
    let log = text(order.log) ?? ""
    guard log.contains("out\n"), log.contains("err\n") else { throw Fault("its log lacks what it printed: '\(log)'") }
  }

  private func fails() async throws(Fault) { try await expect(order("fails", "exit 37"), .exited(37)) }

  private func quotes() async throws(Fault) {
    let hard = "a b'c\"d$HOME `ls`\\ ü *\nnew;line"
    var order = order("quotes", "printf %s \"$1\" > one; printf %s \"$SLUICE_TRY\" > two")
    order = TaskOrder(
      task: order.task, arguments: order.arguments + ["sh", hard], environment: ["SLUICE_TRY": hard],
      directory: order.directory, log: order.log, timeoutSeconds: order.timeoutSeconds)
    try await expect(order, .exited(0))
    for (file, what) in [("one", "an argument"), ("two", "a variable")] where text("\(order.directory)/\(file)") != hard
    {
      throw Fault("\(what) arrived as '\(text("\(order.directory)/\(file)") ?? "")'")
    }
  }

  private func several() async throws(Fault) {
    var pending: [String: FarmFolder] = [:]
    for number in 1...5 {
      let (id, folder) = try await submit(order("several\(number)", "exit \(number)"))
      guard pending.updateValue(folder, forKey: id) == nil else { throw Fault("two jobs have the id '\(id)'") }
    }
    for (id, _) in pending {
      let state = try await over(id)
      guard FarmCheck.hasFailed(state) else {
        throw Fault("the job \(id) ended with another code than 0, and is told as \(FarmCheck.words(state))")
      }
    }
  }

  private func cancels() async throws(Fault) { try await cancel("cancels", "") }
  private func stubborn() async throws(Fault) { try await cancel("stubborn", "trap '' TERM; ") }

  /// A task that writes on and on, until it is ended.
  private func cancel(_ name: String, _ trap: String) async throws(Fault) {
    let order = order(name, "\(trap)(\(trap)while :; do echo >> beats; sleep 0.2; done) & wait; sleep 600")
    let (id, _) = try await submit(order)
    let beats = "\(order.directory)/beats"
    try await wait("it did not begin") { FarmCheck.size(beats) > 0 }
    if let failure = await scripts.cancel([id]) { throw Fault(failure.words) }
    let state = try await over(id)
    if state == .succeeded { throw Fault("a cancelled job is told as succeeded") }
    let before = FarmCheck.size(beats)
    try? await ambient.sleep(.seconds(3))
    guard FarmCheck.size(beats) == before else { throw Fault("'poll' says that it is over, and it still runs") }
  }

  private func cancelsAgain() async throws(Fault) {
    let (id, _) = try await submit(order("over", "true"))
    _ = try await over(id)
    if let failure = await scripts.cancel([id, id]) { throw Fault(failure.words) }
    let state = try await over(id)
    guard state == .succeeded || state == .unknown || state == .cancelled else {
      throw Fault("it is told as \(FarmCheck.words(state))")
    }
  }

  private func unknown() async throws(Fault) {
    let (id, _) = try await submit(order("known", "true"))
    _ = try await over(id)
    let never = id.hasSuffix("0") ? "\(id.dropLast())1" : "\(id.dropLast())0"
    switch await scripts.poll([never, id]) {
    case .failure(let failure): throw Fault(failure.words)
    case .success(let states):
      let state = states[never] ?? .unknown
      guard state == .unknown else {
        throw Fault("the job '\(never)', which nobody submitted, is told as \(FarmCheck.words(state))")
      }
    }
  }

  // MARK: Within

  func order(_ name: String, _ script: String) -> TaskOrder {
    let directory = "\(root)/\(name)"
    LocalProcess.makeFolder(directory)
    return TaskOrder(
      task: TaskID("r-check.\(name)"), arguments: ["sh", "-c", script], environment: [:], directory: directory,
      log: "\(root)/\(name).log", timeoutSeconds: Int(settings.patience.components.seconds))
  }

  /// The same way as a server goes.
  func expect(_ order: TaskOrder, _ expected: TaskEnd) async throws(Fault) {
    let farm = CommandFarm(
      scripts, CommandFarm.Settings(root: "\(root)/farm", program: settings.program, pollEvery: settings.pollEvery),
      ambient: ambient
    ) { _ in }
    let end = await withTaskGroup(of: TaskEnd?.self) { group in
      group.addTask { await farm.launch(order) }
      group.addTask { [ambient, settings] in
        try? await ambient.sleep(settings.patience)
        return nil
      }
      let first = await group.next() ?? nil
      if first == nil { await farm.hurry() }
      group.cancelAll()
      return first
    }
    guard let end else { throw Fault("it had no end within \(settings.patience.components.seconds) s") }
    guard end == expected else {
      if case .failed(let words) = end { throw Fault(words + tail(order.log)) }
      throw Fault("it ended with \(FarmCheck.code(end)), not with \(FarmCheck.code(expected))\(tail(order.log))")
    }
  }

  func tail(_ log: String) -> String {
    text(log).map { $0.isEmpty ? "" : "; its log: \(NameRule.printable(String($0.suffix(300)), atMost: 300))" } ?? ""
  }

  private func submit(_ order: TaskOrder) async throws(Fault) -> (id: String, folder: FarmFolder) {
    let key = "check-\(ambient.makeSecret(bytes: 4))"
    let farmOrder = FarmOrder(order, key: key, in: "\(root)/farm", runner: settings.program)
    guard farmOrder.write(order) else { throw Fault("'\(farmOrder.folder)' cannot be written") }
    switch await scripts.submit(farmOrder) {
    case .taken(let id): return (id, FarmFolder(path: farmOrder.folder))
    case .later(let words), .refused(let words): throw Fault(words)
    }
  }

  /// Waits until a job is over, by what `poll` says alone.
  private func over(_ id: String) async throws(Fault) -> FarmState {
    let until = ambient.uptime() + settings.patience
    var (last, unknown) = (FarmState.unknown, 0)
    while ambient.uptime() < until {
      switch await scripts.poll([id]) {
      case .failure(let failure): throw Fault(failure.words)
      case .success(let states): last = states[id] ?? .unknown
      }
      unknown = last == .unknown ? unknown + 1 : 0
      if last == .unknown ? unknown >= Limits.farmUnknown : CommandFarm.isOver(last) { return last }
      try? await ambient.sleep(settings.pollEvery)
    }
    throw Fault(
      "'poll' tells the job \(id) as \(FarmCheck.words(last)) after \(settings.patience.components.seconds) s")
  }

  private func wait(_ words: String, _ condition: () -> Bool) async throws(Fault) {
    let until = ambient.uptime() + settings.patience
    while !condition() {
      guard ambient.uptime() < until else { throw Fault("\(words) within \(settings.patience.components.seconds) s") }
      try? await ambient.sleep(.milliseconds(200))
    }
  }

  private static func code(_ end: TaskEnd) -> String {
    switch end {
    case .exited(let code): "exit code \(code)"
    case .signaled(let signal): "signal \(signal)"
    default: "\(end)"
    }
  }

  private static func words(_ state: FarmState) -> String {
    guard case .failed(let code, let words) = state else { return "\(state)" }
    let how = code.map { $0 < 0 ? " by signal \(-$0)" : " with exit code \($0)" } ?? ""
    return "failed\(how)\(words.isEmpty ? "" : ": \(words)")"
  }

  private static func hasFailed(_ state: FarmState) -> Bool {
    if case .failed = state { true } else { false }
  }

  private static func size(_ path: String) -> Int {
    ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? UInt64).map { Int($0) } ?? 0
  }

  func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}
