extension HTTPBinding {
  /// One event as a message.
  package static func structured(_ envelope: Envelope) -> Message {
    Message(headers: [Header("content-type", structuredType)], body: envelope.bytes)
  }

  /// Several events as one message.
  package static func batch(_ envelopes: [Envelope]) -> Message {
    var body: [UInt8] = []
    body.reserveCapacity(envelopes.reduce(2) { $0 + $1.bytes.count + 1 })
    body.append(UInt8(ascii: "["))
    for (index, envelope) in envelopes.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      body += envelope.bytes
    }
    body.append(UInt8(ascii: "]"))
    return Message(headers: [Header("content-type", batchType)], body: body)
  }

  /// One event as a message whose body is its data.
  /// - Throws: `EnvelopeProblem` for attributes and data that no event has.
  package static func binary(_ envelope: Envelope) throws(EnvelopeProblem) -> Message {
    var headers: [Header] = []
    var contentType: String?
    for attribute in try envelope.attributes() {
      let text: String
      switch attribute.value {
      case .string(let value): text = value
      case .integer(let value): text = "\(value)"
      case .boolean(let value): text = value ? "true" : "false"
      }
      if attribute.name == "datacontenttype" {
        contentType = text
      } else {
        headers.append(Header(prefix + attribute.name, encoded(text)))
      }
    }
    let body: [UInt8]
    switch try Content(envelope, contentType: contentType) {
    case .none: body = []
    case .json(let bytes):
      body = bytes
      contentType = contentType ?? "application/json"
    case .text(let text): body = Array(text.utf8)
    case .binary(let bytes):
      body = bytes
      contentType = contentType ?? "application/octet-stream"
    }
    if let contentType { headers.append(Header("content-type", contentType)) }
    return Message(headers: headers, body: body)
  }
}
