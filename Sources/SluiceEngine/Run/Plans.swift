import SluiceGraph
package import SluiceModel

/// Plans as users see them: computed and kept for a while, applied and recorded.
package actor Plans {
  private let writer: Writer
  private let queries: Queries
  private let runner: Runner
  private let bodies: PlanBodies
  private var computed: [PlanID: Plan] = [:]
  private var order: [PlanID] = []

  package init(writer: Writer, bodies: PlanBodies, queries: Queries, runner: Runner) {
    (self.writer, self.bodies, self.queries, self.runner) = (writer, bodies, queries, runner)
  }

  /// Computes and keeps, records no fact.
  package func compute(
    _ project: ProjectName, _ scope: PlanScope, by actor: Actor
  ) async throws(SluiceError) -> Plan {
    let known = scope.force ? try writer.aliased(actor) : actor
    return keep(try await queries.plan(project, scope, by: known))
  }

  package func compute(_ project: ProjectName, select: String, frames: FrameSet?) async throws(SluiceError) -> Plan {
    try await compute(project, PlanScope(select: select, frames: frames), by: .system)
  }

  /// What changes that have not happened would reach; kept to be shown again, never to be applied.
  package func compute(
    _ project: ProjectName, _ scope: PlanScope, if changes: [ChangedProduct]
  ) async throws(SluiceError) -> Plan {
    keep(try await queries.plan(project, scope, if: changes))
  }

  /// A plan computed again, as it would be now.
  /// - Throws: `plan.whatIf`.
  package func compute(again plan: Plan, by actor: Actor) async throws(SluiceError) -> Plan {
    guard plan.whatIf == nil else { throw Plans.whatIf("plan \(plan.id)") }
    guard plan.reaction == nil else { return keep(try await queries.plan(again: plan)) }
    return try await compute(plan.project, PlanScope(again: plan), by: actor)
  }

  package static func whatIf(_ place: String) -> SluiceError {
    SluiceError(
      .planWhatIf, what: "that is a what-if: it plans changes that have not happened, and cannot be applied", at: place,
      fix: "publish the change, then plan and apply")
  }

  private func keep(_ plan: Plan) -> Plan {
    if computed.updateValue(plan, forKey: plan.id) == nil { order.append(plan.id) }
    if order.count > Limits.computedPlans { computed[order.removeFirst()] = nil }
    return plan
  }

  package func plan(_ id: PlanID) throws(SluiceError) -> Plan {
    if let plan = computed[id] { return plan }
    if let state = writer.current.plans[id], let plan = try bodies.plan(state.body) { return plan }
    throw SluiceError(
      .planUnknown, what: "there is no plan '\(NameRule.printable(id.description))'", at: "plan",
      fix:
        "`sluice plans PROJECT` lists those that were applied or proposed; "
        + "of computed ones the last \(Limits.computedPlans) are kept"
    )
  }

  /// Records a plan as a fact and sets it going; an empty one is only shown.
  /// - Parameter expected: the plan that was looked at; another result is refused.
  /// - Throws: `plan.changed`, `plan.whatIf`.
  package func apply(
    _ project: ProjectName, _ scope: PlanScope, expected: PlanID?, origin: Origin
  ) async throws(SluiceError) -> Plan {
    let plan: Plan
    if let expected {
      let seen = try self.plan(expected)
      plan = try await compute(again: seen, by: origin.actor)
      try refuse(plan, since: seen)
    } else {
      plan = try await compute(project, scope, by: origin.actor)
    }
    guard !plan.runs.isEmpty else { return plan }
    try await record(plan, only: nil, origin: origin)
    return plan
  }

  package func apply(
    _ project: ProjectName, select: String, frames: FrameSet?, expected: PlanID?, origin: Origin
  ) async throws(SluiceError) -> Plan {
    try await apply(project, PlanScope(select: select, frames: frames), expected: expected, origin: origin)
  }

  private func refuse(_ plan: Plan, since seen: Plan) throws(SluiceError) {
    guard seen.id != plan.id else { return }
    let lines = plan.difference(from: seen)
    throw SluiceError(
      .planChanged,
      what: "the plan is not what it was: \(lines.prefix(20).joined(separator: "; "))\(lines.count > 20 ? "; …" : "")",
      at: "plan \(seen.id), now \(plan.id)", fix: "look at the new one (`sluice plan show \(plan.id)`), then apply it")
  }

  private func record(_ plan: Plan, only: [RunID]?, origin: Origin) async throws(SluiceError) {
    let body = Blob(plan)
    var origin = origin
    // A person's yes to a proposal has the proposal as its cause.
    if let state = writer.current.plans[plan.id], state.applications == 0 { origin.cause = state.event }
    try await writer.submit(origin, blobs: [body]) { registry throws(SluiceError) in
      try RunDecisions.apply(plan, body: body.digest, only: only, in: registry)
    }
    await runner.begin(plan)
  }

  /// Sets a submitted job going; its project is made with the first one.
  func start(_ plan: Plan, origin: Origin) async throws(SluiceError) {
    let site = writer.site
    if writer.current.projects[plan.project] == nil {
      try await writer.submit(Origin(actor: origin.actor)) { registry throws(SluiceError) in
        try Decisions.changeFolder(
          plan.project, .root, type: nil, set: [:], omitted: nil, mustBeNew: true, in: registry, site: site)
      }
    }
    try await record(plan, only: nil, origin: origin)
  }

  /// Turns a proposal down.
  /// - Throws: `plan.unknown`, `plan.notWaiting`.
  package func decline(_ id: PlanID, because: String?, origin: Origin) async throws(SluiceError) -> PlanState {
    let words = because.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
    var origin = origin
    origin.cause = writer.current.plans[id]?.event
    try await writer.submit(origin) { registry throws(SluiceError) in
      try Decisions.decline(id, because: words, in: registry)
    }
    guard let state = writer.current.plans[id] else {
      throw SluiceError(.planUnknown, what: "there is no plan '\(id)'", at: "plan", fix: "`sluice plans PROJECT`")
    }
    return state
  }

  /// Ends what still waits or runs of a plan or a run.
  package func cancel(_ id: String) async throws(SluiceError) -> Int {
    if let task = try task(id) { return await runner.cancel(task) == true ? 1 : 0 }
    return await runner.cancel(try runs(id).runs)
  }

  /// Takes up what failed or was cancelled, and what waited for it.
  package func retry(_ id: String, origin: Origin) async throws(SluiceError) -> Int {
    if let task = try task(id) {
      return try await runner.startAgain(task) == true ? 0 : try await retry("\(task.run)", origin: origin)
    }
    let (plan, runs) = try runs(id)
    let registry = writer.current
    guard registry.plans[plan.id]?.status != .running else {
      throw SluiceError(
        .runActive, what: "the plan \(plan.id) is still running", at: "run \(id)",
        fix: "wait for its end, or cancel it first")
    }
    let ended = plan.runs.filter { run in
      let status = registry.runs[run.id]?.status
      return status != .succeeded && status != .unchanged
    }
    let graph = registry.projects[plan.project]?.graph
    var wanted = runs.intersection(ended.map(\.id))
    guard !wanted.isEmpty else {
      throw SluiceError(
        .runActive, what: "'\(id)' did not fail", at: "run \(id)", fix: "retry a run that failed or was cancelled")
    }
    for run in plan.runs where !wanted.contains(run.id) && ended.contains(where: { $0.id == run.id }) {
      let inputs = graph.flatMap { $0.needs(ofUnit: UnitID(step: run.step, folder: run.folder)) } ?? []
      let feeds =
        plan.job.map { !plan.runs(before: run, of: $0).isDisjoint(with: wanted) }
        ?? plan.runs.contains { wanted.contains($0.id) && !inputs.isDisjoint(with: $0.outputs) }
      if feeds { wanted.insert(run.id) }
    }
    try await record(plan, only: wanted.sorted(), origin: origin)
    return wanted.count
  }

  /// The task that an id names; nil for a plan or a run.
  /// - Throws: `task.unknown` for a task of no run.
  private func task(_ id: String) throws(SluiceError) -> TaskID? {
    let task = TaskID(id)
    guard id.contains(".") else { return nil }
    guard writer.current.runs[task.run] != nil else {
      throw SluiceError(
        .taskUnknown, what: "there is no task '\(NameRule.printable(id))'", at: "task",
        fix: "`sluice task list` lists tasks; a task is RUN.FRAME")
    }
    return task
  }

  private func runs(_ id: String) throws(SluiceError) -> (plan: Plan, runs: Set<RunID>) {
    let registry = writer.current
    if registry.plans[PlanID(id)].map({ $0.applications > 0 }) == true {
      let plan = try plan(PlanID(id))
      return (plan, Set(plan.runs.map(\.id)))
    }
    let run = RunID(id)
    for state in registry.plans.values.sorted(by: { $0.applied > $1.applied }) where state.applications > 0 {
      let plan = try plan(state.id)
      if plan.runs.contains(where: { $0.id == run }) { return (plan, [run]) }
    }
    throw SluiceError(
      .runUnknown, what: "there is no applied plan and no run '\(NameRule.printable(id))'", at: "run",
      fix: "`sluice run list` lists runs, `sluice job list` jobs, `sluice plans PROJECT` plans")
  }
}
