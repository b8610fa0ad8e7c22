import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// The demo's sequence sq010 with everything made: three shots of two frames.
@Suite(.timeLimit(.minutes(4))) struct `A change, once it has come to rest,` {
  private func live(
    _ policies: [String: OnChange], ceilings: [String: Double] = [:],
    script: @escaping ScriptedLauncher.Script = ScriptedLauncher.work, _ body: (MemorySite) async throws -> Void
  ) async throws {
    let site = try await MemorySite(script: script)
    try await site.live {
      try await site.applyDemo(policies, ceilings: ceilings)
      try await site.publishSources()
      try await site.runAll()
      try await site.quieten()
      try await body(site)
    }
  }

  private func publishLook(_ site: MemorySite, _ text: String = "cold") async throws {
    try await site.publish("look/show_lut", [("show.cube", text)])
  }

  @Test func `sets going one plan of all auto steps`() async throws {
    try await live(every(.auto)) { site in
      let before = site.states.count
      try await publishLook(site)
      try await site.quieten()
      let new = Array(site.states.dropFirst(before))
      #expect(new.map(\.runs) == [7] && new.map(\.status) == [.succeeded])
      let current = try await site.isCurrent()
      #expect(current)
    }
  }

  @Test func `is answered by Sluice itself, because of the fact that changed it`() async throws {
    try await live(every(.auto)) { site in
      try await publishLook(site)
      try await site.quieten()
      let applied = try await site.events().last { if case .planApplied = $0.fact { true } else { false } }
      #expect(applied?.actor == .system)
      #expect(try applied?.cause == site.latest("look/show_lut").event)
    }
  }

  @Test func `is not answered before`() async throws {
    try await live(every(.auto)) { site in
      let before = site.log.recordCount
      try await publishLook(site)
      try await site.rest(1.9)
      #expect(site.log.recordCount == before + 1)
    }
  }

  @Test func `is proposed where steps say nothing, and nothing runs`() async throws {
    try await live(every(.propose)) { site in
      try await publishLook(site)
      try await site.quieten()
      let proposed = try await site.proposed()
      #expect(proposed == ["review": 3, "review_movie": 3, "contact": 1])
      #expect(site.states.allSatisfy { $0.status != .running } && site.waiting?.actor == .system)
    }
  }

  @Test func `is only shown where steps are manual`() async throws {
    try await live(every(.manual)) { site in
      let before = site.log.recordCount
      try await publishLook(site)
      try await site.quieten()
      #expect(site.log.recordCount == before + 1)
      let notes = try await site.queries.status("demo", onlyStale: true).products.compactMap(\.reaction?.kind)
      #expect(notes == Array(repeating: .manual, count: 7))
    }
  }

  @Test func `is answered with one plan however many publishes there were`() async throws {
    try await live(every(.auto)) { site in
      let before = site.states.count
      for number in 0..<50 { _ = try await site.publisher.publish(lut("look \(number)"), origin: MemorySite.ada) }
      try await site.quieten()
      #expect(site.states.count == before + 1)
    }
  }

  private func lut(_ text: String) -> PublishRequest {
    PublishRequest(products: [
      ProductPublish(
        ref: "demo/look/show_lut",
        representations: [
          RepresentationPublish(files: [FilePublish(path: "show.cube", content: Data(text.utf8))])
        ])
    ])
  }

  @Test func `during the plan that answered an earlier one is answered by another`() async throws {
    let door = Latch(isOpen: true)
    let script: ScriptedLauncher.Script = { order, disk in
      await door.pass()
      return await ScriptedLauncher.work(order, disk)
    }
    try await live(every(.auto), script: script) { site in
      door.shut()
      try await publishLook(site)
      try await site.rest()
      try await publishLook(site, "colder")
      try await site.rest()
      door.open()
      try await site.quieten()
      let current = try await site.isCurrent()
      #expect(current)
    }
  }

  @Test func `runs auto steps first and proposes what is made from them when they have run`() async throws {
    try await live(["review": .auto]) { site in
      try await publishLook(site)
      try await site.rest()
      #expect(site.waiting == nil && site.states.last?.runs == 3)
      try await site.quieten()
      let proposed = try await site.proposed()
      #expect(proposed == ["review_movie": 3, "contact": 1])
    }
  }

  @Test func `runs what is made from a proposal with it`() async throws {
    try await live(["review_movie": .auto]) { site in
      try await publishLook(site)
      try await site.quieten()
      let waiting = try #require(site.waiting)
      #expect(waiting.runs == 7)
      _ = try await site.apply(expected: waiting.id)
      let counts = await site.end(of: waiting.id).counts
      #expect(counts.short == [7, 0, 0, 0, 0])
    }
  }

  @Test func `above the ceiling of a step is proposed with the reason`() async throws {
    try await live(every(.auto), ceilings: ["review": 1]) { site in
      try await site.time("review", secondsPerTask: 3_600)
      try await publishLook(site)
      try await site.quieten()
      let plan = try await site.plans.plan(try #require(site.waiting).id)
      #expect(plan.reaction == .propose && plan.runs.count == 7)
      #expect(plan.runs[0].note?.hasPrefix("its step may take 1 core-hour by itself") == true)
      let (first, waiting) = (plan.runs[0].outputs[0], plan.id)
      let note = try await site.queries.why(Reference("\(first)")).reaction
      #expect(note?.kind == .proposed && note?.plan == waiting)
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `What failed or was cancelled` {
  @Test func `is not started again by itself with the same inputs`() async throws {
    let site = try await MemorySite(script: { order, disk in
      order.directory.hasSuffix("/review/sq010+sh0010") ? .exited(1) : await ScriptedLauncher.work(order, disk)
    })
    try await site.live {
      try await site.applyDemo(every(.auto))
      try await site.publishSources()
      try await site.quieten()
      let plans = site.states.map(\.status)
      try await site.publish("notes/reel", [("reel.mov", "unrelated")])
      try await site.quieten()
      #expect(site.states.map(\.status) == plans)
      let note = try await site.queries.why(Reference("demo/sq010/sh0010/review_frames")).reaction
      #expect(note?.kind == .failed)
      // Another look is another try.
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.quieten()
      #expect(site.states.count == plans.count + 1 && site.states.last?.status == .failed)
    }
  }

  @Test func `is proposed where somebody cancelled it`() async throws {
    let door = Latch()
    let site = try await MemorySite(script: { order, disk in
      await door.pass()
      return await ScriptedLauncher.work(order, disk)
    })
    try await site.live {
      try await site.applyDemo(every(.auto))
      try await site.publishSources()
      try await site.rest()
      let plan = try #require(site.states.last)
      await door.arrivals(1)
      _ = try await site.plans.cancel("\(plan.id)")
      _ = await site.end(of: plan.id)
      door.open()
      try await site.quieten()
      let runs = site.states.filter { $0.status == .running || $0.status == .succeeded }
      let waiting = try #require(site.waiting)
      #expect(runs == [] && waiting.runs == plan.runs)
      _ = try await site.apply(expected: waiting.id)
      #expect(await site.end(of: waiting.id).status == .succeeded)
    }
  }
}

/// The loops themselves, with time that stands still until the test moves it on.
@Suite(.timeLimit(.minutes(4))) struct `A reactor that runs` {
  private func firstPlan(of site: MemorySite) async -> PlanID {
    while true {
      if let plan = site.states.first { return plan.id }
      site.seeded.advance(by: 0.5)
      await Task.yield()
    }
  }

  @Test func `hears what is published and reacts when time has passed`() async throws {
    let site = try await MemorySite()
    try await site.live(reacting: true) {
      try await site.applyDemo(every(.auto))
      try await site.publishSources()
      #expect(await site.end(of: firstPlan(of: site)).status == .succeeded)
    }
  }

  @Test func `reads from the log what it lost`() async throws {
    let site = try await MemorySite()
    try await site.live(reacting: true) {
      site.feed.close()
      try await site.applyDemo(every(.auto))
      site.feed.close()
      try await site.publishSources()
      #expect(await site.end(of: firstPlan(of: site)).status == .succeeded)
    }
  }

  @Test func `looks once at what was out of date before it began`() async throws {
    let earlier = try await MemorySite()
    try await earlier.live {
      try await earlier.applyDemo(every(.auto))
      try await earlier.publishSources()
    }
    let site = try await MemorySite(log: earlier.log.prefix(earlier.log.recordCount), disk: earlier.disk.copy())
    try await site.live(reacting: true) {
      #expect(await site.end(of: firstPlan(of: site)).status == .succeeded)
    }
  }
}
