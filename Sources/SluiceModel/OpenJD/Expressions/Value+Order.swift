extension OpenJD.Value {
  /// Whether two values are the same: numbers by what they are, paths like their texts, ranges like lists of their
  /// numbers. Texts are compared scalar by scalar.
  func equals(_ other: Self, _ budget: inout OpenJD.Budget) throws(OpenJD.ExpressionFault) -> Bool {
    switch (self, other) {
    case (.null, .null): return true
    case (.bool(let a), .bool(let b)): return a == b
    case (.int(let a), .int(let b)): return a == b
    case (.float(let a), .float(let b)): return a.value == b.value
    case (.int(let a), .float(let b)), (.float(let b), .int(let a)): return Int(exactly: b.value) == a
    case (.string(let a), .string(let b)), (.path(let a), .path(let b)), (.string(let a), .path(let b)),
      (.path(let a), .string(let b)):
      return a.utf8.elementsEqual(b.utf8)
    case (.list(let a, _), .list(let b, _)):
      guard a.count == b.count else { return false }
      for (a, b) in zip(a, b) {
        try budget.spend(1)
        guard try a.equals(b, &budget) else { return false }
      }
      return true
    case (.list(let list, .int), .range(let range)), (.range(let range), .list(let list, .int)):
      guard list.count == range.count else { return false }
      for (index, element) in list.enumerated() {
        try budget.spend(1)
        guard element == .int(range[index]) else { return false }
      }
      return true
    case (.range(let a), .range(let b)): return a.runs == b.runs
    case (.unknown(let a), .unknown(let b)): return a == b
    default: return false
    }
  }

  /// Less than zero where this comes first, zero where neither does; nil for values that have no order.
  func compared(with other: Self) -> Int? {
    switch (self, other) {
    case (.int(let a), .int(let b)): return a < b ? -1 : a == b ? 0 : 1
    case (.float(let a), .float(let b)): return a.value < b.value ? -1 : a.value == b.value ? 0 : 1
    case (.int(let a), .float(let b)): return Self.compared(a, b.value)
    case (.float(let a), .int(let b)): return -Self.compared(b, a.value)
    case (.bool(let a), .bool(let b)): return (a ? 1 : 0) - (b ? 1 : 0)
    case (.string(let a), .string(let b)), (.path(let a), .path(let b)), (.string(let a), .path(let b)),
      (.path(let a), .string(let b)):
      if a.utf8.elementsEqual(b.utf8) { return 0 }
      return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
    case (.list(let a, _), .list(let b, _)):
      for (a, b) in zip(a, b) {
        guard let order = a.compared(with: b) else { return nil }
        if order != 0 { return order }
      }
      return a.count < b.count ? -1 : a.count == b.count ? 0 : 1
    default: return nil
    }
  }

  /// Exact: a whole number is not rounded to the nearest float first.
  private static func compared(_ number: Int, _ other: Double) -> Int {
    if other >= 0x1p63 { return -1 }
    if other < -0x1p63 { return 1 }
    let whole = Int(other.rounded(.towardZero))
    if number != whole { return number < whole ? -1 : 1 }
    let rest = other - other.rounded(.towardZero)
    return rest > 0 ? -1 : rest < 0 ? 1 : 0
  }
}
