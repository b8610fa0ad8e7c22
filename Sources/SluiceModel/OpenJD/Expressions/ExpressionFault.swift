extension OpenJD {
  /// Why an expression has no value.
  package struct ExpressionFault: Error, Sendable, Hashable {
    package let what: String
    /// Where in the expression, counted in characters from 0; nil where nobody knows.
    package private(set) var at: Int?
    /// Whether it took too much time or memory: that stays wrong whatever values come.
    let isExhausted: Bool

    package init(_ what: String, at: Int? = nil, isExhausted: Bool = false) {
      (self.what, self.at, self.isExhausted) = (what, at, isExhausted)
    }

    /// With its place, where it had none.
    func placed(at place: Int) -> Self { Self(what, at: at ?? place, isExhausted: isExhausted) }

    /// What is wrong with an expression of a template, with what was written and where.
    package func told(_ expression: String) -> String {
      let written = expression.unicodeScalars.count > 60 ? "\(expression.prefix(59))…" : expression
      return "in {{\(written.unpadded)}}\(at.map { " at character \($0 + 1)" } ?? ""): \(what)"
    }
  }

  /// What an expression may still take of time and memory.
  ///
  /// Source: Expression Language (2026-02), "Memory-Bounded Evaluation" and "Operation-Bounded Evaluation".
  struct Budget: Sendable {
    private var operations: Int
    /// How many it had.
    private let most: Int
    /// Bytes of values that are in use.
    private(set) var held = 0

    /// - Parameter rest: operations that the expressions around it may still take.
    init(rest: Int = .max) {
      most = min(max(0, rest), Limits.expressionOperations)
      operations = most
    }

    var spent: Int { most - max(0, operations) }

    mutating func spend(_ count: Int) throws(ExpressionFault) {
      operations = operations.subtractingReportingOverflow(count).overflow ? -1 : operations - count
      if operations < 0 {
        throw ExpressionFault(
          most < Limits.expressionOperations
            ? "the template's expressions together take more than \(Limits.templateOperations) operations"
            : "the expression takes more than \(most) operations", isExhausted: true)
      }
    }

    /// For walking over a text of so many bytes.
    mutating func spend(bytes: Int) throws(ExpressionFault) { try spend((bytes + 255) / 256) }

    /// Says that so many bytes are about to be in use, too.
    func wants(_ bytes: Int) throws(ExpressionFault) {
      if held.addingReportingOverflow(bytes).overflow || held + bytes > Limits.expressionBytes {
        throw ExpressionFault(
          "the expression takes more than \(Limits.expressionBytes) bytes of memory", isExhausted: true)
      }
    }

    mutating func hold(_ bytes: Int) throws(ExpressionFault) {
      try wants(bytes)
      held += bytes
    }

    /// Only so many are in use any more.
    mutating func release(to bytes: Int) { held = bytes }
  }
}

extension String {
  /// Without white space at both ends.
  var unpadded: String {
    let rest = unicodeScalars.drop { $0.properties.isWhitespace }
    guard let end = rest.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
    return String(rest[...end])
  }
}
