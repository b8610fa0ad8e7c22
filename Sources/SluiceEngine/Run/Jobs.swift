package import SluiceModel

/// Templates that people submit to be run on their own.
extension Plans {
  /// Records a job as a plan of its own and sets it going.
  /// - Throws: `openjd.…` for what is wrong with the template or its values, `openjd.tooLarge`.
  package func submit(_ submitted: SubmittedJob, salt: String, origin: Origin) async throws -> Plan {
    let job = try submitted.job()
    var submitted = submitted
    submitted.name = job.name
    submitted.after = Dictionary(uniqueKeysWithValues: job.steps.map { ($0.name, $0.dependencies) })
    let project = try ProjectName(Plan.jobsProject)
    let id = PlanID(digest: Digest.of(StableJSON.text(submitted) + salt))
    var runs: [PlannedRun] = []
    for name in job.order {
      guard let step = job.steps.first(where: { $0.name == name }) else { continue }
      guard step.space.count <= Limits.sessionTasks else {
        throw SluiceError(
          .openjdTooLarge, what: "the step '\(name)' has \(step.space.count) tasks; at most \(Limits.sessionTasks) run",
          at: "job '\(job.name)'", fix: "give it less, or larger chunks")
      }
      runs.append(
        PlannedRun(
          id: RunID(plan: id, step: name, folder: .root), step: name, folder: .root, outputs: [], reasons: [],
          tasks: step.space.count, frames: nil, estimate: nil, work: nil))
    }
    var plan = Plan(
      id: id, project: project, selection: "", frames: nil, pipelineRevision: 0, runs: runs, untouched: 0, missing: [],
      blocked: [])
    plan.job = submitted
    try await start(plan, origin: origin)
    return plan
  }
}
