extension OpenJD.Library {
  private typealias Fault = OpenJD.ExpressionFault
  private typealias Real = OpenJD.Real

  static let numbers: [(String, [Signature])] = [
    (
      "__add__",
      [
        Signature("(int, int) -> int") { .int(try whole($1[0].number.addingReportingOverflow($1[1].number))) },
        Signature("(float, float) -> float") { .float(try Real($1[0].double + $1[1].double)) },
      ]
    ),
    (
      "__sub__",
      [
        Signature("(int, int) -> int") { .int(try whole($1[0].number.subtractingReportingOverflow($1[1].number))) },
        Signature("(float, float) -> float") { .float(try Real($1[0].double - $1[1].double)) },
      ]
    ),
    (
      "__mul__",
      [
        Signature("(int, int) -> int") { .int(try whole($1[0].number.multipliedReportingOverflow(by: $1[1].number))) },
        Signature("(float, float) -> float") { .float(try Real($1[0].double * $1[1].double)) },
      ]
    ),
    (
      "__truediv__",
      [
        Signature("(int, int) -> float") { .float(try Real($1[0].double / divisor($1[1].double))) },
        Signature("(float, float) -> float") { .float(try Real($1[0].double / divisor($1[1].double))) },
      ]
    ),
    (
      "__floordiv__",
      [
        Signature("(int, int) -> int") { .int(try floorDivided($1[0].number, $1[1].number)) },
        Signature("(float, float) -> int") {
          .int(try floorDivided($1[0].double, divisor($1[1].double)))
        },
      ]
    ),
    (
      "__mod__",
      [
        Signature("(int, int) -> int") { .int(try modulo($1[0].number, $1[1].number)) },
        Signature("(float, float) -> float") { .float(try modulo($1[0].double, $1[1].double)) },
      ]
    ),
    (
      "__pow__",
      [
        Signature("(int, int) -> float | int") { try power($1[0].number, $1[1].number) },
        Signature("(float, float) -> float") { .float(try power($1[0].double, $1[1].double)) },
      ]
    ),
    (
      "__neg__",
      [
        Signature("(int) -> int") { .int(try whole(Int.zero.subtractingReportingOverflow($1[0].number))) },
        Signature("(float) -> float") { .float(try Real(-$1[0].double)) },
      ]
    ),
    (
      "__pos__",
      [
        Signature("(int) -> int") { $1[0] },
        Signature("(float) -> float") { .float(try Real($1[0].double)) },
      ]
    ),
    ("__not__", [Signature("(bool) -> bool") { .bool($1[0] != .bool(true)) }]),
    ("__eq__", [Signature("(T1, T2) -> bool") { .bool(try $1[0].equals($1[1], &$0)) }]),
    ("__ne__", [Signature("(T1, T2) -> bool") { .bool(try !$1[0].equals($1[1], &$0)) }]),
    ("__lt__", [Signature("(T1, T2) -> bool") { .bool(try order("<", $1) < 0) }]),
    ("__le__", [Signature("(T1, T2) -> bool") { .bool(try order("<=", $1) <= 0) }]),
    ("__gt__", [Signature("(T1, T2) -> bool") { .bool(try order(">", $1) > 0) }]),
    ("__ge__", [Signature("(T1, T2) -> bool") { .bool(try order(">=", $1) >= 0) }]),
    ("min", extremes { try extreme("min", &$0, $1) { $0 > 0 } }),
    ("max", extremes { try extreme("max", &$0, $1) { $0 < 0 } }),
    (
      "floor",
      [
        Signature("(int) -> int") { $1[0] },
        Signature("(float) -> int") { .int(try whole($1[0].double.rounded(.down))) },
      ]
    ),
    (
      "ceil",
      [
        Signature("(int) -> int") { $1[0] },
        Signature("(float) -> int") { .int(try whole($1[0].double.rounded(.up))) },
      ]
    ),
    (
      "round",
      [
        Signature("(float) -> int") { .int(try whole($1[0].double.rounded(.toNearestOrEven))) },
        Signature("(float, int) -> float | int") { .float(try rounded($1[0].double, $1[1].number, $0)) },
        Signature("(int, int) -> int") { .int(try rounded($1[0].number, $1[1].number)) },
      ]
    ),
    (
      "abs",
      [
        Signature("(int) -> int") {
          $1[0].number < 0 ? .int(try whole(Int.zero.subtractingReportingOverflow($1[0].number))) : $1[0]
        },
        Signature("(float) -> float") { .float(try Real($1[0].double.magnitude)) },
      ]
    ),
    (
      "sum",
      ["list[int]", "list[float]", "list[nulltype]", "range_expr"].map { type in
        Signature("(\(type)) -> \(type == "list[float]" ? "float" : "int")") { try sum(&$0, $1[0]) }
      }
    ),
  ]

  private static func extremes(_ body: @escaping Body) -> [Signature] {
    [
      "(int, int) -> int", "(float, float) -> float", "(int, int, int) -> int", "(float, float, float) -> float",
      "(list[int]) -> int", "(list[float]) -> float", "(range_expr) -> int", "(list[nulltype]) -> noreturn",
    ].map { Signature($0, body) }
  }

  // MARK: Bounds

  private static func whole(_ result: (partialValue: Int, overflow: Bool)) throws(Fault) -> Int {
    if result.overflow { throw OpenJD.Evaluation.overflow }
    return result.partialValue
  }

  static func whole(_ value: Double) throws(OpenJD.ExpressionFault) -> Int {
    guard let number = Int(exactly: value) else { throw OpenJD.Evaluation.overflow }
    return number
  }

  private static func divisor(_ value: Double) throws(Fault) -> Double {
    if value == 0 { throw Fault("a division by zero") }
    return value
  }

  private static func floorDivided(_ a: Int, _ b: Int) throws(Fault) -> Int {
    if b == 0 { throw Fault("a division by zero") }
    let quotient = try whole(a.dividedReportingOverflow(by: b))
    return (a ^ b) < 0 && quotient &* b != a ? quotient - 1 : quotient
  }

  /// From what is left over, as Python does: a quotient may be rounded up to a whole number.
  private static func floorDivided(_ a: Double, _ b: Double) throws(Fault) -> Int {
    var rest = a.truncatingRemainder(dividingBy: b)
    var quotient = (a - rest) / b
    if rest != 0, (rest < 0) != (b < 0) {
      rest += b
      quotient -= 1
    }
    let floor = quotient.rounded(.down)
    return try whole(quotient - floor > 0.5 ? floor + 1 : floor)
  }

  private static func modulo(_ a: Int, _ b: Int) throws(Fault) -> Int {
    if b == 0 { throw Fault("a division by zero") }
    if b == 1 || b == -1 { return 0 }
    let rest = a % b
    return rest != 0 && (rest ^ b) < 0 ? rest + b : rest
  }

  private static func modulo(_ a: Double, _ b: Double) throws(Fault) -> Real {
    let rest = a.truncatingRemainder(dividingBy: try divisor(b))
    return try Real(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest)
  }

  private static func power(_ base: Int, _ exponent: Int) throws(Fault) -> OpenJD.Value {
    if exponent < 0 {
      if base == 0 { throw Fault("zero has no negative power") }
      return .float(try Real(Power.of(Double(base), Double(exponent))))
    }
    switch base {
    case 0, 1: return .int(exponent == 0 ? 1 : base)
    case -1: return .int(exponent.isMultiple(of: 2) ? 1 : -1)
    default: break
    }
    if exponent > 63 { throw OpenJD.Evaluation.overflow }
    var result = 1
    for _ in 0..<exponent { result = try whole(result.multipliedReportingOverflow(by: base)) }
    return .int(result)
  }

  private static func power(_ base: Double, _ exponent: Double) throws(Fault) -> Real {
    if base == 0, exponent < 0 { throw Fault("zero has no negative power") }
    if base < 0, exponent.rounded(.towardZero) != exponent {
      throw Fault("a negative number has no power with a fraction")
    }
    return try Real(Power.of(base, exponent))
  }

  private static func order(_ sign: String, _ values: [OpenJD.Value]) throws(Fault) -> Int {
    guard let order = values[0].compared(with: values[1]) else {
      throw Fault("'\(sign)' does not go with \(values[0].type) and \(values[1].type)")
    }
    return order
  }

  // MARK: Several

  private static func extreme(
    _ name: String, _ budget: inout OpenJD.Budget, _ values: [OpenJD.Value], _ isBetter: (Int) -> Bool
  ) throws(Fault) -> OpenJD.Value {
    if values.count == 1, case .range(let range) = values[0] {
      if range.count == 0 { throw Fault("\(name)() of nothing has no value") }
      return .int(range[name == "min" ? 0 : range.count - 1])
    }
    let candidates = values.count == 1 ? values[0].elements : values
    guard var best = candidates.first else { throw Fault("\(name)() of nothing has no value") }
    try budget.spend(candidates.count)
    for candidate in candidates.dropFirst() {
      guard let order = best.compared(with: candidate) else { throw Fault("\(name)() takes numbers") }
      if isBetter(order) { best = candidate }
    }
    return best
  }

  private static func sum(_ budget: inout OpenJD.Budget, _ list: OpenJD.Value) throws(Fault) -> OpenJD.Value {
    if case .range(let range) = list {
      var total = 0
      try budget.spend(range.count)
      for index in 0..<range.count { total = try whole(total.addingReportingOverflow(range[index])) }
      return .int(total)
    }
    try budget.spend(list.elements.count)
    if case .list(let elements, .float) = list, !elements.isEmpty {
      return .float(try Real(elements.reduce(0.0) { $0 + $1.double }))
    }
    var total = 0
    for element in list.elements { total = try whole(total.addingReportingOverflow(element.number)) }
    return .int(total)
  }

  // MARK: Rounding

  private static func rounded(
    _ value: Double, _ digits: Int, _ budget: borrowing OpenJD.Budget
  ) throws(Fault) -> Real {
    if digits <= 0 {
      let factor = Power.of(10, Double(-digits))
      return try Real(factor.isFinite ? (value / factor).rounded(.toNearestOrEven) * factor : 0)
    }
    try budget.wants(digits)
    let factor = Power.of(10, Double(digits))
    // No double has as many places.
    let result = factor.isFinite ? (value * factor).rounded(.toNearestOrEven) / factor : value
    return try Real(result, written: Decimals.fixed(result, digits: digits))
  }

  /// By way of a floating point number, whose 53 bits are all that then counts, as `openjd-model` does.
  private static func rounded(_ value: Int, _ digits: Int) throws(Fault) -> Int {
    if digits >= 0 { return value }
    let factor = Power.of(10, -Double(digits))
    return factor.isFinite ? try whole((Double(value) / factor).rounded(.toNearestOrEven) * factor) : 0
  }
}
