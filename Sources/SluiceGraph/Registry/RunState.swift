package import SluiceModel

/// A run that was begun, and how far it came.
package struct RunState: Sendable, Equatable, Codable {
  package enum Status: String, Sendable, Codable { case running, succeeded, unchanged, failed, cancelled }
  /// A task that need not be repeated.
  package struct Done: Sendable, Equatable, Codable {
    package let fact: TaskFinished
    let rank: Rank
  }
  struct Failed: Sendable, Equatable, Codable {
    var task: TaskID
    var rank: Rank
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
  package internal(set) var tasks: [TaskID: Done] = [:]
  /// Failed tasks since the newest beginning, in their order.
  var failed: [Failed] = []

  /// The last log of each task that failed.
  package var failedTasks: [TaskID] { failed.map(\.task) }
  package var unit: UnitID { UnitID(step: step, folder: folder) }
}
