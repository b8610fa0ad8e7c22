import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

private let wall = Date(timeIntervalSince1970: 1_795_000_000)

/// What one site knows, with facts recorded at once.
private struct Desk {
  var registry: Registry
  let project: ProjectName
  let product: ProductRef

  init(_ site: String, home: String = "lon") throws {
    registry = Registry(site: site)
    project = try ProjectName("demo")
    product = try ProductRef("demo/look/lut")
    try hear([fact(.projectCreated(ProjectCreated(home: home)))], from: home)
  }

  func fact(_ fact: Fact, folder: FolderPath? = nil, product: ProductRef? = nil) -> Draft {
    Draft(project: project, folder: folder, product: product, fact: fact)
  }

  /// Records what was decided.
  mutating func record(_ drafts: [Draft]) throws { try hear(drafts, from: registry.site) }

  mutating func hear(_ drafts: [Draft], from site: String, seen: Frontier = Frontier()) throws {
    guard !drafts.isEmpty else { return }
    let events = drafts.enumerated().map { index, draft in
      Event(
        id: EventID("\(site)-\(registry.head.frontier[site])-\(index)"), time: wall, site: site, actor: .system,
        project: draft.project, folder: draft.folder, product: draft.product, fact: draft.fact)
    }
    let record = Record(
      clock: HybridTime(wall: wall), seen: site == registry.site ? registry.head.frontier.without(site) : seen,
      events: events)
    try registry.apply(
      [StoredRecord(last: registry.head.frontier[site] + Int64(events.count), record: record)], from: site)
  }

  func version(_ second: Int64, at site: String, number: Int? = nil) -> Draft {
    fact(
      .versionPublished(
        VersionPublished(
          version: VersionID(second: second, site: site, counter: 1), number: number, manifest: Digest.of("m"),
          representations: [], madeFrom: [])), product: product)
  }

  func tag(_ second: Int64, at site: String) -> Draft {
    fact(
      .tagMoved(TagMoved(tag: "ok", version: VersionID(second: second, site: site, counter: 1))), product: product)
  }
}

@Suite struct `Saying again what is shown` {
  @Test func `records nothing when nobody disagrees`() throws {
    var desk = try Desk("lon")
    try desk.record([desk.version(1, at: "lon"), desk.tag(1, at: "lon")])
    let reference = Reference(product: desk.product, selector: .latest)
    #expect(try Decisions.moveTag(reference, to: "ok", in: desk.registry).isEmpty)
  }

  @Test func `settles a tag that two sites moved without knowing of one another`() throws {
    var desk = try Desk("lon")
    try desk.record([desk.version(1, at: "lon"), desk.version(2, at: "lon")])
    let seen = Frontier(["lon": desk.registry.sequence])
    try desk.record([desk.tag(1, at: "lon")])
    try desk.hear([desk.tag(2, at: "lon")], from: "nyc", seen: seen)
    let key = RegisterKey.tag(desk.product, "ok")
    #expect(desk.registry.projects[desk.project]?.contested == [key])
    let shown = try #require(desk.registry.projects[desk.project]?.products[desk.product]?.tags["ok"])
    try desk.record(
      try Decisions.moveTag(Reference(product: desk.product, selector: .id(shown)), to: "ok", in: desk.registry))
    #expect(desk.registry.projects[desk.project]?.contested == [])
    #expect(desk.registry.projects[desk.project]?.products[desk.product]?.tags["ok"] == shown)
  }

  @Test func `settles the tag of an approval that was lost, and approves nothing`() throws {
    var desk = try Desk("lon")
    let versions = (1...2).map { VersionID(second: $0, site: "lon", counter: 1) }
    try desk.record([desk.version(1, at: "lon"), desk.version(2, at: "lon")])
    let seen = Frontier(["lon": desk.registry.sequence])
    func tag(_ version: VersionID) -> Draft {
      desk.fact(.tagMoved(TagMoved(tag: Judgement.approvedTag, version: version)), product: desk.product)
    }
    try desk.record([tag(versions[0])])
    try desk.hear([tag(versions[1])], from: "nyc", seen: seen)
    let shown = try #require(desk.registry.projects[desk.project]?.products[desk.product]?.tags[Judgement.approvedTag])
    try desk.record([
      desk.fact(.versionJudged(VersionJudged(version: shown, verdict: .rejected, because: nil)), product: desk.product)
    ])
    let reference = Reference(product: desk.product, selector: .id(shown))
    try desk.record(try Decisions.moveTag(reference, to: Judgement.approvedTag, in: desk.registry))
    #expect(desk.registry.projects[desk.project]?.contested == [])
    #expect { try Decisions.moveTag(reference, to: Judgement.approvedTag, in: desk.registry) } throws: {
      ($0 as? SluiceError)?.code == .usage
    }
  }

  @Test func `settles a folder's type, attributes and omission`() throws {
    var desk = try Desk("lon")
    let folder = try FolderPath("a")
    let seen = Frontier(["lon": desk.registry.sequence])
    let (mine, theirs) = (
      FolderChanged(type: "shot", set: ["fps": "24"], omitted: true),
      FolderChanged(type: "asset", set: ["fps": "25"], omitted: false)
    )
    try desk.record([desk.fact(.folderChanged(mine), folder: folder)])
    try desk.hear([desk.fact(.folderChanged(theirs), folder: folder)], from: "nyc", seen: seen)
    #expect(desk.registry.projects[desk.project]?.contested.count == 3)
    let shown = try #require(desk.registry.projects[desk.project]?.folders[folder])
    try desk.record(
      try Decisions.changeFolder(
        desk.project, folder, type: shown.type, set: shown.attributes, omitted: shown.omitted, mustBeNew: false,
        in: desk.registry, site: "lon"))
    #expect(desk.registry.projects[desk.project]?.contested == [])
    #expect(desk.registry.projects[desk.project]?.folders[folder] == shown)
  }
}

@Suite struct `A tag that one record moves twice` {
  @Test func `points where it was moved last, and nobody disagrees`() throws {
    var desk = try Desk("lon")
    try desk.record([
      desk.version(1, at: "lon"), desk.version(2, at: "lon"), desk.tag(1, at: "lon"), desk.tag(2, at: "lon"),
    ])
    #expect(desk.registry.projects[desk.project]?.products[desk.product]?.tags["ok"]?.second == 2)
    #expect(desk.registry.projects[desk.project]?.contested == [])
  }
}

@Suite struct `Numbers` {
  @Test func `are given by the home site alone`() throws {
    #expect(try Desk("lon").registry.nextNumber(of: Desk("lon").product) == 1)
    #expect(try Desk("nyc").registry.nextNumber(of: Desk("nyc").product) == nil)
  }

  @Test func `are given to what others published, in the order of the versions`() throws {
    var desk = try Desk("lon")
    try desk.hear([desk.version(2, at: "nyc"), desk.version(1, at: "nyc")], from: "nyc")
    let drafts = Decisions.giveNumbers(to: [desk.product], in: desk.registry)
    #expect(
      drafts.map(\.fact)
        == [1, 2].map { number in
          .versionNumbered(
            VersionNumbered(version: VersionID(second: Int64(number), site: "nyc", counter: 1), number: number))
        })
    try desk.record(drafts)
    #expect(Decisions.giveNumbers(to: [desk.product], in: desk.registry).isEmpty)
  }

  @Test func `are not given at another site`() throws {
    var desk = try Desk("nyc")
    try desk.record([desk.version(1, at: "nyc")])
    #expect(Decisions.giveNumbers(to: [desk.product], in: desk.registry).isEmpty)
  }
}

@Suite struct `A run at its home site` {
  private let plan = PlanID("p-1")
  private let run = RunID("r-1")

  private func started(_ attempt: Int) -> RunStarted {
    RunStarted(plan: plan, run: run, step: "s", attempt: attempt, tasks: 1)
  }
  private func ended(_ attempt: Int, _ outcome: RunOutcome = .succeeded) -> RunFinished {
    RunFinished(
      plan: plan, run: run, step: "s", attempt: attempt, outcome: outcome, executed: 1, reused: 0, seconds: 1,
      recipe: nil)
  }
  private func applied() throws -> Plan {
    let planned = PlannedRun(
      id: run, step: "s", folder: .root, outputs: [], reasons: [], tasks: 1, frames: nil, estimate: nil, work: nil)
    return Plan(
      id: plan, project: try ProjectName("demo"), selection: "", frames: nil, pipelineRevision: 1, runs: [planned],
      untouched: 0, missing: [], blocked: [])
  }
  private func desk() throws -> Desk {
    var desk = try Desk("lon")
    try desk.record(try RunDecisions.apply(try applied(), body: Digest.of("p"), only: nil, in: desk.registry))
    return desk
  }
  private func end(_ desk: inout Desk, _ fact: RunFinished) throws -> Int {
    let made = VersionPublished(
      version: VersionID(second: 1, site: "lon", counter: fact.attempt), number: nil, manifest: Digest.of("m"),
      representations: [], madeFrom: [])
    let versions = fact.outcome == .succeeded ? [(desk.product, made)] : []
    let drafts = try RunDecisions.end(fact, publishing: versions, desk.project, .root, in: desk.registry)
    try desk.record(drafts)
    return drafts.count
  }
  private func begin(_ desk: inout Desk, _ attempt: Int) throws -> Int {
    let drafts = try RunDecisions.begin(started(attempt), desk.project, .root, in: desk.registry)
    try desk.record(drafts)
    return drafts.count
  }

  @Test func `publishes with its end, and gets the next number`() throws {
    var desk = try desk()
    _ = try begin(&desk, 1)
    #expect(try end(&desk, ended(1)) == 2)
    #expect(desk.registry.projects[desk.project]?.products[desk.product]?.numbers.keys.sorted() == [1])
  }

  @Test func `publishes once, whoever comes second`() throws {
    var desk = try desk()
    _ = try begin(&desk, 1)
    #expect(try end(&desk, ended(1)) == 2)
    #expect(try end(&desk, ended(1)) == 0)
  }

  @Test func `takes nothing from an attempt that another has replaced`() throws {
    var desk = try desk()
    _ = try begin(&desk, 1)
    _ = try begin(&desk, 2)
    #expect(try end(&desk, ended(1)) == 0)
    #expect(try end(&desk, ended(2)) == 2)
  }

  @Test func `begins an attempt once`() throws {
    var desk = try desk()
    #expect(try begin(&desk, 1) == 1)
    #expect(try begin(&desk, 1) == 0)
  }

  @Test func `never gives an attempt's number again, also behind an end without one`() throws {
    var desk = try desk()
    _ = try begin(&desk, 1)
    _ = try begin(&desk, 2)
    _ = try end(&desk, ended(2, .failed))
    try desk.record(
      try RunDecisions.end(
        PlanFinished(plan: plan, outcome: .failed, counts: RunCounts()), desk.project, in: desk.registry))
    try desk.record(try RunDecisions.apply(try applied(), body: Digest.of("p"), only: nil, in: desk.registry))
    #expect(try end(&desk, ended(0, .cancelled)) == 1)
    #expect(desk.registry.runs[run]?.attempt == 2)
  }

  @Test func `ends once without having begun`() throws {
    var desk = try desk()
    #expect(try end(&desk, ended(0, .unchanged)) == 1)
    #expect(try end(&desk, ended(0, .unchanged)) == 0)
    #expect(try begin(&desk, 1) == 0)
  }

  @Test func `counts a task of one attempt once`() throws {
    var desk = try desk()
    _ = try begin(&desk, 1)
    let task = TaskFinished(
      task: TaskID(run: run, frame: 1), attempt: 1, frames: nil, outcome: .succeeded, seconds: 1,
      recipe: Digest.of("r"), log: "l")
    try desk.record(try RunDecisions.finish(task, desk.project, .root, in: desk.registry))
    #expect(try RunDecisions.finish(task, desk.project, .root, in: desk.registry).isEmpty)
  }

  @Test func `is nobody else's business`() throws {
    let desk = try Desk("nyc")
    let error = #expect(throws: SluiceError.self) {
      try RunDecisions.begin(started(1), desk.project, .root, in: desk.registry)
    }
    #expect(error?.code == .siteElsewhere)
  }
}
