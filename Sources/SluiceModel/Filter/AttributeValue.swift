/// The value of an event's attribute, in the three types that CloudEvents SQL knows; addresses and times are strings.
///
/// Strings are equal where their code points are, as the standard has it. Swift's own `==` would also take a letter
/// with an accent for the same letter followed by the accent, and is slower for it.
package enum AttributeValue: Sendable {
  case string(String)
  case integer(Int32)
  case boolean(Bool)

  package enum Kind: String, Sendable { case string, integer, boolean }

  package var kind: Kind {
    switch self {
    case .string: .string
    case .integer: .integer
    case .boolean: .boolean
    }
  }
}

extension AttributeValue: Hashable {
  package static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.string(let left), .string(let right)):
      left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
    case (.integer(let left), .integer(let right)): left == right
    case (.boolean(let left), .boolean(let right)): left == right
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .string(var text): text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    case .integer(let number): hasher.combine(number)
    case .boolean(let truth): hasher.combine(truth)
    }
  }
}
