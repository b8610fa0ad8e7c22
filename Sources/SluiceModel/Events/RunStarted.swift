/// A run began: its inputs are there and its bench is laid.
package struct RunStarted: Sendable, Equatable, Codable {
  package var plan: PlanID
  package var run: RunID
  package var step: String
  package var attempt: Int
  package var tasks: Int
  /// How many numbers its chunks have; nil where they have as many as its template says.
  package var chunk: Int?
  package init(plan: PlanID, run: RunID, step: String, attempt: Int, tasks: Int, chunk: Int? = nil) {
    (self.plan, self.run, self.step, self.attempt, self.tasks) = (plan, run, step, attempt, tasks)
    self.chunk = chunk
  }
}
