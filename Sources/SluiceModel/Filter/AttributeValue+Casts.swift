/// The casts of CloudEvents SQL 1.0, section 3.7.
extension AttributeValue {
  /// The integer that it is or that its text spells, with a sign or without; nil for any other text, or beyond 32 bits.
  var integer: Int32? {
    switch self {
    case .string(let text): Int32(text)
    case .integer(let number): number
    case .boolean(let truth): truth ? 1 : 0
    }
  }

  /// Integers other than 0 are true, texts are what they say in any case; nil for a text that says neither.
  var boolean: Bool? {
    switch self {
    case .string(let text):
      if AttributeValue.spells(text, "true") {
        true
      } else if AttributeValue.spells(text, "false") {
        false
      } else {
        nil
      }
    case .integer(let number): number != 0
    case .boolean(let truth): truth
    }
  }

  var string: String {
    switch self {
    case .string(let text): text
    case .integer(let number): String(number)
    case .boolean(let truth): truth ? "true" : "false"
    }
  }

  /// - Throws: a fault where its text spells no such value.
  func cast(to kind: Kind) throws(CESQL.Fault) -> AttributeValue {
    let value: AttributeValue? =
      switch kind {
      case .string: .string(string)
      case .integer: integer.map(AttributeValue.integer)
      case .boolean: boolean.map(AttributeValue.boolean)
      }
    guard let value else { throw CESQL.Fault(.cast(self, to: kind)) }
    return value
  }

  /// Whether `text` is `word`, which is in lower case. No letter beyond ASCII has one of these as its lower case.
  private static func spells(_ text: String, _ word: String) -> Bool {
    text.utf8.count == word.utf8.count
      && zip(text.utf8, word.utf8).allSatisfy { byte, letter in
        byte == letter || byte == letter - (UInt8(ascii: "a") - UInt8(ascii: "A"))
      }
  }
}

extension AttributeValue.Kind {
  /// What stands in for a value that could not be had.
  var zero: AttributeValue {
    switch self {
    case .string: .string("")
    case .integer: .integer(0)
    case .boolean: .boolean(false)
    }
  }
}
