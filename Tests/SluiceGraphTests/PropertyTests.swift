import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// What holds for any show and any history; a failure prints the seed and what happened.
@Suite struct `Any show` {
  static let seeds = Array(UInt64(0)..<150)

  private func live(_ seed: UInt64, _ look: (Show, [String]) throws -> Void) throws {
    var random = try RandomShow(seed: seed)
    var happened: [String] = []
    for _ in 0..<8 { happened.append(try random.happen()) }
    try look(random.show, happened)
  }

  /// `make graphs`, a part of `make test`, does it for many more, and sees to it that every feature occurs.
  @Test func `stands and is planned as the naive reference says`() throws {
    for seed in Self.seeds.prefix(25) where GraphProof.run(seed: seed).violation != nil {
      Issue.record("\(GraphProof.explain(seed: seed) ?? "seed \(seed)")")
      return
    }
  }

  @Test func `says why for each run that it plans`() throws {
    for seed in Self.seeds {
      try live(seed) { show, happened in
        for run in try show.plan().runs {
          #expect(
            !run.reasons.isEmpty && run.reasons.allSatisfy { !$0.text.isEmpty },
            "seed \(seed), \(run.folder) \(run.step), after \(happened)")
        }
      }
    }
  }

  @Test func `runs no frame outside of those it was restricted to`() throws {
    for seed in Self.seeds {
      try live(seed) { show, happened in
        let plan = try show.plan("", frames: "2-3")
        #expect(
          plan.runs.allSatisfy { ($0.frames ?? .empty).subtracting(FrameSet(2...3)).isEmpty },
          "seed \(seed), after \(happened)")
      }
    }
  }

  @Test func `gives the same plan from a registry that was built from its rows`() throws {
    for seed in Self.seeds.prefix(25) {
      try live(seed) { show, happened in
        let rows = show.registry.allRows
        let restored = try Registry(rows: rows.reversed(), site: "main", head: show.registry.head)
        let project = try #require(restored.projects[show.name])
        let assessor = Assessor(
          project: project, graph: try #require(project.graph), manifests: show.manifests, tools: show.tools,
          now: show.now)
        let all = Set(show.graph.products).union(show.project.products.keys)
        let plan = try Planner(assessor: assessor).plan(.everything, products: all, frames: nil)
        #expect(try plan == show.plan(), "seed \(seed), after \(happened)")
      }
    }
  }
}
