import FoundationEssentials
package import SluiceGraph
package import SluiceModel

/// What Sluice does by itself about everything that is out of date in a project: what runs, what is proposed, and why
/// the rest waits. Pure.
///
/// Nothing is made before what it is made from: a unit runs where all that is out of date above it runs in the same
/// plan, and is proposed where all of that is proposed with it. Everything else waits for the next look.
package struct Reaction: Sendable {
  package enum Verdict: Sendable, Equatable {
    case run
    /// With the words why, where the step is `auto`.
    case propose(String?)
    case waits(String)
    case busy
    case blocked(String)
    case manual
    case failed
    case declined(PlanID)
  }

  /// Of every unit that needs work.
  package private(set) var verdicts: [UnitID: Verdict] = [:]
  private let graph: StepGraph
  private let assessments: Assessments
  private let findings: [Finding]
  private let standing: Standing
  private let project: Project

  /// - Complexity: O(units that need work, and their links), times the number of steps whose ceiling is passed.
  package init(_ assessments: Assessments, standing: Standing) {
    (project, graph) = (assessments.assessor.project, assessments.assessor.graph)
    (self.assessments, findings, self.standing) = (assessments, assessments.needingWork, standing)
    var ceilings: [String: String] = [:]
    repeat { judge(ceilings: ceilings) } while addCeiling(to: &ceilings)
  }

  /// What runs, in no order.
  package var runs: Set<UnitID> { Set(verdicts.lazy.filter { $0.value == .run }.map(\.key)) }

  /// What is proposed, in no order.
  package var proposals: Set<UnitID> {
    Set(verdicts.lazy.filter { if case .propose = $0.value { true } else { false } }.map(\.key))
  }

  /// Why runs of `auto` steps are only proposed.
  package var notes: [UnitID: String] {
    verdicts.compactMapValues { if case .propose(let note) = $0 { note } else { nil } }
  }

  // MARK: Judging

  /// Makers before users, so that each unit finds what was said of those above it.
  private mutating func judge(ceilings: [String: String]) {
    verdicts = [:]
    for finding in findings {
      guard let step = graph.step(of: finding.unit) else { continue }
      verdicts[finding.unit] = verdict(finding.unit, step, finding, ceilings)
    }
  }

  private func verdict(_ unit: UnitID, _ step: Step, _ finding: Finding, _ ceilings: [String: String]) -> Verdict {
    if standing.busy.contains(unit) { return .busy }
    if let obstacle = finding.obstacle { return .blocked(obstacle) }
    if step.onChange == .manual { return .manual }
    if let work = finding.work, let plan = standing.declined[work] { return .declined(plan.id) }
    let last = attempt(finding)
    if last?.status == .failed { return .failed }
    let above = assessments.makers(above: unit).sorted()
    for maker in above {
      if let words = hindrance(verdicts[maker]) { return .waits("waits for \(maker), which \(words)") }
    }
    let running = above.first { verdicts[$0] == .run }
    let proposed = above.first { verdicts[$0] != .run }
    let note: String?
    if step.onChange == .auto {
      note =
        proposed.map { "it is made from \($0), which is proposed too" } ?? ceilings[step.name]
        ?? last.map(Reaction.words)
      if note == nil { return .run }
    } else {
      note = nil
    }
    if let running { return .waits("waits for \(running), which runs first") }
    if step.onChange == .propose,
      let maker = (graph.needs(ofUnit: unit) ?? []).sorted().lazy.compactMap({ graph.producer(of: $0)?.id })
        .first(where: standing.claimed.contains)
    {
      return .waits("waits for the running plan that makes \(maker)")
    }
    return .propose(note)
  }

  /// Why nothing that is made from a unit can be planned now.
  private func hindrance(_ verdict: Verdict?) -> String? {
    switch verdict {
    case nil, .run, .propose: nil
    case .waits: "waits itself"
    case .busy: "is being made"
    case .blocked: "cannot run"
    case .manual: "is manual"
    case .failed: "failed"
    case .declined: "was declined"
    }
  }

  /// The last run, where it was about the same work.
  private func attempt(_ finding: Finding) -> Standing.Attempt? {
    guard let last = standing.attempts[finding.unit] else { return nil }
    let isForeseen = last.work != nil && last.work == finding.work
    switch last.status {
    case .running: return nil
    case .failed:
      return isForeseen || last.recipe != nil && last.recipe == assessments[finding.unit]?.recipe ? last : nil
    case .cancelled: return isForeseen ? last : nil
    // What ended well and left the same frames out of date would only do so again.
    case .succeeded, .unchanged: return isForeseen && last.frames == finding.stale ? last : nil
    }
  }

  private static func words(_ attempt: Standing.Attempt) -> String {
    attempt.status == .cancelled
      ? "somebody cancelled it, and nothing has changed since"
      : "it ran, and is out of date all the same"
  }

  // MARK: Ceilings

  /// Takes the first step whose runs would cost more than it allows out of what runs.
  /// - Returns: whether there was one; what is made from it has to be judged again then.
  private func addCeiling(to ceilings: inout [String: String]) -> Bool {
    var order: [String] = []
    var costs: [String: (seconds: Double, isKnown: Bool, ceiling: Double)] = [:]
    for finding in findings where verdicts[finding.unit] == .run {
      guard let step = graph.step(of: finding.unit), let ceiling = step.maxCoreHours else { continue }
      let tasks = step.taskCount(for: finding.stale)
      let seconds = project.estimate(of: step.name, tasks: tasks)?.seconds
      if costs[step.name] == nil { order.append(step.name) }
      let cost = costs[step.name] ?? (0, true, ceiling)
      costs[step.name] = (cost.seconds + (seconds ?? 0), cost.isKnown && seconds != nil, ceiling)
    }
    for step in order {
      guard let cost = costs[step], !cost.isKnown || cost.seconds > cost.ceiling * 3_600 else { continue }
      ceilings[step] = Reaction.words(seconds: cost.isKnown ? cost.seconds : nil, ceiling: cost.ceiling)
      return true
    }
    return false
  }

  private static func words(seconds: Double?, ceiling: Double) -> String {
    let allowed = "its step may take \(spoken(ceiling)) core-hour\(ceiling == 1 ? "" : "s") by itself"
    guard let seconds else { return "\(allowed), and nobody knows yet what it takes" }
    return "\(allowed), and this takes about \(spoken(seconds / 3_600))"
  }

  /// Three digits that matter: `2`, `0.5`, `1.25`, `1230`.
  private static func spoken(_ hours: Double) -> String {
    var unit = 1.0
    while hours * unit < 100, unit < 1e6 { unit *= 10 }
    let rounded = (hours * unit).rounded(.up) / unit
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}

// MARK: Saying it

extension Reaction {
  /// What Sluice does about a unit, or why it does nothing; nil where nothing is to be done.
  package func note(on unit: UnitID) -> ReactionNote? {
    switch verdicts[unit] {
    case nil: return nil
    case .run: return ReactionNote(.auto, text: "it runs by itself as soon as changes have come to rest")
    case .propose(let note): return proposed(because: note)
    case .waits(let words): return ReactionNote(.waits, text: "it \(words)")
    case .busy: return ReactionNote(.running, text: "a running plan makes it")
    case .blocked(let words): return ReactionNote(.blocked, text: "it cannot run: \(words)")
    case .manual: return ReactionNote(.manual, text: "its step is manual: it is made when somebody applies a plan")
    case .failed:
      return ReactionNote(
        .failed, text: "it failed with the same inputs, and is tried again when they change or somebody says so")
    case .declined(let plan): return declined(plan)
    }
  }

  private func proposed(because note: String?) -> ReactionNote {
    let more = note.map { ", because \($0)" } ?? ""
    guard let waiting = standing.waiting else {
      return ReactionNote(.proposed, text: "it is proposed as soon as changes have come to rest\(more)")
    }
    return ReactionNote(.proposed, plan: waiting.id, text: "the proposal \(waiting.id) waits for somebody\(more)")
  }

  private func declined(_ plan: PlanID) -> ReactionNote {
    let decline = standing.declined.values.first { $0.id == plan }?.declined
    let by = decline.map { " by \($0.actor.name), \(Reasons.spoken($0.time))" } ?? ""
    let because = decline?.because.map { " (“\($0)”)" } ?? ""
    return ReactionNote(
      .declined, plan: plan,
      text: "the proposal \(plan) was declined\(by)\(because); it is proposed again when an input changes")
  }

  /// The newest fact that the reasons of a plan name; nil where they name none.
  package static func cause(of plan: Plan, in project: Project) -> EventID? {
    var newest: (time: Date, event: EventID)?
    func take(_ time: Date?, _ event: EventID?) {
      guard let time, let event, newest.map({ ($0.time, $0.event) < (time, event) }) ?? true else { return }
      newest = (time, event)
    }
    for (unit, reason) in plan.runs.lazy.flatMap({ run in
      run.reasons.map { (UnitID(step: run.step, folder: run.folder), $0) }
    }) {
      switch reason.kind {
      case .input, .reference, .upstream, .cast:
        guard let ref = reason.input.flatMap({ try? ProductRef($0) }), let id = reason.now.flatMap({ VersionID($0) })
        else { continue }
        let version = project.versions[VersionAddress(product: ref, version: id)]
        take(version?.time, version?.event)
      case .step: take(project.pipeline?.time, project.pipeline?.event)
      case .missing:
        for product in project.graph?.needs(ofUnit: unit) ?? [] {
          let version = project.version(of: product, .latest)
          take(version?.time, version?.event)
        }
      case .event:
        let told = project.heard[unit]?.told
        take(told?.time, told?.id)
      case .missingInput, .tool, .frames, .range, .missingFrames, .partial, .unrecorded, .omitted, .order, .frozen,
        .held, .vouched, .rejected, .damaged, .forced, .purged:
        continue
      }
    }
    return newest?.event
  }
}
