import Foundation
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

private let farm = Actor(name: "farm", trust: .token)

/// One shot, `sh0010`, with a step that makes a note of the take that an event tells.
@Suite(.timeLimit(.minutes(4))) struct `A step that listens` {
  private func step(_ onChange: OnChange = .auto, filter: String? = nil) throws -> Step {
    Step(
      name: "conform", folders: .type("shot"), inputs: [],
      outputs: [StepOutput(name: "note", product: "conformed", files: "note.txt", identity: .bytes)],
      on: EventTrigger(
        event: "render", filter: filter, parameters: ["take": try #require(DataPath("data.take"))]),
      onChange: onChange, command: ["conform", "{take}", "{note}"])
  }

  private func pipeline(_ step: Step) throws -> Pipeline {
    Pipeline(
      project: try ProjectName("demo"),
      folders: [FolderDeclaration(path: try FolderPath("sh0010"), type: "shot", attributes: [:])], steps: [step])
  }

  private func live(_ step: Step, _ body: (MemorySite) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.apply(try pipeline(step))
      try await site.quieten()
      try await body(site)
    }
  }

  private func tell(
    _ site: MemorySite, _ id: String, take: String, type: String = "render", folder: String? = "sh0010",
    project: String? = "demo"
  ) async {
    var attributes = [("specversion", "1.0"), ("id", id), ("source", "/farm"), ("type", type)]
    attributes += [("project", project), ("folder", folder)].compactMap { name, value in value.map { (name, $0) } }
    _ = await Intake(writer: site.writer).accept(
      [
        HTTPBinding.Arrival(
          CloudEvent(
            attributes: attributes.map { .init(name: $0.0, value: .string($0.1)) },
            content: .json(Array(#"{"take":\#(take),"other":"\#(id)"}"#.utf8))))
      ], from: farm)
  }

  private func made(_ site: MemorySite) -> [Version] {
    site.writer.current.projects.values.flatMap { $0.versions.values }.sorted { $0.event < $1.event }
  }

  @Test func `waits for an event, and says so`() async throws {
    try await live(try step()) { site in
      #expect(made(site).isEmpty && site.states.isEmpty)
      let note = try await site.queries.status("demo", onlyStale: true).products.first?.reaction
      #expect(note?.kind == .blocked && note?.text == "it cannot run: no event 'render' has come in for it")
      let blocked = try await site.plan().blocked.map(\.text)
      #expect(blocked == ["no event 'render' has come in for it"])
    }
  }

  @Test func `is made because of it, with the values that it binds`() async throws {
    try await live(try step()) { site in
      await tell(site, "e1", take: "4")
      try await site.quieten()
      let version = try #require(made(site).first)
      #expect(made(site).count == 1 && version.published.made?.told?.parameters == ["take": "4"])
      let applied = try #require(
        try await site.events().last { if case .planApplied = $0.fact { true } else { false } })
      #expect(applied.cause == EventID("e1") && applied.actor == .system)
      let reasons = try await site.plans.plan(try #require(site.states.first).id).runs[0].reasons
      #expect(reasons.map(\.kind) == [.missing, .event])
      #expect(reasons[1].text.hasPrefix("render 'e1' came in from /farm (person-"))
      #expect(reasons[1].text.hasSuffix(": take 4"))
    }
  }

  @Test func `is made anew for another value, and says what it was`() async throws {
    try await live(try step()) { site in
      await tell(site, "e1", take: "4")
      try await site.quieten()
      await tell(site, "e2", take: "5")
      let reason = try await site.queries.status("demo", onlyStale: true).products.first?.reasons
      #expect(reason?.map(\.kind) == [.event] && reason?.first?.text.hasSuffix(": take 5, not take 4") == true)
      try await site.quieten()
      #expect(made(site).map(\.published.made?.told?.parameters) == [["take": "4"], ["take": "5"]])
    }
  }

  @Test func `does nothing for the same values, whatever else the event says`() async throws {
    try await live(try step()) { site in
      await tell(site, "e1", take: "4")
      try await site.quieten()
      let before = site.log.recordCount
      await tell(site, "e2", take: "4")
      try await site.quieten()
      #expect(site.log.recordCount == before + 1)
    }
  }

  @Test func `takes the result of before when a value comes back`() async throws {
    try await live(try step()) { site in
      for (id, take) in [("e1", "4"), ("e2", "5"), ("e3", "4"), ("e4", "5")] {
        await tell(site, id, take: take)
        try await site.quieten()
      }
      #expect(made(site).map { $0.published.made?.told?.parameters["take"] } == ["4", "5", "4", "5"])
      #expect(site.states.count == 4)
      let executed = site.writer.current.runs.values.map(\.executed).reduce(0, +)
      #expect(executed == 2)
    }
  }

  @Test func `does nothing for an event of another type, folder or project, or without the value`() async throws {
    try await live(try step()) { site in
      await tell(site, "e1", take: "4", type: "render.begun")
      await tell(site, "e2", take: "4", folder: "sh0020")
      await tell(site, "e3", take: "4", folder: nil)
      await tell(site, "e4", take: "4", folder: nil, project: nil)
      await tell(site, "e5", take: "4", project: "other")
      await tell(site, "e6", take: "null")
      await tell(site, "e7", take: #""-rf""#)
      try await site.quieten()
      #expect(made(site).isEmpty && site.states.isEmpty)
    }
  }

  @Test func `is proposed where it says so, and a declined value stays declined until another comes`() async throws {
    try await live(try step(.propose)) { site in
      await tell(site, "e1", take: "4")
      try await site.quieten()
      let waiting = try #require(site.waiting)
      #expect(made(site).isEmpty)
      _ = try await site.plans.decline(waiting.id, because: nil, origin: MemorySite.ada)
      await tell(site, "e2", take: "4")
      try await site.quieten()
      #expect(site.waiting == nil)
      await tell(site, "e3", take: "5")
      try await site.quieten()
      #expect(site.waiting?.runs == 1)
    }
  }

  @Test func `hears the same after a restart, from the log or from the views`() async throws {
    try await live(try step()) { site in
      await tell(site, "e1", take: "4")
      for _ in 0..<2 {
        let later = try await MemorySite(log: site.log.prefix(site.log.recordCount), disk: site.disk.copy())
        #expect(later.writer.current.projects.values.first?.heard.count == 1)
        try await later.live {
          try await later.quieten()
          #expect(made(later).count == 1)
          let applied = try await later.events().filter { if case .planApplied = $0.fact { true } else { false } }
          #expect(applied.map(\.cause) == [EventID("e1")])
        }
      }
    }
  }

  @Test func `does not count what it heard when it listened for something else`() async throws {
    try await live(try step()) { site in
      await tell(site, "e1", take: "4")
      try await site.quieten()
      try await site.apply(try pipeline(try step(filter: "quality = 'final'")))
      try await site.quieten()
      let note = try await site.queries.status("demo", onlyStale: true).products.first?.reaction
      #expect(made(site).count == 1 && note?.kind == .blocked)
    }
  }

  @Test func `has stored rows that say what it heard`() async throws {
    try await live(try step()) { site in
      await tell(site, "e1", take: "4")
      let (registry, unit) = (site.writer.current, UnitID(step: "conform", folder: try FolderPath("sh0010")))
      let project = try ProjectName("demo")
      let keys: [RowKey] = [.project(project), .pipeline(project), .heard(project, unit)]
      let again = try Registry(rows: keys.map { registry.row($0) }, site: "main", head: registry.head)
      let heard = again.projects[project]?.heard[unit]
      #expect(heard != nil && heard == registry.projects[project]?.heard[unit])
    }
  }
}
