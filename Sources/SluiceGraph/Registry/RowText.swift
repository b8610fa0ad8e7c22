import FoundationEssentials
import SluiceModel

/// What a text meant: the next one is often the same.
struct Remembered<Value> {
  private var text: [UInt8] = []
  private var value: Value?

  mutating func value(_ part: RowText.Part, _ read: (RowText.Part) -> Value?) throws(RowText.Other) -> Value {
    if let value, text.count == part.count, text.elementsEqual(part) { return value }
    guard let found = read(part) else { throw RowText.Other() }
    (text, value) = (Array(part), found)
    return found
  }
}

extension Remembered where Value: Decodable {
  mutating func decoded(_ part: RowText.Part) throws(RowText.Other) -> Value {
    try value(part) { try? StableJSON.decode(Value.self, from: $0) }
  }
}

/// A row's text, read from its beginning to its end.
struct RowText {
  typealias Part = Slice<UnsafeBufferPointer<UInt8>>
  /// It goes on otherwise than was expected.
  struct Other: Error {}

  let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  /// Passes over a word that may stand here.
  mutating func has(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard at + count <= bytes.count else { return false }
    for index in 0..<count where bytes[at + index] != word.utf8Start[index] { return false }
    at += count
    return true
  }

  mutating func pass(_ word: StaticString) throws(Other) {
    guard has(word) else { throw Other() }
  }

  /// What stands between quotes, plain ASCII without escapes.
  mutating func quoted() throws(Other) -> Part {
    try pass("\"")
    let start = at
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return bytes[start..<(at - 1)]
      case UInt8(ascii: "\\"), 0..<0x20, 0x80...: throw Other()
      default: at += 1
      }
    }
    throw Other()
  }

  mutating func whole() throws(Other) -> Int64 {
    let start = at
    while at < bytes.count, bytes[at] &- 0x30 < 10 { at += 1 }
    guard at == start + 1 || bytes[start..<at].first != UInt8(ascii: "0") else { throw Other() }
    return try RowText.whole(bytes[start..<at])
  }

  static func whole(_ part: Part) throws(Other) -> Int64 {
    guard (1...18).contains(part.count) else { throw Other() }
    var number: Int64 = 0
    for byte in part {
      guard byte &- 0x30 < 10 else { throw Other() }
      number = number * 10 + Int64(byte - 0x30)
    }
    return number
  }

  /// An object or an array.
  mutating func value() throws(Other) -> Part {
    let start = at
    var (depth, isText) = (0, false)
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if isText {
        if byte == UInt8(ascii: "\\") { at += 1 } else if byte == UInt8(ascii: "\"") { isText = false }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return bytes[start..<at] }
      default: break
      }
      guard depth > 0 else { throw Other() }
    }
    throw Other()
  }
}
