import SluiceGraph
import SluiceModel

/// How ends of tasks become facts: those that come within moments of each other share a record, and a sync of the disk.
///
/// Whoever comes first brings to the log what the others have, and then hands that on. Source: ADR 0025.
extension Runner {
  /// The end of a task that is to be recorded.
  struct Ended: Sendable {
    let fact: TaskFinished
    let plan: PlanID
    let project: ProjectName
    let folder: FolderPath
  }

  /// What somebody who waits for the record of an end is told.
  enum EndTurn: Sendable {
    case recorded(Result<Void, SluiceError>)
    /// To bring to the log what has come, one's own with it.
    case lead
  }

  struct Ends {
    var waiting: [(ended: Ended, turn: CheckedContinuation<EndTurn, Never>)] = []
    var isLed = false
    /// When ends were brought to the log last.
    var last: Duration?
  }

  /// Records an end; returns when it is durable.
  func recordEnd(_ ended: Ended) async throws(SluiceError) {
    if ends.isLed {
      let turn = await withCheckedContinuation { ends.waiting.append((ended, $0)) }
      if case .recorded(let result) = turn { return try result.get() }
    }
    ends.isLed = true
    await awaitOthers()
    let taken = ends.waiting
    ends.waiting = []
    let results = await record([ended] + taken.map(\.ended))
    ends.last = parts.ambient.uptime()
    for (other, result) in zip(taken, results.dropFirst()) { other.turn.resume(returning: .recorded(result)) }
    if ends.waiting.isEmpty { ends.isLed = false } else { ends.waiting.removeFirst().turn.resume(returning: .lead) }
    try results[0].get()
  }

  /// Where tasks end one after the other, the next end is not far.
  private func awaitOthers() async {
    guard let last = ends.last, !isStopping, inHand.count > ends.waiting.count + 1,
      parts.ambient.uptime() - last < .milliseconds(Limits.endsApartMilliseconds)
    else { return }
    try? await parts.ambient.sleep(.milliseconds(Limits.endsPauseMilliseconds))
  }

  /// Brings ends to the log, those of one plan in few records, and all records in one commit as far as it takes them.
  /// - Returns: what became of each.
  private func record(_ all: [Ended]) async -> [Result<Void, SluiceError>] {
    let plans = Dictionary(grouping: all.indices) { all[$0].plan }
    return await withTaskGroup(of: [(Int, Result<Void, SluiceError>)].self) { group in
      for (plan, places) in plans {
        let origin = origin(of: plan)
        for first in stride(from: 0, to: places.count, by: Limits.endsPerRecord) {
          let some = places[first..<min(first + Limits.endsPerRecord, places.count)]
          group.addTask { [writer = parts.writer] in
            Array(zip(some, await Runner.record(some.map { all[$0] }, origin, writer)))
          }
        }
      }
      var results = all.map { _ in Result<Void, SluiceError>.success(()) }
      for await some in group {
        for (place, result) in some { results[place] = result }
      }
      return results
    }
  }

  private static func record(
    _ ended: [Ended], _ origin: Origin, _ writer: Writer
  ) async -> [Result<Void, SluiceError>] {
    do throws(SluiceError) {
      try await writer.submitWhenPossible(origin) { registry throws(SluiceError) in
        var drafts: [Draft] = []
        var known: Set<TaskID> = []
        for end in ended where known.insert(end.fact.task).inserted {
          drafts += try RunDecisions.finish(end.fact, end.project, end.folder, in: registry)
        }
        return drafts
      }
      return ended.map { _ in .success(()) }
    } catch {
      // One that cannot be recorded fails no other.
      guard ended.count > 1 else { return [.failure(error)] }
      var results: [Result<Void, SluiceError>] = []
      for end in ended { results += await record([end], origin, writer) }
      return results
    }
  }
}
