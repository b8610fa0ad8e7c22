package import SluiceGraph
package import SluiceModel

/// What a plan must hold, found the long way: unit by unit, each asked what becomes of it.
package struct NaivePlan: Equatable {
  /// Units that run, with their frames; `nil` for a whole.
  package private(set) var runs: [UnitID: FrameSet?] = [:]
  package private(set) var blocked: Set<UnitID> = []
  package private(set) var held: Set<ProductRef> = []
  package private(set) var byHand: [ProductRef: Freshness] = [:]

  /// - Parameters:
  ///   - selected: what may be made.
  ///   - frames: only these, where a step works frame by frame; nil for all.
  package init(_ show: NaiveShow, selected: Set<ProductRef>, frames: FrameSet?, isForced: Bool) throws {
    let chosen = show.units.filter { !selected.isDisjoint(with: $0.outputs) }
    var fates = Fates(
      show: show, staleness: NaiveStaleness(show, passesOn: Set(chosen.map(\.id))), frames: frames, isForced: isForced,
      chosen: Set(chosen.map(\.id)))
    for unit in chosen {
      let fate = try fates.fate(of: unit)
      if let run = fate.run { runs[unit.id] = run }
      if fate.isBlocked { blocked.insert(unit.id) }
      if !unit.step.isHuman { held.formUnion(unit.outputs.filter(show.known.held.contains)) }
      byHand.merge(try fates.staleness.verdict(unit).byHand.filter { $0.value != .current }) { first, _ in first }
    }
  }

  /// What a plan says, in the same words.
  package init(_ plan: Plan) {
    for run in plan.runs { runs[UnitID(step: run.step, folder: run.folder)] = .some(run.frames) }
    blocked = Set(plan.blocked.map { UnitID(step: $0.step, folder: $0.folder) })
    held = Set((plan.held ?? []).map(\.product))
    for work in plan.byHand ?? [] { byHand[work.product] = work.freshness }
  }

  /// In words, how another plan differs.
  package func difference(from other: NaivePlan) -> String {
    func words(_ plan: NaivePlan) -> Set<String> {
      Set(plan.runs.map { "run \($0.key) \($0.value.map { "\($0)" } ?? "")" })
        .union(plan.blocked.map { "blocked \($0)" }).union(plan.held.map { "held \($0)" })
        .union(plan.byHand.map { "by hand \($0.key) \($0.value)" })
    }
    return "only there: \(words(self).subtracting(words(other)).sorted()), "
      + "missing: \(words(other).subtracting(words(self)).sorted())"
  }

  /// What becomes of one unit.
  private struct Fate {
    /// Its frames; `.some(nil)` for a whole.
    var run: FrameSet??
    var isBlocked = false
    /// Whether frames that want work are left out.
    var isPartial = false
  }

  private struct Fates {
    let show: NaiveShow
    var staleness: NaiveStaleness
    let frames: FrameSet?
    let isForced: Bool
    let chosen: Set<UnitID>
    private var found: [UnitID: Fate] = [:]

    init(show: NaiveShow, staleness: NaiveStaleness, frames: FrameSet?, isForced: Bool, chosen: Set<UnitID>) {
      (self.show, self.staleness, self.frames) = (show, staleness, frames)
      (self.isForced, self.chosen) = (isForced, chosen)
    }

    mutating func fate(of unit: NaiveShow.Unit) throws -> Fate {
      if let fate = found[unit.id] { return fate }
      let fate = try decide(unit)
      found[unit.id] = fate
      return fate
    }

    private mutating func decide(_ unit: NaiveShow.Unit) throws -> Fate {
      let verdict = try staleness.verdict(unit)
      let isHeld = unit.outputs.contains(where: show.known.held.contains)
      guard verdict.needsWork || isForced, !unit.step.isHuman, !isHeld else { return Fate() }
      // Nobody can want anew what has no frame to make.
      if !verdict.needsWork, verdict.expected?.isEmpty == true { return Fate() }
      if try verdict.isObstructed || waits(unit) { return Fate(isBlocked: true) }
      guard let expected = verdict.expected else { return Fate(run: .some(nil)) }
      let due = verdict.needsWork ? verdict.stale ?? .empty : .empty
      let all = isForced ? expected : due
      let wanted = frames.map(all.intersection) ?? all
      // What only lost frames is run, too: it is published without them.
      if wanted.isEmpty, !all.isEmpty { return Fate(isPartial: !due.isEmpty) }
      return Fate(run: .some(wanted), isPartial: !due.subtracting(wanted).isEmpty)
    }

    /// Whether it waits for something that the plan does not make, or not in all frames that it takes.
    private mutating func waits(_ unit: NaiveShow.Unit) throws -> Bool {
      for (input, products) in unit.inputs(.dependency) {
        let relations = unit.step.outputs.map { input.frames.of($0.name) }
        for product in products where try waits(input, product, relations) { return true }
      }
      return false
    }

    private mutating func waits(
      _ input: StepInput, _ product: ProductRef, _ relations: [FrameRelation]
    ) throws -> Bool {
      if try staleness.above(input, product) != nil, let maker = show.maker(of: product) {
        let fate = try fate(of: maker)
        if fate.isBlocked || fate.isPartial && relations.contains(.all) { return true }
      }
      for (reference, target, relation) in show.references(of: product)
      where try waits(reference, target, relations.map { $0.then(relation) }) { return true }
      return false
    }
  }
}
