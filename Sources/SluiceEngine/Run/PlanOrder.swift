import SluiceGraph
import SluiceModel

/// Which runs of a plan come before which. Pure.
struct PlanOrder {
  private let graph: StepGraph?
  private let project: Project?
  /// Runs by what they make or bring back.
  private var makers: [ProductRef: Set<RunID>] = [:]
  private var restorers: [VersionAddress: RunID] = [:]

  init(of plan: Plan, graph: StepGraph?, project: Project?) {
    (self.graph, self.project) = (graph, project)
    for run in plan.runs {
      for output in run.outputs { makers[output, default: []].insert(run.id) }
      for version in run.restores ?? [] { restorers[version] = run.id }
    }
  }

  /// What is made anew waits for all that makes or brings back its inputs; what is brought back waits for the very
  /// versions that it was made from.
  func runs(before run: PlannedRun) -> Set<RunID> {
    guard let versions = run.restores else {
      let inputs = graph.flatMap { $0.needs(ofUnit: UnitID(step: run.step, folder: run.folder)) } ?? []
      return Set(inputs.flatMap { makers[$0] ?? [] }).subtracting([run.id])
    }
    let used = versions.flatMap { project?.versions[$0]?.published.madeFrom ?? [] }
    return Set(used.compactMap { restorers[VersionAddress(product: $0.product, version: $0.version)] })
  }
}
