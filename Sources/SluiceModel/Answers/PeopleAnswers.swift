/// Everybody whose name is known; the answer of `GET /api/v1/people`.
package struct PeopleAnswer: Sendable, Codable {
  package var people: [Person]
  package init(people: [Person]) { self.people = people }
}

/// Whose name is to be forgotten; the body of `POST /api/v1/people/erase`.
package struct ErasureRequest: Sendable, Codable {
  /// The name, or the alias.
  package var name: String
  /// Only count.
  package var dryRun: Bool?
  package init(name: String, dryRun: Bool?) { (self.name, self.dryRun) = (name, dryRun) }
}

package struct ErasureAnswer: Sendable, Codable {
  /// What is seen in place of the name; more than one only where an erasure failed before.
  package var aliases: [PersonAlias]
  /// Events that carry one of them, as who did something or in what they say.
  package var events: Int
  /// Tokens that were made for the name; they go on working.
  package var tokens: Int
  /// False where it was only counted.
  package var erased: Bool
  package var position: Position
  package init(aliases: [PersonAlias], events: Int, tokens: Int, erased: Bool, position: Position) {
    (self.aliases, self.events, self.tokens) = (aliases, events, tokens)
    (self.erased, self.position) = (erased, position)
  }
}
