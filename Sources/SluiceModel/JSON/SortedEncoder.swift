import FoundationEssentials

/// Writes values as JSON with sorted keys, straight into bytes.
///
/// What it cannot do it marks, and `StableJSON` asks another encoder.
struct SortedEncoder: Encoder {
  /// What is written, and how far it has come. Containers share it, so that it lies behind a pointer, which lives no
  /// longer than `encode`.
  struct State {
    var bytes: [UInt8] = []
    /// Of the objects that are being written, the outer ones first.
    var members: [Member] = []
    var frame = Frame(start: 0, members: 0)
    /// It met something that it cannot write.
    var isBeyond = false
  }

  /// A member's place, with its name and colon, without the comma before it.
  struct Member {
    let name: String
    let start: Int
    var end: Int
  }

  /// The value that is being written now.
  struct Frame {
    enum Kind { case nothing, value, object, array }
    let start: Int
    let members: Int
    var kind = Kind.nothing
    var count = 0
  }

  let state: UnsafeMutablePointer<State>

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// - Returns: nil for what it cannot write.
  static func encode(_ value: some Encodable) throws -> [UInt8]? {
    try withUnsafeTemporaryAllocation(of: State.self, capacity: 1) { memory in
      guard let state = memory.baseAddress else { return nil }
      state.initialize(to: State())
      defer { state.deinitialize(count: 1) }
      state.pointee.bytes.reserveCapacity(512)
      try SortedEncoder(state: state).write(value)
      return state.pointee.isBeyond ? nil : state.pointee.bytes
    }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    begin(.object)
    return KeyedEncodingContainer(WrittenMembers<Key>(encoder: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    begin(.array)
    return WrittenElements(encoder: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  // MARK: Values

  fileprivate func write<Value: Encodable>(_ value: Value) throws {
    if Value.self == Date.self, let date = value as? Date { return text(Timestamp.text(date)) }
    if Value.self == Data.self, let data = value as? Data { return text(data.base64EncodedString()) }
    guard Value.self != URL.self, Value.self != Decimal.self else { return mark() }
    let outer = state.pointee.frame
    state.pointee.frame = Frame(start: state.pointee.bytes.count, members: state.pointee.members.count)
    try value.encode(to: self)
    finish()
    state.pointee.frame = outer
  }

  fileprivate func mark() { state.pointee.isBeyond = true }

  private func begin(_ kind: Frame.Kind) {
    switch state.pointee.frame.kind {
    case .nothing: state.pointee.frame.kind = kind
    case kind: return
    default: mark()
    }
  }

  private func finish() {
    let frame = state.pointee.frame
    switch frame.kind {
    case .nothing: mark()
    case .value: return
    case .array: state.pointee.bytes += (frame.count == 0 ? "[]" : "]").utf8
    case .object: close(frame)
    }
  }

  /// Puts the members in order; many come in it.
  private func close(_ frame: Frame) {
    guard frame.count > 0 else {
      state.pointee.bytes += "{}".utf8
      return
    }
    let members = state.pointee.members[frame.members...]
    var isSorted = true
    for (one, next) in zip(members, members.dropFirst()) {
      guard one.name != next.name else { return mark() }
      if next.name < one.name { isSorted = false }
    }
    if !isSorted {
      let sorted = members.sorted { $0.name < $1.name }
      var written: [UInt8] = []
      written.reserveCapacity(state.pointee.bytes.count - frame.start + 1)
      for (index, member) in sorted.enumerated() {
        if index > 0, sorted[index - 1].name == member.name { mark() }
        written.append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
        written += state.pointee.bytes[member.start..<member.end]
      }
      state.pointee.bytes.replaceSubrange(frame.start..., with: written)
    }
    state.pointee.bytes.append(UInt8(ascii: "}"))
    state.pointee.members.removeLast(members.count)
  }

  // MARK: Leaves

  fileprivate func text(_ text: String) { SortedEncoder.append(text, to: &state.pointee.bytes) }

  static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    JSONText.append(text, to: &bytes, escape: escape)
    bytes.append(UInt8(ascii: "\""))
  }

  private static func escape(_ byte: UInt8, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case ..<0x20: bytes += "u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))".utf8
    default: bytes.append(byte)
    }
  }

  fileprivate func word(_ word: String) { state.pointee.bytes += word.utf8 }

  fileprivate func double(_ number: Double) {
    guard number.isFinite else { return mark() }
    let digits = number.description
    word(digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits)
  }

  // MARK: Places

  /// Begins a member; what is written next is its value, and `endMember` follows.
  fileprivate func beginMember(_ name: String) {
    state.pointee.bytes.append(state.pointee.frame.count == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
    state.pointee.frame.count += 1
    state.pointee.members.append(Member(name: name, start: state.pointee.bytes.count, end: 0))
    text(name)
    state.pointee.bytes.append(UInt8(ascii: ":"))
  }

  fileprivate func endMember() {
    state.pointee.members[state.pointee.members.count - 1].end = state.pointee.bytes.count
  }

  fileprivate func beginElement() {
    state.pointee.bytes.append(state.pointee.frame.count == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
    state.pointee.frame.count += 1
  }
}

extension SortedEncoder: SingleValueEncodingContainer {
  private func single(_ write: () throws -> Void) rethrows {
    begin(.value)
    try write()
  }

  func encodeNil() throws { single { word("null") } }
  func encode(_ value: Bool) throws { single { word(value ? "true" : "false") } }
  func encode(_ value: String) throws { single { text(value) } }
  func encode(_ value: Double) throws { single { double(value) } }
  func encode(_ value: Float) throws { mark() }
  func encode(_ value: Int) throws { single { word("\(value)") } }
  func encode(_ value: Int8) throws { single { word("\(value)") } }
  func encode(_ value: Int16) throws { single { word("\(value)") } }
  func encode(_ value: Int32) throws { single { word("\(value)") } }
  func encode(_ value: Int64) throws { single { word("\(value)") } }
  func encode(_ value: UInt) throws { single { word("\(value)") } }
  func encode(_ value: UInt8) throws { single { word("\(value)") } }
  func encode(_ value: UInt16) throws { single { word("\(value)") } }
  func encode(_ value: UInt32) throws { single { word("\(value)") } }
  func encode(_ value: UInt64) throws { single { word("\(value)") } }
  func encode<Value: Encodable>(_ value: Value) throws { try single { try write(value) } }
}

private struct WrittenMembers<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let encoder: SortedEncoder
  var codingPath: [any CodingKey] { [] }

  private func member(_ key: Key, _ write: () throws -> Void) rethrows {
    encoder.beginMember(key.stringValue)
    try write()
    encoder.endMember()
  }

  func encodeNil(forKey key: Key) throws { member(key) { encoder.word("null") } }
  func encode(_ value: Bool, forKey key: Key) throws { member(key) { encoder.word(value ? "true" : "false") } }
  func encode(_ value: String, forKey key: Key) throws { member(key) { encoder.text(value) } }
  func encode(_ value: Double, forKey key: Key) throws { member(key) { encoder.double(value) } }
  func encode(_ value: Float, forKey key: Key) throws { encoder.mark() }
  func encode(_ value: Int, forKey key: Key) throws { member(key) { encoder.word("\(value)") } }
  func encode(_ value: Int8, forKey key: Key) throws { member(key) { encoder.word("\(value)") } }
  func encode(_ value: Int16, forKey key: Key) throws { member(key) { encoder.word("\(value)") } }
  func encode(_ value: Int32, forKey key: Key) throws { member(key) { encoder.word("\(value)") } }
  func encode(_ value: Int64, forKey key: Key) throws { member(key) { encoder.word("\(value)") } }
  func encode(_ value: UInt, forKey key: Key) throws { member(key) { encoder.word("\(value)") } }
  func encode(_ value: UInt8, forKey key: Key) throws { member(key) { encoder.word("\(value)") } }
  func encode(_ value: UInt16, forKey key: Key) throws { member(key) { encoder.word("\(value)") } }
  func encode(_ value: UInt32, forKey key: Key) throws { member(key) { encoder.word("\(value)") } }
  func encode(_ value: UInt64, forKey key: Key) throws { member(key) { encoder.word("\(value)") } }
  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    try member(key) { try encoder.write(value) }
  }

  // Such a container could still be written to when its parent has gone on.
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    encoder.mark()
    return KeyedEncodingContainer(WrittenMembers<Nested>(encoder: encoder))
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    encoder.mark()
    return WrittenElements(encoder: encoder)
  }
  func superEncoder() -> any Encoder {
    encoder.mark()
    return encoder
  }
  func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
}

private struct WrittenElements: UnkeyedEncodingContainer {
  let encoder: SortedEncoder
  var codingPath: [any CodingKey] { [] }
  var count: Int { encoder.state.pointee.frame.count }

  private func element(_ write: () throws -> Void) rethrows {
    encoder.beginElement()
    try write()
  }

  func encodeNil() throws { element { encoder.word("null") } }
  func encode(_ value: Bool) throws { element { encoder.word(value ? "true" : "false") } }
  func encode(_ value: String) throws { element { encoder.text(value) } }
  func encode(_ value: Double) throws { element { encoder.double(value) } }
  func encode(_ value: Float) throws { encoder.mark() }
  func encode(_ value: Int) throws { element { encoder.word("\(value)") } }
  func encode(_ value: Int8) throws { element { encoder.word("\(value)") } }
  func encode(_ value: Int16) throws { element { encoder.word("\(value)") } }
  func encode(_ value: Int32) throws { element { encoder.word("\(value)") } }
  func encode(_ value: Int64) throws { element { encoder.word("\(value)") } }
  func encode(_ value: UInt) throws { element { encoder.word("\(value)") } }
  func encode(_ value: UInt8) throws { element { encoder.word("\(value)") } }
  func encode(_ value: UInt16) throws { element { encoder.word("\(value)") } }
  func encode(_ value: UInt32) throws { element { encoder.word("\(value)") } }
  func encode(_ value: UInt64) throws { element { encoder.word("\(value)") } }
  func encode<Value: Encodable>(_ value: Value) throws { try element { try encoder.write(value) } }

  func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    encoder.mark()
    return KeyedEncodingContainer(WrittenMembers<Key>(encoder: encoder))
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    encoder.mark()
    return WrittenElements(encoder: encoder)
  }
  func superEncoder() -> any Encoder {
    encoder.mark()
    return encoder
  }
}
