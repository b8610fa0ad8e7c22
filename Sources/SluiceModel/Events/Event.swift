package import FoundationEssentials

/// A fact, in its envelope: CloudEvents 1.0 with our extension attributes.
package struct Event: Sendable, Equatable {
  package var id: EventID
  package var time: Date
  package var site: String
  package var actor: Actor
  /// The event that made this one happen; nil where a person or a tool began it.
  package var cause: EventID?
  package var project: ProjectName?
  package var folder: FolderPath?
  package var product: ProductRef?
  package var fact: Fact

  package init(
    id: EventID, time: Date, site: String, actor: Actor, cause: EventID? = nil, project: ProjectName? = nil,
    folder: FolderPath? = nil, product: ProductRef? = nil, fact: Fact
  ) {
    (self.id, self.time, self.site, self.actor, self.cause) = (id, time, site, actor, cause)
    (self.project, self.folder, self.product, self.fact) = (project, folder, product, fact)
  }
}

/// Who did something.
package struct Actor: Sendable, Hashable, Codable {
  package enum Trust: String, Sendable, Codable {
    /// The name belongs to a token that was shown.
    case token
    /// Somebody said so; nobody checked.
    case claimed
    /// Sluice itself.
    case system
  }
  package var name: String
  package var trust: Trust

  package init(name: String, trust: Trust) { (self.name, self.trust) = (name, trust) }
  package static let system = Actor(name: "sluice", trust: .system)
}

/// One decision: 1 to n events, whole or not at all.
package struct Record: Sendable, Equatable {
  package var command: CommandID?
  package var events: [Event]

  package init(command: CommandID? = nil, events: [Event]) { (self.command, self.events) = (command, events) }
}

/// A record with its place: `last` is the sequence of its last event.
package struct StoredRecord: Sendable, Equatable {
  package let last: Int64
  package let record: Record

  package init(last: Int64, record: Record) { (self.last, self.record) = (last, record) }
  package func sequence(ofEvent index: Int) -> Int64 { last - Int64(record.events.count - 1 - index) }
}

extension Record: Codable {}

extension Event: Codable {
  private enum Key: String, CodingKey {
    case specversion, id, source, type, subject, time, datacontenttype, data
    case site, actor, actortrust, causationid, project, folder, product, critical
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    id = try container.decode(EventID.self, forKey: .id)
    time = try container.decode(Date.self, forKey: .time)
    site = try container.decode(String.self, forKey: .site)
    actor = Actor(
      name: try container.decode(String.self, forKey: .actor),
      trust: try container.decode(Actor.Trust.self, forKey: .actortrust))
    cause = try container.decodeIfPresent(EventID.self, forKey: .causationid)
    project = try container.decodeIfPresent(ProjectName.self, forKey: .project)
    folder = try container.decodeIfPresent(FolderPath.self, forKey: .folder)
    product = try container.decodeIfPresent(String.self, forKey: .product).map { try ProductRef($0) }
    fact = try Fact(
      type: try container.decode(String.self, forKey: .type),
      critical: try container.decodeIfPresent(Bool.self, forKey: .critical) ?? false,
      from: container.superDecoder(forKey: .data))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode("1.0", forKey: .specversion)
    try container.encode(id, forKey: .id)
    try container.encode("/sites/\(site)", forKey: .source)
    try container.encode(fact.type, forKey: .type)
    try container.encodeIfPresent(product?.description ?? project?.description, forKey: .subject)
    try container.encode(time, forKey: .time)
    try container.encode("application/json", forKey: .datacontenttype)
    try container.encode(site, forKey: .site)
    try container.encode(actor.name, forKey: .actor)
    try container.encode(actor.trust, forKey: .actortrust)
    try container.encodeIfPresent(cause, forKey: .causationid)
    try container.encodeIfPresent(project, forKey: .project)
    try container.encodeIfPresent(folder, forKey: .folder)
    try container.encodeIfPresent(product?.description, forKey: .product)
    if case .unknown(_, true, _) = fact { try container.encode(true, forKey: .critical) }
    try fact.encodeData(to: container.superEncoder(forKey: .data))
  }
}
