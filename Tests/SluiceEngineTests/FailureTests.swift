import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(4))) struct `A task that fails` {
  /// The review of sh0010 fails while this is true.
  private final class Fault: Sendable {
    let isThere = Mutex(true)
    var end: TaskEnd { isThere.withLock { $0 } ? .exited(1) : .exited(0) }
  }

  private func live(
    _ end: TaskEnd = .exited(1), _ body: (MemorySite, Fault, Plan) async throws -> Void
  ) async throws {
    let fault = Fault()
    let site = try await MemorySite(script: { order, disk in
      if order.directory.hasSuffix("/review/sq010+sh0010"), fault.isThere.withLock({ $0 }) { return end }
      return await ScriptedLauncher.work(order, disk)
    })
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources()
      let plan = try await site.apply()
      try await body(site, fault, plan)
    }
  }

  @Test func `fails its run and the plan, ends what waits for it, and stops nothing else`() async throws {
    try await live { site, _, plan in
      let state = await site.end(of: plan.id)
      #expect(state.status == .failed)
      #expect(state.counts.short == [17, 1, 0, 0, 2])
    }
  }

  @Test func `leaves no version`() async throws {
    try await live { site, _, plan in
      _ = await site.end(of: plan.id)
      #expect(throws: SluiceError.self) { try site.latest("sq010/sh0010/review_frames") }
      #expect(site.store.unsettled.isEmpty)
    }
  }

  @Test func `shows its state and its words`() async throws {
    try await live { site, _, plan in
      _ = await site.end(of: plan.id)
      let status = try await site.queries.status("demo/sq010/sh0010/review_frames", onlyStale: false).products[0]
      #expect(status.state == .failed)
      #expect(status.failure?.what == "oiiotool ended with exit code 1")
    }
  }

  @Test(arguments: [
    (TaskEnd.exited(3), ErrorCode.taskFailed), (.signaled(9), .taskFailed), (.timedOut, .taskTimedOut),
    (.notFound, .taskNotFound), (.failed("no room"), .taskFailed), (.exited(0), .taskOutputMissing),
  ])
  func `is told by a code of its own`(end: TaskEnd, code: ErrorCode) async throws {
    try await live(end) { site, _, plan in
      _ = await site.end(of: plan.id)
      let failed = try await site.events().compactMap { event -> RunFinished? in
        if case .runFinished(let fact) = event.fact, fact.outcome == .failed { fact } else { nil }
      }
      #expect(failed.map(\.failure?.code) == [code.rawValue])
    }
  }

  @Test func `is mended by a retry, which makes what waited for it too`() async throws {
    try await live { site, fault, plan in
      _ = await site.end(of: plan.id)
      fault.isThere.withLock { $0 = false }
      let found11 = try await site.plans.retry("\(plan.id)", origin: MemorySite.ada)
      #expect(found11 == 3)
      let state = await site.end(of: plan.id)
      #expect(state.status == .succeeded && state.counts.short == [20, 0, 0, 0, 0])
      let found12 = try await site.isCurrent()
      #expect(found12)
    }
  }

  @Test func `can be retried by its run alone`() async throws {
    try await live { site, fault, plan in
      _ = await site.end(of: plan.id)
      fault.isThere.withLock { $0 = false }
      let wanted = plan.runs.first { $0.step == "review" && $0.folder.name == "sh0010" }
      let run = try #require(wanted)
      let found13 = try await site.plans.retry("\(run.id)", origin: MemorySite.ada)
      #expect(found13 == 3)
      #expect(await site.end(of: plan.id).status == .succeeded)
    }
  }

  @Test func `fails again where nothing was mended`() async throws {
    try await live { site, _, plan in
      _ = await site.end(of: plan.id)
      _ = try await site.plans.retry("\(plan.id)", origin: MemorySite.ada)
      #expect(await site.end(of: plan.id).counts.short == [17, 1, 0, 0, 2])
    }
  }

  @Test func `is not retried where it did not fail`() async throws {
    try await live { site, _, plan in
      _ = await site.end(of: plan.id)
      let wanted = plan.runs.first { $0.step == "neutral" }
      let run = try #require(wanted)
      let error = await #expect(throws: SluiceError.self) {
        try await site.plans.retry("\(run.id)", origin: MemorySite.ada)
      }
      #expect(error?.code == .runActive)
    }
  }

  @Test func `repeats on retry only the frames that were not made`() async throws {
    let tries = Mutex<[String: Int]>([:])
    let site = try await MemorySite(
      workers: 1,
      script: { order, disk in
        guard let file = order.arguments.last, file.hasSuffix("png"), file.contains("sq010+sh0010") else {
          return await ScriptedLauncher.work(order, disk)
        }
        let count = tries.withLock { tries in
          tries[file, default: 0] += 1
          return tries[file] ?? 0
        }
        if file.hasSuffix("review.1002.png"), count == 1 { return .exited(1) }
        return await ScriptedLauncher.work(order, disk)
      })
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources(frames: 1001...1003)
      let plan = try await site.apply("step:review")
      _ = await site.end(of: plan.id)
      _ = try await site.plans.retry("\(plan.id)", origin: MemorySite.ada)
      #expect(await site.end(of: plan.id).status == .succeeded)
      let counts = tries.withLock { Dictionary(uniqueKeysWithValues: $0.map { (String($0.key.suffix(8)), $0.value) }) }
      #expect(counts == ["1001.png": 1, "1002.png": 2, "1003.png": 1])
    }
  }
}
