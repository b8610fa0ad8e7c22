import SluiceModel

/// How a job stands with a queue manager.
package enum FarmState: Sendable, Hashable {
  case waiting
  case running
  case succeeded
  /// With its exit code, a signal as a negative number; nil where that is not known.
  case failed(code: Int?, words: String)
  case cancelled
  case unknown
}

/// What scripts of a queue manager print, read. Pure.
package enum FarmReply {
  /// What is wrong with a line.
  package struct Problem: Error, Hashable, Sendable {
    package let words: String
  }

  private static let idCharacters = 200

  /// The job's id: the last line that is not empty.
  package static func id(_ output: String) throws(Problem) -> String {
    let lines = output.split(whereSeparator: \.isNewline).map { $0.trimmingSpaces() }.filter { !$0.isEmpty }
    guard let id = lines.last else { throw Problem(words: "it printed no id") }
    guard id.count <= idCharacters, !id.contains(where: \.isWhitespace) else {
      throw Problem(words: "its last line is no id of at most \(idCharacters) characters without blanks: '\(id)'")
    }
    return String(id)
  }

  /// States by ids: lines of `ID STATE [CODE [WORDS]]`.
  package static func states(_ output: String) throws(Problem) -> [String: FarmState] {
    var states: [String: FarmState] = [:]
    for line in output.split(whereSeparator: \.isNewline) {
      let words = line.split(maxSplits: 3, whereSeparator: \.isWhitespace).map(String.init)
      guard !words.isEmpty else { continue }
      guard words.count > 1, let state = state(Array(words.dropFirst())) else {
        throw Problem(
          words:
            "the line '\(line.prefix(200))' is not ID STATE [CODE [WORDS]], with one of waiting, running, succeeded, "
            + "failed, cancelled and unknown")
      }
      states[words[0]] = state
    }
    return states
  }

  private static func state(_ words: [String]) -> FarmState? {
    switch words[0] {
    case "waiting": return .waiting
    case "running": return .running
    case "succeeded": return .succeeded
    case "cancelled": return .cancelled
    case "unknown": return .unknown
    case "failed":
      let code = words.count > 1 ? Int(words[1]) : nil
      if words.count > 1, code == nil, words[1] != "-" { return nil }
      return .failed(code: code, words: words.count > 2 ? String(words[2].trimmingSpaces()) : "")
    default: return nil
    }
  }
}
