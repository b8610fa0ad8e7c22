import SluiceGraph
import SluiceModel

/// Compares the graph's rules with the naive reference, on a random show with a random history, and says where they
/// differ in the fewest deeds.
package enum GraphProof {
  package enum Property: String, Sendable, CaseIterable {
    case staleness = "what is out of date is what a comparison of every file says"
    case plan = "a plan holds what the reference plans"
    case order = "makers run before users"
    case recipe = "one recipe stands for one work"
    case settled = "what was carried out is current, and a second plan is empty"
    case reach = "a plan holds nothing that no change reaches"
    case followed = "what is kept up fact by fact is what it is from scratch"
    case accepted = "an edit that accepts what exists accepts nothing that was out of date"
    case merge = "two sites' facts give one plan in any order"
  }
  package struct Violation: Sendable, CustomStringConvertible {
    package let property: Property
    package let text: String
    package var description: String { "\(property.rawValue): \(text)" }
  }
  package struct Outcome: Sendable {
    package var violation: Violation?
    package var features: Set<String> = []
    /// What happened, in words.
    package var history: [String] = []
  }
  package static let deeds = 12

  /// - Parameter deeds: which of the seed's deeds happen.
  package static func run(seed: UInt64, deeds: [Int] = Array(0..<GraphProof.deeds)) -> Outcome {
    var outcome = Outcome()
    do {
      var random = try RandomShow(seed: seed)
      outcome.features = kinds(of: random.show)
      var followed = try Assessments(random.show.assessor)
      for deed in deeds {
        random.forgetRows()
        outcome.history.append(try random.deed(deed))
        try followed.follow(random.show.assessor, random.show.rows)
        let chance = Seeded(seed: seed ^ UInt64(deed) << 32)
        outcome.violation = try look(at: random.show, followed, chance, &outcome.features)
        if outcome.violation != nil { break }
      }
      outcome.violation = try outcome.violation ?? lookBack(random, seed, &outcome.features)
      outcome.features.formUnion(random.show.diary.features)
    } catch {
      outcome.violation = Violation(property: .staleness, text: "an error: \(error)")
    }
    return outcome
  }

  /// Shrinks a failing seed: as few deeds as still break the same property.
  package static func explain(seed: UInt64) -> String? {
    guard let violation = run(seed: seed).violation else { return nil }
    var shortest = Array(0..<deeds)
    var hasShrunk = true
    while hasShrunk {
      hasShrunk = false
      for deed in shortest {
        let fewer = shortest.filter { $0 != deed }
        if run(seed: seed, deeds: fewer).violation?.property == violation.property {
          (shortest, hasShrunk) = (fewer, true)
        }
      }
    }
    let last = run(seed: seed, deeds: shortest)
    let steps = (try? RandomShow(seed: seed).show.steps.map(words)) ?? []
    return """
      seed \(seed): \(last.violation ?? violation)
      the steps:
      \(steps.map { "  \($0)" }.joined(separator: "\n"))
      the fewest deeds, \(shortest.count) of \(deeds):
      \(last.history.map { "  \($0)" }.joined(separator: "\n"))
      again: make graphs SEED=\(seed) SEEDS=1
      """
  }

  private static func words(_ step: Step) -> String {
    let inputs = step.inputs.map { "\($0.name): \($0.link) \($0.product) \($0.gather) \($0.frames) @\($0.tag)" }
    return "\(step.name) \(step.frames.map { "\($0) " } ?? "")\(step.command): \(inputs) makes "
      + step.outputs.map { "\($0.name) \($0.product) \($0.files)" }.joined(separator: ", ")
  }

  // MARK: After every deed

  private static func look(
    at show: Show, _ followed: Assessments, _ chance: Seeded, _ features: inout Set<String>
  ) throws -> Violation? {
    let naive = NaiveShow(show)
    var staleness = NaiveStaleness(naive)
    let assessments = try show.assess()
    guard Set(assessments.keys) == Set(naive.units.map(\.id)) else {
      return Violation(property: .staleness, text: "other units: \(assessments.keys.sorted())")
    }
    for unit in naive.units {
      guard let assessment = assessments[unit.id] else { continue }
      let verdict = try staleness.verdict(unit)
      count(assessment, &features)
      if let text = difference(assessment, verdict) {
        return Violation(property: .staleness, text: "\(unit.id) \(text)")
      }
    }
    if !show.diary.wronglyAccepted.isEmpty {
      return Violation(property: .accepted, text: "\(show.diary.wronglyAccepted)")
    }
    if !show.diary.contradictions.isEmpty {
      return Violation(property: .recipe, text: "\(show.diary.contradictions)")
    }
    return try lookAtFollowed(show, followed, assessments) ?? lookAtPlan(of: show, naive, followed, chance, &features)
  }

  private static func difference(_ assessment: Assessment, _ verdict: NaiveStaleness.Verdict) -> String? {
    let byHand = assessment.byHand.mapValues(\.freshness)
    if byHand != verdict.byHand { return "by hand \(byHand), not \(verdict.byHand)" }
    guard assessment.needsWork == verdict.needsWork else {
      return "needs work: \(assessment.needsWork), not \(verdict.needsWork); \(assessment.reasons.map(\.text))"
    }
    guard assessment.needsWork else { return nil }
    guard verdict.isObstructed == (assessment.obstacle != nil) else {
      return "is \(assessment.obstacle ?? "not kept from it"), and should \(verdict.isObstructed ? "be" : "not be")"
    }
    if !verdict.isObstructed, assessment.stale != verdict.stale {
      return "frames \(assessment.stale?.description ?? "all"), not \(verdict.stale?.description ?? "all")"
    }
    return nil
  }

  private static func lookAtPlan(
    of show: Show, _ naive: NaiveShow, _ followed: Assessments, _ chance: Seeded, _ features: inout Set<String>
  ) throws -> Violation? {
    let step = show.steps[chance.below(show.steps.count)].name
    let select = ["", "step:\(step)", "+step:\(step)", "folder:q0", "step:\(step)+"][chance.below(5)]
    let frames = chance.below(3) == 0 ? "2-3" : nil
    let isForced = chance.below(5) == 0
    let forced = isForced ? Forced(by: Actor(name: "ada", trust: .claimed), at: show.now) : nil
    let selection = try Selection(select)
    let plan = try show.plan(selection, frames: frames, forced: forced)
    let wanted = try NaivePlan(
      naive, selected: show.products(selection), frames: frames.flatMap { FrameSet($0) }, isForced: isForced)
    let got = NaivePlan(plan)
    if !select.isEmpty { features.insert("a plan of a part") }
    if !got.blocked.isEmpty { features.insert("a plan has blocked runs") }
    if !got.held.isEmpty { features.insert("a plan leaves out what is held") }
    if !got.byHand.isEmpty { features.insert("a plan wants a person") }
    let asked =
      "\(select.isEmpty ? "all" : select)\(frames.map { " --frames \($0)" } ?? "")\(isForced ? " --force" : "")"
    if got != wanted {
      return Violation(property: .plan, text: "\(asked): \(got.difference(from: wanted))")
    }
    let kept = try Planner(followed).plan(
      selection, products: selection.isEverything ? nil : show.products(selection),
      frames: frames.flatMap { FrameSet($0) }, forced: forced)
    if kept != plan {
      return Violation(property: .followed, text: "\(asked): another plan: \(kept.difference(from: plan))")
    }
    var made: Set<ProductRef> = []
    let all = Set(plan.runs.flatMap(\.outputs))
    for run in plan.runs {
      let unit = naive.unit(UnitID(step: run.step, folder: run.folder))
      let needed = Set((unit?.inputs(.dependency) ?? []).flatMap(\.products))
      guard needed.intersection(all).isSubset(of: made) else {
        return Violation(property: .order, text: "\(asked): \(run.folder) \(run.step)")
      }
      made.formUnion(run.outputs)
    }
    return nil
  }

  private static func lookAtFollowed(
    _ show: Show, _ followed: Assessments, _ assessments: [UnitID: Assessment]
  ) throws -> Violation? {
    if show.registry.sequence % 4 == 0, let violation = try lookAtSighted(show, followed, assessments) {
      return violation
    }
    for (unit, assessment) in assessments {
      if let text = followed.finding(of: unit).flatMap({ difference($0, assessment) }) {
        return Violation(property: .followed, text: "\(unit) \(text)")
      }
      let known = followed[unit]
      guard known == (assessment.isPlain ? nil : assessment) else {
        let differs = "\(known.map { "\($0.freshness) \($0.reasons.map(\.text))" } ?? "plain")"
        return Violation(
          property: .followed,
          text: "\(unit) is \(differs), not \(assessment.freshness) \(assessment.reasons.map(\.text))")
      }
    }
    let order = show.graph.units.map(\.id).filter { assessments[$0]?.needsWork == true }
    guard followed.needingWork.map(\.unit) == order else {
      return Violation(property: .followed, text: "another order: \(followed.needingWork.map(\.unit))")
    }
    let there = Set(show.graph.products).union(show.project.products.keys).count {
      show.graph.producer(of: $0) != nil || show.project.products[$0] != nil
    }
    let counted = followed.untouched(by: [])
    return counted == there ? nil : Violation(property: .followed, text: "\(counted) products, not \(there)")
  }

  /// As a server assesses a large show when it starts.
  private static func lookAtSighted(
    _ show: Show, _ followed: Assessments, _ assessments: [UnitID: Assessment]
  ) throws -> Violation? {
    let sighted = try Assessments(show.assessor, (0..<2).map { Sighting(show.assessor, part: $0, of: 2) })
    for unit in assessments.keys where sighted.finding(of: unit) != followed.finding(of: unit) {
      return Violation(property: .followed, text: "\(unit) is something else when all units were sighted")
    }
    return sighted.untouched(by: []) == followed.untouched(by: [])
      ? nil : Violation(property: .followed, text: "other products when all units were sighted")
  }

  /// What is said briefly is what there is to say.
  private static func difference(_ finding: Finding, _ assessment: Assessment) -> String? {
    guard case .brief(let brief) = finding else { return nil }
    if assessment.freshness != .stale || !assessment.needsWork || assessment.obstacle != nil
      || !assessment.notes.isEmpty
    {
      return "is briefly out of date, and \(assessment.freshness) \(assessment.obstacle ?? "")"
    }
    if brief.reasons != assessment.reasons {
      return "says briefly \(brief.reasons), and at length \(assessment.reasons)"
    }
    let (mine, its) = ([brief.existing, brief.stale], [assessment.existing, assessment.stale])
    return mine == its && brief.frames == assessment.frames && brief.work == assessment.work
      ? nil : "has briefly other frames or another work"
  }

  // MARK: At the end

  private static func lookBack(
    _ random: RandomShow, _ seed: UInt64, _ features: inout Set<String>
  ) throws -> Violation? {
    let chance = Seeded(seed: ~seed)
    if let violation = try settle(random.show, chance) { return violation }
    if let violation = try reach(random.show, chance) { return violation }
    return try TwoHistories(random.show, seed: seed).violation(&features)
  }

  private static func settle(_ before: Show, _ chance: Seeded) throws -> Violation? {
    var show = before
    // A freeze that ends in between is a change.
    show.wait(seconds: 1_000)
    let step = show.steps[chance.below(show.steps.count)].name
    let select = ["", "+step:\(step)"][chance.below(2)]
    let plan = try show.plan(select)
    try show.carryOut(plan)
    var again = try show.plan(select)
    // Who takes the second version of a product waits, until somebody asks again when there is one.
    let pinned = show.steps.contains { $0.inputs.contains { if case .number = $0.tag { true } else { false } } }
    if pinned {
      try show.carryOut(again)
      again = try show.plan(select)
    }
    guard again.runs.isEmpty else {
      let runs = again.runs.map { "\($0.folder) \($0.step) \($0.reasons.map(\.text))" }
      return Violation(property: .settled, text: "'\(select)': \(runs)")
    }
    let blocked = Set(again.blocked.map { UnitID(step: $0.step, folder: $0.folder) })
    let before = plan.blocked.map { UnitID(step: $0.step, folder: $0.folder) }
    return pinned || before.allSatisfy(blocked.contains)
      ? nil : Violation(property: .settled, text: "'\(select)': \(before) was blocked, and is not")
  }

  private static func reach(_ before: Show, _ chance: Seeded) throws -> Violation? {
    var show = before
    try show.makeAll()
    let open = Set(try show.plan().runs.flatMap(\.outputs))
    let source = try show.ref(["q0/s0/plate", "q0/s1/cam", "look/lut"][chance.below(3)])
    let now = show.chronicle.latest(source)?.published.representations.first?.frames
    if let first = now?.first {
      try show.patch(source.spoken, frames: FrameSet(first...first)) { "new \($0)" }
    } else {
      try show.publish(source.spoken, file: "new")
    }
    let naive = NaiveShow(show)
    var reached: Set<ProductRef> = [source]
    var size = 0
    while size < reached.count {
      size = reached.count
      for unit in naive.units {
        let inputs = unit.inputs.filter { $0.input.link != .association }.flatMap(\.products)
        if !reached.isDisjoint(with: inputs) { reached.formUnion(unit.outputs) }
      }
    }
    let planned = Set(try show.plan().runs.flatMap(\.outputs)).subtracting(open)
    return planned.isSubset(of: reached)
      ? nil : Violation(property: .reach, text: "\(source): \(planned.subtracting(reached).sorted())")
  }
}
