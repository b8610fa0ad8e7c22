/// A name is forgotten: who had it is seen under the alias from here on, and so after any restart.
package struct PersonErased: Sendable, Equatable, Codable {
  package var alias: PersonAlias
  package init(alias: PersonAlias) { self.alias = alias }
}
