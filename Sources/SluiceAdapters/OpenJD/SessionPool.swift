import SluiceModel
import SystemPackage

/// Sessions that are kept between tasks of one job, so that what an environment loads is loaded once.
actor SessionPool {
  private struct Kept {
    let session: JobSession
    let number: Int
    let log: FileDescriptor
  }

  private let ambient: Ambient
  private var idle: [String: [Kept]] = [:]
  /// Numbers of working directories in use, by the folder that they are in.
  private var numbers: [String: Set<Int>] = [:]
  private var signs: [Int: StopSign] = [:]
  private var launches = 0
  private var isHurried = false

  init(ambient: Ambient) { self.ambient = ambient }

  /// Runs an order in a session of its key, kept or new, and keeps the session where all went well.
  ///
  /// A cancelled Swift task stops what runs, in the way of its template, and waits for its end.
  /// - Parameter log: closed when the session writes elsewhere or ends.
  func run(
    _ order: OpenJD.SessionOrder, environment: [String: String], log: FileDescriptor, limit: Duration
  ) async -> TaskEnd {
    launches += 1
    let (launch, sign) = (launches, StopSign())
    signs[launch] = sign
    defer { signs[launch] = nil }
    // Environments are to be left in good order, so what runs must not be torn away with the task that waits for it.
    let work = Task { await self.perform(order, environment: environment, log: log, limit: limit, sign: sign) }
    return await withTaskCancellationHandler {
      await work.value
    } onCancel: {
      sign.raise()
    }
  }

  private func perform(
    _ order: OpenJD.SessionOrder, environment: [String: String], log: FileDescriptor, limit: Duration, sign: StopSign
  ) async -> TaskEnd {
    let kept = take(order.key) ?? make(order, environment: environment, log: log, sign: sign)
    if kept.log != log { try? kept.log.close() }
    let end = await kept.session.run(order, log: log, limit: limit, sign: sign)
    let now = Kept(session: kept.session, number: kept.number, log: log)
    if case .exited(0) = end, !isHurried {
      idle[order.key, default: []].append(now)
    } else {
      await close(now, in: order.directory)
    }
    return end
  }

  /// Leaves the sessions of a key that wait for more.
  func end(_ key: String) async {
    for kept in idle.removeValue(forKey: key) ?? [] {
      await close(kept, in: folder(of: key))
    }
  }

  /// Ends every session, those that run with what they run.
  func hurry() async {
    isHurried = true
    for sign in signs.values { sign.raise(within: .seconds(Limits.sessionHasteSeconds)) }
    for key in idle.keys.sorted() {
      for kept in idle[key] ?? [] { await kept.session.hurry() }
      await end(key)
    }
  }

  // MARK: Within

  private var folders: [String: String] = [:]
  private func folder(of key: String) -> String { folders[key] ?? "" }

  private func take(_ key: String) -> Kept? {
    guard var waiting = idle[key], let kept = waiting.popLast() else { return nil }
    idle[key] = waiting.isEmpty ? nil : waiting
    return kept
  }

  private func make(
    _ order: OpenJD.SessionOrder, environment: [String: String], log: FileDescriptor, sign: StopSign
  ) -> Kept {
    // The lowest free number: the same work has the same paths, as far as it does not run beside itself.
    let used = numbers[order.directory] ?? []
    let number = (1...(used.count + 1)).first { !used.contains($0) } ?? used.count + 1
    numbers[order.directory, default: []].insert(number)
    folders[order.key] = order.directory
    let session = JobSession(
      order, directory: "\(order.directory)/\(number)", environment: environment, log: log, sign: sign,
      ambient: ambient)
    return Kept(session: session, number: number, log: log)
  }

  private func close(_ kept: Kept, in folder: String) async {
    await kept.session.end()
    try? kept.log.close()
    numbers[folder]?.remove(kept.number)
    if numbers[folder]?.isEmpty == true { numbers[folder] = nil }
  }
}
