package import FoundationEssentials

/// Somebody who did something, under the alias that the log has for them.
package struct Person: Sendable, Hashable, Codable {
  package var alias: PersonAlias
  package var name: String
  /// When the name was first used.
  package var since: Date
  package init(alias: PersonAlias, name: String, since: Date) {
    (self.alias, self.name, self.since) = (alias, name, since)
  }
}

/// The names that are known now, by their aliases.
package struct KnownNames: Sendable {
  private var people: [PersonAlias: Person] = [:]
  /// Names as they are written inside of a JSON string.
  private var written: [PersonAlias: [UInt8]] = [:]
  private var aliases: [String: PersonAlias] = [:]

  package init(_ people: some Sequence<Person> = []) {
    for person in people { add(person) }
  }

  package var count: Int { people.count }
  /// Sorted by name.
  package var all: [Person] { people.values.sorted { ($0.name, $0.alias) < ($1.name, $1.alias) } }
  package subscript(alias: PersonAlias) -> Person? { people[alias] }
  /// The alias that a name gets.
  package func alias(of name: String) -> PersonAlias? { aliases[name] }
  /// Every alias that a name has: more than one where it was used while an erasure of it failed.
  package func aliases(of name: String) -> Set<PersonAlias> {
    Set(people.values.lazy.filter { $0.name == name }.map(\.alias))
  }

  package mutating func add(_ person: Person) {
    if people[person.alias] != nil { _ = remove([person.alias]) }
    people[person.alias] = person
    written[person.alias] = JSONWriter.inside(person.name)
    if aliases[person.name] == nil { aliases[person.name] = person.alias }
  }

  /// - Returns: those that were there.
  package mutating func remove(_ gone: Set<PersonAlias>) -> [Person] {
    let removed = gone.sorted().compactMap { people.removeValue(forKey: $0) }
    for person in removed {
      written[person.alias] = nil
      if aliases[person.name] == person.alias { aliases[person.name] = aliases(of: person.name).min() }
    }
    return removed
  }

  // MARK: Names in place of aliases

  /// What people see of a text that is an alias as a whole; any other text as it is.
  package func shown(_ text: String) -> String { PersonAlias(text).flatMap { people[$0]?.name } ?? text }

  /// JSON with names in place of the aliases in its strings; an alias without a name stays.
  package func shown(_ json: [UInt8]) -> [UInt8] { json.withUnsafeBytes { shown($0) } ?? json }

  /// Nil where nothing is to be replaced.
  /// - Complexity: O(bytes).
  package func shown(_ json: UnsafeRawBufferPointer) -> [UInt8]? {
    guard !written.isEmpty else { return nil }
    var result: [UInt8] = []
    var (at, copied) = (0, 0)
    while let (place, alias) = AliasScan.next(in: json, from: at) {
      at = place + PersonAlias.length
      guard let name = written[alias] else { continue }
      if copied == 0 { result.reserveCapacity(json.count + 256) }
      result += json[copied..<place]
      result += name
      copied = at
    }
    guard copied > 0 else { return nil }
    return result + json[copied...]
  }
}
