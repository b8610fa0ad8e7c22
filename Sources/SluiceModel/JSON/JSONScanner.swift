/// Walks JSON text (RFC 8259) in place: finds where values begin and end, and builds only what is asked for.
struct JSONScanner {
  /// What is wrong with a text, and where.
  struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
    let what: String
    let offset: Int
    var description: String { "\(what) at byte \(offset)" }
  }

  let bytes: [UInt8]
  private(set) var at: Int
  private let end: Int
  private let depthLimit: Int

  init(_ bytes: [UInt8], from start: Int = 0, to end: Int? = nil, depthLimit: Int = Limits.jsonDepth) {
    (self.bytes, at, self.end, self.depthLimit) = (bytes, start, end ?? bytes.count, depthLimit)
  }

  // MARK: Walking

  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return at == end
    }
  }

  /// The next byte that is no white space; nil at the end.
  mutating func peek() -> UInt8? {
    skipSpace()
    return at < end ? bytes[at] : nil
  }

  /// Calls `member` with the name's and the value's place for each member of the object that begins here.
  mutating func object(
    depth: Int = 0, _ member: (_ name: Range<Int>, _ value: Range<Int>) throws(Problem) -> Void
  ) throws(Problem) {
    try take(UInt8(ascii: "{"))
    if peek() == UInt8(ascii: "}") {
      at += 1
      return
    }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw problem("a member's name is missing") }
      let name = try string()
      try take(UInt8(ascii: ":"))
      let value = try value(depth: depth + 1)
      try member(name, value)
      if peek() == UInt8(ascii: ",") {
        at += 1
      } else {
        return try take(UInt8(ascii: "}"))
      }
    }
  }

  /// Calls `element` with the place of each element of the array that begins here.
  mutating func array(depth: Int = 0, _ element: (Range<Int>) throws(Problem) -> Void) throws(Problem) {
    try elements { (scanner) throws(Problem) in try element(try scanner.value(depth: depth + 1)) }
  }

  /// Calls `element` at each element of the array that begins here; it passes over the element itself.
  mutating func elements(_ element: (inout JSONScanner) throws(Problem) -> Void) throws(Problem) {
    try take(UInt8(ascii: "["))
    if peek() == UInt8(ascii: "]") {
      at += 1
      return
    }
    while true {
      try element(&self)
      if peek() == UInt8(ascii: ",") {
        at += 1
      } else {
        return try take(UInt8(ascii: "]"))
      }
    }
  }

  /// Passes over one value of any kind, checking it whole.
  @discardableResult
  mutating func value(depth: Int = 0) throws(Problem) -> Range<Int> {
    guard depth <= depthLimit else { throw problem("more than \(depthLimit) levels of nesting") }
    guard let first = peek() else { throw problem("a value is missing") }
    let start = at
    switch first {
    case UInt8(ascii: "{"): try object(depth: depth) { (_, _) throws(Problem) in }
    case UInt8(ascii: "["): try array(depth: depth) { (_) throws(Problem) in }
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try number()
    }
    return start..<at
  }

  // MARK: Parts

  private mutating func skipSpace() {
    while at < end {
      switch bytes[at] {
      case 0x20, 0x0A, 0x0D, 0x09: at += 1
      default: return
      }
    }
  }

  private mutating func take(_ byte: UInt8) throws(Problem) {
    guard peek() == byte else { throw problem("'\(Character(UnicodeScalar(byte)))' is missing") }
    at += 1
  }

  private mutating func word(_ text: StaticString) throws(Problem) {
    let matches = text.withUTF8Buffer { letters in
      at + letters.count <= end && letters.indices.allSatisfy { bytes[at + $0] == letters[$0] }
    }
    guard matches else { throw problem("'\(text)' is misspelt") }
    at += text.utf8CodeUnitCount
  }

  /// A string with its quotes; escapes and UTF-8 are checked.
  private mutating func string() throws(Problem) -> Range<Int> {
    let start = at
    at += 1
    while at < end {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return start..<at
      case UInt8(ascii: "\\"): try escape()
      case 0..<0x20: throw problem("a control character stands in a string")
      case 0x20..<0x80: at += 1
      default: try scalar()
      }
    }
    throw Problem(what: "a string is not closed", offset: start)
  }

  private mutating func escape() throws(Problem) {
    guard at + 1 < end else { throw problem("a string is not closed") }
    switch bytes[at + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      at += 2
    case UInt8(ascii: "u"):
      // Half of a pair is no character; many readers would refuse the whole text for it.
      let first = try unit()
      if 0xDC00...0xDFFF ~= first { throw problem("half of a surrogate pair stands alone") }
      guard 0xD800...0xDBFF ~= first else { return }
      guard at + 1 < end, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u"),
        0xDC00...0xDFFF ~= (try unit())
      else { throw problem("half of a surrogate pair stands alone") }
    default: throw problem("an escape is unknown")
    }
  }

  /// `\uXXXX`
  private mutating func unit() throws(Problem) -> UInt16 {
    guard at + 6 <= end else { throw problem("an escape is broken") }
    var unit: UInt16 = 0
    for byte in bytes[(at + 2)..<(at + 6)] {
      guard let digit = JSONScanner.digit(byte) else { throw problem("an escape is broken") }
      unit = unit << 4 | UInt16(digit)
    }
    at += 6
    return unit
  }

  /// One scalar of more than one byte, well formed (no overlong form, no surrogate, nothing past U+10FFFF).
  private mutating func scalar() throws(Problem) {
    let first = bytes[at]
    let (length, second): (Int, ClosedRange<UInt8>)
    switch first {
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw problem("the text is not UTF-8")
    }
    guard at + length <= end, second.contains(bytes[at + 1]),
      bytes[(at + 2)..<(at + length)].allSatisfy({ $0 & 0xC0 == 0x80 })
    else { throw problem("the text is not UTF-8") }
    at += length
  }

  private mutating func number() throws(Problem) {
    let start = at
    if at < end, bytes[at] == UInt8(ascii: "-") { at += 1 }
    let whole = digits()
    guard whole > 0 else { throw Problem(what: "this is no JSON value", offset: start) }
    if whole > 1, bytes[at - whole] == UInt8(ascii: "0") {
      throw Problem(what: "a number begins with 0", offset: start)
    }
    if at < end, bytes[at] == UInt8(ascii: ".") {
      at += 1
      guard digits() > 0 else { throw problem("a digit is missing") }
    }
    if at < end, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < end, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
      guard digits() > 0 else { throw problem("a digit is missing") }
    }
  }

  private mutating func digits() -> Int {
    let start = at
    while at < end, bytes[at] &- 0x30 < 10 { at += 1 }
    return at - start
  }

  private func problem(_ what: String) -> Problem { Problem(what: what, offset: at) }

  // MARK: Values

  /// The text of the string at a place that `object`, `array` or `value` gave.
  static func text(_ bytes: [UInt8], _ place: Range<Int>) -> String {
    let inside = (place.lowerBound + 1)..<(place.upperBound - 1)
    guard bytes[inside].contains(UInt8(ascii: "\\")) else { return String(decoding: bytes[inside], as: UTF8.self) }
    var units: [UInt16] = []
    var plain = inside.lowerBound
    func flush(_ end: Int) { units += String(decoding: bytes[plain..<end], as: UTF8.self).utf16 }
    var at = inside.lowerBound
    while at < inside.upperBound {
      guard bytes[at] == UInt8(ascii: "\\") else {
        at += 1
        continue
      }
      flush(at)
      let (unit, length) = escaped(bytes, at)
      units.append(unit)
      at += length
      plain = at
    }
    flush(inside.upperBound)
    return String(decoding: units, as: UTF16.self)
  }

  private static func escaped(_ bytes: [UInt8], _ at: Int) -> (unit: UInt16, length: Int) {
    switch bytes[at + 1] {
    case UInt8(ascii: "u"):
      let unit = bytes[(at + 2)..<(at + 6)].reduce(UInt16(0)) { $0 << 4 | UInt16(digit($1) ?? 0) }
      return (unit, 6)
    case UInt8(ascii: "b"): return (0x08, 2)
    case UInt8(ascii: "f"): return (0x0C, 2)
    case UInt8(ascii: "n"): return (0x0A, 2)
    case UInt8(ascii: "r"): return (0x0D, 2)
    case UInt8(ascii: "t"): return (0x09, 2)
    default: return (UInt16(bytes[at + 1]), 2)
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
