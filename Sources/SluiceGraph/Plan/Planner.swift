package import SluiceModel

/// Computes what must run, and says why: pure, so that a plan can be shown, stored and compared.
package struct Planner: Sendable {
  package let assessor: Assessor
  private let assessments: Assessments?

  /// Assesses everything from scratch.
  package init(assessor: Assessor) { (self.assessor, assessments) = (assessor, nil) }

  /// From how everything stands: a plan then costs what it holds.
  package init(_ assessments: Assessments) { (assessor, self.assessments) = (assessments.assessor, assessments) }

  /// - Parameters:
  ///   - selected: the products that may be made; nothing outside of them runs. Nil for all.
  ///   - frames: only these, for steps that work frame by frame; nil for all.
  ///   - forced: makes anew what is current, too.
  /// - Throws: `record.tooLarge` past `Limits.runsPerPlan`.
  package func plan(
    _ selection: Selection, products selected: Set<ProductRef>?, frames: FrameSet?, forced: Forced? = nil
  ) throws(SluiceError) -> Plan {
    let graph = assessor.graph
    let chosen = selected.map { graph.makers(of: $0) }
    let due = try standing(of: chosen)
    let units =
      try forced.map { (forced) throws(SluiceError) in try forced.taking(chosen, of: due) }
      ?? due.findings(among: chosen)
    var runs: [PlannedRun] = []
    var blocked: [BlockedRun] = []
    var missing: Set<ProductRef> = []
    var left: Set<UnitID> = []
    var stopped: Set<UnitID> = []
    // Ascending, each once.
    var worked: [Int] = []
    var restoring = Restoring(assessor)
    var drafting = RunDrafting(assessor)
    runs.reserveCapacity(units.count)
    worked.reserveCapacity(units.count)
    for (unit, finding) in units where finding.needsWork {
      let wanted = drafting.frames(toMake: finding, within: frames)
      var obstacle = obstacle(unit, finding, due, left: left, stopped: stopped)
      if case .full(let assessment) = finding {
        missing.formUnion(assessment.missingSources)
        if obstacle == nil, wanted?.isEmpty != true { obstacle = try restoring.want(inputsOf: assessment) }
      }
      if let obstacle {
        worked.append(unit)
        stopped.insert(finding.unit)
        blocked.append(BlockedRun(step: finding.unit.step, folder: finding.unit.folder, text: obstacle))
        continue
      }
      if let stale = finding.stale, let wanted, stale != wanted, !stale.subtracting(wanted).isEmpty {
        if due.finding(at: unit)?.stale?.subtracting(wanted).isEmpty == false {
          worked.append(unit)
          left.insert(finding.unit)
        }
        if wanted.isEmpty { continue }
      }
      if worked.last != unit { worked.append(unit) }
      runs.append(drafting.run(unit, finding, frames: wanted))
    }
    if selection.expression != nil {
      let made = Set(runs.flatMap(\.outputs))
      blocked += try restoring.want(selection, products: selected ?? [], except: made)
    }
    let brought = try restoring.runs()
    var others = Set(brought.compactMap { graph.index(of: UnitID(step: $0.step, folder: $0.folder)) })
    if !brought.isEmpty { runs = brought + runs }
    try checkSize(runs)
    let told = units.compactMap { if case .full(let assessment) = $0.finding { assessment } else { nil } }
    let hands = byHand(told)
    others.formUnion(hands.compactMap { graph.index(of: UnitID(step: $0.step, folder: $0.folder)) })
    let untouched: Int
    if let selected {
      let busy = others.union(worked)
      untouched = selected.count { product in
        graph.makerIndex(of: product).map { !busy.contains($0) } ?? (assessor.project.products[product] != nil)
      }
    } else {
      untouched = due.untouched(by: others.isEmpty ? worked : Array(others.union(worked)))
    }
    var plan = Plan(
      id: PlanID(""), project: assessor.project.name, selection: selection.text, frames: frames,
      pipelineRevision: assessor.project.pipeline?.revision ?? 0, runs: runs, untouched: untouched,
      missing: missing.sorted(), blocked: blocked)
    // The plan has them, and should be alone in that when they get their ids.
    runs = []
    (plan.frozen, plan.held, plan.byHand) = (frozen(told), held(told), hands)
    if forced != nil { plan.force = true }
    name(&plan)
    return plan
  }

  /// What Sluice does about changes by itself.
  /// - Parameters:
  ///   - units: what is to be made; everything out of date that they are made from is among them, and nothing of it has
  ///     an obstacle.
  ///   - notes: why the run of an `auto` step is only proposed.
  /// - Throws: `record.tooLarge` past `Limits.runsPerPlan`.
  package func plan(
    reaction: OnChange, units: Set<UnitID>, notes: [UnitID: String] = [:]
  ) throws(SluiceError) -> Plan {
    let assessments = try standing(of: nil)
    var runs: [PlannedRun] = []
    let open = assessments.findings(among: nil).filter(\.finding.needsWork)
    var restoring = Restoring(assessor)
    var drafting = RunDrafting(assessor)
    for (unit, finding) in open where units.contains(finding.unit) {
      // What cannot be brought back fails its run, which says so.
      if case .full(let assessment) = finding { _ = try restoring.want(inputsOf: assessment) }
      var run = drafting.run(unit, finding, frames: drafting.frames(toMake: finding, within: nil))
      run.note = notes[finding.unit]
      runs.append(run)
    }
    runs = try restoring.runs() + runs
    try checkSize(runs)
    let untouched = assessments.untouched(by: open.map(\.unit))
    var plan = Plan(
      id: PlanID(""), project: assessor.project.name, selection: "", frames: nil,
      pipelineRevision: assessor.project.pipeline?.revision ?? 0, runs: runs, untouched: untouched, missing: [],
      blocked: [], reaction: reaction)
    runs = []
    name(&plan)
    return plan
  }

  /// - Parameter chosen: the units that will be made anew where they need it; nil for all.
  private func standing(of chosen: Set<Int>?) throws(SluiceError) -> Assessments {
    var standing: Assessments
    if let assessments { standing = assessments } else { standing = try Assessments(assessor) }
    if let chosen { standing = try standing.limited(to: chosen) }
    return standing
  }

  private func checkSize(_ runs: [PlannedRun]) throws(SluiceError) {
    guard runs.count > Limits.runsPerPlan else { return }
    throw SluiceError(
      .recordTooLarge, what: "the plan has \(runs.count) runs; at most \(Limits.runsPerPlan) are allowed",
      at: "project '\(assessor.project.name)'", fix: "select a part of the project with --select")
  }

  /// Why a unit that needs work cannot be in the plan.
  /// - Parameters:
  ///   - left: units that the plan makes only in part, because of `--frames`.
  ///   - stopped: units that need work and cannot be in the plan.
  private func obstacle(
    _ unit: Int, _ finding: Finding, _ due: Assessments, left: Set<UnitID>, stopped: Set<UnitID>
  ) -> String? {
    if let obstacle = finding.obstacle { return obstacle }
    guard !left.isEmpty || !stopped.isEmpty else { return nil }
    let assessment: Assessment?
    if case .full(let known) = finding { assessment = known } else { assessment = due[unit] }
    for state in assessment?.inputs ?? [] {
      for source in state.sources.lazy.flatMap(\.all) {
        guard let upstream = source.upstream else { continue }
        if source.relations.contains(.all), left.contains(upstream) {
          return "it takes all frames of \(source.product.spoken), and --frames leaves some of them out"
        }
        if stopped.contains(upstream) { return "waits for \(upstream)" }
      }
    }
    return nil
  }
}

extension Project {
  /// Nil until the step has run once.
  package func estimate(of step: String, tasks: Int) -> Estimate? {
    timings[step].map { Estimate(seconds: ($0.secondsPerTask * Double(tasks) * 100).rounded() / 100) }
  }
}

extension Plan {
  /// In words, what another plan says differently; empty where the runs are the same.
  package func difference(from other: Plan) -> [String] {
    let (mine, theirs) = (byUnit, other.byUnit)
    var lines: [String] = []
    for unit in Set(mine.keys).union(theirs.keys).sorted() {
      switch (theirs[unit], mine[unit]) {
      case (nil, .some(let run)): lines.append("\(unit) is new: \(run.reasons.first?.text ?? "")")
      case (.some, nil): lines.append("\(unit) is no longer in it")
      case (.some(let before), .some(let now)):
        if before.frames != now.frames {
          lines.append(
            "\(unit): frames \(now.frames?.description ?? "all") instead of \(before.frames?.description ?? "all")")
        } else if before.reasons.map(\.now) != now.reasons.map(\.now) {
          lines.append("\(unit): \(now.reasons.first?.text ?? "other reasons")")
        }
      case (nil, nil): continue
      }
    }
    return lines
  }

  private var byUnit: [UnitID: PlannedRun] {
    Dictionary(runs.map { (UnitID(step: $0.step, folder: $0.folder), $0) }, uniquingKeysWith: { first, _ in first })
  }
}
