/// What `savings` says: work that was done, and work that was not necessary.
package struct SavingsAnswer: Sendable, Equatable, Codable {
  /// One way in which work was spared.
  package struct Spared: Sendable, Equatable, Codable {
    /// Runs that it happened in.
    package var runs = 0
    package var tasks = 0
    /// Of steps that work frame by frame.
    package var frames = 0
    /// Core-seconds, estimated: tasks times what a task of the step took when it was last measured.
    package var seconds = 0.0
    package var bytes: Int64 = 0
    /// Tasks whose seconds nobody knows, since their step has not been measured; they are not in `seconds`.
    package var tasksWithoutSeconds = 0
    package init() {}
  }
  package struct Spent: Sendable, Equatable, Codable {
    package var runs = 0
    package var tasks = 0
    /// Core-seconds, measured.
    package var seconds = 0.0
    package init() {}
  }
  package struct OfStep: Sendable, Equatable, Codable {
    package var step: String
    package var spent = Spent()
    package var cutOff = Spared()
    package var reuse = Spared()
    package var frames = Spared()
    package var total = Spared()
    package init(step: String) { self.step = step }
  }
  package var project: ProjectName
  /// From where on events were counted; null for all that the log has.
  @OrNull package var since: String?
  package var asOf: Position
  package var spent: Spent
  package var cutOff: Spared
  package var reuse: Spared
  package var frames: Spared
  package var total: Spared
  /// By name.
  package var steps: [OfStep]
  /// Runs from before this was counted: they spared work of which nothing is known.
  package var unmeasuredRuns: Int

  package init(project: ProjectName, since: String?, asOf: Position, sum: OfStep, steps: [OfStep], unmeasuredRuns: Int)
  {
    (self.project, self.asOf, self.steps, self.unmeasuredRuns) = (project, asOf, steps, unmeasuredRuns)
    (spent, cutOff, reuse, frames, total) = (sum.spent, sum.cutOff, sum.reuse, sum.frames, sum.total)
    _since = OrNull(wrappedValue: since)
  }
}
