import FoundationEssentials

/// What an event is about beyond its attributes, as it came.
package enum Content: Sendable, Hashable {
  case none
  /// The text of one JSON value, on one line: events are written one a line.
  case json([UInt8])
  case text(String)
  case binary([UInt8])

  package static func json(_ value: JSONValue) -> Content { .json(StableJSON.encode(value)) }

  /// - Throws: `EnvelopeProblem` where `data_base64` is no Base64, or stands beside `data`.
  package init(_ envelope: Envelope, contentType: String?) throws(EnvelopeProblem) {
    let json = envelope.json("data")
    let encoded = envelope.json("data_base64").flatMap { $0.elementsEqual("null".utf8) ? nil : $0 }
    if json != nil, encoded != nil { throw EnvelopeProblem("'data' and 'data_base64' exclude each other") }
    if encoded != nil {
      guard let data = envelope.text("data_base64").flatMap({ Data(base64Encoded: $0) }) else {
        throw EnvelopeProblem("'data_base64' is no Base64")
      }
      self = .binary(Array(data))
    } else if let json {
      if !Content.isJSON(contentType), let text = envelope.text("data") {
        self = .text(text)
      } else {
        self = .json(Array(json))
      }
    } else {
      self = .none
    }
  }

  /// The body of an HTTP request.
  /// - Throws: `EnvelopeProblem` where the type says JSON, or nothing, and the bytes are none.
  package init(body: [UInt8], contentType: String?) throws(EnvelopeProblem) {
    guard !body.isEmpty else {
      self = .none
      return
    }
    if Content.isJSON(contentType) {
      self = .json(try Content.line(ofJSON: body))
    } else if let type = contentType.flatMap({ MediaType($0) }), type.isText, type.isUTF8,
      let text = String(validating: body, as: UTF8.self)
    {
      self = .text(text)
    } else {
      self = .binary(body)
    }
  }

  /// JSON as it came, but for line breaks between its tokens, which become spaces.
  /// - Throws: `EnvelopeProblem` for what is no JSON.
  package static func line(ofJSON bytes: [UInt8]) throws(EnvelopeProblem) -> [UInt8] {
    var scanner = JSONScanner(bytes, depthLimit: Limits.eventDepth)
    do throws(JSONScanner.Problem) {
      let place = try scanner.value(depth: 1)
      guard scanner.isAtEnd else { throw JSONScanner.Problem(what: "something follows the value", offset: scanner.at) }
      return line(bytes[place])
    } catch {
      throw EnvelopeProblem("the data is no JSON: \(error)")
    }
  }

  /// The same for JSON that was checked: within strings it has no line breaks.
  static func line(_ json: ArraySlice<UInt8>) -> [UInt8] {
    var bytes = Array(json)
    for index in bytes.indices where bytes[index] == 0x0A || bytes[index] == 0x0D { bytes[index] = 0x20 }
    return bytes
  }

  /// Whether a media type means JSON; nil does, as CloudEvents says.
  package static func isJSON(_ contentType: String?) -> Bool {
    guard let contentType else { return true }
    return contentType == "application/json" || MediaType(contentType)?.isJSON == true
  }

  /// The JSON value; nil for what is none.
  package var value: JSONValue? {
    guard case .json(let bytes) = self else { return nil }
    return try? StableJSON.decode(JSONValue.self, from: bytes)
  }
}
