/// CloudEvents in HTTP messages: the words that both directions share.
///
/// Source: CloudEvents 1.0.2, HTTP protocol binding and JSON event format.
package enum HTTPBinding {
  package static let structuredType = "application/cloudevents+json"
  package static let batchType = "application/cloudevents-batch+json"
  static let prefix = "ce-"

  /// A message's headers and body; names are in lower case.
  package struct Message: Sendable, Equatable {
    package var headers: [Header]
    package var body: [UInt8]
    package init(headers: [Header], body: [UInt8]) { (self.headers, self.body) = (headers, body) }
  }

  package struct Header: Sendable, Equatable {
    package let name: String
    package let value: String
    package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }

  /// An attribute's text as a header's value: everything but visible ASCII is percent-encoded, and so are `"` and `%`.
  static func encoded(_ text: String) -> String {
    if text.utf8.allSatisfy(isPlain) { return text }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 16)
    for byte in text.utf8 {
      if isPlain(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What a header's value says. Earlier versions of the binding put values in quotes, so they are understood too.
  /// - Returns: nil where a `%` is not followed by two digits, or the bytes are not UTF-8.
  static func decoded(_ value: String) -> String? {
    let value = value.hasPrefix("\"") && value.hasSuffix("\"") && value.utf8.count > 1 ? unquoted(value) : value
    guard value.utf8.contains(UInt8(ascii: "%")) else { return value }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(value.utf8.count)
    var rest = value.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func unquoted(_ value: String) -> String {
    var text: [UInt8] = []
    var rest = value.utf8.dropFirst().dropLast()
    while let byte = rest.popFirst() {
      text.append(byte == UInt8(ascii: "\\") ? rest.popFirst() ?? byte : byte)
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static let digits = Array("0123456789ABCDEF".utf8)

  private static func isPlain(_ byte: UInt8) -> Bool {
    0x21...0x7E ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "%")
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
