import SluiceModel

/// Sessions that are kept between tasks of one job, so that what an environment loads is loaded once.
actor SessionPool {
  private struct Kept {
    let session: JobSession
    /// Where its working directory is, and which one it is there.
    let folder: String
    let number: Int
    let log: TaskLog
    /// Since when it waits.
    var since: Duration
  }

  private let ambient: Ambient
  private let user: TaskUser?
  private let marks: ProcessMarks
  private var idle: [String: [Kept]] = [:]
  /// Numbers of working directories in use, by the folder that they are in.
  private var numbers: [String: Set<Int>] = [:]
  /// Sessions that wait for nothing but their end.
  private var discarded: [Kept] = []
  private var signs: [Int: StopSign] = [:]
  private var launches = 0
  private var isHurried = false

  init(user: TaskUser?, marks: ProcessMarks, ambient: Ambient) {
    (self.user, self.marks, self.ambient) = (user, marks, ambient)
  }

  /// Runs an order in a session of its key, kept or new, and keeps the session where all went well.
  ///
  /// A cancelled Swift task stops what runs, in the way of its template, and waits for its end.
  /// - Parameters:
  ///   - environment: what processes of a new session see before anything is entered.
  ///   - log: kept open until the session writes elsewhere or ends.
  func run(
    _ order: OpenJD.SessionOrder, environment: @Sendable () -> [String: String], log: TaskLog, limit: Duration,
    gauge: MemoryGauge, groups: ControlGroups?
  ) async -> TaskEnd {
    launches += 1
    let (launch, sign) = (launches, StopSign())
    signs[launch] = sign
    defer { signs[launch] = nil }
    return await withTaskCancellationHandler {
      await perform(
        order, environment: environment, log: log, limit: limit, sign: sign, gauge: gauge, groups: groups)
    } onCancel: {
      sign.raise()
    }
  }

  private func perform(
    _ order: OpenJD.SessionOrder, environment: @Sendable () -> [String: String], log: TaskLog, limit: Duration,
    sign: StopSign, gauge: MemoryGauge, groups: ControlGroups?
  ) async -> TaskEnd {
    let kept =
      take(order.key)
      ?? make(order, environment: environment(), log: log, sign: sign, gauge: gauge, group: groups?.make())
    let end = await kept.session.run(order, log: log, limit: limit, sign: sign, gauge: gauge)
    let now = Kept(session: kept.session, folder: kept.folder, number: kept.number, log: log, since: ambient.uptime())
    if case .exited(0) = end, !isHurried {
      idle[order.key, default: []].append(now)
    } else {
      await close(now)
    }
    return end
  }

  /// Leaves the sessions of a key that wait for more.
  func end(_ key: String) async {
    for kept in idle.removeValue(forKey: key) ?? [] {
      await close(kept)
    }
  }

  /// Gives no task to the sessions that wait for more; they are left with the next `end(idleFor:)`.
  func discard() {
    discarded += idle.values.joined()
    idle = [:]
  }

  /// Leaves the sessions that have waited so long for more, and those that were discarded.
  func end(idleFor duration: Duration) async {
    let old = discarded
    discarded = []
    for kept in old { await close(kept) }
    let now = ambient.uptime()
    for key in idle.keys.sorted() {
      let kept = idle[key] ?? []
      let old = kept.filter { now - $0.since >= duration }
      let young = kept.filter { now - $0.since < duration }
      idle[key] = young.isEmpty ? nil : young
      for session in old { await close(session) }
    }
  }

  /// Ends every session, those that run with what they run.
  func hurry() async {
    isHurried = true
    for sign in signs.values { sign.raise(within: .seconds(Limits.sessionHasteSeconds)) }
    for kept in discarded { await kept.session.hurry() }
    await end(idleFor: .seconds(Int.max))
    for key in idle.keys.sorted() {
      for kept in idle[key] ?? [] { await kept.session.hurry() }
      await end(key)
    }
  }

  // MARK: Within

  private func take(_ key: String) -> Kept? {
    guard var waiting = idle[key], let kept = waiting.popLast() else { return nil }
    idle[key] = waiting.isEmpty ? nil : waiting
    return kept
  }

  private func make(
    _ order: OpenJD.SessionOrder, environment: [String: String], log: TaskLog, sign: StopSign,
    gauge: MemoryGauge, group: ControlGroup?
  ) -> Kept {
    // The lowest free number: the same work has the same paths, as far as it does not run beside itself.
    let used = numbers[order.directory] ?? []
    let number = (1...(used.count + 1)).first { !used.contains($0) } ?? used.count + 1
    numbers[order.directory, default: []].insert(number)
    let session = JobSession(
      order, directory: "\(order.directory)/\(number)", environment: environment, log: log, sign: sign,
      gauge: gauge, user: user, group: group, mark: marks.next(), ambient: ambient)
    return Kept(session: session, folder: order.directory, number: number, log: log, since: ambient.uptime())
  }

  private func close(_ kept: Kept) async {
    // Environments are left in good order, although who waits for it may be cancelled.
    await Task { await kept.session.end() }.value
    kept.log.finish()
    numbers[kept.folder]?.remove(kept.number)
    if numbers[kept.folder]?.isEmpty == true { numbers[kept.folder] = nil }
  }
}
