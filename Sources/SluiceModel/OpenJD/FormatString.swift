extension OpenJD {
  /// A text with `{{Name.Of.Variable}}` in it, taken apart; with the extension `EXPR` expressions stand there.
  package struct FormatString: Sendable, Hashable {
    package enum Part: Sendable, Hashable {
      case text(String)
      /// The name without spaces: `Task.Param.Frame`.
      case variable(String)
      case expression(Expression)
    }

    package let text: String
    package let parts: [Part]

    /// A text that stands for itself, braces included.
    package init(literal text: String) { (self.text, parts) = (text, [.text(text)]) }

    /// - Parameter hasExpressions: whether the template has the extension `EXPR`.
    /// - Throws: `Malformed` for braces without their partner, or a name or expression that is none.
    package init(_ text: String, hasExpressions: Bool = false) throws(Malformed) {
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
        let inner = scalars[(opening + 2)..<max(opening + 2, closing)]
        parts.append(
          hasExpressions
            ? .expression(try FormatString.expression(inner)) : .variable(try FormatString.name(inner)))
        at = closing + 2
      }
      self.parts = parts
    }

    package struct Malformed: Error, Sendable, Hashable {
      package let what: String
      package let code: ErrorCode
      package init(what: String, code: ErrorCode = .openjdFormat) { (self.what, self.code) = (what, code) }
    }

    package var variables: [String] {
      parts.compactMap { if case .variable(let name) = $0 { name } else { nil } }
    }

    package var expressions: [Expression] {
      parts.compactMap { if case .expression(let expression) = $0 { expression } else { nil } }
    }

    /// Whether it says the same whatever the variables are.
    package var isLiteral: Bool { parts.allSatisfy { if case .text = $0 { true } else { false } } }

    /// The variable that it is, and nothing else.
    package var variable: String? {
      guard parts.count == 1 else { return nil }
      return switch parts[0] {
      case .text: nil
      case .variable(let name): name
      case .expression(let expression): expression.variable
      }
    }

    /// The expression that it is, with nothing but white space around it: what that is counts, and not only its text.
    package var whole: Expression? {
      guard expressions.count == 1 else { return nil }
      let isBare = parts.allSatisfy { if case .text(let text) = $0 { text.unpadded.isEmpty } else { true } }
      return isBare ? expressions[0] : nil
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

    private static func expression(_ scalars: ArraySlice<Unicode.Scalar>) throws(Malformed) -> Expression {
      let text = string(scalars)
      do {
        return try Expression(text)
      } catch {
        throw Malformed(what: error.told(text), code: .openjdExpression)
      }
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

// MARK: Filling in

extension OpenJD.FormatString {
  /// The text with each variable and expression replaced; null is nothing.
  /// - Throws: `Malformed` that names a variable without value, or says why an expression has none.
  package func resolved(_ symbols: OpenJD.Symbols) throws(Malformed) -> String {
    var rest = Int.max
    return try resolved(symbols, within: &rest)
  }

  /// - Parameter rest: operations that this and others may still take together.
  func resolved(_ symbols: OpenJD.Symbols, within rest: inout Int) throws(Malformed) -> String {
    var resolved = ""
    for part in parts {
      switch part {
      case .text(let text): resolved += text
      case .variable(let name):
        guard let value = symbols[name] else {
          throw Malformed(what: "{{\(name)}} has no value here", code: .openjdReference)
        }
        resolved += value.shown
      case .expression(let expression):
        resolved += try OpenJD.FormatString.value(expression, symbols, &rest).shown
      }
    }
    return resolved
  }

  /// What it is: of an expression alone its value, else a text.
  package func value(_ symbols: OpenJD.Symbols) throws(Malformed) -> OpenJD.Value {
    var rest = Int.max
    return try value(symbols, within: &rest)
  }

  /// - Parameter rest: operations that this and others may still take together.
  func value(_ symbols: OpenJD.Symbols, within rest: inout Int) throws(Malformed) -> OpenJD.Value {
    if let whole { return try OpenJD.FormatString.value(whole, symbols, &rest) }
    return .string(try resolved(symbols, within: &rest))
  }

  private static func value(
    _ expression: OpenJD.Expression, _ symbols: OpenJD.Symbols, _ rest: inout Int
  ) throws(Malformed) -> OpenJD.Value {
    do {
      return try expression.value(symbols, within: &rest)
    } catch {
      throw Malformed(what: error.told(expression.text), code: .openjdExpression)
    }
  }
}

extension OpenJD.Value {
  fileprivate var shown: String { self == .null ? "" : text }
}

extension Unicode.Scalar {
  fileprivate var isDigit: Bool { properties.numericType != nil }
}
