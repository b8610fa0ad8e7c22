import SluiceModel

/// Plans and their progress in words.
enum PlanText {
  static func tell(_ plan: Plan) {
    if let whatIf = plan.whatIf { return tell(plan, whatIf) }
    if count(plan) == 0 {
      let isStuck = !plan.missing.isEmpty || !plan.blocked.isEmpty
      let rest = plan.byHand?.isEmpty == false ? "Nothing to run" : "Nothing to do"
      print(isStuck ? "Nothing can run yet." : "\(rest): \(plan.untouched) products are current.")
    } else {
      print(
        "Plan \(plan.id): \(count(plan)) runs, \(tasks(plan)) tasks\(cost(plan)); "
          + "\(plan.untouched) products untouched.")
    }
    tellReasons(plan)
    for note in plan.notes { print("  only proposed: \(note)") }
    tellPeople(plan)
    for ref in plan.missing { print("  nobody has published \(ref)") }
    for run in plan.blocked { print("  \(run.step) \(run.folder) cannot run: \(run.text)") }
  }

  private static func count(_ plan: Plan) -> Int { plan.runs.count + (plan.rest?.runs ?? 0) }
  private static func tasks(_ plan: Plan) -> Int { plan.tasks + (plan.rest?.tasks ?? 0) }

  private static func cost(_ plan: Plan) -> String {
    let seconds = plan.runs.compactMap(\.estimate?.seconds).reduce(plan.rest?.seconds ?? 0, +)
    let known = plan.rest?.unestimated ?? 0 == 0 && plan.runs.allSatisfy { $0.estimate != nil }
    guard seconds > 0 else { return "" }
    return ", about \(Console.duration(seconds)) of one core\(known ? "" : " for what has run before")"
  }

  private static func tellReasons(_ plan: Plan) {
    Console.table(
      plan.runs.map { run in
        let frames = run.frames.map { "frames \($0)" } ?? ""
        return ["  " + run.step, "\(run.folder)", frames, run.reasons.first.map { "because \($0.text)" } ?? ""]
      })
    if let rest = plan.rest { print("  … and \(rest.runs) more runs (--limit \(count(plan)) shows them all)") }
  }

  /// What changes that have not happened would reach.
  private static func tell(_ plan: Plan, _ whatIf: WhatIf) {
    print("What if (nothing was published, and this cannot be applied):")
    for change in whatIf.changes { print("  \(change.text)") }
    if count(plan) == 0 { return print("It would reach nothing; \(plan.untouched) products stay as they are.") }
    let due = whatIf.alreadyDue > 0 ? " (\(whatIf.alreadyDue) of them are due anyway)" : ""
    print(
      "It would reach \(count(plan)) runs\(due), \(tasks(plan)) tasks\(cost(plan)); "
        + "\(plan.untouched) products stay as they are.")
    tellReasons(plan)
    for run in plan.blocked { print("  \(run.step) \(run.folder) could not run: \(run.text)") }
  }

  /// What people keep out of a plan, have in hand, or have to do themselves.
  private static func tellPeople(_ plan: Plan) {
    for frozen in plan.frozen ?? [] { print("  \(frozen.text)") }
    for held in plan.held ?? [] { print("  \(held.text)") }
    for work in plan.byHand ?? [] {
      print("  \(work.product) is \(work.freshness.rawValue), and only a person can help: \(work.text)")
    }
  }

  /// What became of a proposal.
  static func fate(_ plan: PlanState) -> String {
    switch plan.status {
    case .proposed:
      "It waits for somebody: sluice apply \(plan.project) --plan \(plan.id), or sluice plan decline \(plan.id)."
    case .declined:
      "\(plan.declined?.actor.name ?? "Somebody") declined it\(plan.declined?.because.map { " (“\($0)”)" } ?? "")."
    case .superseded: plan.supersededBy.map { "\($0) took its place." } ?? "Nothing of it is left to do."
    case .running, .succeeded, .failed, .cancelled: "It was applied."
    }
  }

  static func tellRuns(_ progress: PlanProgress) {
    Console.table(
      progress.runs.map { run in
        [
          "  " + run.status.rawValue, run.step, "\(run.folder)", "\(run.tasksDone)/\(run.tasksTotal)", "\(run.id)",
          run.failure?.what ?? "",
        ]
      })
  }

  static func tellFailures(_ progress: PlanProgress) {
    for run in progress.runs where run.status == .failed {
      print("failed: \(run.step) \(run.folder): \(run.failure?.what ?? "")")
      if let fix = run.failure?.fix { print("  \(fix)") }
    }
  }

  static func counts(_ counts: RunCounts) -> String {
    var parts = ["\(counts.succeeded) succeeded"]
    if counts.reused > 0 { parts[0] += " (\(counts.reused) reused)" }
    if counts.unchanged > 0 { parts.append("\(counts.unchanged) unchanged") }
    if counts.failed > 0 { parts.append("\(counts.failed) failed") }
    if counts.cancelled > 0 { parts.append("\(counts.cancelled) not run") }
    return parts.joined(separator: ", ")
  }

  static func line(_ progress: PlanProgress) -> String {
    let running = progress.runs.filter { $0.status == .running }.prefix(3).map { "\($0.folder) \($0.step)" }
    let left = progress.secondsLeft.map { ", about \(Console.duration($0)) left" } ?? ""
    return "\(progress.tasksDone) of \(progress.tasksTotal) tasks\(left)  \(running.joined(separator: ", "))"
  }
}

extension Plan {
  /// Why runs of `auto` steps are only proposed, each once.
  fileprivate var notes: [String] {
    var notes: [String] = []
    for note in runs.compactMap(\.note) where !notes.contains(note) { notes.append(note) }
    return Array(notes.prefix(10))
  }
}

extension PlanState {
  /// Whether nothing of it was ever set going.
  var isOnlyProposed: Bool { [.proposed, .declined, .superseded].contains(status) }
}
