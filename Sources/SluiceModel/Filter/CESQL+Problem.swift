extension CESQL {
  /// What went wrong while a filter was evaluated; its description says it in words.
  package enum Problem: Sendable, Hashable {
    case missingAttribute(String)
    /// No form of the function takes this many arguments.
    case missingFunction(String, arguments: Int)
    case cast(AttributeValue, to: AttributeValue.Kind)
    /// What `NOT` was asked to turn round.
    case negation(AttributeValue)
    case division(Int32)
    case overflow(Int32, String, Int32)
    case functionEvaluation(String)

    /// The names that the standard's compatibility kit has for them.
    package enum Kind: String, Sendable, CaseIterable {
      case missingAttribute, missingFunction, cast, math, functionEvaluation
    }

    package var kind: Kind {
      switch self {
      case .missingAttribute: .missingAttribute
      case .missingFunction: .missingFunction
      case .cast, .negation: .cast
      case .division, .overflow: .math
      case .functionEvaluation: .functionEvaluation
      }
    }
  }

  /// A problem on its way up; `value` is what the part where it arose has in place of a result, if not the zero of its
  /// type.
  struct Fault: Error {
    let problem: Problem
    let value: AttributeValue?

    init(_ problem: Problem, insteadOf value: AttributeValue? = nil) { (self.problem, self.value) = (problem, value) }
  }
}

extension CESQL.Problem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missingAttribute(let name): "the event has no attribute '\(NameRule.printable(name))'"
    case .missingFunction(let name, let count): "no form of \(name) takes \(count) argument\(count == 1 ? "" : "s")"
    case .cast(let value, let kind):
      "\(shown(value)) \(kind == .integer ? "is no integer" : "is neither true nor false")"
    case .negation(let value): "NOT binds more than =, LIKE and IN, and \(shown(value)) is neither true nor false"
    case .division(let number): "\(number) is divided by 0"
    case .overflow(let left, let operation, let right): "\(left) \(operation) \(right) is beyond 32 bits"
    case .functionEvaluation(let text): text
    }
  }

  private func shown(_ value: AttributeValue) -> String {
    if case .string(let text) = value { "'\(NameRule.printable(text))'" } else { value.string }
  }
}
