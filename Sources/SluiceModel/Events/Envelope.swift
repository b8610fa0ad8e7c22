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

  /// - Throws: `EnvelopeProblem` in words, for what is no JSON object; of a name that stands twice the last counts.
  package init(_ bytes: [UInt8], depthLimit: Int = Limits.jsonDepth) throws(EnvelopeProblem) {
    var scanner = JSONScanner(bytes, depthLimit: depthLimit)
    do throws(JSONScanner.Problem) {
      let (_, members) = try Envelope.scan(&scanner)
      guard scanner.isAtEnd else { throw JSONScanner.Problem(what: "something follows the object", offset: scanner.at) }
      (self.bytes, self.members) = (bytes, members)
    } catch {
      throw EnvelopeProblem(error.description)
    }
  }

  private init(_ bytes: [UInt8], _ place: Range<Int>, _ members: [Member]) {
    self.bytes = Array(bytes[place])
    self.members = members.map { member in
      Member(
        name: (member.name.lowerBound - place.lowerBound)..<(member.name.upperBound - place.lowerBound),
        value: (member.value.lowerBound - place.lowerBound)..<(member.value.upperBound - place.lowerBound))
    }
  }

  /// The objects of a JSON array, each an envelope or the reason why it is none.
  /// - Throws: `EnvelopeProblem` where the text as a whole is no JSON array, or has more than `limit` elements.
  package static func list(
    _ bytes: [UInt8], limit: Int, depthLimit: Int = Limits.jsonDepth
  ) throws(EnvelopeProblem) -> [Result<Envelope, EnvelopeProblem>] {
    var found: [Result<Envelope, EnvelopeProblem>] = []
    var scanner = JSONScanner(bytes, depthLimit: depthLimit)
    do throws(JSONScanner.Problem) {
      guard scanner.peek() == UInt8(ascii: "[") else {
        throw JSONScanner.Problem(what: "this is no JSON array", offset: scanner.at)
      }
      try scanner.elements { (scanner) throws(JSONScanner.Problem) in
        guard found.count < limit else {
          throw JSONScanner.Problem(what: "the array has more than \(limit) elements", offset: scanner.at)
        }
        if scanner.peek() == UInt8(ascii: "{") {
          let (place, members) = try scan(&scanner)
          found.append(.success(Envelope(bytes, place, members)))
        } else {
          let place = try scanner.value()
          found.append(.failure(EnvelopeProblem("this is no JSON object at byte \(place.lowerBound)")))
        }
      }
      guard scanner.isAtEnd else { throw JSONScanner.Problem(what: "something follows the array", offset: scanner.at) }
    } catch {
      throw EnvelopeProblem(error.description)
    }
    return found
  }

  /// The objects of a file: one, an array of them, or one after another, such as one a line.
  /// - Throws: `EnvelopeProblem` at the first that is none.
  package static func all(_ bytes: [UInt8]) throws(EnvelopeProblem) -> [Envelope] {
    var scanner = JSONScanner(bytes)
    guard scanner.peek() == UInt8(ascii: "[") else { return try sequence(bytes) }
    var found: [Envelope] = []
    for element in try list(bytes, limit: .max) { found.append(try element.get()) }
    return found
  }

  private static func sequence(_ bytes: [UInt8]) throws(EnvelopeProblem) -> [Envelope] {
    var found: [Envelope] = []
    var scanner = JSONScanner(bytes)
    do throws(JSONScanner.Problem) {
      while !scanner.isAtEnd {
        let (place, members) = try scan(&scanner)
        found.append(Envelope(bytes, place, members))
      }
    } catch {
      throw EnvelopeProblem(error.description)
    }
    return found
  }

  private static func scan(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.Problem) -> (place: Range<Int>, members: [Member]) {
    guard scanner.peek() == UInt8(ascii: "{") else {
      throw JSONScanner.Problem(what: "this is no JSON object", offset: scanner.at)
    }
    let start = scanner.at
    var found: [Member] = []
    found.reserveCapacity(16)
    try scanner.object { (name, value) throws(JSONScanner.Problem) in found.append(Member(name: name, value: value)) }
    return (start..<scanner.at, found)
  }

  /// How many members it has.
  package var count: Int { members.count }

  /// Names of all members, `data` and `data_base64` among them.
  package var names: [String] { members.map { JSONScanner.text(bytes, $0.name) } }

  /// An attribute; nil where it is absent, null, or neither text, nor a flag, nor a whole number of 32 bits.
  package subscript(name: String) -> AttributeValue? { place(of: name).flatMap(attribute(at:)) }

  /// An attribute that is text.
  package func text(_ name: String) -> String? {
    guard let place = place(of: name), bytes[place.lowerBound] == UInt8(ascii: "\"") else { return nil }
    return JSONScanner.text(bytes, place)
  }

  /// The JSON of a member as it stands; nil where it is absent.
  package func json(_ name: String) -> ArraySlice<UInt8>? { place(of: name).map { bytes[$0] } }

  /// Every member but `data` and `data_base64`; what is null is absent.
  /// - Throws: `EnvelopeProblem` for what no attribute can be, and for a name that stands twice.
  package func attributes() throws(EnvelopeProblem) -> [CloudEvent.Attribute] {
    var found: [CloudEvent.Attribute] = []
    found.reserveCapacity(members.count)
    var names: Set<String> = []
    for member in members {
      let name = JSONScanner.text(bytes, member.name)
      guard names.insert(name).inserted else {
        throw EnvelopeProblem("'\(NameRule.printable(name))' stands twice")
      }
      if name == "data" || name == "data_base64" || bytes[member.value.lowerBound] == UInt8(ascii: "n") { continue }
      guard let value = attribute(at: member.value) else {
        throw EnvelopeProblem(
          "'\(NameRule.printable(name))' is neither text, nor true or false, nor a whole number of 32 bits")
      }
      found.append(CloudEvent.Attribute(name: name, value: value))
    }
    return found
  }

  /// The same event with more attributes, which stand first.
  package func adding(_ attributes: [(name: String, value: AttributeValue)]) -> [UInt8] {
    var writer = JSONWriter(capacity: bytes.count + 64 * attributes.count)
    writer.open()
    for (name, value) in attributes { writer.member(name, value) }
    let inside = bytes.firstIndex(of: UInt8(ascii: "{")).map { Array(bytes[($0 + 1)...]) } ?? []
    if !attributes.isEmpty, !members.isEmpty { writer.raw(",") }
    writer.raw(inside)
    return writer.bytes
  }

  private func attribute(at place: Range<Int>) -> AttributeValue? {
    switch bytes[place.lowerBound] {
    case UInt8(ascii: "\""): .string(JSONScanner.text(bytes, place))
    case UInt8(ascii: "t"): .boolean(true)
    case UInt8(ascii: "f"): .boolean(false)
    default: Int32(String(decoding: bytes[place], as: UTF8.self)).map(AttributeValue.integer)
    }
  }

  private func place(of name: String) -> Range<Int>? {
    let wanted = name.utf8
    return members.last { member in
      let inside = bytes[(member.name.lowerBound + 1)..<(member.name.upperBound - 1)]
      return inside.count == wanted.count && inside.elementsEqual(wanted)
        || inside.contains(UInt8(ascii: "\\")) && JSONScanner.text(bytes, member.name) == name
    }?.value
  }
}

/// Why a text is no event.
package struct EnvelopeProblem: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
