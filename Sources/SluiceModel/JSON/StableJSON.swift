import FoundationEssentials

/// JSON with sorted keys and one way of writing dates: the same value gives the same bytes.
///
/// Every fact, row and answer goes through it, and Foundation's coders take several times as long as ours. They remain
/// for what ours do not do, and for errors that say where and why; both give the same values and the same bytes.
package enum StableJSON {
  package static func encode(_ value: some Encodable) -> [UInt8] {
    if let bytes = try? SortedEncoder.encode(value) { return bytes }
    return foundationEncode(value)
  }

  static func foundationEncode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(Timestamp.text(date))
    }
    do {
      return Array(try encoder.encode(value))
    } catch {
      preconditionFailure("our own values can always be written as JSON: \(error)")
    }
  }

  /// Adds a text as `encode` writes it.
  package static func append(_ text: String, to bytes: inout [UInt8]) { SortedEncoder.append(text, to: &bytes) }

  package static func text(_ value: some Encodable) -> String {
    String(decoding: encode(value), as: UTF8.self)
  }

  package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
    let bytes = Array(bytes)
    if let tape = try? JSONTape(bytes), let value = try? TapeDecoder(tape: tape, index: 0).value(type) { return value }
    return try foundationDecode(type, from: bytes)
  }

  static func foundationDecode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let text = try decoder.singleValueContainer().decode(String.self)
      guard let date = Timestamp.date(text) else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "not an RFC 3339 time: \(text.prefix(40))"))
      }
      return date
    }
    return try decoder.decode(type, from: Data(bytes))
  }
}
