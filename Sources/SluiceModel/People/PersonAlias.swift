/// What stands in the log in place of a person's name: `person-` and 12 hexadecimal digits of chance.
///
/// Nothing leads from it to the name but the list of names, so that a name taken off the list is gone. A text of this
/// form is an alias wherever it stands: nobody has it as a name.
package struct PersonAlias: Sendable, Hashable, Comparable, CustomStringConvertible {
  static let prefix = "person-"
  static let digits = 12
  static let length = 19

  private let number: UInt64

  /// - Parameter chance: 48 bits of it are taken.
  package init(chance: UInt64) { number = chance & 0xFFFF_FFFF_FFFF }

  /// Nil for a text of another form.
  package init?(_ text: String) {
    var text = text
    let read = text.withUTF8 { bytes in
      bytes.count == PersonAlias.length ? PersonAlias(UnsafeRawBufferPointer(bytes), at: 0) : nil
    }
    guard let read else { return nil }
    self = read
  }

  /// The alias that begins at a place; nil where there is none, and before a thirteenth digit.
  init?(_ bytes: UnsafeRawBufferPointer, at place: Int) {
    let first = place + PersonAlias.length - PersonAlias.digits
    let end = place + PersonAlias.length
    guard end <= bytes.count, bytes[place..<first].elementsEqual(PersonAlias.prefix.utf8) else { return nil }
    var number: UInt64 = 0
    for byte in bytes[first..<end] {
      guard let digit = PersonAlias.digit(byte) else { return nil }
      number = number << 4 | UInt64(digit)
    }
    if end < bytes.count, PersonAlias.digit(bytes[end]) != nil { return nil }
    self.number = number
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  package var description: String {
    let digits = String(number, radix: 16)
    return PersonAlias.prefix + String(repeating: "0", count: PersonAlias.digits - digits.count) + digits
  }

  package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

extension PersonAlias: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let alias = PersonAlias(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not an alias: \(text.prefix(40))"))
    }
    self = alias
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
