import FoundationEssentials
import SluiceModel

/// A line that says how far work on the whole log is, and how long it takes still.
final class UpkeepProgress: Sendable {
  private let work: UpkeepAnswer.Work
  private let start = Machine.ambient.now()

  init(_ work: UpkeepAnswer.Work) { self.work = work }

  func tell(_ done: Int, of all: Int) {
    guard done > 0, all > 0 else { return }
    let spent = Machine.ambient.now().timeIntervalSince(start)
    let left = spent / Double(done) * Double(max(0, all - done))
    Console.progress(
      "\(Console.bytes(Int64(done))) of \(Console.bytes(Int64(all))), about \(Console.duration(left)) left")
  }

  /// Asks a server how far it is until it has answered.
  func follow<Answer: Sendable>(
    _ client: Client, _ answer: @escaping @Sendable () async throws -> Answer
  ) async throws -> Answer {
    defer { Console.endProgress() }
    guard Console.isTerminal else { return try await answer() }
    return try await withThrowingTaskGroup(of: Answer?.self) { group in
      group.addTask { try await answer() }
      group.addTask {
        while !Task.isCancelled {
          try await Machine.ambient.sleep(.seconds(1))
          let now: UpkeepAnswer = try await client.get("log/upkeep")
          if now.work == self.work { self.tell(now.bytesDone, of: now.bytesInAll) }
        }
        return nil
      }
      defer { group.cancelAll() }
      while let next = try await group.next() {
        if let next { return next }
      }
      throw CancellationError()
    }
  }
}
