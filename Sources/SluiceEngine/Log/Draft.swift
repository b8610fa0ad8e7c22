package import SluiceModel

/// A fact before it has an id, a time and an actor.
package struct Draft: Sendable {
  package var project: ProjectName?
  package var folder: FolderPath?
  package var product: ProductRef?
  package var fact: Fact

  package init(project: ProjectName?, folder: FolderPath? = nil, product: ProductRef? = nil, fact: Fact) {
    (self.project, self.product, self.fact) = (project, product, fact)
    self.folder = folder ?? product?.folder
  }
}

/// Who asks, and because of what.
package struct Origin: Sendable {
  package var actor: Actor
  package var cause: EventID?
  package var command: CommandID?
  package init(actor: Actor, cause: EventID? = nil, command: CommandID? = nil) {
    (self.actor, self.cause, self.command) = (actor, cause, command)
  }
  package static let system = Origin(actor: .system)
}
