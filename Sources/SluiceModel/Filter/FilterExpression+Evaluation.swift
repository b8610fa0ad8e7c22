/// Evaluation goes from left to right and stops at the first problem: an operator or a function whose operand has one
/// has it too, and the zero of its own type for a value.
extension FilterExpression {
  typealias Attributes = (String) -> AttributeValue?

  func value(_ attributes: Attributes) throws(CESQL.Fault) -> AttributeValue {
    switch self {
    case .literal(let value): return value
    case .attribute(let name):
      guard let value = attributes(name) else { throw CESQL.Fault(.missingAttribute(name)) }
      return value
    case .exists(let name): return .boolean(attributes(name) != nil)
    case .not(let operand): return .boolean(try operand.negation(attributes))
    case .negated(let operand): return .integer(try Arithmetic.minus(0, operand.integer(attributes)))
    case .like(let operand, let pattern):
      return .boolean(pattern.matches(try operand.operand(attributes).string))
    case .isIn(let operand, let elements): return .boolean(try operand.isIn(elements, attributes))
    case .arithmetic(let left, let operation, let right):
      return .integer(try operation(left.integer(attributes), right.integer(attributes)))
    case .comparison(let left, let comparison, let right):
      return .boolean(try comparison(left.operand(attributes), right.operand(attributes)))
    case .logic(let first, let steps):
      var truth = try first.boolean(attributes)
      for step in steps where !step.logic.isSettled(by: truth) {
        truth = step.logic(truth, try step.operand.boolean(attributes))
      }
      return .boolean(truth)
    case .call(let function, let arguments):
      var values: [AttributeValue] = []
      for argument in arguments { values.append(try argument.operand(attributes)) }
      return try function(values)
    case .miscalled(let function, let count):
      throw CESQL.Fault(.missingFunction(function.rawValue, arguments: count))
    }
  }

  /// Its value for an operator or function above it, to which a value in place of a result means nothing.
  private func operand(_ attributes: Attributes) throws(CESQL.Fault) -> AttributeValue {
    do throws(CESQL.Fault) {
      return try value(attributes)
    } catch {
      throw CESQL.Fault(error.problem)
    }
  }

  private func integer(_ attributes: Attributes) throws(CESQL.Fault) -> Int32 {
    let value = try operand(attributes)
    guard let integer = value.integer else { throw CESQL.Fault(.cast(value, to: .integer)) }
    return integer
  }

  private func boolean(_ attributes: Attributes) throws(CESQL.Fault) -> Bool {
    let value = try operand(attributes)
    guard let boolean = value.boolean else { throw CESQL.Fault(.cast(value, to: .boolean)) }
    return boolean
  }

  /// The compatibility kit has `NOT 10` as true with a cast error, where section 3.7 of the standard would cast an
  /// integer. By the kit nothing passes for `NOT 0` either, which nobody writes on purpose.
  private func negation(_ attributes: Attributes) throws(CESQL.Fault) -> Bool {
    let value = try operand(attributes)
    guard value.kind != .integer, let boolean = value.boolean else {
      throw CESQL.Fault(.negation(value), insteadOf: .boolean(true))
    }
    return !boolean
  }

  /// Looks no further than the first element that is equal.
  private func isIn(_ elements: [FilterExpression], _ attributes: Attributes) throws(CESQL.Fault) -> Bool {
    let value = try operand(attributes)
    for element in elements where try element.operand(attributes).cast(to: value.kind) == value { return true }
    return false
  }
}
