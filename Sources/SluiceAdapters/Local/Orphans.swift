import FoundationEssentials
import Glibc

/// What an earlier server left running, found by a mark in its environment, which the kernel keeps from a process's
/// first moment, whatever became of its parent; or by one that it cannot take off. Source: ADRs 0011 and 0028.
enum Orphans {
  /// Ends all processes that have the variable `name` with this value, and their sessions.
  /// - Parameter isMarked: whether a mark that a process carries is theirs.
  static func end(
    markedBy name: String, _ value: String, or isMarked: @Sendable (ProcessMark) -> Bool = { _ in false },
    sleep: @Sendable (Duration) async throws -> Void
  ) async {
    let wanted = Array("\(name)=\(value)".utf8)
    for _ in 0..<10 {
      let found = LocalProcess.all().filter { process in
        environment(of: process).split(separator: 0).contains { $0.elementsEqual(wanted) }
          || ProcessMark(of: process).map(isMarked) == true
      }
      if found.isEmpty { return }
      for process in found { LocalProcess.endSession(of: process) }
      // A process that was killed between fork and exec of a child is looked for once more.
      try? await sleep(.milliseconds(20))
    }
  }

  private static func environment(of process: Int32) -> [UInt8] {
    (try? Data(contentsOf: URL(filePath: "/proc/\(process)/environ"))).map { Array($0) } ?? []
  }
}
