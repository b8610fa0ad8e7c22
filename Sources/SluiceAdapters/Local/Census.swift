import FoundationEssentials
import SluiceModel

/// The processes of this machine by their sessions, read from `/proc` at most four times a second whoever asks.
actor Census {
  private let ambient: Ambient
  private var sessions: [Int32: [ProcessStat]] = [:]
  private var taken: Duration?

  init(ambient: Ambient) { self.ambient = ambient }

  /// Those of the given sessions.
  /// - Parameter youngest: one that may have begun after the last look.
  /// - Complexity: O(processes of the machine) where the last look is too old.
  func processes(of wanted: [Int32], youngest: Int32?) -> [ProcessStat] {
    let now = ambient.uptime()
    let isOld = taken.map { now - $0 >= .milliseconds(Limits.memoryLookMilliseconds) } ?? true
    if isOld || youngest.map({ sessions[$0] == nil }) == true {
      sessions = Dictionary(
        grouping: LocalProcess.all().compactMap { ProcessStat(Census.text(of: "/proc/\($0)/stat")) }, by: \.session)
      taken = now
    }
    return wanted.flatMap { sessions[$0] ?? [] }
  }

  /// Empty for what cannot be read; a process may end at any time.
  static func text(of path: String) -> String {
    (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
