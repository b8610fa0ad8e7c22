import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// The demo's sequence sq010 with everything made, and a second LUT made too.
@Suite(.timeLimit(.minutes(4))) struct `Facts that go back and forth` {
  /// Something that can be said and taken back.
  enum Change: CaseIterable, Sendable {
    case frozen, rejected, shortened, moved, omitted
  }

  private static let lut = try? ProductRef("demo/look/show_lut")
  private static let demo = try? ProjectName("demo")

  private func live(_ policy: OnChange, _ body: (MemorySite) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo(every(policy))
      try await site.publishSources()
      try await site.runAll()
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.runAll()
      try await site.quieten()
      try await body(site)
    }
  }

  private func say(_ change: Change, _ isSo: Bool, _ site: MemorySite) async throws {
    let (lut, demo) = (try #require(Self.lut), try #require(Self.demo))
    let now = site.seeded.ambient.now()
    func set(_ folder: String, _ key: String, _ value: String, _ registry: Registry) throws(SluiceError) -> [Draft] {
      try Decisions.changeFolder(
        demo, try FolderPath(folder), type: nil, set: [key: isSo ? value : ""], omitted: nil, mustBeNew: false,
        in: registry, site: "main")
    }
    try await site.writer.submit(MemorySite.ada) { registry throws(SluiceError) in
      switch change {
      case .frozen:
        isSo
          ? try JudgementDecisions.freeze(
            lut, at: .number(1), until: nil, because: "warm", now: now, in: registry)
          : try JudgementDecisions.thaw(lut, because: nil, in: registry)
      case .rejected:
        try JudgementDecisions.judge(
          Reference(product: lut, selector: .number(2)), isSo ? .rejected : .withdrawn, because: "cold", in: registry)
      case .shortened: try set("sq010/sh0010", "range", "1001-1001", registry)
      case .moved: try set("sq010/sh0030", "order", "5", registry)
      case .omitted:
        try Decisions.changeFolder(
          demo, try FolderPath("sq010/sh0020"), type: nil, set: [:], omitted: isSo, mustBeNew: false, in: registry,
          site: "main")
      }
    }
  }

  @Test(arguments: Change.allCases) func `are carried out each time, by a plan of its own`(change: Change) async throws
  {
    try await live(.manual) { site in
      var plans: [PlanID] = []
      for turn in 0..<4 {
        try await say(change, turn.isMultiple(of: 2), site)
        let plan = try await site.apply()
        try #require(!plan.runs.isEmpty, "turn \(turn)")
        plans.append(plan.id)
        _ = await site.end(of: plan.id)
        let isCurrent = try await site.isCurrent()
        #expect(isCurrent, "turn \(turn)")
      }
      #expect(Set(plans).count == plans.count)
    }
  }

  @Test(arguments: UInt64(0)..<5) func `in any order leave a show that one plan makes current`(seed: UInt64)
    async throws
  {
    try await live(.manual) { site in
      var (chance, said) = (Dice(seed: seed), Set<Change>())
      for _ in 0..<12 {
        let change = chance.pick(Change.allCases)
        if said.remove(change) == nil { said.insert(change) }
        try await say(change, said.contains(change), site)
        if chance.percent(50) { continue }
        try await site.runAll()
        let isCurrent = try await site.isCurrent()
        #expect(isCurrent, "seed \(seed), \(said)")
      }
    }
  }

  @Test(arguments: Change.allCases) func `are answered by auto steps once each time`(change: Change) async throws {
    try await live(.auto) { site in
      for turn in 0..<4 {
        let before = site.states.reduce(0) { $0 + $1.applications }
        try await say(change, turn.isMultiple(of: 2), site)
        try await site.quieten()
        let isCurrent = try await site.isCurrent()
        #expect(isCurrent, "turn \(turn)")
        #expect(site.states.reduce(0) { $0 + $1.applications } == before + 1, "turn \(turn)")
      }
    }
  }

  @Test func `keep the name of a plan of which nothing was made`() async throws {
    try await live(.manual) { site in
      try await say(.frozen, true, site)
      let plan = try await site.plan()
      try await say(.frozen, false, site)
      try await say(.frozen, true, site)
      let again = try await site.plan()
      #expect(plan.id == again.id)
    }
  }
}
