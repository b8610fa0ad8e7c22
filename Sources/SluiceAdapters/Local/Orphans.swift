import FoundationEssentials
import Glibc

/// What an earlier server left running, found by a mark in its environment: the kernel keeps that from the first moment
/// of a process, whatever became of its parent. Source: ADR 0011.
enum Orphans {
  /// Ends all processes that have the variable `name` with this value, and their sessions.
  static func end(
    markedBy name: String, _ value: String, sleep: @Sendable (Duration) async throws -> Void
  ) async {
    let wanted = Array("\(name)=\(value)".utf8)
    for _ in 0..<10 {
      let found = LocalProcess.all().filter { process in
        environment(of: process).split(separator: 0).contains { $0.elementsEqual(wanted) }
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
