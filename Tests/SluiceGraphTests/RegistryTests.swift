import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// Facts of a show that plans and runs, from a seed.
private func history(seed: UInt64) throws -> [Event] {
  var random = try RandomShow(seed: seed)
  for _ in 0..<6 { _ = try random.happen() }
  var show = random.show
  let chance = Seeded(seed: seed)
  for number in 0..<8 {
    let plan = PlanID("p-\(chance.below(3))")
    let folder = try FolderPath(["q0/s0", "q0/s1", "q1/s2"][chance.below(3)])
    let run = RunID(plan: plan, step: "s0", folder: folder)
    let body = Digest.of("body \(plan)")
    switch chance.below(6) {
    case 0:
      let only = chance.below(2) == 0 ? [run] : nil
      try show.record(.planApplied(PlanApplied(plan: plan, body: body, runs: 2, tasks: 9, only: only)))
    case 1:
      try show.record(
        .runStarted(RunStarted(plan: plan, run: run, step: "s0", attempt: number, tasks: 4)), folder: folder)
    case 2, 3:
      let outcome: TaskOutcome = chance.below(3) == 0 ? .failed : .succeeded
      let task = TaskFinished(
        task: TaskID(run: run, frame: chance.below(20)), attempt: 1, frames: nil, outcome: outcome, seconds: 1.5,
        recipe: body, log: "logs/x")
      try show.record(.taskFinished(task), folder: folder)
    case 4:
      let outcomes: [RunOutcome] = [.succeeded, .unchanged, .failed, .cancelled]
      let finished = RunFinished(
        plan: plan, run: run, step: "s0", attempt: 1, outcome: outcomes[chance.below(4)], executed: chance.below(3),
        reused: 0, seconds: 7, recipe: body)
      try show.record(.runFinished(finished), folder: folder)
    default:
      try show.record(.planFinished(PlanFinished(plan: plan, outcome: .failed, counts: RunCounts())))
    }
  }
  try show.record(
    .tokenCreated(TokenCreated(name: "ada", digest: Digest.of("secret \(seed)"), rights: [.publish, .run])))
  try show.record(.personErased(PersonErased(alias: PersonAlias(chance: seed))))
  return show.events
}

private func replay(_ events: [Event]) throws -> Registry {
  var registry = Registry()
  for event in events { try registry.apply([event]) }
  return registry
}

@Suite struct `The registry` {
  static let seeds = Array(UInt64(0)..<80)

  @Test func `is the same when it is built from its rows, in any order`() throws {
    for seed in Self.seeds {
      let registry = try replay(try history(seed: seed))
      let rows = registry.allRows
      let restored = try Registry(rows: rows.reversed(), site: "main", head: registry.head)
      #expect(restored.allRows == rows, "seed \(seed)")
      for project in registry.projects.values {
        let other = try #require(restored.projects[project.name])
        #expect(other.graph?.units == project.graph?.units, "seed \(seed)")
        let (mine, theirs) = (project.lastRuns, other.lastRuns)
        #expect(Set(mine.keys) == Set(theirs.keys), "seed \(seed)")
        #expect(mine.keys.allSatisfy { mine[$0] == theirs[$0] }, "seed \(seed)")
      }
    }
  }

  @Test func `is the same when its rows are read in several parts`() throws {
    for seed in Self.seeds {
      let registry = try replay(try history(seed: seed))
      let rows = registry.allRows
      #expect(rows.contains { $0.model == "stock" && $0.body == nil }, "seed \(seed)")
      // With a page for each folder, and with all rows of a kind in one; a folder's products in two parts.
      for pages in [ViewPage.pages(of: rows, bytes: 0), ViewPage.pages(of: rows), oneByOne(rows)] {
        let parts = try pages.map { try RowsPart($0) }
        var restored = try Registry(frame: parts, site: "main")
        try restored.join(parts, head: registry.head)
        #expect(restored.knowsTheSame(as: registry), "seed \(seed)")
        #expect(restored.allRows == rows, "seed \(seed)")
      }
    }
  }

  /// Pages that end wherever a product ends.
  private func oneByOne(_ rows: [ViewRow]) -> [ViewPage] {
    var found: [[ViewRow]] = []
    for row in rows.sorted(by: { ($0.model, $0.key) < ($1.model, $1.key) }) {
      let product = row.key.prefix { $0 != "@" }
      if row.model == "stock", let last = found.last?.last, last.model == row.model,
        last.key.prefix(while: { $0 != "@" }) == product
      {
        found[found.count - 1].append(row)
      } else {
        found.append([row])
      }
    }
    return found.flatMap { ViewPage.pages(of: $0) }
  }

  @Test func `writes most versions as numbers, and refuses what was cut off`() throws {
    var (numbers, all) = (0, 0)
    for seed in Self.seeds {
      let chance = Seeded(seed: seed)
      for row in try replay(try history(seed: seed)).allRows where row.model == "stock" {
        guard let body = row.body else { continue }
        all += 1
        guard body.first != UInt8(ascii: "{") else { continue }
        numbers += 1
        let cut = ViewRow(model: row.model, key: row.key, body: Array(body.prefix(chance.below(body.count))))
        #expect(throws: (any Error).self, "seed \(seed), \(row.key)") {
          try ViewPage.pages(of: [cut]).map { try RowsPart($0) }
        }
      }
    }
    #expect(numbers * 2 > all, "\(numbers) of \(all)")
  }

  @Test func `says of every fact which rows it changed`() throws {
    for seed in Self.seeds {
      var registry = Registry()
      var stored: [String: ViewRow] = [:]
      for event in try history(seed: seed) {
        for key in try registry.apply([event]) {
          let row = registry.row(key)
          stored["\(row.model) \(row.key)"] = row
        }
      }
      let rows = stored.values.sorted { ($0.model, $0.key) < ($1.model, $1.key) }
      #expect(rows.filter { $0.body != nil } == registry.allRows.filter { $0.body != nil }, "seed \(seed)")
    }
  }

  @Test func `writes the same rows each time`() throws {
    for seed in Self.seeds.prefix(20) {
      let events = try history(seed: seed)
      #expect(try replay(events).allRows == replay(events).allRows, "seed \(seed)")
    }
  }

  /// What is known of versions, without the places of facts in the log, which are other ones in another order.
  private func withoutPlaces(
    _ registry: Registry
  ) throws -> (rows: [ViewRow], versions: [VersionAddress: JSONValue]) {
    var versions: [VersionAddress: JSONValue] = [:]
    for version in registry.projects.values.flatMap(\.versions.values) {
      guard case .object(var fields) = try StableJSON.decode(JSONValue.self, from: StableJSON.encode(version)) else {
        continue
      }
      fields["place"] = nil
      versions[version.address] = .object(fields)
    }
    return (registry.allRows.filter { $0.model != "stock" || $0.key.hasSuffix("@") }, versions)
  }

  @Test func `takes facts about different things in any order`() throws {
    for seed in Self.seeds.prefix(30) {
      let events = try RandomShow(seed: seed).show.events
      let split = events.firstIndex { if case .versionPublished = $0.fact { true } else { false } } ?? 0
      let publishes = events[split...].filter { if case .versionPublished = $0.fact { true } else { false } }
      let backwards = try withoutPlaces(replay(Array(events[..<split]) + publishes.reversed()))
      let forwards = try withoutPlaces(replay(Array(events[..<split]) + publishes))
      #expect(backwards.rows == forwards.rows, "seed \(seed)")
      #expect(backwards.versions == forwards.versions, "seed \(seed)")
    }
  }

  @Test func `knows a version that is told twice once`() throws {
    var show = try Show.empty()
    try show.publish("look/show_lut", file: "a")
    let again = try replay(show.events + [try #require(show.events.last)])
    #expect(try again.product(show.ref("look/show_lut")).versions.count == 1)
  }

  @Test func `keeps the place of the last event`() throws {
    #expect(try replay(Show.empty().events).sequence == Int64(Show.empty().events.count))
  }

  @Test func `passes over an event of a later Sluice`() throws {
    var show = try Show.empty()
    let before = show.registry.allRows
    let changed = try show.record(.unknown(type: "sluice.session.kept.v1", critical: false, content: .none))
    #expect(changed == [] && show.registry.allRows == before)
  }

  @Test func `stops at a critical event that it does not know`() throws {
    var show = try Show.empty()
    let error = #expect(throws: SluiceError.self) {
      try show.record(.unknown(type: "sluice.lock.taken.v1", critical: true, content: .none))
    }
    #expect(error?.code == .logDamaged)
  }

  @Test func `removes an attribute that was set to nothing`() throws {
    var show = try Show.empty()
    try show.change("sq010/sh0010", FolderChanged(set: ["fps": ""]))
    #expect(show.project.folders[try FolderPath("sq010/sh0010")]?.attributes == ["range": "1001-1024"])
  }

  @Test(arguments: [
    ("demmo/look/show_lut", "there is no project 'demmo'", "did you mean 'demo'?"),
    ("demo/look/shwo_lut", "nobody has published 'demo/look/shwo_lut'", "did you mean 'demo/look/show_lut'?"),
    ("demo/sq010/contact", "nobody has published 'demo/sq010/contact'", "apply a plan to make it"),
    ("demo/look/show_lut@9", "'demo/look/show_lut' has no version '9'", "it has 1;"),
  ])
  func `answers a name that nothing has with what may be meant`(reference: String, what: String, fix: String) throws {
    let show = try Show.published(frames: 1001...1002)
    let error = #expect(throws: SluiceError.self) { try show.registry.version(Reference(reference)) }
    #expect(error?.what == what)
    #expect(error?.fix.hasPrefix(fix) == true)
  }
}
