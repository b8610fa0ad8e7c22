package import FoundationEssentials

/// JSON with sorted keys and one way of writing dates: the same value gives the same bytes.
package enum StableJSON {
  package static func encode(_ value: some Encodable) -> [UInt8] {
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

  package static func text(_ value: some Encodable) -> String {
    String(decoding: encode(value), as: UTF8.self)
  }

  package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
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

/// RFC 3339 in UTC with milliseconds, as CloudEvents wants it.
package enum Timestamp {
  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  private static let plain = Date.ISO8601FormatStyle()

  /// The formatter cuts off: a tenth of a millisecond more keeps it from the one before.
  package static func text(_ date: Date) -> String { rounded(date).addingTimeInterval(0.000_1).formatted(style) }
  package static func date(_ text: String) -> Date? {
    ((try? style.parse(text)) ?? (try? plain.parse(text))).map(rounded)
  }

  /// The date as it will be read back: whole milliseconds.
  package static func rounded(_ date: Date) -> Date {
    Date(timeIntervalSince1970: (date.timeIntervalSince1970 * 1_000).rounded() / 1_000)
  }
}
