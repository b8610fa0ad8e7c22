/// A Swift file as the checks see it.
struct SwiftFile {
  /// Relative to the package.
  let path: String
  let lines: [Substring]
  /// The lines without comments and without the text of literals; code inside of an interpolation stays.
  let code: [Substring]

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    code = Blanking.code(of: text).split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// The target's name: the folder below `Sources` or `Tests`.
  var target: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  /// Looks at each line of code that has no `// tidy: reason` at its end or alone on the line above.
  func findings(_ look: (_ code: Substring, _ line: Substring) -> [String]) -> [Finding] {
    zip(code, lines).enumerated().flatMap { index, line in
      look(line.0, line.1).filter { _ in !isExcused(index) }.map { Finding(path: path, line: index + 1, what: $0) }
    }
  }

  /// Whether the first line is `// tidy: reason`, which excuses what holds for the file as a whole.
  var isExcused: Bool { lines.first.map(hasOnlyReason) ?? false }

  private func isExcused(_ index: Int) -> Bool {
    hasReason(lines[index]) || (index > 0 && hasOnlyReason(lines[index - 1]))
  }

  private func hasReason(_ line: Substring) -> Bool {
    guard let mark = line.ranges(of: "// tidy:").last else { return false }
    return line[mark.upperBound...].contains { $0 != " " }
  }

  private func hasOnlyReason(_ line: Substring) -> Bool {
    line.drop { $0 == " " }.hasPrefix("// tidy:") && hasReason(line)
  }
}

struct Finding: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let what: String
  var description: String { "\(path):\(line): \(what)" }
}
