import FoundationEssentials
package import SluiceModel

/// Runs tasks through a queue manager that a studio has, by its scripts. Source: ADR 0020.
package actor CommandFarm: TaskLauncher {
  package struct Settings: Sendable {
    /// Where folders of tasks are made; hosts see it under the same path.
    package var root: String
    /// This program, as hosts start it.
    package var program: String
    /// The time between two questions.
    package var pollEvery: Duration
    package init(root: String, program: String, pollEvery: Duration) {
      (self.root, self.program, self.pollEvery) = (root, program, pollEvery)
    }
  }

  /// A job of the queue manager.
  private struct Job {
    var state = FarmState.waiting
    /// Answers in a row that did not know it.
    var unknown = 0
  }

  private let scripts: FarmScripts
  private let settings: Settings
  private let ambient: Ambient
  private let tell: @Sendable (String) -> Void
  private var jobs: [String: Job] = [:]
  private var polled: Duration?
  private var isPolling = false
  private var toCancel: [String] = []
  private var isCancelling = false
  private var submits = 0
  private var isHurried = false
  private var told = ""

  /// - Parameter tell: is given what an operator should know, once each time that it changes.
  package init(
    _ scripts: FarmScripts, _ settings: Settings, ambient: Ambient, tell: @escaping @Sendable (String) -> Void
  ) {
    (self.scripts, self.settings, self.ambient, self.tell) = (scripts, settings, ambient, tell)
  }

  package nonisolated func launch(_ order: TaskOrder) async -> TaskEnd {
    let sign = StopSign()
    // What a queue manager runs must not be left behind with the task that waits for it.
    let work = Task { await self.perform(order, sign) }
    return await withTaskCancellationHandler {
      await work.value
    } onCancel: {
      sign.raise()
    }
  }

  package func hurry() async {
    isHurried = true
    scripts.haste.raise()
  }

  // MARK: One task

  private func perform(_ order: TaskOrder, _ sign: StopSign) async -> TaskEnd {
    let key = "\(order.task)-\(ambient.makeSecret(bytes: 4))"
    let farmOrder = FarmOrder(order, key: key, in: settings.root, runner: settings.program)
    let folder = FarmFolder(path: farmOrder.folder)
    guard farmOrder.write(order) else {
      return .failed("the folder '\(farmOrder.folder)' for the queue manager cannot be written")
    }
    switch await submit(farmOrder, folder, sign) {
    case .failure(let end):
      folder.remove()
      return end.end
    case .success(let id):
      jobs[id] = Job()
      let watched = await watch(id, folder, order, sign)
      jobs[id] = nil
      if watched.isOver { folder.remove() }
      return watched.end
    }
  }

  private struct Ended: Error {
    var end: TaskEnd
  }

  private func submit(
    _ order: FarmOrder, _ folder: FarmFolder, _ sign: StopSign
  ) async -> Result<String, Ended> {
    var pause = Duration.seconds(1)
    while true {
      while submits >= Limits.farmSubmits, !sign.isRaised { try? await ambient.sleep(.milliseconds(20)) }
      if sign.isRaised { return .failure(Ended(end: .cancelled)) }
      submits += 1
      let answer = await scripts.submit(order)
      submits -= 1
      switch answer {
      case .taken(let id):
        if !folder.note(id: id) { say("the id \(id) of the task \(order.told.task) could not be kept") }
        return .success(id)
      case .later(let words):
        say("the queue manager takes nothing now: \(words)")
        let until = ambient.uptime() + pause
        while !sign.isRaised, ambient.uptime() < until { try? await ambient.sleep(.milliseconds(200)) }
        pause = min(pause * 2, .seconds(60))
      case .refused(let words):
        _ = folder.takeBack()
        return .failure(Ended(end: .failed("the queue manager did not take it: \(words)")))
      }
    }
  }

  /// - Returns: how it ended, and whether nothing of it runs for certain.
  private func watch(
    _ id: String, _ folder: FarmFolder, _ order: TaskOrder, _ sign: StopSign
  ) async -> (end: TaskEnd, isOver: Bool) {
    var (startedAt, askedAt, nextAsk): (Duration?, Duration?, Duration) = (nil, nil, .zero)
    var isTimedOut = false
    let pause = min(settings.pollEvery, .milliseconds(250))
    while true {
      try? await ambient.sleep(pause)
      await refresh()
      let (state, isLost) = (jobs[id]?.state ?? .unknown, jobs[id]?.unknown ?? 0 >= Limits.farmUnknown)
      let now = ambient.uptime()
      if startedAt == nil, folder.hasBegun { startedAt = now }
      if let end = end(state, isLost: isLost, folder) {
        let own: TaskEnd = isTimedOut ? .timedOut : sign.isRaised ? .cancelled : end
        return (own, true)
      }
      if let startedAt, now - startedAt > .seconds(order.timeoutSeconds), askedAt == nil { isTimedOut = true }
      guard sign.isRaised || isTimedOut else { continue }
      if askedAt == nil { askedAt = now }
      if folder.takeBack() {
        await cancelWithOthers(id)
        return (isTimedOut ? .timedOut : .cancelled, true)
      }
      if now >= nextAsk {
        nextAsk = now + .seconds(10)
        await cancelWithOthers(id)
      }
      if isHurried, let askedAt, ambient.uptime() - askedAt >= .seconds(Limits.farmHasteSeconds) {
        return (.cancelled, false)
      }
    }
  }

  /// How a job ended; nil while it has not. What its program left counts more than what the queue manager says.
  private func end(_ state: FarmState, isLost: Bool, _ folder: FarmFolder) -> TaskEnd? {
    if let code = folder.code { return folder.outcome ?? CommandFarm.end(code) }
    switch state {
    case .waiting, .running: return nil
    case .succeeded: return .exited(0)
    case .failed(FarmScripts.laterCode?, _):
      return .failed("the queue manager started it twice, and the first time it did not come to its end")
    case .failed(let code, let words):
      if let code, words.isEmpty { return CommandFarm.end(code) }
      return .failed("the queue manager says that it failed\(words.isEmpty ? "" : ": \(words)")")
    case .cancelled: return .failed("somebody ended it in the queue manager")
    case .unknown: return isLost ? .failed("the queue manager does not know its job any more") : nil
    }
  }

  private static func end(_ code: Int) -> TaskEnd { code < 0 ? .signaled(-code) : .exited(code) }

  // MARK: All jobs

  /// Asks about all jobs at once, for all who wait for an answer.
  private func refresh() async {
    guard !isPolling, !jobs.isEmpty else { return }
    if let polled, ambient.uptime() - polled < settings.pollEvery { return }
    isPolling = true
    defer { isPolling = false }
    let ids = jobs.keys.sorted()
    for start in stride(from: 0, to: ids.count, by: Limits.farmJobsAsked) {
      let some = Array(ids[start..<min(ids.count, start + Limits.farmJobsAsked)])
      switch await scripts.poll(some) {
      case .success(let states): for id in some { take(states[id] ?? .unknown, of: id) }
      case .failure(let failure): say("the queue manager does not say how jobs stand: \(failure.words)")
      }
    }
    polled = ambient.uptime()
  }

  private func take(_ state: FarmState, of id: String) {
    guard var job = jobs[id] else { return }
    job.unknown = state == .unknown ? job.unknown + 1 : 0
    job.state = state
    jobs[id] = job
  }

  /// Cancels a job; where others are cancelled just now, they take it along.
  private func cancelWithOthers(_ id: String) async {
    toCancel.append(id)
    guard !isCancelling else { return }
    isCancelling = true
    defer { isCancelling = false }
    // A plan that is cancelled comes as many tasks.
    try? await ambient.sleep(.milliseconds(50))
    while !toCancel.isEmpty {
      let some = toCancel
      toCancel = []
      await cancel(some)
    }
  }

  private func say(_ words: String) {
    if words != told { tell(words) }
    told = words
  }

  // MARK: After a restart

  /// Takes back what an earlier server gave to the queue manager, and ends what of it runs.
  package func endOrphans() async {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: settings.root)) ?? []).sorted()
    var running: [FarmFolder] = []
    var waiting: [String] = []
    for name in names {
      let folder = FarmFolder(path: "\(settings.root)/\(name)")
      if folder.takeBack() {
        if let id = folder.id { waiting.append(id) }
        folder.remove()
      } else {
        running.append(folder)
      }
    }
    await cancel(waiting + CommandFarm.ids(running))
    let until = ambient.uptime() + .seconds(Limits.farmOrphanSeconds)
    var turn = 0
    while true {
      running = await stillRunning(running)
      guard !running.isEmpty, ambient.uptime() < until else { break }
      try? await ambient.sleep(min(settings.pollEvery, .seconds(1)))
      turn += 1
      if turn % 10 == 0 { await cancel(CommandFarm.ids(running)) }
    }
    for folder in running {
      let job = folder.id.map { "the job \($0)" } ?? "a job whose id was not kept"
      tell("\(job) of an earlier server may still run; see \(folder.path)/task.json")
    }
  }

  /// What of it has not ended, as far as can be said; what has is taken away.
  private func stillRunning(_ folders: [FarmFolder]) async -> [FarmFolder] {
    let open = folders.filter { $0.code == nil }
    let ids = CommandFarm.ids(open)
    var states: [String: FarmState] = [:]
    for start in stride(from: 0, to: ids.count, by: Limits.farmJobsAsked) {
      let some = Array(ids[start..<min(ids.count, start + Limits.farmJobsAsked)])
      if case .success(let answer) = await scripts.poll(some) {
        for id in some { states[id] = answer[id] ?? .unknown }
      }
    }
    return folders.filter { folder in
      let isOver = folder.code != nil || folder.id.flatMap { states[$0] }.map(CommandFarm.isOver) == true
      if isOver { folder.remove() }
      return !isOver
    }
  }

  private static func ids(_ folders: [FarmFolder]) -> [String] { folders.filter { $0.code == nil }.compactMap(\.id) }

  private func cancel(_ ids: [String]) async {
    for start in stride(from: 0, to: ids.count, by: Limits.farmJobsAsked) {
      let some = Array(ids[start..<min(ids.count, start + Limits.farmJobsAsked)])
      if let failure = await scripts.cancel(some) { say("jobs could not be cancelled: \(failure.words)") }
    }
  }

  package static func isOver(_ state: FarmState) -> Bool { state != .waiting && state != .running }
}
