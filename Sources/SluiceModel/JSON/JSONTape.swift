/// A JSON text as a flat list of its values, in the order in which they stand; nothing of it is decoded yet.
///
/// An object is followed by its names and values in turn, an array by its elements.
struct JSONTape {
  enum Kind: UInt8 {
    case null, yes, no, number, text, object, array
    /// Text with escapes in it.
    case escaped
  }

  struct Node {
    let kind: Kind
    /// Of text, what lies between the quotes.
    let start: Int32
    var end: Int32
    /// The node behind this one and all that is in it.
    var next: Int32
  }

  /// What is no JSON, or more than this reads. It has no words: `StableJSON` asks another decoder for them.
  struct Refusal: Error {}

  let bytes: [UInt8]
  private(set) var nodes: [Node] = []

  init(_ bytes: [UInt8]) throws(Refusal) {
    guard bytes.count < Int32.max else { throw Refusal() }
    self.bytes = bytes
    nodes.reserveCapacity(16 + bytes.count / 12)
    var end = 0
    var isWhole = false
    bytes.withUnsafeBytes { text in
      var reading = Reading(text: text)
      isWhole = reading.value(into: &nodes, depth: 0)
      reading.skipSpace()
      end = reading.at
    }
    guard isWhole, end == bytes.count, JSONTape.isUTF8(bytes) else { throw Refusal() }
    // A name that cannot be read must not look like one that is not there.
    for node in nodes where node.kind == .escaped { _ = try unescaped(Int(node.start)..<Int(node.end)) }
  }

  private static func isUTF8(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { text in
      var (tops, index): (UInt64, Int) = (0, 0)
      while index + 8 <= text.count {
        tops |= text.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        index += 8
      }
      while index < text.count {
        tops |= UInt64(text[index])
        index += 1
      }
      return tops & 0x8080_8080_8080_8080 == 0 || String(validating: text, as: UTF8.self) != nil
    }
  }

  func text(_ index: Int) throws(Refusal) -> String {
    let node = nodes[index]
    let place = Int(node.start)..<Int(node.end)
    switch node.kind {
    case .text: return bytes.withUnsafeBufferPointer { String(decoding: $0[place], as: UTF8.self) }
    case .escaped: return try unescaped(place)
    default: throw Refusal()
    }
  }

  /// Whether a text is this one.
  func text(_ index: Int, is other: String) -> Bool {
    let node = nodes[index]
    let count = Int(node.end - node.start)
    guard node.kind == .text else { return (try? text(index)) == other }
    var other = other
    return other.withUTF8 { other in
      other.count == count
        && bytes.withUnsafeBufferPointer { bytes in
          for place in 0..<count where bytes[Int(node.start) + place] != other[place] { return false }
          return true
        }
    }
  }

  private func unescaped(_ place: Range<Int>) throws(Refusal) -> String {
    var found: [UInt8] = []
    found.reserveCapacity(place.count)
    var at = place.lowerBound
    while at < place.upperBound {
      let byte = bytes[at]
      guard byte == UInt8(ascii: "\\") else {
        found.append(byte)
        at += 1
        continue
      }
      guard at + 1 < place.upperBound else { throw Refusal() }
      switch bytes[at + 1] {
      case UInt8(ascii: "u"):
        var unit = try unit(at + 2, before: place.upperBound)
        at += 6
        if UTF16.isLeadSurrogate(unit) {
          guard at + 1 < place.upperBound, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
            throw Refusal()
          }
          let trail = try self.unit(at + 2, before: place.upperBound)
          guard UTF16.isTrailSurrogate(trail) else { throw Refusal() }
          at += 6
          found += String(decoding: [unit, trail], as: UTF16.self).utf8
        } else {
          guard !UTF16.isTrailSurrogate(unit) else { throw Refusal() }
          withUnsafePointer(to: &unit) {
            found += String(decoding: UnsafeBufferPointer(start: $0, count: 1), as: UTF16.self).utf8
          }
        }
        continue
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): found.append(bytes[at + 1])
      case UInt8(ascii: "b"): found.append(0x08)
      case UInt8(ascii: "f"): found.append(0x0C)
      case UInt8(ascii: "n"): found.append(0x0A)
      case UInt8(ascii: "r"): found.append(0x0D)
      case UInt8(ascii: "t"): found.append(0x09)
      default: throw Refusal()
      }
      at += 2
    }
    guard let text = String(validating: found, as: UTF8.self) else { throw Refusal() }
    return text
  }

  private func unit(_ at: Int, before end: Int) throws(Refusal) -> UInt16 {
    guard at + 4 <= end else { throw Refusal() }
    var unit: UInt16 = 0
    for place in at..<at + 4 {
      guard let digit = Character(UnicodeScalar(bytes[place])).hexDigitValue else { throw Refusal() }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }
}

/// A way through a text, value by value.
private struct Reading {
  let text: UnsafeRawBufferPointer
  var at = 0

  mutating func skipSpace() {
    while at < text.count, text[at] == 0x20 || text[at] == 0x0A || text[at] == 0x0D || text[at] == 0x09 { at += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard at < text.count, text[at] == byte else { return false }
    at += 1
    return true
  }

  /// - Returns: whether there is one.
  mutating func value(into nodes: inout [JSONTape.Node], depth: Int) -> Bool {
    skipSpace()
    guard at < text.count, depth < Limits.jsonDepth else { return false }
    switch text[at] {
    case UInt8(ascii: "\""): return string(into: &nodes)
    case UInt8(ascii: "{"): return group(.object, until: UInt8(ascii: "}"), into: &nodes, depth)
    case UInt8(ascii: "["): return group(.array, until: UInt8(ascii: "]"), into: &nodes, depth)
    case UInt8(ascii: "t"): return word("true", .yes, into: &nodes)
    case UInt8(ascii: "f"): return word("false", .no, into: &nodes)
    case UInt8(ascii: "n"): return word("null", .null, into: &nodes)
    default: return number(into: &nodes)
    }
  }

  private func add(_ kind: JSONTape.Kind, _ start: Int, _ end: Int, to nodes: inout [JSONTape.Node]) {
    nodes.append(JSONTape.Node(kind: kind, start: Int32(start), end: Int32(end), next: Int32(nodes.count + 1)))
  }

  private mutating func group(
    _ kind: JSONTape.Kind, until end: UInt8, into nodes: inout [JSONTape.Node], _ depth: Int
  ) -> Bool {
    let index = nodes.count
    add(kind, at, at, to: &nodes)
    at += 1
    skipSpace()
    if !take(end) {
      while true {
        if kind == .object {
          skipSpace()
          guard at < text.count, text[at] == UInt8(ascii: "\""), string(into: &nodes) else { return false }
          skipSpace()
          guard take(UInt8(ascii: ":")) else { return false }
        }
        guard value(into: &nodes, depth: depth + 1) else { return false }
        skipSpace()
        if take(end) { break }
        guard take(UInt8(ascii: ",")) else { return false }
      }
    }
    nodes[index].end = Int32(at)
    nodes[index].next = Int32(nodes.count)
    return true
  }

  private mutating func string(into nodes: inout [JSONTape.Node]) -> Bool {
    at += 1
    let start = at
    var kind = JSONTape.Kind.text
    while let place = JSONText.firstSpecial(in: text, from: at) {
      if text[place] == UInt8(ascii: "\"") {
        add(kind, start, place, to: &nodes)
        at = place + 1
        return true
      }
      guard text[place] == UInt8(ascii: "\\"), place + 1 < text.count else { return false }
      kind = .escaped
      at = place + 2
    }
    return false
  }

  private mutating func word(_ word: StaticString, _ kind: JSONTape.Kind, into nodes: inout [JSONTape.Node]) -> Bool {
    let count = word.utf8CodeUnitCount
    guard at + count <= text.count else { return false }
    for index in 0..<count where text[at + index] != word.utf8Start[index] { return false }
    add(kind, at, at + count, to: &nodes)
    at += count
    return true
  }

  private mutating func number(into nodes: inout [JSONTape.Node]) -> Bool {
    let start = at
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { guard digits() else { return false } }
    if take(UInt8(ascii: ".")) { guard digits() else { return false } }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() else { return false }
    }
    add(.number, start, at, to: &nodes)
    return true
  }

  private mutating func digits() -> Bool {
    let start = at
    while at < text.count, text[at] >= UInt8(ascii: "0"), text[at] <= UInt8(ascii: "9") { at += 1 }
    return at > start
  }
}
