import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

private let farm = Actor(name: "farm", trust: .token)

private func arrival(_ id: String, source: String = "/farm", type: String = "job.done", size: Int = 3)
  -> HTTPBinding.Arrival
{
  let attributes = [
    ("specversion", "1.0"), ("id", id), ("source", source), ("type", type), ("datacontenttype", "text/plain"),
  ]
  return HTTPBinding.Arrival(
    CloudEvent(
      attributes: attributes.map { .init(name: $0.0, value: .string($0.1)) },
      content: .text(String(repeating: "x", count: size))))
}

private let broken = HTTPBinding.Arrival(EnvelopeProblem("no object"), id: "bad", source: "/farm")

extension Intake.Entry {
  /// Where it is, with `=` where it was there before; or the code of what is wrong.
  fileprivate var short: String {
    switch outcome {
    case .success(let accepted): "\(accepted.isDuplicate ? "=" : "")\(accepted.position.sequence)"
    case .failure(let error): error.code.rawValue
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `The intake` {
  private func accept(_ site: MemorySite, _ arrivals: [HTTPBinding.Arrival]) async -> [String] {
    await Intake(writer: site.writer).accept(arrivals, from: farm).map(\.short)
  }

  @Test func `records each event for itself, in their order, in one commit`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let all = await accept(site, (1...40).map { arrival("e\($0)") })
      #expect(all == (1...40).map(String.init))
      #expect(site.log.recordCount == 40 && site.log.commits == 1)
      let ids = try await site.events().map(\.id.description)
      #expect(ids == (1...40).map { "e\($0)" })
    }
  }

  @Test func `says who sent it, and what the tool said`() async throws {
    let site = try await MemorySite()
    try await site.live {
      _ = await accept(site, [arrival("e1")])
      let event = try #require(try await site.events().first)
      #expect(site.names.known.shown(event.actor.name) == farm.name && event.actor.trust == farm.trust)
      #expect(event.site == "main" && event.source == "/farm")
      #expect(event.fact == .unknown(type: "job.done", critical: false, content: .text("xxx")))
    }
  }

  @Test func `takes the same source and id once, whenever it comes`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let first = await accept(site, [arrival("a"), arrival("b"), arrival("a"), arrival("a", source: "/other")])
      #expect(first == ["1", "2", "=1", "3"])
      let again = await accept(site, [arrival("b"), arrival("c"), arrival("a", type: "job.other")])
      #expect(again == ["=2", "4", "=1"])
      #expect(site.log.recordCount == 4)
    }
  }

  @Test func `remembers after a restart`() async throws {
    let site = try await MemorySite()
    try await site.live { _ = await accept(site, [arrival("a"), arrival("b")]) }
    let later = try await MemorySite(log: site.log.prefix(2))
    try await later.live {
      let found = await accept(later, [arrival("c"), arrival("b")])
      #expect(found == ["3", "=2"])
    }
  }

  @Test func `remembers more than it keeps in memory`() async throws {
    let site = try await MemorySite()
    try await site.live {
      var sent = 0
      while sent <= Limits.recentCommands + 2_000 {
        _ = await accept(site, (sent..<(sent + 1_000)).map { arrival("e\($0)") })
        sent += 1_000
      }
      let found = await accept(site, [arrival("e0"), arrival("e\(sent - 1)"), arrival("new")])
      #expect(found == ["=1", "=\(sent)", "\(sent + 1)"])
    }
  }

  @Test func `takes the same event once where many send it at once`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let answers = await withTaskGroup(of: [String].self) { group in
        for _ in 0..<50 { group.addTask { await accept(site, [arrival("a"), arrival("b")]) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.count == 50 && answers.flatMap(\.self).count { !$0.hasPrefix("=") } == 2)
      #expect(Set(answers.map { $0.map { $0.replacing("=", with: "") } }) == [["1", "2"]])
      #expect(site.log.recordCount == 2)
    }
  }

  @Test func `fails no event for another one`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let found = await accept(
        site,
        [
          arrival("a"), broken, arrival("b", type: "sluice.x"), arrival("c", size: Limits.recordBytes), arrival(""),
          arrival("d", size: Limits.recordBytes - 100), arrival("e"),
        ])
      #expect(
        found == ["1", "event.invalid", "event.reserved", "event.tooLarge", "event.invalid", "event.tooLarge", "2"])
    }
  }

  @Test func `answers each by its identity`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let entries = await Intake(writer: site.writer).accept([broken, arrival("a")], from: farm)
      #expect(entries.map(\.id) == ["bad", "a"] && entries.map(\.source) == ["/farm", "/farm"])
    }
  }

  @Test func `answers nothing before it is durable`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.door.shut()
      async let accepted = accept(site, [arrival("a")])
      await site.log.door.arrivals(1)
      #expect(site.writer.current.sequence == 0)
      site.log.door.open()
      let found = await accepted
      #expect(found == ["1"] && site.writer.current.sequence == 1)
    }
  }

  @Test func `says so where the log takes nothing, and takes it when it comes again`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.refuse(SluiceError(.logFull, what: "the disk is full", at: "log", fix: "free some space"))
      let refused = await accept(site, [arrival("a"), broken, arrival("a")])
      #expect(refused == ["log.full", "event.invalid", "log.full"])
      let found = await accept(site, [arrival("a")])
      #expect(found == ["1"])
    }
  }

  @Test func `does nothing with nothing`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let found = await accept(site, [])
      #expect(found == [] && site.log.commits == 0)
    }
  }
}
