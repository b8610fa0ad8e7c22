/// A run began: its inputs are there and its bench is laid.
package struct RunStarted: Sendable, Equatable, Codable {
  package var plan: PlanID
  package var run: RunID
  package var step: String
  package var attempt: Int
  package var tasks: Int
  /// How many numbers its chunks have; nil where they have as many as its template says.
  package var chunk: Int?
  /// How many tasks before those have chunks as its template says, by which they are dealt; nil for none.
  package var probes: Int?
  package init(
    plan: PlanID, run: RunID, step: String, attempt: Int, tasks: Int, chunk: Int? = nil, probes: Int? = nil
  ) {
    (self.plan, self.run, self.step, self.attempt, self.tasks) = (plan, run, step, attempt, tasks)
    (self.chunk, self.probes) = (chunk, probes)
  }
}
