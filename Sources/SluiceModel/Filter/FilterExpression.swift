/// A filter as a tree, in which precedence and brackets are settled.
indirect enum FilterExpression: Sendable {
  case literal(AttributeValue)
  /// By its name in lower case.
  case attribute(String)
  case exists(String)
  case not(FilterExpression)
  case negated(FilterExpression)
  case like(FilterExpression, LikePattern)
  case isIn(FilterExpression, [FilterExpression])
  case arithmetic(FilterExpression, Arithmetic, FilterExpression)
  case comparison(FilterExpression, Comparison, FilterExpression)
  /// `AND`, `OR` and `XOR` bind alike and go from left to right, so a row of them, however long, is one part.
  case logic(FilterExpression, [LogicStep])
  case call(FilterFunction, [FilterExpression])
  /// A call with a number of arguments that the function does not take: by the compatibility kit an error of each
  /// evaluation, not of the syntax.
  case miscalled(FilterFunction, arguments: Int)

  struct LogicStep: Sendable {
    let logic: Logic
    let operand: FilterExpression
  }

  enum Logic: Sendable { case and, or, xor }
  enum Arithmetic: String, Sendable {
    case times = "*"
    case divide = "/"
    case remainder = "%"
    case plus = "+"
    case minus = "-"
  }
  enum Comparison: Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }

  /// The type of its value; boolean where only the event knows it, as the standard says.
  var kind: AttributeValue.Kind {
    switch self {
    case .negated, .arithmetic: .integer
    case .call(let function, _): function.kind
    case .literal, .attribute, .exists, .not, .like, .isIn, .comparison, .logic, .miscalled: .boolean
    }
  }
}
