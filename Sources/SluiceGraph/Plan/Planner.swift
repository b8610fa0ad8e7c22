package import SluiceModel

/// Computes what must run, and says why: pure, so that a plan can be shown, stored and compared.
package struct Planner: Sendable {
  package let assessor: Assessor
  private let assessments: Assessments?

  /// Assesses everything from scratch.
  package init(assessor: Assessor) { (self.assessor, assessments) = (assessor, nil) }

  /// From how everything stands: a plan then costs what it holds.
  package init(_ assessments: Assessments) { (assessor, self.assessments) = (assessments.assessor, assessments) }

  private struct Identity: Encodable {
    struct Run: Encodable {
      var step: String
      var folder: FolderPath
      var frames: FrameSet?
      var reasons: [[String?]]
      /// What is there now, where the reasons name no versions: a tool or an event's value that goes back and forth is
      /// another situation each time. Nil otherwise.
      var there: [VersionID]?
      /// What it brings back; nil where it makes something new.
      var purges: [EventID]?
    }
    var project: ProjectName
    var selection: String
    var frames: FrameSet?
    var revision: Int
    var runs: [Run]
    var force: Bool?
    /// What Sluice proposes is another plan than the same asked for by a person: it is about its own runs alone.
    var reaction: OnChange?
  }

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
      ?? due.noteworthy(among: chosen)
    var runs: [PlannedRun] = []
    var blocked: [BlockedRun] = []
    var missing: Set<ProductRef> = []
    var left: Set<UnitID> = []
    var stopped: Set<UnitID> = []
    var restoring = Restoring(assessor)
    for assessment in units where assessment.needsWork {
      let unit = assessment.unit
      missing.formUnion(assessment.missingSources)
      let wanted = assessor.project.frames(toMake: assessment, within: frames)
      var obstacle = obstacle(assessment, left: left, stopped: stopped)
      if obstacle == nil, wanted?.isEmpty != true { obstacle = try restoring.want(inputsOf: assessment) }
      if let obstacle {
        stopped.insert(unit.id)
        blocked.append(BlockedRun(step: unit.id.step, folder: unit.id.folder, text: obstacle))
        continue
      }
      if let stale = assessment.stale, let wanted, !stale.subtracting(wanted).isEmpty {
        if due[unit.id]?.stale?.subtracting(wanted).isEmpty == false { left.insert(unit.id) }
        if wanted.isEmpty { continue }
      }
      runs.append(run(assessment, frames: wanted))
    }
    let made = Set(runs.flatMap(\.outputs))
    blocked += try restoring.want(selection, products: selected ?? [], except: made)
    runs = try restoring.runs() + runs
    try checkSize(runs)
    let hands = byHand(units)
    let busy = Set(runs.map { UnitID(step: $0.step, folder: $0.folder) })
      .union(stopped).union(left).union(hands.map { UnitID(step: $0.step, folder: $0.folder) })
    let untouched =
      selected.map { selected in
        let makers = Set(busy.compactMap { graph.index(of: $0) })
        return selected.count { product in
          graph.makerIndex(of: product).map { !makers.contains($0) } ?? (assessor.project.products[product] != nil)
        }
      } ?? due.untouched(by: busy)
    var plan = Plan(
      id: PlanID(""), project: assessor.project.name, selection: selection.text, frames: frames,
      pipelineRevision: assessor.project.pipeline?.revision ?? 0, runs: runs, untouched: untouched,
      missing: missing.sorted(), blocked: blocked)
    (plan.frozen, plan.held, plan.byHand) = (frozen(units), held(units), hands)
    if forced != nil { plan.force = true }
    return identified(plan)
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
    let open = assessments.needingWork
    var restoring = Restoring(assessor)
    for assessment in open where units.contains(assessment.unit.id) {
      // What cannot be brought back fails its run, which says so.
      _ = try restoring.want(inputsOf: assessment)
      var run = run(assessment, frames: assessor.project.frames(toMake: assessment, within: nil))
      run.note = notes[assessment.unit.id]
      runs.append(run)
    }
    runs = try restoring.runs() + runs
    try checkSize(runs)
    let untouched = assessments.untouched(by: Set(open.map(\.unit.id)))
    return identified(
      Plan(
        id: PlanID(""), project: assessor.project.name, selection: "", frames: nil,
        pipelineRevision: assessor.project.pipeline?.revision ?? 0, runs: runs, untouched: untouched, missing: [],
        blocked: [], reaction: reaction))
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
  private func obstacle(_ assessment: Assessment, left: Set<UnitID>, stopped: Set<UnitID>) -> String? {
    if let obstacle = assessment.obstacle { return obstacle }
    for state in assessment.inputs {
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

  private func run(_ assessment: Assessment, frames: FrameSet?) -> PlannedRun {
    let tasks = assessment.tasks(for: frames)
    return PlannedRun(
      id: RunID(""), step: assessment.unit.id.step, folder: assessment.unit.id.folder,
      outputs: assessment.unit.outputs, reasons: assessment.reasons, tasks: tasks, frames: frames,
      estimate: assessor.project.estimate(of: assessment.unit.id.step, tasks: tasks), work: assessment.work)
  }

  private func identified(_ draft: Plan) -> Plan {
    var plan = draft
    plan.id = PlanID(
      digest: Digest.of(
        StableJSON.encode(
          Identity(
            project: plan.project, selection: plan.selection, frames: plan.frames, revision: plan.pipelineRevision,
            runs: plan.runs.map { run in
              Identity.Run(
                step: run.step, folder: run.folder, frames: run.frames,
                reasons: run.reasons.map { [$0.kind.rawValue, $0.input, $0.used, $0.now] }, there: there(for: run),
                purges: assessor.project.purges(undoneBy: run))
            }, force: plan.force, reaction: plan.reaction))))
    for index in plan.runs.indices {
      let run = plan.runs[index]
      plan.runs[index].id =
        run.restores.map { RunID(plan: plan.id, step: run.step, folder: run.folder, restoring: $0) }
        ?? RunID(plan: plan.id, step: run.step, folder: run.folder)
    }
    return plan
  }
}

extension Planner {
  private func there(for run: PlannedRun) -> [VersionID]? {
    let goesBackAndForth = run.reasons.contains { reason in
      switch reason.kind {
      case .tool, .event, .forced, .cast, .omitted, .order: true
      case .input: reason.used == nil
      default: false
      }
    }
    guard goesBackAndForth else { return nil }
    return run.outputs.compactMap { assessor.project.products[$0]?.newest }
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
