package import FoundationEssentials

/// A fact, in its envelope: CloudEvents 1.0 with our extension attributes.
package struct Event: Sendable, Equatable {
  /// Unique together with its source; ours are unique by themselves.
  package var id: EventID
  /// When it was recorded.
  package var time: Date
  package var site: String
  package var actor: Actor
  /// The event that made this one happen; nil where a person or a tool began it.
  package var cause: EventID?
  package var project: ProjectName?
  package var folder: FolderPath?
  package var product: ProductRef?
  /// Attributes that mean nothing to us, kept and passed on; `traceparent` (W3C trace context) among them.
  package var extensions: [String: AttributeValue]
  /// What only the event of an outside tool has.
  package var outside: Outside?
  package var fact: Fact

  package init(
    id: EventID, time: Date, site: String, actor: Actor, cause: EventID? = nil, project: ProjectName? = nil,
    folder: FolderPath? = nil, product: ProductRef? = nil, extensions: [String: AttributeValue] = [:],
    outside: Outside? = nil, fact: Fact
  ) {
    (self.id, self.time, self.site, self.actor, self.cause) = (id, time, site, actor, cause)
    (self.project, self.folder, self.product, self.fact) = (project, folder, product, fact)
    (self.extensions, self.outside) = (extensions, outside)
  }

  /// Attributes of an event that another tool sent; its `id` and `type` are that tool's too.
  package struct Outside: Sendable, Equatable {
    package var source: String
    package var subject: String?
    /// When it happened, as the tool wrote it.
    package var time: String?
    package var contentType: String?
    package var schema: String?
    package init(
      source: String, subject: String? = nil, time: String? = nil, contentType: String? = nil, schema: String? = nil
    ) {
      (self.source, self.subject, self.time) = (source, subject, time)
      (self.contentType, self.schema) = (contentType, schema)
    }
  }

  package var source: String { outside?.source ?? "/sites/\(site)" }
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
  /// In an event the alias of a person; the name itself in events of before there were aliases.
  package var name: String
  package var trust: Trust

  package init(name: String, trust: Trust) { (self.name, self.trust) = (name, trust) }
  package static let system = Actor(name: "sluice", trust: .system)
}
