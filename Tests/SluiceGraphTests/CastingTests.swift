import FoundationEssentials
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// Two shots and three assets; each shot makes a list of the models that are cast in it.
private func castShow() throws -> Show {
  func folder(_ path: String, _ type: String) throws -> FolderDeclaration {
    FolderDeclaration(path: try FolderPath(path), type: type, attributes: [:])
  }
  var show = try Show(
    folders: [
      folder("s1", "shot"), folder("s2", "shot"), folder("props/chair", "asset"), folder("props/tree", "asset"),
      folder("sets/chair", "asset"),
    ],
    steps: [
      Step(
        "layout", for: "shot", [StepInput(name: "models", product: .here("model"), gather: .cast)],
        makes: [StepOutput(name: "scene", product: "scene", files: "scene.txt", identity: .bytes)],
        ["layout", "{scene}", "{models}"])
    ])
  for asset in ["props/chair", "props/tree", "sets/chair"] { try show.publish("\(asset)/model", file: asset) }
  return show
}

@Suite struct `A cast` {
  @Test func `is gathered by path`() throws {
    var show = try castShow()
    try show.cast("s1", add: ["sets/chair", "props/tree"])
    let unit = try #require(show.graph.unit(UnitID(step: "layout", folder: try FolderPath("s1"))))
    #expect(unit.inputs[0].products.map(\.spoken) == ["props/tree/model", "sets/chair/model"])
  }

  @Test func `that is empty is no obstacle`() throws {
    var show = try castShow()
    #expect(try show.makeAll() == ["s1 layout", "s2 layout"])
    #expect(try show.stale() == [])
  }

  @Test func `with a new asset makes stale only the shots that use it, and says who cast it`() throws {
    var show = try castShow()
    try show.makeAll()
    try show.cast("s1", add: ["props/tree"])
    let plan = try show.plan()
    #expect(plan.runs.map(\.folder.description) == ["s1"])
    let reason = try #require(plan.runs.first?.reasons.first)
    #expect(reason.kind == .cast && reason.input == "demo/props/tree/model")
    #expect(reason.text.hasPrefix("props/tree/model v001 is a new input: props/tree was cast in s1 (ben, "))
  }

  @Test func `without an asset that it had makes the shot stale, and says who took it out`() throws {
    var show = try castShow()
    try show.cast("s1", add: ["props/tree", "props/chair"])
    try show.makeAll()
    try show.cast("s1", remove: ["props/tree"], by: "anna")
    let reason = try #require(try show.plan().runs.first?.reasons.first)
    #expect(reason.kind == .cast)
    #expect(reason.text.hasPrefix("props/tree/model is no longer an input: props/tree is no longer cast in s1 (anna, "))
    try show.makeAll()
    #expect(try show.stale() == [])
  }

  @Test func `counts a new version of an asset only where it is cast`() throws {
    var show = try castShow()
    try show.cast("s1", add: ["props/tree"])
    try show.cast("s2", add: ["props/chair"])
    try show.makeAll()
    try show.publish("props/tree/model", file: "a taller tree")
    #expect(try show.stale() == ["s1 layout"])
  }

  @Test func `leaves an omitted asset out, and has it again when it is taken back`() throws {
    var show = try castShow()
    try show.cast("s1", add: ["props/tree", "props/chair"])
    try show.makeAll()
    try show.change("props/tree", FolderChanged(omitted: true))
    let reason = try #require(try show.plan("s1/scene").runs.first?.reasons.first)
    #expect(reason.kind == .omitted)
    #expect(reason.text.hasPrefix("props/tree/model is no longer an input: props/tree was omitted (ada, "))
    #expect(show.project.cast(of: try FolderPath("s1")).map(\.description) == ["props/chair"])
    try show.makeAll()
    try show.change("props/tree", FolderChanged(omitted: false))
    #expect(try show.stale() == ["s1 layout"])
  }

  @Test func `tells assets of one name in two folders apart`() throws {
    var show = try castShow()
    try show.publish("sets/chair/model", file: "props/chair")
    try show.cast("s1", add: ["props/chair"])
    try show.makeAll()
    try show.cast("s1", add: ["sets/chair"], remove: ["props/chair"])
    #expect(try show.stale() == ["s1 layout"])
  }

  @Test func `is an obstacle where nobody has published what is cast`() throws {
    var show = try castShow()
    try show.record(.folderChanged(FolderChanged(type: "asset")), folder: try FolderPath("props/lamp"))
    try show.cast("s1", add: ["props/lamp"])
    let unit = UnitID(step: "layout", folder: try FolderPath("s1"))
    #expect(try show.assess()[unit]?.obstacle == "nobody has published props/lamp/model")
  }

  @Test func `survives a view that is built from its rows`() throws {
    var show = try castShow()
    try show.cast("s1", add: ["props/tree", "props/chair"])
    try show.cast("s1", remove: ["props/chair"])
    let restored = try Registry(rows: show.registry.allRows, site: "main", head: show.registry.head)
    #expect(restored.projects[show.name]?.casting == show.project.casting)
    #expect(restored.projects[show.name]?.graph?.units == show.graph.units)
  }
}

@Suite struct `A cast that two sites changed` {
  private let name: ProjectName
  private let shot: FolderPath
  private let chair: FolderPath
  private let tree: FolderPath

  init() throws {
    name = try ProjectName("demo")
    (shot, chair, tree) = (try FolderPath("s1"), try FolderPath("props/chair"), try FolderPath("props/tree"))
  }

  private func record(
    _ site: String, _ last: Int64, _ fact: CastingChanged, seen: Frontier = Frontier(), second: Double = 0
  ) -> StoredRecord {
    let event = Event(
      id: EventID("\(site)-\(last)"), time: Date(timeIntervalSince1970: 1_795_000_000 + second), site: site,
      actor: Actor(name: site, trust: .claimed), project: name, folder: shot, fact: .castingChanged(fact))
    return StoredRecord(last: last, record: Record(seen: seen, events: [event]))
  }

  private func replay(_ order: [(String, StoredRecord)]) throws -> Project {
    var registry = Registry(site: "lon")
    for (site, record) in order { try registry.apply([record], from: site) }
    return try #require(registry.projects[name])
  }

  @Test func `has what either put in`() throws {
    let (one, other) = (record("lon", 1, .init(add: [chair])), record("nyc", 1, .init(add: [tree])))
    for order in [[("lon", one), ("nyc", other)], [("nyc", other), ("lon", one)]] {
      let project = try replay(order)
      #expect(project.casting[shot] == [chair, tree] && project.contested.isEmpty)
    }
  }

  @Test func `shows the later word where they disagree about one asset, and that they do`() throws {
    var base = Frontier()
    base.advance("lon", to: 1)
    let first = record("lon", 1, .init(add: [chair, tree]))
    let out = record("lon", 2, .init(remove: [chair]), second: 5)
    let again = record("nyc", 1, .init(add: [chair]), seen: base, second: 9)
    for order in [
      [("lon", first), ("lon", out), ("nyc", again)], [("lon", first), ("nyc", again), ("lon", out)],
    ] {
      let project = try replay(order)
      #expect(project.casting[shot] == [chair, tree])
      #expect(project.contested == [.cast(shot, chair)])
    }
  }
}
