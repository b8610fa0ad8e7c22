import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

private let full = SluiceError(.logFull, what: "the disk is full", at: "names", fix: "free some space")

private func folder(_ name: String) throws(SluiceError) -> [Draft] {
  [
    Draft(
      project: try ProjectName("demo"), folder: try FolderPath(name),
      fact: .folderChanged(FolderChanged(type: "shot")))
  ]
}

extension MemorySite {
  fileprivate var people: People { People(writer: writer, log: log, names: names) }

  fileprivate func make(_ name: String, by actor: Actor) async throws(SluiceError) {
    try await writer.submit(Origin(actor: actor)) { _ throws(SluiceError) in try folder(name) }
  }

  fileprivate func logText() async throws -> String {
    try await log.scan(after: 0, limit: .max).map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
  }
}

private let ada = Actor(name: "adalovelace", trust: .claimed)
private let bob = Actor(name: "bob", trust: .claimed)

@Suite(.timeLimit(.minutes(4))) struct `A person in the log` {
  @Test func `stands there under an alias`() async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.make("a", by: ada)
      let event = try #require(try await site.events().first)
      #expect(PersonAlias(event.actor.name).map { site.names.known[$0]?.name } == "adalovelace")
      #expect(event.actor.trust == .claimed)
      let text = try await site.logText()
      #expect(!text.contains("adalovelace"))
    }
  }

  @Test func `has one alias, however they come`() async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.make("a", by: ada)
      try await site.make("b", by: Actor(name: "adalovelace", trust: .token))
      let alias = try site.names.alias(of: "adalovelace").description
      try await site.make("c", by: Actor(name: alias, trust: .token))
      #expect(try await site.events().map(\.actor.name) == [alias, alias, alias])
    }
  }

  @Test func `is Sluice itself under its own name`() async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.make("a", by: .system)
      #expect(try await site.events().map(\.actor) == [.system])
      #expect(site.names.known.count == 0)
    }
  }

  @Test func `is named in a token by the alias`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let (token, draft) = try Tokens.make(
        "adalovelace", rights: nil, names: site.names, ambient: site.seeded.ambient)
      try await site.writer.submit(.system) { _ in [draft] }
      let alias = try site.names.alias(of: "adalovelace")
      #expect(site.writer.current.tokens[Digest.of(token)]?.name == "\(alias)")
    }
  }

  @Test func `is kept by name before the log has the alias`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.witness { _ in #expect(site.names.unsettled == []) }
      try await site.make("a", by: ada)
      #expect(site.names.known.count == 1)
    }
  }

  @Test func `gets nothing recorded while the name cannot be kept, and everything after`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.names.refuse(full)
      let error = await #expect(throws: SluiceError.self) { try await site.make("a", by: ada) }
      #expect(error == full && site.log.recordCount == 0)
      site.names.refuse(nil)
      try await site.make("a", by: ada)
      #expect(site.log.recordCount == 1 && site.names.unsettled == [])
    }
  }

  @Test func `is not kept by name for a command that was refused`() async throws {
    let site = try await MemorySite()
    try await site.live {
      await #expect(throws: SluiceError.self) {
        try await site.writer.submit(Origin(actor: ada)) { _ throws(SluiceError) in throw full }
      }
      try await site.writer.submit(Origin(actor: ada)) { _ in [] }
      #expect(site.names.known.count == 0)
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `Erasing a name` {
  private func live(_ body: (MemorySite) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.make("a", by: ada)
      try await site.make("b", by: bob)
      try await site.make("c", by: ada)
      try await body(site)
    }
  }

  @Test func `is only counted where it is only asked for`() async throws {
    try await live { site in
      let answer = try await site.people.erase("adalovelace", dryRun: true, origin: Origin(actor: bob))
      #expect(answer.events == 2 && answer.tokens == 0 && !answer.erased)
      #expect(answer.aliases == [site.names.known.alias(of: "adalovelace")])
      #expect(site.names.known.count == 2 && site.log.recordCount == 3)
    }
  }

  @Test func `leaves the log as it is, with one fact more`() async throws {
    try await live { site in
      let before = try await site.log.scan(after: 0, limit: .max)
      let alias = try site.names.alias(of: "adalovelace")
      let answer = try await site.people.erase("adalovelace", dryRun: false, origin: Origin(actor: bob))
      #expect(answer.erased && answer.aliases == [alias])
      let after = try await site.log.scan(after: 0, limit: .max)
      #expect(Array(after.prefix(3)) == before && after.count == 4)
      #expect(try await site.events().last?.fact == .personErased(PersonErased(alias: alias)))
      #expect(site.writer.current.erased[alias] != nil && site.names.known[alias] == nil)
    }
  }

  @Test func `takes the alias for the name too`() async throws {
    try await live { site in
      let alias = try site.names.alias(of: "adalovelace")
      _ = try await site.people.erase("\(alias)", dryRun: false, origin: Origin(actor: bob))
      #expect(site.names.known.all.map(\.name) == ["bob"])
    }
  }

  @Test func `of the own name is recorded under the alias that goes`() async throws {
    try await live { site in
      let alias = try site.names.alias(of: "adalovelace")
      _ = try await site.people.erase("adalovelace", dryRun: false, origin: Origin(actor: ada))
      #expect(try await site.events().last?.actor.name == "\(alias)")
      #expect(site.names.known.all.map(\.name) == ["bob"])
    }
  }

  @Test func `gives who comes again under it another alias`() async throws {
    try await live { site in
      let alias = try site.names.alias(of: "adalovelace")
      _ = try await site.people.erase("adalovelace", dryRun: false, origin: Origin(actor: bob))
      try await site.make("d", by: ada)
      let name = try #require(try await site.events().last).actor.name
      #expect(PersonAlias(name) != nil && name != "\(alias)")
    }
  }

  @Test func `counts tokens, which go on working`() async throws {
    try await live { site in
      let (token, draft) = try Tokens.make(
        "adalovelace", rights: nil, names: site.names, ambient: site.seeded.ambient)
      try await site.writer.submit(.system) { _ in [draft] }
      let answer = try await site.people.erase("adalovelace", dryRun: false, origin: Origin(actor: bob))
      #expect(answer.tokens == 1 && answer.events == 4, "two folders, the token and the erasure itself")
      #expect(site.writer.current.tokens[Digest.of(token)]?.name == answer.aliases.first?.description)
    }
  }

  @Test func `of a name that nobody has says which was meant`() async throws {
    try await live { site in
      let error = await #expect(throws: SluiceError.self) {
        try await site.people.erase("bobb", dryRun: false, origin: Origin(actor: ada))
      }
      #expect(error?.code == .personUnknown && error?.fix.contains("'bob'") == true)
      let gone = try await site.people.erase("bob", dryRun: false, origin: Origin(actor: ada)).aliases
      for name in ["bob"] + gone.map(\.description) {
        let again = await #expect(throws: SluiceError.self) {
          try await site.people.erase(name, dryRun: false, origin: Origin(actor: ada))
        }
        #expect(again?.code == .personUnknown)
      }
    }
  }

  @Test func `that could not be recorded changes nothing`() async throws {
    try await live { site in
      site.log.refuse(full)
      await #expect(throws: SluiceError.self) {
        try await site.people.erase("adalovelace", dryRun: false, origin: Origin(actor: bob))
      }
      #expect(site.names.known.count == 2 && site.log.recordCount == 3)
    }
  }

  @Test func `that was recorded and got no further is finished when it is asked for again`() async throws {
    try await live { site in
      site.names.refuse(full)
      await #expect(throws: SluiceError.self) {
        try await site.people.erase("adalovelace", dryRun: false, origin: Origin(actor: bob))
      }
      #expect(site.names.known.count == 2 && site.log.recordCount == 4)
      site.names.refuse(nil)
      _ = try await site.people.erase("adalovelace", dryRun: false, origin: Origin(actor: bob))
      #expect(site.names.known.count == 1 && site.log.recordCount == 4, "one fact of it is enough")
    }
  }
}
