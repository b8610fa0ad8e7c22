import SluiceGraph
import SluiceModel

extension Runner {
  /// Closes benches of runs that were recorded as published by a server that was killed before it closed them.
  /// Nothing may run yet: a bench belongs to a step and folder, not to one run.
  func closeBenchesLeft(by plans: [Plan]) async {
    let registry = parts.writer.current
    for plan in plans {
      for planned in plan.runs {
        guard let run = registry.runs[planned.id], run.status == .succeeded else { continue }
        // What a later run of the same step and folder has finished may wait there for a retry.
        let isLast = registry.projects[plan.project]?.lastRuns[run.unit] == run.id
        if plan.job != nil || isLast { await parts.workshop.close(Runner.bench(of: planned, in: plan)) }
      }
    }
  }

  static func bench(of run: PlannedRun, in plan: Plan) -> Bench {
    // A template may call its steps as it likes; its runs work in folders of their own.
    Bench(project: plan.project, folder: run.folder, step: plan.job == nil ? run.step : "\(run.id)")
  }
}
