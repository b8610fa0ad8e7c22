/// Numbers with so many digits after the point.
enum Decimals {
  /// Exact, with a tie going to the even digit, as C's `%.*f` writes it.
  static func fixed(_ value: Double, digits: Int) -> String {
    guard value.isFinite, value != 0 else { return "0." + String(repeating: "0", count: digits) }
    // No double has more.
    if digits > 1_074 { return fixed(value, digits: 1_074) + String(repeating: "0", count: digits - 1_074) }
    // value = significand · 2^exponent, a whole number times a power of two.
    let bits = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
    let exponent = (value.isNormal ? Int(value.exponent) : -1022) - 52
    var number = [UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32)]
    for _ in 0..<digits { multiply(&number, by: 10) }
    if exponent >= 0 {
      for _ in 0..<exponent { multiply(&number, by: 2) }
    } else {
      halve(&number, times: -exponent)
    }
    let all = decimal(number)
    let padded = all.count > digits ? all : String(repeating: "0", count: digits + 1 - all.count) + all
    let isZero = padded.allSatisfy { $0 == "0" }
    return (value < 0 && !isZero ? "-" : "") + padded.dropLast(digits) + "." + padded.suffix(digits)
  }

  private static func multiply(_ number: inout [UInt32], by factor: UInt64) {
    var carry: UInt64 = 0
    for index in number.indices {
      let product = UInt64(number[index]) * factor + carry
      number[index] = UInt32(truncatingIfNeeded: product)
      carry = product >> 32
    }
    if carry > 0 { number.append(UInt32(carry)) }
  }

  private static func halve(_ number: inout [UInt32], times: Int) {
    let (words, bits) = (times / 32, times % 32)
    func bit(_ place: Int) -> Bool {
      place >= 0 && place / 32 < number.count && number[place / 32] >> UInt32(place % 32) & 1 == 1
    }
    let isHalf = bit(times - 1)
    let hasRest = (0..<max(0, times - 1)).contains(where: bit)
    let isOdd = bit(times)
    var shifted: [UInt32] = []
    for index in words..<max(words, number.count) {
      let low = UInt64(number[index]) >> UInt64(bits)
      let high = index + 1 < number.count ? UInt64(number[index + 1]) << UInt64(32 - bits) : 0
      shifted.append(UInt32(truncatingIfNeeded: low | (bits == 0 ? 0 : high)))
    }
    if isHalf, hasRest || isOdd {
      var index = 0
      while index < shifted.count {
        shifted[index] &+= 1
        if shifted[index] != 0 { break }
        index += 1
      }
      if index == shifted.count { shifted.append(1) }
    }
    number = shifted
  }

  private static func decimal(_ number: [UInt32]) -> String {
    var rest = number
    var groups: [String] = []
    while rest.contains(where: { $0 != 0 }) {
      var remainder: UInt64 = 0
      for index in rest.indices.reversed() {
        let current = remainder << 32 | UInt64(rest[index])
        rest[index] = UInt32(current / 1_000_000_000)
        remainder = current % 1_000_000_000
      }
      groups.append(String(remainder))
    }
    guard let first = groups.last else { return "0" }
    return first
      + groups.dropLast().reversed().map { String(repeating: "0", count: 9 - $0.utf8.count) + $0 }.joined()
  }
}
