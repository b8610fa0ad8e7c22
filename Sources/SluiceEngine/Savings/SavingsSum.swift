package import SluiceModel

/// Adds up what the ends of runs say of work that was done and of work that was spared. Pure.
///
/// Tasks, frames and bytes were counted when the run ended; seconds of spared work are those tasks times what a task of
/// the step was measured to take.
package struct SavingsSum: Sendable {
  private var steps: [String: SavingsAnswer.OfStep] = [:]
  private var unmeasuredRuns = 0

  package init() {}

  package mutating func take(_ run: RunFinished) {
    var step = steps[run.step] ?? SavingsAnswer.OfStep(step: run.step)
    if run.executed > 0 {
      step.spent.runs += 1
      step.spent.tasks += run.executed
      step.spent.seconds += run.seconds
    }
    if run.outcome == .unchanged || run.outcome == .succeeded {
      if run.spared == nil, run.outcome == .unchanged || run.reused > 0 { unmeasuredRuns += 1 }
      let pace = run.spared?.secondsPerTask
      step.cutOff.add(run.spared?.cutOff, pace: pace)
      step.reuse.add(run.spared?.reused, pace: pace)
      step.frames.add(run.spared?.carried, pace: pace)
      if run.spared != nil { step.total.runs += 1 }
      for amount in [run.spared?.cutOff, run.spared?.reused, run.spared?.carried] {
        step.total.add(amount, pace: pace, isRun: false)
      }
    }
    steps[run.step] = step
  }

  package func answer(project: ProjectName, since: String?, asOf: Position) -> SavingsAnswer {
    let sorted = steps.values.sorted { $0.step < $1.step }
    var sum = SavingsAnswer.OfStep(step: "")
    for step in sorted {
      sum.spent.runs += step.spent.runs
      sum.spent.tasks += step.spent.tasks
      sum.spent.seconds += step.spent.seconds
      sum.cutOff.add(step.cutOff)
      sum.reuse.add(step.reuse)
      sum.frames.add(step.frames)
      sum.total.add(step.total)
    }
    return SavingsAnswer(
      project: project, since: since, asOf: asOf, sum: sum.rounded, steps: sorted.map(\.rounded),
      unmeasuredRuns: unmeasuredRuns)
  }
}

extension SavingsAnswer.Spared {
  fileprivate mutating func add(_ amount: SparedWork.Amount?, pace: Double?, isRun: Bool = true) {
    guard let amount else { return }
    if isRun { runs += 1 }
    tasks += amount.tasks
    frames += amount.frames ?? 0
    bytes += amount.bytes
    if let pace { seconds += Double(amount.tasks) * pace } else { tasksWithoutSeconds += amount.tasks }
  }

  fileprivate mutating func add(_ other: Self) {
    runs += other.runs
    tasks += other.tasks
    frames += other.frames
    seconds += other.seconds
    bytes += other.bytes
    tasksWithoutSeconds += other.tasksWithoutSeconds
  }
}

extension SavingsAnswer.OfStep {
  /// Seconds in whole milliseconds, as they are recorded.
  fileprivate var rounded: Self {
    var step = self
    step.spent.seconds = Self.rounded(spent.seconds)
    step.cutOff.seconds = Self.rounded(cutOff.seconds)
    step.reuse.seconds = Self.rounded(reuse.seconds)
    step.frames.seconds = Self.rounded(frames.seconds)
    step.total.seconds = Self.rounded(total.seconds)
    return step
  }

  private static func rounded(_ seconds: Double) -> Double { (seconds * 1_000).rounded() / 1_000 }
}
