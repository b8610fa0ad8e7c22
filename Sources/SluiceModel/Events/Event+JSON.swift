import FoundationEssentials

extension Event {
  /// The event in the CloudEvents JSON format, one object with our attributes sorted.
  package var json: [UInt8] {
    var writer = JSONWriter(capacity: 640)
    write(to: &writer)
    return writer.bytes
  }

  /// Writes the same where the writer is.
  func write(to writer: inout JSONWriter) {
    let times = Timestamp.text(time)
    writer.open()
    writer.member("actor", actor.name)
    writer.member("actortrust", actor.trust.rawValue)
    writer.member("causationid", cause?.description)
    if case .unknown(_, true, _) = fact { writer.member("critical", .boolean(true)) }
    writeContent(to: &writer)
    writer.member("dataschema", outside?.schema)
    writer.member("folder", folder?.description)
    writer.member("id", id.description)
    writer.member("product", product?.description)
    writer.member("project", project?.description)
    if outside != nil { writer.member("recordedtime", times) }
    writer.member("site", site)
    writer.member("source", source)
    writer.member("specversion", "1.0")
    writer.member("subject", outside == nil ? product?.description ?? project?.description : outside?.subject)
    if let outside { writer.member("time", outside.time) } else { writer.member("time", times) }
    writer.member("type", fact.type)
    if !extensions.isEmpty {
      for (name, value) in extensions.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
    }
    writer.close()
  }

  private func writeContent(to writer: inout JSONWriter) {
    let content = fact.content
    switch content {
    case .none: break
    case .json(let bytes): writer.member("data", raw: bytes)
    case .text(let text): writer.member("data", text)
    case .binary(let bytes): writer.member("data_base64", Data(bytes).base64EncodedString())
    }
    if let outside {
      writer.member("datacontenttype", outside.contentType)
    } else if content != .none {
      writer.member("datacontenttype", "application/json")
    }
  }

  private static let known: Set<String> = [
    "actor", "actortrust", "causationid", "critical", "data", "data_base64", "datacontenttype", "dataschema", "folder",
    "id", "product", "project", "recordedtime", "site", "source", "specversion", "subject", "time", "type",
  ]

  /// - Throws: `EnvelopeProblem` or a decoding error, for what `json` did not write.
  package init(_ envelope: Envelope) throws {
    func required(_ name: String) throws(EnvelopeProblem) -> String {
      guard let text = envelope.text(name) else { throw EnvelopeProblem("the attribute '\(name)' is missing") }
      return text
    }
    let (site, source, type) = (try required("site"), try required("source"), try required("type"))
    let isOurs = source == "/sites/\(site)"
    let times = try required(isOurs ? "time" : "recordedtime")
    guard let time = Timestamp.date(times) else { throw EnvelopeProblem("'\(times.prefix(40))' is no RFC 3339 time") }
    guard let trust = Actor.Trust(rawValue: try required("actortrust")) else {
      throw EnvelopeProblem("the attribute 'actortrust' is unknown")
    }
    var extensions: [String: AttributeValue] = [:]
    for name in envelope.names where !Event.known.contains(name) { extensions[name] = envelope[name] }
    let contentType = envelope.text("datacontenttype")
    let isCritical = envelope["critical"] == .boolean(true)
    let content = try Content(envelope, contentType: contentType)
    self.init(
      id: EventID(try required("id")), time: time, site: site,
      actor: Actor(name: try required("actor"), trust: trust), cause: envelope.text("causationid").map(EventID.init),
      project: envelope.text("project").map(ProjectName.init(stored:)),
      folder: envelope.text("folder").map(FolderPath.init(stored:)),
      product: try envelope.text("product").map { try ProductRef($0) }, extensions: extensions,
      outside: isOurs
        ? nil
        : Outside(
          source: source, subject: envelope.text("subject"), time: envelope.text("time"), contentType: contentType,
          schema: envelope.text("dataschema")),
      fact: isOurs
        ? try Fact(type: type, critical: isCritical, content: content)
        : .unknown(type: type, critical: isCritical, content: content))
  }
}
