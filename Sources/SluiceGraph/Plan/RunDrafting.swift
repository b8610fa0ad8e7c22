package import SluiceModel

/// Writes the runs of a plan. What runs of one step that follow one another have in common is worked out once.
struct RunDrafting {
  private let assessor: Assessor
  /// Of the last run: for its step and frames, what it comes to. Runs of a step come one after the other, mostly.
  private var last: Cost?
  private struct Cost {
    let step: Int
    let frames: FrameSet?
    let tasks: Int
    let estimate: Estimate?
  }

  init(_ assessor: Assessor) { self.assessor = assessor }

  /// The frames that a run would make.
  func frames(toMake finding: Finding, within limit: FrameSet?) -> FrameSet? {
    switch finding {
    case .full(let assessment): assessor.project.frames(toMake: assessment, within: limit)
    // Its files are all there, to be carried into the next version.
    case .brief(let brief): brief.stale.map { stale in limit.map(stale.intersection) ?? stale }
    }
  }

  /// Without its id.
  mutating func run(_ unit: Int, _ finding: Finding, frames: FrameSet?) -> PlannedRun {
    let id = finding.unit
    let cost = cost(ofStep: assessor.graph.stepIndex(ofUnit: unit), frames ?? finding.stale)
    return PlannedRun(
      id: RunID(""), step: id.step, folder: id.folder, outputs: assessor.graph.products(madeByUnit: unit),
      reasons: finding.reasons, tasks: cost.tasks, frames: frames, estimate: cost.estimate, work: finding.work)
  }

  private mutating func cost(ofStep index: Int, _ frames: FrameSet?) -> Cost {
    if let last, last.step == index, last.frames == frames { return last }
    let step = assessor.graph.steps[index]
    let tasks = step.taskCount(for: frames)
    let cost = Cost(
      step: index, frames: frames, tasks: tasks, estimate: assessor.project.estimate(of: step.name, tasks: tasks))
    last = cost
    return cost
  }
}

extension Step {
  /// Into how many tasks frames are dealt; one for a step that does not work frame by frame.
  package func taskCount(for frames: FrameSet?) -> Int { isPerFrame ? tasks(of: frames ?? .empty).count : 1 }
}
