import SluiceGraph
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

@testable import SluiceEngine

/// Tasks whose ends come within moments share a record; what became of each is as if it had come alone.
@Suite(.timeLimit(.minutes(2))) struct `Ends of tasks that come together` {
  /// A site with a run that is going, whose ends nobody but the test brings to the log.
  private struct Begun {
    let site: MemorySite
    let plan: Plan
    let run: PlannedRun

    init() async throws {
      site = try await MemorySite()
      try await site.applyDemo()
      try await site.publishSources()
      plan = try await site.plan()
      run = try #require(plan.runs.first)
      try await site.writer.submit(MemorySite.ada, blobs: [Blob(plan)]) { [plan] registry throws(SluiceError) in
        try RunDecisions.apply(plan, body: Blob(plan).digest, only: nil, in: registry)
      }
      let fact = RunStarted(plan: plan.id, run: run.id, step: run.step, attempt: 1, tasks: 100)
      try await site.writer.submit(MemorySite.ada) { [plan, run] registry throws(SluiceError) in
        try RunDecisions.begin(fact, plan.project, run.folder, in: registry)
      }
    }

    func end(
      _ number: Int, attempt: Int = 1, _ outcome: TaskOutcome = .succeeded, project: ProjectName? = nil
    ) -> Runner.Ended {
      let fact = TaskFinished(
        task: TaskID(run: run.id, frame: number), attempt: attempt, frames: nil, outcome: outcome, seconds: 1,
        recipe: Digest.of("\(number)"), log: "logs/\(number)",
        failure: outcome == .failed ? Failure(SluiceError(.taskFailed, what: "no", at: "task", fix: "look")) : nil)
      return Runner.Ended(fact: fact, plan: plan.id, project: project ?? plan.project, folder: run.folder)
    }

    /// Lets the first one come to the log and all others meanwhile.
    /// - Returns: what was told of each, in their order.
    func record(_ ends: [Runner.Ended]) async -> [SluiceError?] {
      let (log, runner) = (site.log, site.runner)
      let writing = Task { [writer = site.writer] in try? await writer.run() }
      log.door.shut()
      let told = await withTaskGroup(of: (Int, SluiceError?).self) { group in
        for (place, end) in ends.enumerated() {
          group.addTask { (place, await Self.told(end, runner)) }
          // One after the other, so that they stand in their order.
          while true {
            let ends = await runner.ends
            if ends.isLed, ends.waiting.count >= place { break }
            await Task.yield()
          }
        }
        log.door.open()
        var told = [SluiceError?](repeating: nil, count: ends.count)
        for await (place, error) in group { told[place] = error }
        return told
      }
      writing.cancel()
      await writing.value
      return told
    }

    private static func told(_ end: Runner.Ended, _ runner: Runner) async -> SluiceError? {
      do throws(SluiceError) {
        try await runner.recordEnd(end)
        return nil
      } catch {
        return error
      }
    }

    /// Numbers of the tasks whose ends each record has, of records that have some.
    func records() async throws -> [[Int]] {
      try await site.log.read(after: 0, limit: .max).map { stored in
        stored.record.events.compactMap { event in
          guard case .taskFinished(let fact) = event.fact else { return nil }
          return Int(fact.task.description.drop { $0 != "." }.dropFirst())
        }
      }.filter { !$0.isEmpty }
    }
  }

  @Test func `are recorded once each, many in a record and no more than it takes`() async throws {
    let begun = try await Begun()
    let told = await begun.record((1...70).map { begun.end($0) })
    #expect(told.allSatisfy { $0 == nil })
    let records = try await begun.records()
    #expect(
      records.map(\.count).sorted() == [
        1, 70 - 1 - 2 * Limits.endsPerRecord, Limits.endsPerRecord, Limits.endsPerRecord,
      ])
    #expect(records.flatMap { $0 }.sorted() == Array(1...70))
    #expect(begun.site.writer.current.runs[begun.run.id]?.tasks.count == 70)
  }

  @Test func `are told apart: one that cannot be recorded fails, and no other`() async throws {
    let begun = try await Begun()
    let nowhere = try ProjectName("nowhere")
    let told = await begun.record([
      begun.end(1), begun.end(2), begun.end(3, project: nowhere), begun.end(4, .failed), begun.end(5),
    ])
    #expect(told.map { $0 == nil } == [true, true, false, true, true])
    #expect(try await begun.records().flatMap { $0 } == [1, 2, 4, 5])
    let run = try #require(begun.site.writer.current.runs[begun.run.id])
    #expect(run.tasks.count == 3 && run.failed.keys.map { $0 } == [TaskID(run: run.id, frame: 4)])
  }

  @Test func `count once where one comes twice, and not where another attempt is going`() async throws {
    let begun = try await Begun()
    let told = await begun.record([
      begun.end(1), begun.end(2), begun.end(2), begun.end(1), begun.end(3, attempt: 2),
    ])
    #expect(told.allSatisfy { $0 == nil })
    #expect(try await begun.records() == [[1], [2]])
  }

  @Test func `are tried alone where the log takes no record of all`() async throws {
    let begun = try await Begun()
    let isFirst = Mutex(true)
    begun.site.log.witness { [log = begun.site.log] _ in
      let isNow = isFirst.withLock { isFirst in
        defer { isFirst = false }
        return isFirst
      }
      guard isNow else { return }
      log.refuse(SluiceError(.recordTooLarge, what: "too large", at: "record", fix: "less"))
    }
    let told = await begun.record((1...4).map { begun.end($0) })
    #expect(!isFirst.withLock { $0 } && told.allSatisfy { $0 == nil })
    #expect(try await begun.records() == [[1], [2], [3], [4]])
  }

  /// A process may end at any record: those of one are there together or not at all.
  @Test func `are read again as they were known, whatever record was the last`() async throws {
    let begun = try await Begun()
    _ = await begun.record((1...40).map { begun.end($0, $0 % 7 == 0 ? .failed : .succeeded) })
    let known = try #require(begun.site.writer.current.runs[begun.run.id])
    var counts: [Int] = []
    for count in 0...begun.site.log.recordCount {
      let later = try await MemorySite(log: begun.site.log.prefix(count), disk: begun.site.disk.copy())
      guard let run = later.writer.current.runs[begun.run.id] else { continue }
      counts.append(run.tasks.count + run.failed.count)
      if count == begun.site.log.recordCount { #expect(run == known) }
    }
    #expect(counts.first == 0 && counts.last == 40)
    #expect(Set(counts).count == 4, "\(counts)")
  }

  @Test func `that come after the others have a leader again`() async throws {
    let begun = try await Begun()
    _ = await begun.record((1...3).map { begun.end($0) })
    _ = await begun.record((4...6).map { begun.end($0) })
    #expect(try await begun.records().flatMap { $0 }.sorted() == Array(1...6))
    let ends = await begun.site.runner.ends
    #expect(!ends.isLed && ends.waiting.isEmpty)
  }
}
