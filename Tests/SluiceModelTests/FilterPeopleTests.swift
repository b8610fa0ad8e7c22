import Foundation
import SluiceModel
import Testing

private let ada = PersonAlias(chance: 1)
private let zoe = PersonAlias(chance: 2)
private let known = KnownNames([
  Person(alias: ada, name: "ada", since: Date(timeIntervalSince1970: 0)),
  Person(alias: zoe, name: "Zo\u{EB} O'Hara", since: Date(timeIntervalSince1970: 0)),
])

/// `ada` and `Zoë O'Hara` are known; everybody else is number 9.
private func kept(_ filter: String) throws -> String {
  try CESQL.underAliases(filter) { known.alias(of: $0) ?? PersonAlias(chance: 9) }
}

private func event(actor: String, note: String = "") throws -> Envelope {
  try Envelope(Array(#"{"type":"t","actor":"\#(actor)","note":"\#(note)"}"#.utf8))
}

private func admits(_ filter: String, _ actor: String, names: KnownNames = known) throws -> Bool {
  try EventFilter(types: [], expression: filter).read(with: names).admits(event(actor: actor), names: names)
}

@Suite struct `A filter that names people` {
  @Test(arguments: [
    ("actor = 'ada'", "actor = 'person-000000000001'"),
    ("ACTOR != \"ada\"", "ACTOR != 'person-000000000001'"),
    ("'ada'<>actor", "'person-000000000001'<>actor"),
    ("actor = 'bob' AND project = 'ada'", "actor = 'person-000000000009' AND project = 'ada'"),
    (
      "NOT (actor IN ('ada', \"bob\" , 'Zo\u{EB} O\\'Hara'))",
      "NOT (actor IN ('person-000000000001', 'person-000000000009' , 'person-000000000002'))"
    ),
    ("actor NOT IN ('ada')", "actor NOT IN ('person-000000000001')"),
  ])
  func `is kept with their aliases`(filter: String, expected: String) throws {
    #expect(try kept(filter) == expected)
  }

  @Test(arguments: [
    "", "project = 'ada'", "actor LIKE 'ad%'", "project IN ('ada', 'demo')", "EXISTS actor AND type = 'ada'",
    "actor = 'sluice'", "actor = ''", "CONCAT(actor, 'ada') = 'adaada'", "LEFT(actor, 3) = 'ada'",
  ])
  func `is kept as it was written where it names them in other ways`(filter: String) throws {
    #expect(try kept(filter) == filter)
  }

  @Test func `that cannot be divided is refused`() {
    #expect(throws: SluiceError.self) { try kept("actor = 'ada") }
  }

  @Test(arguments: ["actor = 'ada'", "actor IN ('ada', 'bob')", "actor LIKE 'ad%'", "LENGTH(actor) = 3"])
  func `passes what a person did whose alias stands in the event`(filter: String) throws {
    #expect(try admits(kept(filter), "\(ada)"))
    #expect(try admits(kept(filter), "ada"), "an event of before there were aliases")
    #expect(try !admits(kept(filter), "\(zoe)"))
  }

  @Test func `passes a name with a quote in it`() throws {
    #expect(try admits(kept("actor = 'Zo\u{EB} O\\'Hara'"), "\(zoe)"))
    #expect(try !admits(kept("actor != 'Zo\u{EB} O\\'Hara'"), "\(zoe)"))
  }

  @Test func `still means the same person when the name was erased`() throws {
    var names = known
    let filter = try kept("actor = 'ada'")
    _ = names.remove([ada])
    #expect(try admits(filter, "\(ada)", names: names))
    #expect(try !admits(filter, "\(zoe)", names: names))
  }

  @Test func `does not find by the name somebody whose name was erased`() throws {
    var names = known
    _ = names.remove([ada])
    #expect(try !admits("actor LIKE 'ad%'", "\(ada)", names: names))
  }

  @Test func `looks for names in nothing but the actor`() throws {
    let filter = try EventFilter(types: [], expression: "note = 'ada'").read(with: known)
    #expect(try !filter.admits(event(actor: "bob", note: "\(ada)"), names: known))
  }
}
