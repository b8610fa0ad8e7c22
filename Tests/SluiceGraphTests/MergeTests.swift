import FoundationEssentials
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

private func replay(_ order: [(site: String, record: StoredRecord)], at site: String) throws -> Registry {
  var registry = Registry(site: site)
  for (origin, record) in order { try registry.apply([record], from: origin) }
  return registry
}

@Suite struct `Facts of several sites` {
  static let seeds = UInt64(0)..<100

  @Test func `give the same rows in every order that puts causes first`() throws {
    for seed in Self.seeds {
      let sites = try ManySites(seed: seed)
      let chance = Seeded(seed: seed &+ 1_000_000)
      let rows = try replay(sites.order(chance), at: "lon").allRows
      for _ in 0..<3 {
        let other = try replay(sites.order(chance), at: ManySites.names[chance.below(3)]).allRows
        #expect(firstDifference(rows, other) == "", "seed \(seed)")
      }
    }
  }

  @Test func `give the same rows to those who heard of them one by one`() throws {
    for seed in Self.seeds {
      let sites = try ManySites(seed: seed)
      let rows = try replay(sites.order(Seeded(seed: seed)), at: "lon").allRows
      for site in ManySites.names {
        var registry = try #require(sites.registries[site])
        for (origin, record) in sites.order(Seeded(seed: seed &+ 7)) {
          try registry.apply([record], from: origin)
        }
        #expect(firstDifference(rows, registry.allRows) == "", "seed \(seed), \(site)")
      }
    }
  }

  @Test func `are counted once when they are told twice`() throws {
    for seed in Self.seeds.prefix(60) {
      let order = try ManySites(seed: seed).order(Seeded(seed: seed))
      let once = try replay(order, at: "lon")
      let twice = try replay(order.flatMap { [$0, $0] } + order, at: "lon")
      let isSame = twice.allRows == once.allRows && twice.head == once.head
      #expect(isSame, "seed \(seed)")
    }
  }

  @Test func `say which rows they changed`() throws {
    for seed in Self.seeds.prefix(60) {
      var registry = Registry(site: "lon")
      var stored: [String: ViewRow] = [:]
      for (site, record) in try ManySites(seed: seed).order(Seeded(seed: seed)) {
        for key in try registry.apply([record], from: site) {
          let row = registry.row(key)
          stored["\(row.model) \(row.key)"] = row
        }
      }
      let rows = stored.values.filter { $0.body != nil }.sorted { ($0.model, $0.key) < ($1.model, $1.key) }
      let all = registry.allRows.filter { $0.body != nil }
      #expect(firstDifference(all, rows) == "", "seed \(seed)")
    }
  }

  @Test func `go on the same way from stored rows`() throws {
    for seed in Self.seeds.prefix(60) {
      let order = try ManySites(seed: seed).order(Seeded(seed: seed))
      let whole = try replay(order, at: "lon")
      let half = try replay(Array(order.prefix(order.count / 2)), at: "lon")
      var restored = try Registry(rows: half.allRows.filter { $0.body != nil }, site: "lon", head: half.head)
      for (site, record) in order.dropFirst(order.count / 2) { try restored.apply([record], from: site) }
      #expect(firstDifference(whole.allRows, restored.allRows) == "", "seed \(seed)")
      for project in whole.projects.values {
        let runs = try #require(restored.projects[project.name]).lastRuns
        for unit in project.lastRuns.keys { #expect(runs[unit] == project.lastRuns[unit], "seed \(seed)") }
      }
    }
  }

  private func firstDifference(_ some: [ViewRow], _ others: [ViewRow]) -> String {
    let (mine, theirs) = (Set(some), Set(others))
    let rows = mine.symmetricDifference(theirs).sorted { ($0.model, $0.key) < ($1.model, $1.key) }
    return rows.prefix(2).map { "\($0.model) \($0.key) \(String(decoding: $0.body ?? [], as: UTF8.self))" }
      .joined(separator: "\n")
  }
}

@Suite struct `A number that two sites gave` {
  private func published(_ second: Int64, _ number: Int?, at site: String) throws -> StoredRecord {
    let fact = VersionPublished(
      version: VersionID(second: second, site: site, counter: 1), number: number, manifest: Digest.of("m"),
      representations: [], madeFrom: [])
    let event = Event(
      id: EventID("\(site) \(second)"), time: Date(timeIntervalSince1970: 0), site: site, actor: .system,
      project: try ProjectName("demo"), product: try ProductRef("demo/lut"), fact: .versionPublished(fact))
    return StoredRecord(last: 1, record: Record(events: [event]))
  }

  @Test(arguments: [["lon", "nyc"], ["nyc", "lon"]])
  func `stays with the older version, and the other has none`(order: [String]) throws {
    let records = ["lon": try published(2_000, 1, at: "lon"), "nyc": try published(1_000, 1, at: "nyc")]
    var registry = Registry(site: "lon")
    for site in order { try registry.apply([try #require(records[site])], from: site) }
    let project = try #require(registry.projects[try ProjectName("demo")])
    let product = try #require(project.products[try ProductRef("demo/lut")])
    #expect(product.numbers == [1: VersionID(second: 1_000, site: "nyc", counter: 1)])
    #expect(
      product.versions.map { project.versions[VersionAddress(product: product.ref, version: $0)]?.number } == [1, nil])
  }
}

@Suite struct `A project that two sites made` {
  @Test func `keeps what was set on it between`() throws {
    let name = try ProjectName("demo")
    func event(_ fact: Fact, _ site: String) -> Event {
      Event(
        id: EventID(site), time: Date(timeIntervalSince1970: 0), site: site, actor: .system, project: name,
        folder: .root, fact: fact)
    }
    var registry = Registry(site: "lon")
    try registry.apply([
      event(.projectCreated(ProjectCreated(home: "lon")), "lon"),
      event(.folderChanged(FolderChanged(set: ["fps": "24"])), "lon"),
    ])
    let other = Record(events: [event(.projectCreated(ProjectCreated(home: "nyc")), "nyc")])
    try registry.apply([StoredRecord(last: 1, record: other)], from: "nyc")
    #expect(registry.projects[name]?.folders[.root]?.attributes == ["fps": "24"])
    #expect(registry.projects[name]?.contested == [.home])
  }
}
