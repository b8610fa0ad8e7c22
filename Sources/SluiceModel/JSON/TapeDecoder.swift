import FoundationEssentials

/// Decodes values from a tape. Its errors have no words and no places.
struct TapeDecoder: Decoder {
  let tape: JSONTape
  let index: Int

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// - Throws: `JSONTape.Refusal`, and what `init(from:)` of the types throws.
  func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if type == Date.self {
      guard let date = Timestamp.date(try tape.text(index)) as? Value else { throw JSONTape.Refusal() }
      return date
    }
    if type == Data.self {
      guard let data = Data(base64Encoded: try tape.text(index)) as? Value else { throw JSONTape.Refusal() }
      return data
    }
    // Any value at all says by itself what it is: nothing has to be tried.
    if type == JSONValue.self {
      guard let any = try json() as? Value else { throw JSONTape.Refusal() }
      return any
    }
    guard type != URL.self, type != Decimal.self else { throw JSONTape.Refusal() }
    return try Value(from: self)
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard tape.nodes[index].kind == .object else { throw JSONTape.Refusal() }
    return KeyedDecodingContainer(Members<Key>(tape: tape, index: index))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard tape.nodes[index].kind == .array else { throw JSONTape.Refusal() }
    return Elements(tape: tape, index: index)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  private func json() throws(JSONTape.Refusal) -> JSONValue {
    let node = tape.nodes[index]
    var at = index + 1
    switch node.kind {
    case .null: return .null
    case .yes, .no: return .bool(node.kind == .yes)
    case .number:
      if let whole = try? whole(Int64.self) { return .integer(whole) }
      return .number(try double())
    case .text, .escaped: return .string(try tape.text(index))
    case .array:
      var elements: [JSONValue] = []
      while at < Int(node.next) {
        elements.append(try TapeDecoder(tape: tape, index: at).json())
        at = Int(tape.nodes[at].next)
      }
      return .array(elements)
    case .object:
      var members: [String: JSONValue] = [:]
      while at < Int(node.next) {
        let name = try tape.text(at)
        // Of a name that stands twice the first counts.
        if members[name] == nil { members[name] = try TapeDecoder(tape: tape, index: at + 1).json() }
        at = Int(tape.nodes[at + 1].next)
      }
      return .object(members)
    }
  }

  // MARK: Leaves

  fileprivate var isNull: Bool { tape.nodes[index].kind == .null }

  fileprivate func flag() throws(JSONTape.Refusal) -> Bool {
    switch tape.nodes[index].kind {
    case .yes: return true
    case .no: return false
    default: throw JSONTape.Refusal()
    }
  }

  fileprivate func double() throws(JSONTape.Refusal) -> Double {
    guard let number = Double(try digits()), number.isFinite else { throw JSONTape.Refusal() }
    return number
  }

  /// A whole number, also where it is written as 1.0 or 1e3.
  fileprivate func whole<Number: FixedWidthInteger>(_ type: Number.Type) throws(JSONTape.Refusal) -> Number {
    let digits = try digits()
    if let number = Number(digits) { return number }
    guard digits.contains(where: { !$0.isNumber && $0 != "-" }), let double = Double(digits),
      let number = Number(exactly: double)
    else { throw JSONTape.Refusal() }
    return number
  }

  private func digits() throws(JSONTape.Refusal) -> String {
    let node = tape.nodes[index]
    guard node.kind == .number else { throw JSONTape.Refusal() }
    return tape.bytes.withUnsafeBufferPointer {
      String(decoding: $0[Int(node.start)..<Int(node.end)], as: UTF8.self)
    }
  }
}

extension TapeDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { isNull }
  func decode(_ type: Bool.Type) throws -> Bool { try flag() }
  func decode(_ type: String.Type) throws -> String { try tape.text(index) }
  func decode(_ type: Double.Type) throws -> Double { try double() }
  func decode(_ type: Float.Type) throws -> Float { throw JSONTape.Refusal() }
  func decode(_ type: Int.Type) throws -> Int { try whole(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try whole(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try whole(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try whole(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try whole(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try whole(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try whole(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try whole(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try whole(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try whole(type) }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try value(type) }
}

/// Members of an object. Of a name that stands twice the first counts.
private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let tape: JSONTape
  private let index: Int
  /// Where each name's value is, in an object too large to be looked through.
  private let places: [String: Int]?

  var codingPath: [any CodingKey] { [] }

  init(tape: JSONTape, index: Int) {
    (self.tape, self.index) = (tape, index)
    var names: [Int] = []
    let end = Int(tape.nodes[index].next)
    var at = index + 1
    while at < end {
      names.append(at)
      at = Int(tape.nodes[at + 1].next)
    }
    places =
      names.count <= 24
      ? nil
      : Dictionary(
        names.compactMap { name in (try? tape.text(name)).map { ($0, name + 1) } },
        uniquingKeysWith: { first, _ in first })
  }

  private func find(_ name: String) -> Int? {
    if let places { return places[name] }
    let end = Int(tape.nodes[index].next)
    var at = index + 1
    while at < end {
      if tape.text(at, is: name) { return at + 1 }
      at = Int(tape.nodes[at + 1].next)
    }
    return nil
  }

  private func decoder(_ key: Key) throws(JSONTape.Refusal) -> TapeDecoder {
    guard let place = find(key.stringValue) else { throw JSONTape.Refusal() }
    return TapeDecoder(tape: tape, index: place)
  }

  /// Nil where it is absent or null.
  private func present(_ key: Key) -> TapeDecoder? {
    guard let place = find(key.stringValue), tape.nodes[place].kind != .null else { return nil }
    return TapeDecoder(tape: tape, index: place)
  }

  var allKeys: [Key] {
    if let places { return places.keys.compactMap { Key(stringValue: $0) } }
    var keys: [Key] = []
    let end = Int(tape.nodes[index].next)
    var at = index + 1
    while at < end {
      if let name = try? tape.text(at), let key = Key(stringValue: name) { keys.append(key) }
      at = Int(tape.nodes[at + 1].next)
    }
    return keys
  }

  func contains(_ key: Key) -> Bool { find(key.stringValue) != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).isNull }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder(key).flag() }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder(key).decode(type) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder(key).double() }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { throw JSONTape.Refusal() }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(key).whole(type) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder(key).whole(type) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder(key).whole(type) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder(key).whole(type) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder(key).whole(type) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder(key).whole(type) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder(key).whole(type) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder(key).whole(type) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder(key).whole(type) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder(key).whole(type) }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try decoder(key).value(type)
  }
  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try present(key)?.flag() }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try present(key)?.decode(type) }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try present(key)?.whole(type) }
  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    try present(key)?.value(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try decoder(key).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { throw JSONTape.Refusal() }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

/// Elements of an array.
private struct Elements: UnkeyedDecodingContainer {
  private let tape: JSONTape
  private let end: Int
  private var at: Int
  private(set) var currentIndex = 0
  let count: Int?

  var codingPath: [any CodingKey] { [] }
  var isAtEnd: Bool { at >= end }

  init(tape: JSONTape, index: Int) {
    self.tape = tape
    (at, end) = (index + 1, Int(tape.nodes[index].next))
    var (place, count) = (at, 0)
    while place < end {
      count += 1
      place = Int(tape.nodes[place].next)
    }
    self.count = count
  }

  /// The place moves on only when an element was read.
  private mutating func next<Value>(_ read: (TapeDecoder) throws -> Value) throws -> Value {
    guard !isAtEnd else { throw JSONTape.Refusal() }
    let value = try read(TapeDecoder(tape: tape, index: at))
    at = Int(tape.nodes[at].next)
    currentIndex += 1
    return value
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd else { throw JSONTape.Refusal() }
    guard tape.nodes[at].kind == .null else { return false }
    return try next { $0.isNull }
  }
  mutating func decode(_ type: Bool.Type) throws -> Bool { try next { try $0.flag() } }
  mutating func decode(_ type: String.Type) throws -> String { try next { try $0.decode(type) } }
  mutating func decode(_ type: Double.Type) throws -> Double { try next { try $0.double() } }
  mutating func decode(_ type: Float.Type) throws -> Float { throw JSONTape.Refusal() }
  mutating func decode(_ type: Int.Type) throws -> Int { try next { try $0.whole(type) } }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try next { try $0.whole(type) } }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try next { try $0.whole(type) } }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try next { try $0.whole(type) } }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try next { try $0.whole(type) } }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try next { try $0.whole(type) } }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try next { try $0.whole(type) } }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try next { try $0.whole(type) } }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try next { try $0.whole(type) } }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try next { try $0.whole(type) } }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next { try $0.value(type) } }

  mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    try next { try $0.container(keyedBy: type) }
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next { try $0.unkeyedContainer() }
  }
  mutating func superDecoder() throws -> any Decoder { try next { $0 } }
}
