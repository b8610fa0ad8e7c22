package import SluiceModel

/// A fact before it has an id, a time and an actor.
package struct Draft: Sendable {
  package var project: ProjectName?
  package var folder: FolderPath?
  package var product: ProductRef?
  package var fact: Fact
  package var outside: Outside?

  /// What an outside tool said of its event, and no decision of ours.
  package struct Outside: Sendable {
    package var id: EventID
    package var cause: EventID?
    package var attributes: Event.Outside
    package var extensions: [String: AttributeValue]
    package init(
      id: EventID, cause: EventID?, attributes: Event.Outside, extensions: [String: AttributeValue]
    ) {
      (self.id, self.cause, self.attributes, self.extensions) = (id, cause, attributes, extensions)
    }
  }

  package init(
    project: ProjectName?, folder: FolderPath? = nil, product: ProductRef? = nil, fact: Fact, outside: Outside? = nil
  ) {
    (self.project, self.product, self.fact, self.outside) = (project, product, fact, outside)
    self.folder = folder ?? product?.folder
  }
}

/// Who asks, and because of what.
package struct Origin: Sendable {
  /// By name or by alias; the writer records the alias.
  package var actor: Actor
  package var cause: EventID?
  package var command: CommandID?
  /// The W3C trace context of the request, where it has one.
  package var traceparent: String?
  package init(actor: Actor, cause: EventID? = nil, command: CommandID? = nil, traceparent: String? = nil) {
    (self.actor, self.cause, self.command, self.traceparent) = (actor, cause, command, traceparent)
  }
  package static let system = Origin(actor: .system)

  var extensions: [String: AttributeValue] { traceparent.map { ["traceparent": .string($0)] } ?? [:] }
}
