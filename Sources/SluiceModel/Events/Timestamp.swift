package import FoundationEssentials

/// RFC 3339 in UTC with milliseconds, as CloudEvents wants it.
///
/// Written by hand: every event has one, and a formatter costs more than all the rest of its envelope.
package enum Timestamp {
  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  private static let plain = Date.ISO8601FormatStyle()

  package static func text(_ date: Date) -> String {
    let milliseconds = Int64((date.timeIntervalSince1970 * 1_000).rounded())
    let (days, rest) = floorDivide(milliseconds, 86_400_000)
    let (year, month, day) = civil(daysSince1970: days)
    guard (0...9_999).contains(year) else { return rounded(date).formatted(style) }
    let seconds = rest / 1_000
    var digits: [UInt8] = []
    digits.reserveCapacity(24)
    append(year, width: 4, then: "-", to: &digits)
    append(month, width: 2, then: "-", to: &digits)
    append(day, width: 2, then: "T", to: &digits)
    append(seconds / 3_600, width: 2, then: ":", to: &digits)
    append(seconds / 60 % 60, width: 2, then: ":", to: &digits)
    append(seconds % 60, width: 2, then: ".", to: &digits)
    append(rest % 1_000, width: 3, then: "Z", to: &digits)
    return String(decoding: digits, as: UTF8.self)
  }

  /// Nil for what is not RFC 3339; Foundation alone would take the 31st of February for a day in March.
  package static func date(_ text: String) -> Date? {
    if let date = own(text) { return date }
    guard isRFC3339(text) else { return nil }
    return ((try? style.parse(text)) ?? (try? plain.parse(text))).map(rounded)
  }

  /// Whether a text is a `date-time` of RFC 3339, with any fraction and any offset; a leap second is one.
  package static func isRFC3339(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    func take(_ count: Int) -> Int64? {
      guard rest.count >= count, let value = number(rest.prefix(count)) else { return nil }
      rest = rest.dropFirst(count)
      return value
    }
    func skip(_ marks: String) -> Bool { rest.popFirst().map(marks.utf8.contains) ?? false }
    guard let year = take(4), skip("-"), let month = take(2), skip("-"), let day = take(2), skip("Tt"),
      let hour = take(2), skip(":"), let minute = take(2), skip(":"), let second = take(2),
      (1...12).contains(month), civil(daysSince1970: daysSince1970(year, month, day)) == (year, month, day),
      hour < 24, minute < 60, second < 60 || second == 60 && minute == 59
    else { return false }
    if rest.first == UInt8(ascii: ".") {
      let fraction = rest.dropFirst().prefix { $0 &- 0x30 < 10 }
      guard !fraction.isEmpty else { return false }
      rest = rest[fraction.endIndex...]
    }
    if rest.count == 1 { return skip("Zz") }
    guard skip("+-"), let hours = take(2), skip(":"), let minutes = take(2) else { return false }
    return rest.isEmpty && hours < 24 && minutes < 60
  }

  /// The date as it will be read back: whole milliseconds.
  package static func rounded(_ date: Date) -> Date {
    Date(timeIntervalSince1970: (date.timeIntervalSince1970 * 1_000).rounded() / 1_000)
  }

  /// What `text` writes; nil for any other form, and for days that no calendar has.
  private static func own(_ text: String) -> Date? {
    let bytes = Array(text.utf8)
    let marks: [(Int, UInt8)] = [
      (4, UInt8(ascii: "-")), (7, UInt8(ascii: "-")), (10, UInt8(ascii: "T")), (13, UInt8(ascii: ":")),
      (16, UInt8(ascii: ":")), (19, UInt8(ascii: ".")), (23, UInt8(ascii: "Z")),
    ]
    guard bytes.count == 24, marks.allSatisfy({ bytes[$0.0] == $0.1 }),
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
      let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
      let milliseconds = number(bytes[20..<23]), (1...12).contains(month), hour < 24, minute < 60, second < 60
    else { return nil }
    let days = daysSince1970(year, month, day)
    guard civil(daysSince1970: days) == (year, month, day) else { return nil }
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    return Date(timeIntervalSince1970: Double(seconds * 1_000 + milliseconds) / 1_000)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    var value: Int64 = 0
    for digit in digits {
      guard digit &- 0x30 < 10 else { return nil }
      value = value * 10 + Int64(digit &- 0x30)
    }
    return value
  }

  private static func append(_ value: Int64, width: Int, then mark: Unicode.Scalar, to digits: inout [UInt8]) {
    var power: Int64 = 1
    for _ in 1..<width { power *= 10 }
    var rest = value
    while power > 0 {
      digits.append(0x30 + UInt8(rest / power))
      rest %= power
      power /= 10
    }
    digits.append(UInt8(ascii: mark))
  }

  private static func floorDivide(_ value: Int64, _ by: Int64) -> (Int64, Int64) {
    let rest = ((value % by) + by) % by
    return ((value - rest) / by, rest)
  }

  /// Source: H. Hinnant, chrono-compatible low-level date algorithms (proleptic Gregorian calendar).
  private static func civil(daysSince1970 days: Int64) -> (Int64, Int64, Int64) {
    let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let (era, yearOfEra) = floorDivide(month <= 2 ? year - 1 : year, 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
