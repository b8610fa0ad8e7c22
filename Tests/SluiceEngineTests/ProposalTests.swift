import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `A waiting proposal` {
  private func live(_ body: (MemorySite, PlanState) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo(every(.propose))
      try await site.publishSources()
      try await site.runAll()
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.quieten()
      try await body(site, try #require(site.waiting))
    }
  }

  @Test func `has the changed fact as its cause, and its reasons`() async throws {
    try await live { site, waiting in
      let event = try await site.events().first { $0.id == waiting.event }
      #expect(try event?.cause == site.latest("look/show_lut").event)
      let reason = try await site.plans.plan(waiting.id).runs[0].reasons[0]
      #expect(reason.text.hasPrefix("look/show_lut moved from v001 to v002 (\(site.adaInFacts.name), "))
    }
  }

  @Test func `is made once, however often Sluice looks`() async throws {
    try await live { site, _ in
      let before = site.log.recordCount
      try await site.publish("notes/reel", [("reel.mov", "unrelated")])
      try await site.quieten()
      // The folder and the version; no proposal.
      #expect(site.log.recordCount == before + 1)
    }
  }

  @Test func `absorbs what comes later`() async throws {
    try await live { site, first in
      try await site.publish("look/neutral_lut", [("neutral.cube", "other")])
      try await site.quieten()
      let proposed = try await site.proposed()
      #expect(proposed == ["review": 3, "review_movie": 3, "contact": 1, "neutral": 3])
      #expect(site.states.count { $0.status == .proposed } == 1)
      let old = site.writer.current.plans[first.id]
      #expect(old?.status == .superseded && old?.supersededBy == site.waiting?.id)
    }
  }

  @Test func `is applied like any plan, because of the proposal`() async throws {
    try await live { site, waiting in
      _ = try await site.apply(expected: waiting.id)
      #expect(await site.end(of: waiting.id).status == .succeeded)
      let applied = try await site.events().last { if case .planApplied = $0.fact { true } else { false } }
      #expect(applied?.cause == waiting.event && applied?.actor == site.adaInFacts)
      let current = try await site.isCurrent()
      #expect(current)
      try await site.quieten()
      #expect(site.waiting == nil)
    }
  }

  @Test func `that would be another plan by now is not applied`() async throws {
    try await live { site, waiting in
      try await site.publish("look/show_lut", [("show.cube", "colder")])
      let error = await #expect(throws: SluiceError.self) { try await site.apply(expected: waiting.id) }
      #expect(error?.code == .planChanged)
    }
  }

  @Test func `can be applied although something that it is not about has changed since`() async throws {
    try await live { site, waiting in
      try await site.publish("look/neutral_lut", [("neutral.cube", "other")])
      _ = try await site.apply(expected: waiting.id)
      #expect(await site.end(of: waiting.id).counts.short == [7, 0, 0, 0, 0])
    }
  }

  @Test func `goes when nothing of it is left to do`() async throws {
    try await live { site, waiting in
      try await site.publish("look/show_lut", [("show.cube", "warm")])
      try await site.quieten()
      #expect(site.waiting == nil && site.writer.current.plans[waiting.id]?.status == .superseded)
    }
  }

  @Test func `shrinks to what is left when somebody runs a part of it`() async throws {
    try await live { site, waiting in
      try await site.runAll("sq010/sh0010/review_frames")
      try await site.quieten()
      let proposed = try await site.proposed()
      #expect(proposed == ["review": 2, "review_movie": 3, "contact": 1])
      #expect(site.writer.current.plans[waiting.id]?.status == .superseded)
    }
  }

  @Test func `can neither be cancelled nor tried again`() async throws {
    try await live { site, waiting in
      let cancelled = await #expect(throws: SluiceError.self) { try await site.plans.cancel("\(waiting.id)") }
      let retried = await #expect(throws: SluiceError.self) {
        try await site.plans.retry("\(waiting.id)", origin: MemorySite.ada)
      }
      #expect(cancelled?.code == .runUnknown && retried?.code == .runUnknown)
    }
  }

  @Test func `is the same after a restart, which adds nothing`() async throws {
    try await live { site, waiting in
      let later = try await MemorySite(log: site.log.prefix(site.log.recordCount), disk: site.disk.copy())
      try await later.live {
        try await later.quieten()
        #expect(later.waiting == waiting && later.log.recordCount == site.log.recordCount)
      }
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `A declined proposal` {
  private func live(_ body: (MemorySite, PlanState) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo(every(.propose))
      try await site.publishSources()
      try await site.runAll()
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.quieten()
      let waiting = try #require(site.waiting)
      _ = try await site.plans.decline(waiting.id, because: "not this week", origin: MemorySite.ada)
      try await body(site, waiting)
    }
  }

  @Test func `is recorded with who said no, and why`() async throws {
    try await live { site, old in
      let state = site.writer.current.plans[old.id]
      #expect(state?.status == .declined && state?.declined?.because == "not this week")
      #expect(state?.declined?.actor == site.adaInFacts)
      let event = try await site.events().last
      #expect(event?.fact.type == Fact.planDeclinedType && event?.cause == old.event)
    }
  }

  @Test func `is not proposed again`() async throws {
    try await live { site, _ in
      let before = site.log.recordCount
      try await site.publish("notes/reel", [("reel.mov", "unrelated")])
      try await site.quieten()
      #expect(site.waiting == nil && site.log.recordCount == before + 1)
    }
  }

  @Test func `is not proposed again after a restart, from views or from the log`() async throws {
    try await live { site, _ in
      let log = site.log.prefix(site.log.recordCount)
      let later = try await MemorySite(log: log, disk: site.disk.copy())
      try await later.live {
        try await later.quieten()
        #expect(later.waiting == nil && later.log.recordCount == site.log.recordCount)
      }
    }
  }

  @Test func `is proposed again as far as an input changes`() async throws {
    try await live { site, _ in
      try await site.publish("sq010/sh0010/plate", [("plate.1001.exr", "new"), ("plate.1002.exr", "new too")])
      try await site.quieten()
      let proposed = try await site.proposed()
      #expect(proposed == ["review": 1, "review_movie": 1, "neutral": 1])
    }
  }

  @Test func `is proposed again whole when the LUT changes again`() async throws {
    try await live { site, _ in
      try await site.publish("look/show_lut", [("show.cube", "colder")])
      try await site.quieten()
      #expect(site.waiting?.runs == 7)
    }
  }

  @Test func `is said in status and why`() async throws {
    try await live { site, old in
      let notes = try await site.queries.status("demo", onlyStale: true).products.compactMap(\.reaction)
      #expect(notes.count == 7 && notes.allSatisfy { $0.kind == .declined && $0.plan == old.id })
      let why = try await site.queries.why(Reference("demo/sq010/contact")).reaction
      #expect(
        why?.text.contains("was declined by \(site.adaInFacts.name)") == true
          && why?.text.contains("(“not this week”)") == true)
    }
  }

  @Test func `can be applied all the same`() async throws {
    try await live { site, old in
      _ = try await site.apply(expected: old.id)
      #expect(await site.end(of: old.id).status == .succeeded)
    }
  }

  @Test func `can be declined twice, which is once`() async throws {
    try await live { site, old in
      let before = site.log.recordCount
      _ = try await site.plans.decline(old.id, because: nil, origin: MemorySite.ada)
      #expect(site.log.recordCount == before)
    }
  }

  @Test func `must have waited`() async throws {
    try await live { site, old in
      let unknown = await #expect(throws: SluiceError.self) {
        try await site.plans.decline(PlanID("p-none"), because: nil, origin: MemorySite.ada)
      }
      #expect(unknown?.code == .planUnknown)
      _ = try await site.apply(expected: old.id)
      let running = await #expect(throws: SluiceError.self) {
        try await site.plans.decline(old.id, because: nil, origin: MemorySite.ada)
      }
      #expect(running?.code == .planNotWaiting)
      _ = await site.end(of: old.id)
    }
  }

  @Test func `does not stop what is made from something else`() async throws {
    try await live { site, _ in
      try await site.publish("look/neutral_lut", [("neutral.cube", "other")])
      try await site.quieten()
      let proposed = try await site.proposed()
      #expect(proposed == ["neutral": 3])
    }
  }
}
