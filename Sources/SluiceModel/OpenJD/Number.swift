extension OpenJD {
  /// A decimal number as it was written, compared exactly: a template's `0.1` is not the nearest binary fraction.
  package struct Number: Sendable, Hashable {
    private let isNegative: Bool
    /// Each 0...9, without leading zeros; empty for zero.
    private let digits: [UInt8]
    /// The value is `digits` times ten to this power.
    private let exponent: Int

    package init(_ value: Int) {
      isNegative = value < 0
      digits = value == 0 ? [] : String(value.magnitude).utf8.map { $0 - 0x30 }
      exponent = 0
    }

    /// The shortest decimal number that is read back as this one; nil for what is not finite.
    package init?(_ value: Double) {
      guard value.isFinite else { return nil }
      self.init(value.description)
    }

    /// Reads `12`, `-0.50`, `.5`, `1e-3`, with spaces around and underscores between digits; nil for anything else.
    package init?(_ text: String) {
      var rest = Array(text.utf8)[...]
      while let first = rest.first, Number.isSpace(first) { rest.removeFirst() }
      while let last = rest.last, Number.isSpace(last) { rest.removeLast() }
      let isNegative = rest.first == UInt8(ascii: "-")
      if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
      var digits: [UInt8] = []
      var (count, exponent, isFraction) = (0, 0, false)
      loop: while let byte = rest.first {
        switch byte {
        case 0x30...0x39:
          digits.append(byte - 0x30)
          count += 1
          if isFraction { exponent -= 1 }
        case UInt8(ascii: "_"): break
        case UInt8(ascii: ".") where !isFraction: isFraction = true
        default: break loop
        }
        rest.removeFirst()
      }
      guard count > 0 else { return nil }
      if let byte = rest.first {
        let power = String(decoding: rest.dropFirst(), as: UTF8.self)
        guard byte | 0x20 == UInt8(ascii: "e"), let power = Int(power), abs(power) <= Number.powerLimit else {
          return nil
        }
        exponent += power
      }
      self.isNegative = isNegative
      self.digits = Array(digits.drop { $0 == 0 })
      self.exponent = exponent
    }

    /// Far past any double, and sums of such still fit.
    private static let powerLimit = 1_000_000

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    package var isZero: Bool { digits.allSatisfy { $0 == 0 } }
    package static let zero = Number(0)
  }
}

extension OpenJD.Number: Comparable {
  package static func == (left: Self, right: Self) -> Bool { !(left < right) && !(right < left) }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(isNegative && !isZero)
    let significant = digits.reversed().drop { $0 == 0 }
    hasher.combine(Array(significant))
    hasher.combine(isZero ? 0 : exponent + digits.count - significant.count)
  }

  package static func < (left: Self, right: Self) -> Bool {
    switch (left.isZero, right.isZero) {
    case (true, true): return false
    case (true, false): return !right.isNegative
    case (false, true): return left.isNegative
    case (false, false): break
    }
    if left.isNegative != right.isNegative { return left.isNegative }
    return left.isNegative ? isSmaller(right, left) : isSmaller(left, right)
  }

  /// Compares two that are not zero by size alone.
  private static func isSmaller(_ left: Self, _ right: Self) -> Bool {
    let (leftSize, rightSize) = (left.digits.count + left.exponent, right.digits.count + right.exponent)
    if leftSize != rightSize { return leftSize < rightSize }
    for index in 0..<max(left.digits.count, right.digits.count) {
      let (a, b) = (
        index < left.digits.count ? left.digits[index] : 0, index < right.digits.count ? right.digits[index] : 0
      )
      if a != b { return a < b }
    }
    return false
  }
}

extension OpenJD.Number: CustomStringConvertible {
  /// Plain digits where they are few, else with a power of ten, as General Decimal Arithmetic writes numbers: `1E+3`.
  package var description: String {
    let sign = isNegative ? "-" : ""
    let shown = digits.isEmpty ? "0" : String(decoding: digits.map { $0 + 0x30 }, as: UTF8.self)
    let point = shown.utf8.count + exponent
    if exponent <= 0, point > -6 {
      if exponent == 0 { return sign + shown }
      if point > 0 { return sign + shown.prefix(point) + "." + shown.dropFirst(point) }
      return sign + "0." + String(repeating: "0", count: -point) + shown
    }
    let power = point - 1
    let fraction = shown.utf8.count > 1 ? "." + shown.dropFirst() : ""
    return sign + shown.prefix(1) + fraction + "E" + (power < 0 ? "" : "+") + String(power)
  }
}
