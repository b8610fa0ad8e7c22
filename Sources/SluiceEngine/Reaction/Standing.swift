package import SluiceGraph
package import SluiceModel

/// What stands between a change and a reaction: plans that run, the proposal that waits, what was declined, and how the
/// last runs ended. Read from the log's facts alone, so that it is the same after a restart.
package struct Standing: Sendable {
  /// How the last run of a unit ended, and what it was about.
  package struct Attempt: Sendable, Equatable {
    package let status: RunState.Status
    /// What it saw; nil where it ended before it began.
    package let recipe: Digest?
    /// What its plan foresaw.
    package let work: Digest?
    package let frames: FrameSet?
    package init(status: RunState.Status, recipe: Digest?, work: Digest?, frames: FrameSet?) {
      (self.status, self.recipe, self.work, self.frames) = (status, recipe, work, frames)
    }
  }

  package var running: Set<PlanID> = []
  /// The one proposal that waits for a person.
  package var waiting: PlanState?
  /// Units that running plans have still to make.
  package var busy: Set<UnitID> = []
  /// All units of running plans, those that are made already too.
  package var claimed: Set<UnitID> = []
  /// Declined proposals, by the work of their runs.
  package var declined: [Digest: PlanState] = [:]
  package var attempts: [UnitID: Attempt] = [:]

  package init() {}

  /// - Throws: `log.failed` where the body of a plan cannot be read.
  package init(
    of project: Project, assessments: Assessments, registry: Registry, bodies: PlanBodies
  ) throws(SluiceError) {
    for state in registry.plans.values where state.project == project.name {
      switch state.status {
      case .running: try addRunning(state, registry, bodies)
      case .proposed: if waiting.map({ $0.event < state.event }) ?? true { waiting = state }
      case .declined:
        for run in try bodies.runs(of: state.body).values {
          guard let work = run.work, declined[work].map({ $0.event < state.event }) ?? true else { continue }
          declined[work] = state
        }
      case .superseded, .succeeded, .failed, .cancelled: continue
      }
    }
    for unit in assessments.needingWork.map(\.unit) {
      // What an omission ended is as if it had never been tried.
      guard let run = project.lastRuns[unit].flatMap({ registry.runs[$0] }), run.status != .running,
        run.failure?.code != ErrorCode.folderOmitted.rawValue,
        let body = registry.plans[run.plan]?.body
      else { continue }
      let planned = try bodies.runs(of: body)[run.id]
      attempts[unit] = Attempt(
        status: run.status, recipe: run.recipe, work: planned?.work, frames: planned?.frames)
    }
  }

  private mutating func addRunning(
    _ state: PlanState, _ registry: Registry, _ bodies: PlanBodies
  ) throws(SluiceError) {
    running.insert(state.id)
    let wanted = state.wanted
    for (id, run) in try bodies.runs(of: state.body) {
      claimed.insert(run.unit)
      if !Execution.status(of: id, in: state.id, wanted: wanted, registry: registry).isDone { busy.insert(run.unit) }
    }
  }

  /// Whether plans are where they were: what was decided on this may still be recorded.
  /// - Parameter own: a plan that was set going since, on the same grounds.
  package func holds(for project: ProjectName, in registry: Registry, besides own: PlanID? = nil) -> Bool {
    var now: Set<PlanID> = []
    for state in registry.plans.values where state.project == project {
      if state.status == .running { now.insert(state.id) }
      if state.status == .proposed, state.id != waiting?.id { return false }
    }
    if let own { now.remove(own) }
    return now == running && waiting.map { registry.plans[$0.id]?.status == .proposed } ?? true
  }
}
