package import SluiceModel

/// A run that was begun, and how far it came.
package struct RunState: Sendable, Equatable, Codable {
  package enum Status: String, Sendable, Codable { case running, succeeded, unchanged, failed, cancelled }
  /// A task that came to an end of its own.
  package struct Ended: Sendable, Equatable, Codable {
    package let fact: TaskFinished
    let rank: Rank
  }
  package var id: RunID
  package var plan: PlanID
  package var project: ProjectName
  package var folder: FolderPath
  package var step: String
  package var status: Status
  package var attempt: Int
  package var executed: Int
  package var reused: Int
  /// Of core and inputs, as the run saw them.
  package var recipe: Digest?
  package var failure: Failure?
  package var event: EventID
  /// Of the fact that says all of the above: the newest beginning or end.
  package internal(set) var rank: Rank
  /// The newest beginning, and the newest end with a version or without need of one.
  var begun: Rank?
  var made: Rank?
  /// Finished tasks that a restart or a retry need not repeat; empty once the run has published.
  package internal(set) var tasks: Table<TaskID, Ended> = [:]
  /// Tasks that failed since the newest beginning.
  package internal(set) var failed: Table<TaskID, Ended> = [:]
  /// Tries of tasks that did not count, the newest ones, by rank; see `Registry.tries(of:)`.
  var tries: Table<TaskID, [Tried]> = [:]
  /// What people said of it in the queue; nil for nothing.
  var words: QueueWords?
  /// How many numbers chunks of its template have, as its newest beginning says; nil where the template does.
  package internal(set) var chunk: Int?
  /// How many tasks before those have chunks as its template says; nil for none.
  package internal(set) var probes: Int?

  /// Tasks have rows of their own: a run of many is not written anew with each of them.
  private enum CodingKeys: String, CodingKey {
    case id, plan, project, folder, step, status, attempt, executed, reused, recipe, failure, event, rank, begun, made
    case words, chunk, probes
  }

  /// How a task ended that is known to have.
  package func fact(of task: TaskID) -> TaskFinished? { (tasks[task] ?? failed[task])?.fact }
  package var unit: UnitID { UnitID(step: step, folder: folder) }
}
