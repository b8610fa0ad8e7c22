import FoundationEssentials
import Glibc
package import SluiceModel

/// Where the session of a template's task works that a queue manager runs: in a folder of its own, since tasks of one
/// run are processes, on several hosts, that know nothing of each other.
///
/// It is named after the task alone, so that the same work has the same paths. Where such a folder is there already,
/// as after a host that broke down, nobody knows who works in it: then the submission's key stands in the name, too.
package struct FarmSession: Sendable {
  private let directory: String
  private let name: String
  private let key: String

  /// - Parameter key: of the submission.
  /// - Returns: nil for a task of a command.
  package init?(of order: TaskOrder, key: String) {
    guard let session = order.session else { return nil }
    let task = "\(order.task)"
    // A bench belongs to one run at a time, and the sessions of a job to all of its runs.
    let isOfBench = session.directory.hasPrefix(order.directory + "/")
    name = isOfBench ? String(task.drop { $0 != "." }.dropFirst()) : task
    (directory, self.key) = (session.directory, key)
  }

  private var folders: [String] { [name, "\(name)-\(key)"].map { "\(directory)/\($0)" } }

  /// Makes the folder.
  /// - Returns: where the session's working directories are to be.
  package func claim() -> String {
    LocalProcess.makeFolder(directory)
    // Making a folder fails for all but one, on a shared disk, too.
    let own = folders.first { mkdir($0, 0o755) == 0 } ?? folders[1]
    _ = SessionFiles.write(key, to: own + "/owner", mode: 0o644)
    return own
  }

  /// Takes the folder away, where it is this submission's.
  package func remove() {
    for folder in folders where FileManager.default.contents(atPath: folder + "/owner") == Data(key.utf8) {
      SessionFiles.remove(folder)
    }
  }
}
