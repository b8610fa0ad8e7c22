/// Runs the commands of tasks on this machine or a farm.
package protocol TaskLauncher: Sendable {
  /// Ends when the whole process group has ended; a cancelled Swift task ends the group first.
  func launch(_ order: TaskOrder) async -> TaskEnd
  /// The same, and says what the task took of the machine, as far as this launcher can tell.
  func report(_ order: TaskOrder) async -> TaskReport
  /// A thread of its own for whoever runs one task after the other with this launcher: it is held up by them for
  /// moments, and given back by `leave`. Nil where there is none to be had, or no use for it.
  func slot() -> (any TaskExecutor)?
  func leave(_ slot: any TaskExecutor)
  /// Ends what an earlier server process left running.
  func endOrphans() async
  /// Leaves the sessions that were kept for more tasks of a job, and ends what still runs in them.
  func endSessions(of key: String) async
  /// The same for all that have waited so long: whoever is told nothing about the ends of runs asks this now and then.
  func endSessions(idleFor: Duration) async
  /// Makes sessions that are ended from now on end within seconds, whatever their templates allow themselves.
  func hurry() async
}

extension TaskLauncher {
  package func slot() -> (any TaskExecutor)? { nil }
  package func leave(_ slot: any TaskExecutor) {}
  package func endSessions(of key: String) async {}
  package func endSessions(idleFor: Duration) async {}
  package func hurry() async {}
}

/// What a task needs to start.
package struct TaskOrder: Sendable, Hashable, Codable {
  package let task: TaskID
  /// What it takes of a machine; nil where the machine was chosen already.
  package var needs: TaskNeeds?
  package let arguments: [String]
  package var environment: [String: String]
  package let directory: String
  package let log: String
  package let timeoutSeconds: Int
  /// What it runs instead of `arguments`: tasks of an Open Job Description template.
  package var session: OpenJD.SessionOrder?
  /// A task with more memory than so many bytes is stopped; nil keeps it to none.
  package var memoryLimit: Int64?
  /// What is written into its log before all else; nil for nothing.
  package var preface: String?
  package init(
    task: TaskID, arguments: [String], environment: [String: String], directory: String, log: String,
    timeoutSeconds: Int, session: OpenJD.SessionOrder? = nil, needs: TaskNeeds? = nil
  ) {
    self.needs = needs
    self.session = session
    (self.task, self.arguments, self.environment) = (task, arguments, environment)
    (self.directory, self.log, self.timeoutSeconds) = (directory, log, timeoutSeconds)
  }
}

package enum TaskEnd: Sendable, Hashable {
  case exited(Int)
  case signaled(Int)
  case timedOut
  /// It had more memory than it was given, and was stopped; both in bytes.
  case overMemory(had: Int64, limit: Int64)
  case cancelled
  case notFound
  case failed(String)
  /// An action of a template did not succeed; the words are a whole sentence.
  case actionFailed(String)
  /// An action of a template took longer than so many seconds; the words say which.
  case actionTimedOut(String)
}

/// The folders that tasks work in: inputs under stable names, outputs checked and hashed.
package protocol Workshop: Sendable {
  /// Makes the folder of a run anew, but keeps finished outputs for `keeping`.
  func open(_ bench: Bench, links: [WorkLink], keeping: [String]) async throws(SluiceError)
  /// Size and digests of outputs, synced to disk; nil for one that is not there.
  func measure(_ outputs: [WorkOutput], of bench: Bench) async throws(SluiceError) -> [StoredFile?]
  /// Whether the disk of the benches has more than a little room.
  func hasRoom() async -> Bool
  /// Takes files, or folders with what is in them, off the bench; paths are relative to it.
  func discard(_ paths: [String], of bench: Bench) async
  func close(_ bench: Bench) async
  func directory(of bench: Bench) -> String
  /// Folders for outputs, relative to the bench.
  func makeOutputFolders(_ names: [String], of bench: Bench) async throws(SluiceError)
  /// File names in a folder of the bench, sorted.
  func names(in folder: String, of bench: Bench) async -> [String]
}

/// Looks at pictures.
package protocol PixelReader: Sendable {
  /// A digest of each file's decoded pixels, size and channels; nil for what cannot be decoded.
  func digests(of paths: [String]) async -> [Digest?]
}

/// One folder to work in, stable for a step and a folder, so that the same work gives the same bytes.
package struct Bench: Sendable, Hashable {
  package let project: ProjectName
  package let folder: FolderPath
  package let step: String
  package init(project: ProjectName, folder: FolderPath, step: String) {
    (self.project, self.folder, self.step) = (project, folder, step)
  }
}

/// An input seen under a stable name: relative to the bench, and the file it stands for.
package struct WorkLink: Sendable, Hashable {
  package let name: String
  package let target: String
  /// What stands there, where somebody else has to bring it.
  package let file: StoredFile?
  package init(name: String, target: String, file: StoredFile? = nil) {
    (self.name, self.target, self.file) = (name, target, file)
  }
}

package struct WorkOutput: Sendable, Hashable {
  /// Relative to the bench.
  package let path: String
  package let name: String
  package let frame: Int?
  package let identity: Identity
  package let recipe: Digest
  package init(path: String, name: String, frame: Int?, identity: Identity, recipe: Digest) {
    (self.path, self.name, self.frame, self.identity, self.recipe) = (path, name, frame, identity, recipe)
  }
}

/// Which version of a program stands on this machine.
package protocol ToolProbe: Sendable {
  /// Nil where it is not installed.
  func version(of tool: String) async -> ToolVersion?
}
