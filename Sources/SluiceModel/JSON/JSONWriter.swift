/// Writes JSON objects member by member, in the order of the calls.
package struct JSONWriter {
  package private(set) var bytes: [UInt8] = []
  private var isFirst = true

  package init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

  package mutating func open() {
    bytes.append(UInt8(ascii: "{"))
    isFirst = true
  }

  package mutating func close() {
    bytes.append(UInt8(ascii: "}"))
    isFirst = false
  }

  /// A member whose value is written next, by `raw` or by the caller's own calls.
  package mutating func member(_ name: String) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    JSONWriter.append(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
  }

  package mutating func member(_ name: String, _ text: String) {
    member(name)
    JSONWriter.append(text, to: &bytes)
  }

  package mutating func member(_ name: String, _ text: String?) {
    if let text { member(name, text) }
  }

  package mutating func member(_ name: String, _ value: AttributeValue) {
    switch value {
    case .string(let text): member(name, text)
    case .integer(let number): member(name, Int64(number))
    case .boolean(let flag): member(name, flag)
    }
  }

  package mutating func member(_ name: String, _ number: Int64) {
    member(name)
    var text = number.description
    text.withUTF8 { bytes += $0 }
  }

  package mutating func member(_ name: String, _ flag: Bool) {
    member(name)
    raw(flag ? "true" : "false")
  }

  /// A member whose value is JSON already.
  package mutating func member(_ name: String, raw: [UInt8]) {
    member(name)
    bytes += raw
  }

  // Nothing here is generic: other modules would call it unspecialized, which takes several times as long.

  /// A member whose value is an array: `element` comes before each, `closeArray` behind the last.
  package mutating func openArray(_ name: String) {
    member(name)
    bytes.append(UInt8(ascii: "["))
    isFirst = true
  }

  package mutating func element() {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
  }

  package mutating func closeArray() {
    bytes.append(UInt8(ascii: "]"))
    isFirst = false
  }

  package mutating func raw(_ more: [UInt8]) { bytes += more }
  package mutating func raw(_ more: StaticString) { more.withUTF8Buffer { bytes += $0 } }

  /// A JSON string: what RFC 8259 wants escaped, and nothing else.
  static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    appendInside(text, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// What stands between the quotes of a JSON string.
  static func inside(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    appendInside(text, to: &bytes)
    return bytes
  }

  private static func appendInside(_ text: String, to bytes: inout [UInt8]) {
    JSONText.append(text, to: &bytes) { byte, bytes in
      if byte < 0x20 {
        bytes += "\\u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))".utf8
      } else {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      }
    }
  }
}
