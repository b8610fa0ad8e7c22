import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(4))) struct `A cancelled plan` {
  private func live(_ body: (MemorySite, Latch, Plan) async throws -> Void) async throws {
    let door = Latch()
    let site = try await MemorySite(script: { order, disk in
      if order.directory.contains("/review/") { await door.pass() }
      return await ScriptedLauncher.work(order, disk)
    })
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources()
      let plan = try await site.apply("step:review step:contact")
      await door.arrivals(3)
      try await body(site, door, plan)
    }
  }

  @Test func `ends, and nothing of it was made`() async throws {
    try await live { site, _, plan in
      let found14 = try await site.plans.cancel("\(plan.id)")
      #expect(found14 == 8)
      let state = await site.end(of: plan.id)
      #expect(state.status == .cancelled && state.counts.short == [0, 0, 0, 0, 8])
    }
  }

  @Test func `leaves no activity behind`() async throws {
    try await live { site, _, plan in
      _ = try await site.plans.cancel("\(plan.id)")
      _ = await site.end(of: plan.id)
      let states = try await site.queries.status("demo", onlyStale: true).products.map(\.activity)
      #expect(states.allSatisfy { $0 == .idle })
    }
  }

  @Test func `can be taken up again`() async throws {
    try await live { site, door, plan in
      _ = try await site.plans.cancel("\(plan.id)")
      _ = await site.end(of: plan.id)
      door.open()
      _ = try await site.plans.retry("\(plan.id)", origin: MemorySite.ada)
      #expect(await site.end(of: plan.id).counts.short == [8, 0, 0, 0, 0])
    }
  }

  @Test func `in one run goes on with the others`() async throws {
    try await live { site, door, plan in
      let wanted = plan.runs.first { $0.folder.name == "sh0010" }
      let run = try #require(wanted)
      let found15 = try await site.plans.cancel("\(run.id)")
      #expect(found15 == 1)
      door.open()
      // The other five reviews and the other sequence's sheet are made.
      let state = await site.end(of: plan.id)
      #expect(state.counts.short == [6, 0, 0, 0, 2])
    }
  }

  @Test func `that nobody applied is not known`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let error = await #expect(throws: SluiceError.self) { try await site.plans.cancel("p-none") }
      #expect(error?.code == .runUnknown)
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `Applying a plan` {
  private func live(_ body: (MemorySite) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources()
      try await body(site)
    }
  }

  @Test func `that was looked at runs just that`() async throws {
    try await live { site in
      let seen = try await site.plan("step:review")
      let found16 = try await site.apply(expected: seen.id).id
      #expect(found16 == seen.id)
      #expect(await site.end(of: seen.id).counts.short == [6, 0, 0, 0, 0])
    }
  }

  @Test func `that is no longer the same is refused with the difference, and records nothing`() async throws {
    try await live { site in
      let seen = try await site.plan("step:review")
      try await site.runAll("sq010/sh0010/review_frames")
      let before = site.log.recordCount
      let error = await #expect(throws: SluiceError.self) { try await site.apply(expected: seen.id) }
      #expect(error?.code == .planChanged)
      #expect(error?.what == "the plan is not what it was: sq010/sh0010 review is no longer in it")
      #expect(site.log.recordCount == before)
    }
  }

  @Test func `that was never computed is refused`() async throws {
    try await live { site in
      let error = await #expect(throws: SluiceError.self) { try await site.apply(expected: PlanID("p-none")) }
      #expect(error?.code == .planUnknown)
    }
  }

  @Test func `that is empty records nothing`() async throws {
    try await live { site in
      try await site.runAll()
      let before = site.log.recordCount
      let found17 = try await site.apply().runs
      #expect(found17 == [])
      #expect(site.log.recordCount == before)
    }
  }

  @Test func `computes without recording`() async throws {
    try await live { site in
      let before = site.log.recordCount
      _ = try await site.plan()
      #expect(site.log.recordCount == before)
    }
  }

  @Test func `twice at once runs it once`() async throws {
    try await live { site in
      async let one = site.apply()
      async let two = site.apply()
      let (first, second) = try await (one, two)
      #expect(first.id == second.id)
      _ = await site.end(of: first.id)
      let started = try await site.events().filter { if case .runStarted = $0.fact { true } else { false } }
      #expect(started.count == 20)
    }
  }

  @Test func `of two overlapping selections makes every product once`() async throws {
    try await live { site in
      let one = try await site.apply("step:review")
      let two = try await site.apply("+step:contact")
      _ = await (site.end(of: one.id), site.end(of: two.id))
      let reviews = try site.writer.current.product(ProductRef("demo/sq010/sh0010/review_frames")).versions
      #expect(reviews.count == 1)
      let found18 = try await site.plan("+step:contact").runs
      #expect(found18 == [])
    }
  }
}
