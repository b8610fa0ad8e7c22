package import SluiceModel

/// What an event of another tool must be to enter the log, and what of it Sluice understands.
///
/// Source: CloudEvents 1.0.2; where it says SHOULD, Sluice says must.
package enum OutsideRule {
  /// Attributes that this server sets itself. Another Sluice that hands its events on has set them too, so they are
  /// dropped and not refused.
  package static let marks: Set<String> = [
    "actor", "actortrust", "position", "recordedtime", "redelivery", "replay", "site",
  ]

  private static let context: Set<String> = [
    "causationid", "datacontenttype", "dataschema", "folder", "id", "product", "project", "source", "specversion",
    "subject", "time", "type",
  ]

  /// Names an event for ever: what comes again under the same source and id is the same event.
  package static func command(source: String, id: String) -> CommandID {
    CommandID("event-" + Digest.of("\(source)\n\(id)").hex.prefix(32))
  }

  /// - Throws: `event.invalid`, `event.reserved`, `event.tooLarge`.
  package static func draft(of event: CloudEvent) throws(SluiceError) -> Draft {
    let fields = try Fields(event)
    guard try fields.required("specversion", upTo: 16) == "1.0" else {
      throw fields.invalid("only CloudEvents 1.0 are understood", at: "specversion", fix: "send specversion 1.0")
    }
    let id = try fields.required("id", upTo: Limits.eventIDBytes)
    let source = try fields.required("source", upTo: Limits.eventSourceBytes)
    let type = try fields.required("type", upTo: Limits.eventTypeBytes)
    try checkReserved(fields, source: source, type: type)
    try checkSize(fields, event.content)
    let place = try fields.place()
    var extensions: [String: AttributeValue] = [:]
    for attribute in event.attributes where !context.contains(attribute.name) && !marks.contains(attribute.name) {
      extensions[attribute.name] = attribute.value
    }
    return Draft(
      project: place.project, folder: place.folder, product: place.product,
      fact: .unknown(type: type, critical: false, content: event.content),
      outside: Draft.Outside(
        id: EventID(id), cause: try fields.text("causationid").map(EventID.init),
        attributes: Event.Outside(
          source: source, subject: try fields.text("subject"), time: try fields.time(),
          contentType: try fields.contentType(), schema: try fields.text("dataschema")),
        extensions: extensions))
  }

  private static func checkReserved(_ fields: Fields, source: String, type: String) throws(SluiceError) {
    if type.hasPrefix("sluice.") {
      throw fields.reserved("types that begin with 'sluice.' are Sluice's own facts", at: "type")
    }
    if source.hasPrefix("/sites/") {
      throw fields.reserved("sources that begin with '/sites/' are Sluice's own sites", at: "source")
    }
    if fields.event["critical"] != nil {
      throw fields.reserved("only Sluice says of its facts that they must be understood", at: "critical")
    }
  }

  /// What cannot become a record is refused before anybody encodes it.
  private static func checkSize(_ fields: Fields, _ content: Content) throws(SluiceError) {
    let bytes =
      switch content {
      case .none: 0
      case .json(let bytes): bytes.count
      case .text(let text): text.utf8.count
      case .binary(let bytes): (bytes.count + 2) / 3 * 4
      }
    if bytes > Limits.recordBytes { throw tooLarge(fields.event) }
  }

  /// - Parameter event: what would be a record past `Limits.recordBytes`.
  static func tooLarge(_ event: CloudEvent) -> SluiceError {
    SluiceError(
      .eventTooLarge, what: "the event is larger than the \(Limits.recordBytes) bytes that a record may have",
      at: Fields.name(of: event), fix: "put its data where readers can fetch it, and its address into the event")
  }
}

/// The attributes of one event, checked as they are asked for.
private struct Fields {
  let event: CloudEvent

  /// - Throws: `event.invalid` where a name is none, a text has what no text may have, or all is too much.
  init(_ event: CloudEvent) throws(SluiceError) {
    self.event = event
    var bytes = 0
    for attribute in event.attributes {
      guard Fields.isName(attribute.name) else {
        throw invalid(
          "'\(NameRule.printable(attribute.name))' cannot name an attribute", at: "its attributes",
          fix: "names have 1 to \(Limits.eventAttributeNameBytes) lower-case letters and digits")
      }
      bytes += attribute.name.utf8.count
      guard case .string(let text) = attribute.value else { continue }
      bytes += text.utf8.count
      if text.unicodeScalars.contains(where: Fields.isForbidden) {
        throw invalid(
          "'\(attribute.name)' has a control character", at: attribute.name, fix: "put such text into the data")
      }
    }
    guard event.attributes.count <= Limits.eventAttributes, bytes <= Limits.eventAttributesBytes else {
      throw invalid(
        "it has \(event.attributes.count) attributes of \(bytes) bytes in all", at: "its attributes",
        fix: "use at most \(Limits.eventAttributes) of \(Limits.eventAttributesBytes) bytes in all, data for the rest")
    }
  }

  func required(_ name: String, upTo limit: Int) throws(SluiceError) -> String {
    guard let text = try text(name) else {
      throw invalid(
        "the attribute '\(name)' is missing", at: name, fix: "every event has specversion, id, source and type")
    }
    guard text.utf8.count <= limit else {
      throw invalid("'\(name)' has \(text.utf8.count) bytes", at: name, fix: "use at most \(limit)")
    }
    if name == "source", text.contains(" ") {
      throw invalid("'source' is no address: it has a space", at: name, fix: "write a URI or a path")
    }
    return text
  }

  /// A text that is not empty; nil where the attribute is absent.
  func text(_ name: String) throws(SluiceError) -> String? {
    guard let value = event[name] else { return nil }
    guard case .string(let text) = value else {
      throw invalid("'\(name)' is no text", at: name, fix: "put it in quotes")
    }
    guard !text.isEmpty else { throw invalid("'\(name)' is empty", at: name, fix: "leave it out, or fill it") }
    return text
  }

  func time() throws(SluiceError) -> String? {
    guard let text = try text("time") else { return nil }
    guard Timestamp.isRFC3339(text) else {
      throw invalid(
        "'\(NameRule.printable(text))' is no time", at: "time", fix: "write it as RFC 3339: 2026-11-22T14:23:01Z")
    }
    return text
  }

  func contentType() throws(SluiceError) -> String? {
    guard let text = try text("datacontenttype") else { return nil }
    guard MediaType(text) != nil else {
      throw invalid(
        "'\(NameRule.printable(text))' is no media type", at: "datacontenttype",
        fix: "write it as type/subtype, for example application/json")
    }
    return text
  }

  /// What it is about, as far as it says. Nothing of it need be known here: a tool may be first to speak of a thing.
  func place() throws(SluiceError) -> (project: ProjectName?, folder: FolderPath?, product: ProductRef?) {
    let product = try text("product").map { text throws(SluiceError) in
      try named("product") { () throws(SluiceError) in try ProductRef(text) }
    }
    let project = try text("project").map { text throws(SluiceError) in
      try named("project") { () throws(SluiceError) in try ProjectName(text) }
    }
    let folder = try text("folder").map { text throws(SluiceError) in
      try named("folder") { () throws(SluiceError) in try FolderPath(text) }
    }
    if let product, project ?? product.project != product.project || folder ?? product.folder != product.folder {
      throw invalid(
        "its product is not of its project and folder", at: "product", fix: "name the product only; it says both")
    }
    if folder != nil, project ?? product?.project == nil {
      throw invalid("it has a folder and no project", at: "folder", fix: "add the attribute 'project'")
    }
    return (project ?? product?.project, folder, product)
  }

  private func named<Name>(_ attribute: String, _ read: () throws(SluiceError) -> Name) throws(SluiceError) -> Name {
    do throws(SluiceError) {
      return try read()
    } catch {
      throw invalid(error.what, at: attribute, fix: error.fix)
    }
  }

  func invalid(_ what: String, at place: String, fix: String) -> SluiceError {
    SluiceError(.eventInvalid, what: what, at: "\(Fields.name(of: event)), \(place)", fix: fix)
  }

  func reserved(_ what: String, at place: String) -> SluiceError {
    SluiceError(
      .eventReserved, what: what, at: "\(Fields.name(of: event)), \(place)", fix: "use a name of your own there")
  }

  static func name(of event: CloudEvent) -> String {
    guard case .string(let id)? = event["id"] else { return "event" }
    return "event '\(NameRule.printable(id))'"
  }

  private static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= Limits.eventAttributeNameBytes
      && name.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 }
  }

  /// Control characters and scalars that Unicode keeps from being characters; CloudEvents has neither in text.
  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case ..<0x20, 0x7F..<0xA0, 0xFDD0...0xFDEF: true
    default: scalar.value & 0xFFFE == 0xFFFE
    }
  }
}
