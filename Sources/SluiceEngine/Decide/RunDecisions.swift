package import SluiceGraph
package import SluiceModel

/// What is recorded of plans, runs and tasks: pure, and made so that work may be done twice and counts once.
///
/// Only a project's home site records them, so that "already done" is known to the one who decides. A run's attempt is
/// its fencing token: what comes back of an earlier attempt, or a second time, is nothing to record.
package enum RunDecisions {
  /// - Parameter only: the runs that a retry wants.
  /// - Throws: `site.elsewhere`.
  package static func apply(
    _ plan: Plan, body: Digest, only: [RunID]?, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    try Decisions.requireHome(of: plan.project, in: registry)
    if registry.plans[plan.id]?.status == .running { return [] }
    let fact = PlanApplied(plan: plan.id, body: body, runs: plan.runs.count, tasks: plan.tasks, only: only)
    return [Draft(project: plan.project, fact: .planApplied(fact))]
  }

  /// Nothing where the run is made, or where somebody else has begun this attempt.
  /// - Throws: `site.elsewhere`.
  package static func begin(
    _ fact: RunStarted, _ project: ProjectName, _ folder: FolderPath, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    try Decisions.requireHome(of: project, in: registry)
    if let known = registry.runs[fact.run], known.isMade || known.attempt >= fact.attempt { return [] }
    return [Draft(project: project, folder: folder, fact: .runStarted(fact))]
  }

  /// Nothing where the task belongs to an attempt that is not going any more, or was counted before.
  /// - Throws: `site.elsewhere`.
  package static func finish(
    _ fact: TaskFinished, _ project: ProjectName, _ folder: FolderPath, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    try Decisions.requireHome(of: project, in: registry)
    guard let run = registry.runs[fact.task.run], run.isGoing(fact.attempt) else { return [] }
    if let done = run.tasks[fact.task]?.fact, done.attempt == fact.attempt { return [] }
    return [Draft(project: project, folder: folder, fact: .taskFinished(fact))]
  }

  /// The end of a run and what it made, in one record; nothing where the attempt is not going any more.
  ///
  /// A run that ends without having begun, since its inputs came out the same or did not come at all, has attempt 0.
  /// - Parameters:
  ///   - versions: what it made, without numbers.
  ///   - restored: purged versions that it made again; one that is there meanwhile is passed over.
  /// - Throws: `site.elsewhere`; `product.held` where a person has taken one of the products in hand meanwhile.
  package static func end(
    _ fact: RunFinished, publishing versions: [(ref: ProductRef, fact: VersionPublished)] = [],
    restoring restored: [(ref: ProductRef, fact: VersionRestored)] = [],
    _ project: ProjectName, _ folder: FolderPath, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    try Decisions.requireHome(of: project, in: registry)
    let known = registry.runs[fact.run]
    if fact.attempt > 0 {
      guard known?.isGoing(fact.attempt) == true else { return [] }
    } else if let known, known.isMade || known.status != .running && registry.isOfLastApplication(known) {
      return []
    }
    try JudgementDecisions.requireReleased(versions.map(\.ref), in: registry)
    var drafts = [Draft(project: project, folder: folder, fact: .runFinished(fact))]
    for (ref, published) in versions {
      var numbered = published
      numbered.number = registry.nextNumber(of: ref)
      drafts.append(Draft(project: ref.project, product: ref, fact: .versionPublished(numbered)))
    }
    for (ref, fact) in restored
    where registry.isPurged(VersionAddress(product: ref, version: fact.version)) {
      drafts.append(Draft(project: ref.project, product: ref, fact: .versionRestored(fact)))
    }
    return drafts
  }

  /// - Throws: `site.elsewhere`.
  package static func end(
    _ fact: PlanFinished, _ project: ProjectName, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    try Decisions.requireHome(of: project, in: registry)
    guard registry.plans[fact.plan]?.status == .running else { return [] }
    return [Draft(project: project, fact: .planFinished(fact))]
  }
}

extension RunState {
  fileprivate var isMade: Bool { status == .succeeded || status == .unchanged }
  fileprivate func isGoing(_ attempt: Int) -> Bool { status == .running && self.attempt == attempt }
}
