extension OpenJD.Library {
  private typealias Fault = OpenJD.ExpressionFault

  static let conversions: [(String, [Signature])] = [
    (
      "int",
      [
        Signature("(int) -> int") { $1[0] },
        Signature("(float) -> int") {
          let value = $1[0].double
          guard value.rounded(.towardZero) == value else {
            throw Fault("\($1[0].text) is not a whole number; use round()")
          }
          return .int(try whole(value))
        },
        Signature("(string) -> int") {
          guard let number = Int($1[0].text.unpadded) else { throw Fault("'\($1[0].text)' is not a whole number") }
          return .int(number)
        },
      ]
    ),
    (
      "float",
      [
        Signature("(float) -> float") { .float(try OpenJD.Real($1[0].double)) },
        Signature("(int) -> float") { .float(OpenJD.Real($1[0].number)) },
        Signature("(string) -> float") {
          guard let value = Double(float: $1[0].text.unpadded) else { throw Fault("'\($1[0].text)' is not a number") }
          return .float(try OpenJD.Real(value))
        },
      ]
    ),
    (
      "string",
      ["int", "float", "bool", "string", "path", "nulltype", "list[T1]", "range_expr"].map { type in
        Signature("(\(type)) -> string") {
          try $0.spend(bytes: $1[0].size)
          return .string($1[0].text)
        }
      }
    ),
    (
      "bool",
      [
        Signature("(bool) -> bool") { $1[0] },
        Signature("(int) -> bool") { .bool($1[0].number != 0) },
        Signature("(float) -> bool") { .bool($1[0].double != 0) },
        Signature("(string) -> bool") {
          guard let truth = OpenJD.truth($1[0].text) else {
            throw Fault("'\($1[0].text)' is neither true nor false; known are true, yes, on, 1, false, no, off, 0")
          }
          return .bool(truth)
        },
        Signature("(nulltype) -> bool") { _, _ in .bool(false) },
        Signature("(path) -> noreturn") { _, _ in throw Fault("a path is neither true nor false") },
        Signature("(list[T]) -> noreturn") { _, _ in throw Fault("a list is neither true nor false; use len() > 0") },
      ]
    ),
    (
      "list",
      [
        Signature("(range_expr) -> list[int]") {
          guard case .range(let range) = $1[0] else { return $1[0] }
          return try numbers(of: range, &$0)
        }
      ]
    ),
    (
      "range_expr",
      [
        Signature("(string) -> range_expr") {
          .range(try range($1[0].text))
        },
        Signature("(list[int]) -> range_expr") {
          let numbers = $1[0].elements.map(\.number)
          if numbers.isEmpty { throw Fault("a range has at least one number") }
          try $0.spend(numbers.count)
          return .range(OpenJD.IntegerRange(numbers))
        },
        Signature("(list[nulltype]) -> noreturn") { _, _ in throw Fault("a range has at least one number") },
      ]
    ),
    ("fail", [Signature("(string) -> noreturn") { throw Fault($1[0].text) }]),
  ]

  private static func range(_ text: String) throws(Fault) -> OpenJD.IntegerRange {
    do { return try OpenJD.IntegerRange(text) } catch { throw Fault("'\(text)': \(error.what)") }
  }

  /// A list of a range's numbers.
  static func numbers(
    of range: OpenJD.IntegerRange, _ budget: inout OpenJD.Budget
  ) throws(OpenJD.ExpressionFault) -> OpenJD.Value {
    try budget.spend(range.count)
    try budget.wants(range.count &* 40)
    return .list((0..<range.count).map { .int(range[$0]) }, of: .int)
  }
}

extension OpenJD {
  /// Whether a text says yes or no; nil where it says neither.
  package static func truth(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "yes", "on", "1": true
    case "false", "no", "off", "0": false
    default: nil
    }
  }
}
