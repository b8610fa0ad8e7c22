/// Writes JSON objects member by member, in the order of the calls.
struct JSONWriter {
  private(set) var bytes: [UInt8] = []
  private var isFirst = true

  init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

  mutating func open() {
    bytes.append(UInt8(ascii: "{"))
    isFirst = true
  }

  mutating func close() {
    bytes.append(UInt8(ascii: "}"))
    isFirst = false
  }

  /// A member whose value is written next, by `raw` or by the caller's own calls.
  mutating func member(_ name: String) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    JSONWriter.append(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
  }

  mutating func member(_ name: String, _ text: String) {
    member(name)
    JSONWriter.append(text, to: &bytes)
  }

  mutating func member(_ name: String, _ text: String?) {
    if let text { member(name, text) }
  }

  mutating func member(_ name: String, _ value: AttributeValue) {
    switch value {
    case .string(let text): member(name, text)
    case .integer(let number): member(name, raw: "\(number)".utf8)
    case .boolean(let flag): member(name, raw: (flag ? "true" : "false").utf8)
    }
  }

  mutating func member(_ name: String, raw: some Sequence<UInt8>) {
    member(name)
    bytes += raw
  }

  mutating func member(_ name: String, rawArray elements: [[UInt8]]) {
    member(name)
    bytes.append(UInt8(ascii: "["))
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += element
    }
    bytes.append(UInt8(ascii: "]"))
  }

  mutating func raw(_ more: some Sequence<UInt8>) { bytes += more }

  /// A JSON string: what RFC 8259 wants escaped, and nothing else.
  static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        bytes += "\\u00\(byte < 0x10 ? "0" : "")\(digits)".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
