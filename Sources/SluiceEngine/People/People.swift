import SluiceGraph
package import SluiceModel

/// The people whose names are known, and how a name is forgotten.
package struct People: Sendable {
  private let writer: Writer
  private let log: any EventLog
  private let names: any PersonNames

  package init(writer: Writer, log: any EventLog, names: any PersonNames) {
    (self.writer, self.log, self.names) = (writer, log, names)
  }

  package func list() -> PeopleAnswer { PeopleAnswer(people: names.known.all) }

  /// Counts what carries a name and, unless it is only asked for, forgets the name. The log stays as it is, and one
  /// more fact in it says that the alias has no name any more.
  /// - Parameter name: the name, or its alias.
  /// - Throws: `person.unknown`, `log.full`, `log.failed`; after the last two it may be called again.
  /// - Complexity: O(bytes of the log).
  package func erase(_ name: String, dryRun: Bool, origin: Origin) async throws(SluiceError) -> ErasureAnswer {
    let aliases = try aliases(of: name)
    // Whoever erases the own name does it under the alias that goes: asked for later, it would be a new one.
    var origin = origin
    if origin.actor.trust != .system { origin.actor.name = try names.alias(of: origin.actor.name).description }
    if !dryRun {
      try await names.erase(aliases) { () async throws(SluiceError) in
        try await writer.submit(origin) { registry in
          aliases.sorted().filter { registry.erased[$0] == nil }.map {
            Draft(project: nil, fact: .personErased(PersonErased(alias: $0)))
          }
        }
      }
    }
    let registry = writer.current
    return ErasureAnswer(
      aliases: aliases.sorted(), events: try await events(carrying: aliases, through: registry.sequence),
      tokens: registry.tokens.values.count { PersonAlias($0.name).map(aliases.contains) == true },
      erased: !dryRun, position: writer.position(registry.sequence))
  }

  private func aliases(of name: String) throws(SluiceError) -> Set<PersonAlias> {
    let known = names.known
    let found = PersonAlias(name).map { known[$0] == nil ? [] : [$0] } ?? known.aliases(of: name)
    guard found.isEmpty else { return found }
    let meant = nearest(to: name, in: known.all.lazy.map(\.name))
    throw SluiceError(
      .personUnknown, what: "nobody is known by the name '\(NameRule.printable(name))'", at: "name",
      fix: meant.map { "did you mean '\($0)'?" } ?? "`sluice person list` lists the names")
  }

  private func events(carrying aliases: Set<PersonAlias>, through head: Int64) async throws(SluiceError) -> Int {
    var (count, place) = (0, Int64(0))
    while place < head {
      let records = try await log.scan(after: place, limit: Limits.recordsPerCommit)
      guard let last = records.last?.last else { break }
      for record in records where aliases.occurs(in: record.bytes) {
        count += try record.envelopes().count { aliases.occurs(in: $0.bytes) }
      }
      place = last
    }
    return count
  }
}
