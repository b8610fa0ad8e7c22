import FoundationEssentials
import SluiceModel
import Synchronization

/// The processes of this machine by their sessions, read from `/proc` at most four times a second whoever asks.
final class Census: Sendable {
  private struct Look {
    var sessions: [Int32: [ProcessStat]] = [:]
    var taken: Duration?
  }
  private let ambient: Ambient
  private let last = Mutex(Look())

  init(ambient: Ambient) { self.ambient = ambient }

  /// Those of the given sessions.
  /// - Parameter youngest: one that may have begun after the last look.
  /// - Complexity: O(processes of the machine) where the last look is too old.
  func processes(of wanted: [Int32], youngest: Int32?) -> [ProcessStat] {
    let now = ambient.uptime()
    return last.withLock { last in
      let isOld = last.taken.map { now - $0 >= .milliseconds(Limits.memoryLookMilliseconds) } ?? true
      if isOld || youngest.map({ last.sessions[$0] == nil }) == true {
        last.sessions = Dictionary(
          grouping: LocalProcess.all().compactMap { ProcessStat(Census.text(of: "/proc/\($0)/stat")) }, by: \.session)
        last.taken = now
      }
      return wanted.flatMap { last.sessions[$0] ?? [] }
    }
  }

  /// Empty for what cannot be read; a process may end at any time.
  static func text(of path: String) -> String {
    (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
