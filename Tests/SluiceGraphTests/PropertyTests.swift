import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

enum AnyShow {
  static let seeds = Array(UInt64(0)..<300)
}

/// What holds for any show and any history; a failure prints the seed and what happened.
@Suite struct `Any show` {
  private func live(_ seed: UInt64, eachTime: Bool = false, _ look: (Show, [String]) throws -> Void) throws {
    var random = try RandomShow(seed: seed)
    var happened: [String] = []
    for left in (0..<8).reversed() {
      happened.append(try random.happen())
      if eachTime || left == 0 { try look(random.show, happened) }
    }
  }

  @Test func `has each kind of link and of relation in at least one seed of twenty`() throws {
    var found: [String: Int] = [:]
    for seed in AnyShow.seeds {
      var kinds: Set<String> = []
      for step in try RandomShow(seed: seed).show.steps {
        if step.frames == .range { kinds.insert("range") }
        for input in step.inputs {
          kinds.insert(input.link.rawValue)
          let named = input.link == .reference ? "reference " : ""
          switch input.frames {
          case .same(.offset): kinds.insert(named + "offset")
          case .same(let relation): kinds.insert(named + "\(relation)")
          case .byOutput where step.outputs.count > 1: kinds.insert("by output")
          case .byOutput: continue
          }
        }
      }
      for kind in kinds { found[kind, default: 0] += 1 }
    }
    for kind in [
      "range", "dependency", "reference", "association", "one-to-one", "all", "offset", "by output",
      "reference one-to-one", "reference all", "reference offset",
    ] {
      #expect(found[kind, default: 0] * 20 >= AnyShow.seeds.count, "\(kind): \(found)")
    }
  }

  @Test func `is stale exactly where a comparison of every file with its inputs says so`() throws {
    for seed in AnyShow.seeds {
      try live(seed, eachTime: true) { show, happened in
        var naive = NaiveStaleness(show)
        for assessment in try show.assess().values {
          let verdict = try naive.verdict(assessment.unit)
          #expect(
            assessment.needsWork == verdict.needsWork, "seed \(seed), \(assessment.unit.id), after \(happened)")
          guard !verdict.isObstructed else {
            #expect(assessment.obstacle != nil, "seed \(seed), \(assessment.unit.id), after \(happened)")
            continue
          }
          #expect(assessment.obstacle == nil, "seed \(seed), \(assessment.unit.id), after \(happened)")
          #expect(
            !assessment.needsWork || assessment.stale == verdict.stale,
            "seed \(seed), \(assessment.unit.id), after \(happened)")
        }
      }
    }
  }

  @Test func `is current where its plan was carried out, and a second plan is empty`() throws {
    for seed in AnyShow.seeds {
      try live(seed) { show, happened in
        var show = show
        let plan = try show.plan()
        try show.carryOut(plan)
        let again = try show.plan()
        #expect(again.runs == [], "seed \(seed), after \(happened)")
        let units = again.blocked.map { UnitID(step: $0.step, folder: $0.folder) }
        #expect(
          plan.blocked.allSatisfy { units.contains(UnitID(step: $0.step, folder: $0.folder)) },
          "seed \(seed), after \(happened)")
      }
    }
  }

  @Test func `is current in the part that was selected and carried out`() throws {
    for seed in AnyShow.seeds {
      try live(seed) { show, happened in
        var show = show
        let select = "+step:\(show.steps[Int(seed) % show.steps.count].name)"
        try show.carryOut(try show.plan(select))
        #expect(try show.plan(select).runs == [], "seed \(seed), \(select), after \(happened)")
      }
    }
  }

  @Test func `plans nothing that a change does not reach`() throws {
    for seed in AnyShow.seeds {
      let random = try RandomShow(seed: seed)
      for source in [["q0/s0/plate", "q0/s1/cam", "look/lut"][Int(seed % 3)]] {
        var show = random.show
        try show.makeAll()
        let frames = show.project.version(of: try show.ref(source), .latest)?.published.representations[0].frames
        if let frames, let first = frames.first {
          try show.patch(source, frames: FrameSet(first...first)) { "new \(seed) \($0)" }
        } else {
          try show.publish(source, file: "new \(seed)")
        }
        let reached = Set(Walk.downstream(of: [try show.ref(source)], in: show.graph).keys)
        let planned = Set(try show.plan().runs.flatMap(\.outputs))
        #expect(planned.isSubset(of: reached), "seed \(seed), \(source)")
      }
    }
  }

  @Test func `says why for each run that it plans`() throws {
    for seed in AnyShow.seeds {
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
    for seed in AnyShow.seeds {
      try live(seed) { show, happened in
        let plan = try show.plan("", frames: "2-3")
        #expect(
          plan.runs.allSatisfy { ($0.frames ?? .empty).subtracting(FrameSet(2...3)).isEmpty },
          "seed \(seed), after \(happened)")
      }
    }
  }

  @Test func `gives the same plan from a registry that was built from its rows`() throws {
    for seed in AnyShow.seeds.prefix(40) {
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
