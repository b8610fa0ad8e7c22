extension FilterExpression.Logic {
  /// Whether the right operand cannot change the result any more; then it must not be evaluated.
  func isSettled(by left: Bool) -> Bool {
    switch self {
    case .and: !left
    case .or: left
    case .xor: false
    }
  }

  func callAsFunction(_ left: Bool, _ right: Bool) -> Bool {
    switch self {
    case .and: left && right
    case .or: left || right
    case .xor: left != right
    }
  }
}

extension FilterExpression.Arithmetic {
  /// Division goes towards zero, and a remainder has the sign of what was divided. The standard does not say what comes
  /// of a result beyond 32 bits; here it is a math error, never another number.
  func callAsFunction(_ left: Int32, _ right: Int32) throws(CESQL.Fault) -> Int32 {
    let (wideLeft, wideRight) = (Int64(left), Int64(right))
    let result: Int64
    switch self {
    case .times: result = wideLeft * wideRight
    case .plus: result = wideLeft + wideRight
    case .minus: result = wideLeft - wideRight
    case .divide, .remainder:
      guard right != 0 else { throw CESQL.Fault(.division(left)) }
      result = self == .divide ? wideLeft / wideRight : wideLeft % wideRight
    }
    guard let fitting = Int32(exactly: result) else { throw CESQL.Fault(.overflow(left, rawValue, right)) }
    return fitting
  }
}

extension FilterExpression.Comparison {
  /// For equality the right value says in which type; the others compare integers.
  func callAsFunction(_ left: AttributeValue, _ right: AttributeValue) throws(CESQL.Fault) -> Bool {
    switch self {
    case .equal: try left.cast(to: right.kind) == right
    case .notEqual: try left.cast(to: right.kind) != right
    case .less: try ordered(left, right, by: <)
    case .lessOrEqual: try ordered(left, right, by: <=)
    case .greater: try ordered(left, right, by: >)
    case .greaterOrEqual: try ordered(left, right, by: >=)
    }
  }

  private func ordered(
    _ left: AttributeValue, _ right: AttributeValue, by isOrdered: (Int32, Int32) -> Bool
  ) throws(CESQL.Fault) -> Bool {
    guard let first = left.integer else { throw CESQL.Fault(.cast(left, to: .integer)) }
    guard let second = right.integer else { throw CESQL.Fault(.cast(right, to: .integer)) }
    return isOrdered(first, second)
  }
}
