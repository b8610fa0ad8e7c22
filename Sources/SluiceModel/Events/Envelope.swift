/// A CloudEvent in its JSON form: its attributes are found, its data stays unread.
///
/// Who filters and passes events on needs no more, and need not know their types.
package struct Envelope: Sendable, Equatable {
  private struct Member: Sendable, Equatable {
    let name: Range<Int>
    let value: Range<Int>
  }

  /// One JSON object.
  package let bytes: [UInt8]
  private let members: [Member]

  /// - Throws: `JSONScanner.Problem` in words, for what is no JSON object; of a name that stands twice the last counts.
  package init(_ bytes: [UInt8]) throws(EnvelopeProblem) {
    self.bytes = bytes
    var found: [Member] = []
    found.reserveCapacity(16)
    var scanner = JSONScanner(bytes)
    do throws(JSONScanner.Problem) {
      guard scanner.peek() == UInt8(ascii: "{") else {
        throw JSONScanner.Problem(what: "this is no JSON object", offset: scanner.at)
      }
      try scanner.object { (name, value) throws(JSONScanner.Problem) in found.append(Member(name: name, value: value)) }
      guard scanner.isAtEnd else { throw JSONScanner.Problem(what: "something follows the object", offset: scanner.at) }
    } catch {
      throw EnvelopeProblem(error.description)
    }
    members = found
  }

  /// Names of all members, `data` and `data_base64` among them.
  package var names: [String] { members.map { JSONScanner.text(bytes, $0.name) } }

  /// An attribute; nil where it is absent, null, or an object or array.
  package subscript(name: String) -> AttributeValue? {
    guard let place = place(of: name) else { return nil }
    switch bytes[place.lowerBound] {
    case UInt8(ascii: "\""): return .string(JSONScanner.text(bytes, place))
    case UInt8(ascii: "t"): return .boolean(true)
    case UInt8(ascii: "f"): return .boolean(false)
    default: return Int32(String(decoding: bytes[place], as: UTF8.self)).map(AttributeValue.integer)
    }
  }

  /// An attribute that is text.
  package func text(_ name: String) -> String? {
    guard case .string(let text)? = self[name] else { return nil }
    return text
  }

  /// The JSON of a member as it stands; nil where it is absent.
  package func json(_ name: String) -> ArraySlice<UInt8>? { place(of: name).map { bytes[$0] } }

  /// The same event with more attributes, which stand first.
  package func adding(_ attributes: [(name: String, value: AttributeValue)]) -> [UInt8] {
    var writer = JSONWriter(capacity: bytes.count + 64 * attributes.count)
    writer.open()
    for (name, value) in attributes { writer.member(name, value) }
    let inside = bytes.firstIndex(of: UInt8(ascii: "{")).map { bytes[($0 + 1)...] } ?? []
    if !attributes.isEmpty, !members.isEmpty { writer.raw(",".utf8) }
    writer.raw(inside)
    return writer.bytes
  }

  private func place(of name: String) -> Range<Int>? {
    let wanted = name.utf8
    return members.last { member in
      member.name.count == wanted.count + 2
        && bytes[(member.name.lowerBound + 1)..<(member.name.upperBound - 1)].elementsEqual(wanted)
    }?.value
  }
}

/// Why a text is no event.
package struct EnvelopeProblem: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
