import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// What is kept up fact by fact is what is found from scratch; a failure prints the seed and what happened.
@Suite struct `How everything stands, followed fact by fact,` {
  private func live(_ seed: UInt64, _ look: (Show, Assessments, [String]) throws -> Void) throws {
    var random = try RandomShow.withPeople(seed: seed)
    var followed = try Assessments(random.show.assessor)
    var happened: [String] = []
    for _ in 0..<20 {
      random.forgetRows()
      happened.append(try random.happenAmongPeople())
      try followed.follow(random.show.assessor, random.show.rows)
      try look(random.show, followed, happened)
    }
  }

  @Test func `is what it is from scratch after each`() async throws {
    for seed in AnyShow.seeds.prefix(60) {
      await Task.yield()
      try live(seed) { show, followed, happened in
        let all = try show.assess()
        for (unit, assessment) in all {
          let known = followed[unit]
          #expect(
            known == (assessment.isPlain ? nil : assessment), "seed \(seed), \(unit), after \(happened)")
        }
        let order = show.graph.units.map(\.id).filter { all[$0]?.needsWork == true }
        #expect(followed.needingWork.map(\.unit.id) == order, "seed \(seed), after \(happened)")
        #expect(followed.untouched(by: []) == show.there, "seed \(seed), after \(happened)")
      }
    }
  }

  @Test func `gives the plan that it gives from scratch, of everything and of a part`() async throws {
    for seed in AnyShow.seeds.prefix(30) {
      await Task.yield()
      try live(seed) { show, followed, happened in
        for select in ["", "step:\(show.steps[Int(seed) % show.steps.count].name)", "q0/s1"] {
          let selection = try Selection(select)
          let products = try selection.products(in: show.project, graph: show.graph, states: [:])
          let planner = Planner(followed)
          let plan = try planner.plan(
            selection, products: selection.isEverything ? nil : products, frames: nil)
          let naive = try Planner(assessor: show.assessor).naive(selection, products)
          #expect(plan.runs.map(\.naive) == naive, "seed \(seed), '\(select)', after \(happened)")
          #expect(
            try plan == Planner(assessor: show.assessor).plan(selection, products: products, frames: nil),
            "seed \(seed), '\(select)', after \(happened)")
        }
      }
    }
  }

  @Test func `of the past stays what it was`() async throws {
    for seed in AnyShow.seeds.prefix(20) {
      await Task.yield()
      var earlier: [Assessments] = []
      try live(seed) { _, followed, _ in earlier.append(followed) }
      for followed in earlier {
        let open = try followed.assessor.assess().filter(\.value.needsWork)
        #expect(Set(followed.needingWork.map(\.unit.id)) == Set(open.keys), "seed \(seed)")
      }
    }
  }

  @Test func `stands still where a fact is about something else`() throws {
    var show = try Show.made(frames: 1001...1004)
    var followed = try Assessments(show.assessor)
    show.forgetRows()
    try show.publish("look/unrelated", file: "nobody takes it")
    try followed.follow(show.assessor, show.rows)
    #expect(followed.needingWork.isEmpty)
    #expect(followed.untouched(by: []) == show.there)
  }
}

extension Show {
  /// How many products some step makes or somebody has published.
  fileprivate var there: Int {
    Set(graph.products).union(project.products.keys).count {
      graph.producer(of: $0) != nil || project.products[$0] != nil
    }
  }
}

extension Planner {
  /// The units of a plan, with all units assessed against just those that are chosen.
  fileprivate func naive(_ selection: Selection, _ products: Set<ProductRef>) throws -> [NaiveRun] {
    let chosen = Set(assessor.graph.units.filter { !products.isDisjoint(with: $0.outputs) }.map(\.id))
    let found = try assessor.assess { chosen.contains($0) }
    var stopped: Set<UnitID> = []
    return assessor.graph.units.compactMap { unit in
      guard chosen.contains(unit.id), let assessment = found[unit.id], assessment.needsWork else { return nil }
      let waits = assessment.inputs.flatMap(\.sources).flatMap(\.all).compactMap(\.upstream).contains(
        where: stopped.contains)
      if assessment.obstacle != nil || waits {
        stopped.insert(unit.id)
        return nil
      }
      return NaiveRun(unit: unit.id, frames: assessment.stale, reasons: assessment.reasons, work: assessment.work)
    }
  }
}

private struct NaiveRun: Equatable {
  var unit: UnitID
  var frames: FrameSet?
  var reasons: [Reason]
  var work: Digest?
}

extension PlannedRun {
  fileprivate var naive: NaiveRun {
    NaiveRun(unit: UnitID(step: step, folder: folder), frames: frames, reasons: reasons, work: work)
  }
}
