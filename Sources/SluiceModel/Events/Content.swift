import FoundationEssentials

/// What an event is about beyond its attributes, as it came.
package enum Content: Sendable, Hashable {
  case none
  /// The text of one JSON value.
  case json([UInt8])
  case text(String)
  case binary([UInt8])

  package static func json(_ value: JSONValue) -> Content { .json(StableJSON.encode(value)) }

  /// - Throws: `EnvelopeProblem` where `data_base64` is no Base64.
  package init(_ envelope: Envelope, contentType: String?) throws(EnvelopeProblem) {
    if let encoded = envelope.text("data_base64") {
      guard let data = Data(base64Encoded: encoded) else { throw EnvelopeProblem("'data_base64' is no Base64") }
      self = .binary(Array(data))
    } else if let json = envelope.json("data") {
      if !Content.isJSON(contentType), let text = envelope.text("data") {
        self = .text(text)
      } else {
        self = .json(Array(json))
      }
    } else {
      self = .none
    }
  }

  /// Whether a media type means JSON (RFC 6839); nil does, as CloudEvents says.
  package static func isJSON(_ contentType: String?) -> Bool {
    guard let contentType else { return true }
    let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    return type == "application/json" || type == "text/json" || type.hasSuffix("+json")
  }

  /// The JSON value; nil for what is none.
  package var value: JSONValue? {
    guard case .json(let bytes) = self else { return nil }
    return try? StableJSON.decode(JSONValue.self, from: bytes)
  }
}
