extension OpenJD {
  /// A text with `{{Name.Of.Variable}}` in it, taken apart.
  package struct FormatString: Sendable, Hashable {
    package enum Part: Sendable, Hashable {
      case text(String)
      /// The name without spaces: `Task.Param.Frame`.
      case variable(String)
    }

    package let text: String
    package let parts: [Part]

    /// A text that stands for itself, braces included.
    package init(literal text: String) { (self.text, parts) = (text, [.text(text)]) }

    /// - Throws: `Malformed` for braces without their partner or a name that is none.
    package init(_ text: String) throws(Malformed) {
      self.text = text
      // Scalars, since a combining mark after a brace is still a brace.
      let scalars = Array(text.unicodeScalars)
      var parts: [Part] = []
      var at = 0
      while at < scalars.count {
        let opening = FormatString.find("{", in: scalars, from: at)
        let closing = FormatString.find("}", in: scalars, from: at)
        guard let opening else {
          guard closing == nil else { throw Malformed(what: "'}}' stands without the '{{' that opens it") }
          parts.append(.text(FormatString.string(scalars[at...])))
          break
        }
        guard let closing else { throw Malformed(what: "'{{' is never closed by '}}'") }
        guard opening < closing else { throw Malformed(what: "'}}' stands before the '{{' that opens it") }
        if opening > at { parts.append(.text(FormatString.string(scalars[at..<opening]))) }
        parts.append(.variable(try FormatString.name(scalars[(opening + 2)..<closing])))
        at = closing + 2
      }
      self.parts = parts
    }

    package struct Malformed: Error, Sendable, Hashable {
      package let what: String
      package init(what: String) { self.what = what }
    }

    package var variables: [String] {
      parts.compactMap { if case .variable(let name) = $0 { name } else { nil } }
    }

    /// Whether it says the same whatever the variables are.
    package var isLiteral: Bool { variables.isEmpty }

    /// The text with each variable replaced.
    /// - Throws: `Malformed` that names a variable without value.
    package func resolved(_ value: (String) -> String?) throws(Malformed) -> String {
      var resolved = ""
      for part in parts {
        switch part {
        case .text(let text): resolved += text
        case .variable(let name):
          guard let value = value(name) else { throw Malformed(what: "{{\(name)}} has no value here") }
          resolved += value
        }
      }
      return resolved
    }

    private static func find(_ brace: Unicode.Scalar, in scalars: [Unicode.Scalar], from start: Int) -> Int? {
      var at = start
      while at + 1 < scalars.count {
        if scalars[at] == brace, scalars[at + 1] == brace { return at }
        at += 1
      }
      return nil
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
      String(String.UnicodeScalarView(scalars))
    }

    /// Names joined by dots, with white space anywhere between them.
    private static func name(_ scalars: ArraySlice<Unicode.Scalar>) throws(Malformed) -> String {
      let written = string(scalars)
      var names: [String] = []
      for part in written.split(separator: ".", omittingEmptySubsequences: false) {
        let name = part.drop(while: \.isWhitespace)
        let end = name.lastIndex { !$0.isWhitespace }
        let trimmed = end.map { String(name[...$0]) } ?? ""
        guard isWord(trimmed) else {
          throw Malformed(
            what: trimmed.isEmpty && written.allSatisfy(\.isWhitespace)
              ? "'{{}}' names no variable" : "'{{\(written)}}' is not the name of a variable")
        }
        names.append(trimmed)
      }
      return names.joined(separator: ".")
    }

    private static func isWord(_ text: String) -> Bool {
      guard let first = text.unicodeScalars.first else { return false }
      let isStart = first == "_" || first.properties.isAlphabetic
      return isStart && text.unicodeScalars.allSatisfy { $0 == "_" || $0.properties.isAlphabetic || $0.isDigit }
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isDigit: Bool { properties.numericType != nil }
}
