/// What `sizes` says: what the tasks of a project's steps took of their machines, and which size fits.
package struct SizesAnswer: Sendable, Equatable, Codable {
  /// Of measured tasks: what 19 of 20 had at most, and the most that one had.
  package struct Peak: Sendable, Hashable, Codable {
    package var p95: Double
    package var most: Double
    package init(p95: Double, most: Double) { (self.p95, self.most) = (p95, most) }
  }

  package enum Verdict: String, Sendable, Codable {
    case fits
    case tooLarge
    case tooSmall
    /// The step says nothing of memory: its tasks are packed as if they had none.
    case unsaid
    /// Too few tasks were measured.
    case unknown
  }

  /// What tasks had and would not have had with the size that fits.
  package struct Waste: Sendable, Hashable, Codable {
    package var coreHours = 0.0
    package var memoryGibibyteHours = 0.0
    /// Tries that were stopped because they had too much memory, and how long they had run.
    package var stopped = 0
    package var stoppedSeconds = 0.0
    package init() {}
  }

  package struct OfStep: Sendable, Equatable, Codable {
    package var step: String
    /// Tasks that ended, and how many of them were measured.
    package var tasks: Int
    package var measured: Int
    /// What its tasks are given.
    package var now: TaskShare
    /// In bytes.
    @OrNull package var memory: Peak?
    /// Cores that they kept busy, on average over a task.
    @OrNull package var cores: Peak?
    package var verdict: Verdict
    /// The smallest size that fits; null where none does, or nobody knows.
    @OrNull package var suggested: TaskShare?
    package var waste: Waste
    package var text: String

    package init(
      step: String, tasks: Int, measured: Int, now: TaskShare, memory: Peak?, cores: Peak?, verdict: Verdict,
      suggested: TaskShare?, waste: Waste, text: String
    ) {
      (self.step, self.tasks, self.measured, self.now) = (step, tasks, measured, now)
      (self.verdict, self.waste, self.text) = (verdict, waste, text)
      _memory = OrNull(wrappedValue: memory)
      _cores = OrNull(wrappedValue: cores)
      _suggested = OrNull(wrappedValue: suggested)
    }
  }

  package var project: ProjectName
  @OrNull package var since: String?
  package var asOf: Position
  /// What the studio means by each size, from small to large.
  package var sizes: [TaskShare]
  /// By name.
  package var steps: [OfStep]

  package init(project: ProjectName, since: String?, asOf: Position, sizes: [TaskShare], steps: [OfStep]) {
    (self.project, self.asOf, self.sizes, self.steps) = (project, asOf, sizes, steps)
    _since = OrNull(wrappedValue: since)
  }
}
