/// A CloudEvent as it came, before anybody judged it.
package struct CloudEvent: Sendable, Equatable {
  package struct Attribute: Sendable, Equatable {
    package let name: String
    package let value: AttributeValue
    package init(name: String, value: AttributeValue) { (self.name, self.value) = (name, value) }
  }

  /// `datacontenttype` among them; no name stands twice.
  package let attributes: [Attribute]
  package let content: Content

  package init(attributes: [Attribute], content: Content) { (self.attributes, self.content) = (attributes, content) }

  /// - Throws: `EnvelopeProblem` for what cannot be an attribute, for data that is not what its type says.
  package init(_ envelope: Envelope) throws(EnvelopeProblem) {
    guard envelope.count <= Limits.eventAttributes + 1 else {
      throw EnvelopeProblem("more than \(Limits.eventAttributes) attributes")
    }
    attributes = try envelope.attributes()
    let contentType = envelope.text("datacontenttype")
    switch try Content(envelope, contentType: contentType) {
    case .json(let bytes): content = .json(Content.line(bytes[...]))
    // Who sends JSON as Base64 means the same as who sends it as JSON.
    case .binary(let bytes) where contentType != nil && Content.isJSON(contentType):
      content = try Content(body: bytes, contentType: contentType)
    case let other: content = other
    }
  }

  package subscript(name: String) -> AttributeValue? { attributes.first { $0.name == name }?.value }
}
