extension OpenJD {
  /// What an action says on a line of its output.
  ///
  /// Source: "How Jobs Are Run", stdout/stderr messages; where it is silent, `openjd-sessions` 0.13.
  package enum SessionMessage: Sendable, Hashable {
    /// Percent, 0...100.
    case progress(Double)
    case status(String)
    case failure(String)
    case set(name: String, value: String)
    /// A variable whose value is not to be seen.
    case setRedacted(name: String, value: String)
    case unset(String)
    /// What was meant as a message and is none.
    /// - `endsAction`: whether that ends the action.
    case malformed(String, endsAction: Bool)

    /// What a line says; nil for one that is output like any other.
    package init?(line: String) {
      guard let colon = line.firstRange(of: ": "), line.hasPrefix("openjd_") else {
        self.init(nearMiss: line)
        return
      }
      let (word, rest) = (line[..<colon.lowerBound].dropFirst(7), String(line[colon.upperBound...]))
      guard !rest.isEmpty else {
        self.init(nearMiss: line)
        return
      }
      switch word {
      case "progress":
        if let value = Double(rest.trimmed), (0...100).contains(value) {
          self = .progress(value)
        } else {
          self = .malformed(
            "Progress must be a floating point value between 0.0 and 100.0, inclusive.", endsAction: false)
        }
      case "status": self = .status(rest)
      case "fail": self = .failure(rest)
      case "env": self = SessionMessage.assignment(rest).map { .set(name: $0.name, value: $0.value) } ?? .noAssignment
      case "redacted_env":
        self = SessionMessage.assignment(rest).map { .setRedacted(name: $0.name, value: $0.value) } ?? .noAssignment
      case "unset_env":
        let name = rest.trimmedStart
        self =
          OpenJD.isIdentifier(name)
          ? .unset(name) : .malformed("Failed to parse environment variable name.", endsAction: true)
      default: self.init(nearMiss: line)
      }
    }

    private static let noAssignment = Self.malformed(
      "Failed to parse environment variable assignment.", endsAction: true)

    /// Lines that set variables and are misspelt would be missed silently: they end the action instead.
    private init?(nearMiss line: String) {
      let low = line.trimmedStart.lowercased()
      for word in ["openjd_env", "openjd_redacted_env", "openjd_unset_env"] where low.hasPrefix(word) {
        let next = low.dropFirst(word.count).first
        guard next == nil || next == ":" || next?.isWhitespace == true else { continue }
        self = .malformed("Open Job Description: Incorrectly formatted openjd env command (\(line))", endsAction: true)
        return
      }
      return nil
    }

    /// `NAME=value`, or the same as a JSON text, so that a value may have more than one line.
    private static func assignment(_ text: String) -> (name: String, value: String)? {
      let text = text.trimmedStart
      let written: String
      if text.hasPrefix("\"") {
        guard let decoded = try? StableJSON.decode([String].self, from: Array("[\(text)]".utf8)).first else {
          return nil
        }
        written = decoded
      } else {
        written = text
      }
      guard let equals = written.firstIndex(of: "="), OpenJD.isIdentifier(written[..<equals]) else { return nil }
      return (String(written[..<equals]), String(written[written.index(after: equals)...]))
    }
  }
}

extension String {
  fileprivate var trimmedStart: String { String(drop(while: \.isWhitespace)) }
  fileprivate var trimmed: String {
    var text = drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}

extension OpenJD {
  /// Values that are not to be seen in logs.
  package struct Redactions: Sendable, Hashable {
    private var values: Set<String> = []
    private var lines: Set<String> = []

    package init() {}

    package mutating func add(_ value: String) {
      guard !value.isEmpty else { return }
      values.insert(value)
      let parts = value.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      for (index, part) in parts.enumerated() where !part.isEmpty {
        if index == 0 || index == parts.count - 1 { values.insert(part) } else { lines.insert(part) }
      }
    }

    /// The line with eight stars for each value in it; those that overlap are one.
    package func applied(to line: String) -> String {
      if values.isEmpty && lines.isEmpty { return line }
      if lines.contains(line) { return "********" }
      let bytes = Array(line.utf8)
      var spans: [Range<Int>] = []
      for value in values {
        let wanted = Array(value.utf8)
        guard wanted.count <= bytes.count else { continue }
        for start in 0...(bytes.count - wanted.count) where bytes[start..<(start + wanted.count)].elementsEqual(wanted)
        {
          spans.append(start..<(start + wanted.count))
        }
      }
      var result: [UInt8] = []
      var at = 0
      var end = 0
      for span in spans.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
        if span.lowerBound > end || end == 0 {
          result += bytes[max(at, end)..<max(span.lowerBound, end)] + Array("********".utf8)
          at = span.lowerBound
        }
        end = max(end, span.upperBound)
      }
      return String(decoding: result + bytes[end...], as: UTF8.self)
    }
  }
}
