/// The functions that a filter can call, by the names in the standard; filters may write them in any case.
enum FilterFunction: String, Sendable, CaseIterable {
  case length = "LENGTH"
  case concat = "CONCAT"
  case concatWithSeparator = "CONCAT_WS"
  case lower = "LOWER"
  case upper = "UPPER"
  case trim = "TRIM"
  case left = "LEFT"
  case right = "RIGHT"
  case substring = "SUBSTRING"
  case abs = "ABS"
  case int = "INT"
  case bool = "BOOL"
  case string = "STRING"

  /// How many arguments it takes.
  var arity: ClosedRange<Int> {
    switch self {
    case .length, .lower, .upper, .trim, .abs, .int, .bool, .string: 1...1
    case .left, .right: 2...2
    case .substring: 2...3
    case .concat: 0...Int.max
    case .concatWithSeparator: 1...Int.max
    }
  }

  /// The type of its result.
  var kind: AttributeValue.Kind {
    switch self {
    case .length, .abs, .int: .integer
    case .bool: .boolean
    case .concat, .concatWithSeparator, .lower, .upper, .trim, .left, .right, .substring, .string: .string
    }
  }
}
