import FoundationEssentials
import SluiceGraph
import SluiceModel
import Testing

/// Records of two sites about one product; sites know of each other what their records say.
private struct TwoSites {
  let ref: ProductRef
  let project: ProjectName
  private(set) var records: [(site: String, record: StoredRecord)] = []

  init() throws {
    ref = try ProductRef("demo/lut")
    project = try ProjectName("demo")
  }

  /// - Parameter seen: what the site had seen of the other one.
  mutating func write(_ fact: Fact, at site: String, second: Int, seen: [String: Int64] = [:]) {
    let last = Int64(records.count { $0.site == site }) + 1
    let event = Event(
      id: EventID("\(site) \(last)"), time: Date(timeIntervalSince1970: Double(second)), site: site,
      actor: Actor(name: site, trust: .claimed), project: project, product: ref, fact: fact)
    let record = Record(
      clock: HybridTime(milliseconds: Int64(second) * 1_000, counter: 0), seen: Frontier(seen), events: [event])
    records.append((site, StoredRecord(last: last, record: record)))
  }

  static func version(_ second: Int64, _ site: String) -> VersionID {
    VersionID(second: second, site: site, counter: 1)
  }

  mutating func publish(at site: String, second: Int, seen: [String: Int64] = [:]) {
    let fact = VersionPublished(
      version: TwoSites.version(Int64(second), site), number: nil, manifest: Digest.of("m"), representations: [],
      madeFrom: [])
    write(.versionPublished(fact), at: site, second: second, seen: seen)
  }

  /// In every order that puts causes first.
  func inEveryOrder(_ check: (Project) throws -> Void) throws {
    var orders = 0
    func go(_ registry: Registry, _ rest: [(site: String, record: StoredRecord)]) throws {
      if rest.isEmpty {
        orders += 1
        return try check(try #require(registry.projects[project]))
      }
      for (index, next) in rest.enumerated() {
        let isReady = registry.head.frontier.covers(next.record.record.seen)
        guard isReady, !rest[..<index].contains(where: { $0.site == next.site }) else { continue }
        var (after, left) = (registry, rest)
        try after.apply([next.record], from: next.site)
        left.remove(at: index)
        try go(after, left)
      }
    }
    try go(Registry(site: "lon"), records)
    #expect(orders > 1)
  }
}

@Suite struct `What two sites say at once` {
  @Test(arguments: [Verdict.approved, .withdrawn])
  func `of a version is a rejection where one of them rejects, whatever the clocks`(other: Verdict) throws {
    for late in ["lon", "nyc"] {
      var sites = try TwoSites()
      sites.publish(at: "lon", second: 100)
      let version = TwoSites.version(100, "lon")
      sites.write(
        .versionJudged(VersionJudged(version: version, verdict: .rejected)), at: "lon", second: late == "lon" ? 9 : 300)
      sites.write(
        .versionJudged(VersionJudged(version: version, verdict: other)), at: "nyc", second: 200, seen: ["lon": 1])
      try sites.inEveryOrder { project in
        #expect(project.versions[VersionAddress(product: sites.ref, version: version)]?.judgement?.verdict == .rejected)
        #expect(project.products[sites.ref]?.latest == nil)
        #expect(project.isContested(.verdict(sites.ref, version)))
      }
    }
  }

  @Test func `of a version is settled by who has seen both`() throws {
    var sites = try TwoSites()
    sites.publish(at: "lon", second: 100)
    let version = TwoSites.version(100, "lon")
    sites.write(.versionJudged(VersionJudged(version: version, verdict: .rejected)), at: "lon", second: 300)
    sites.write(
      .versionJudged(VersionJudged(version: version, verdict: .approved)), at: "nyc", second: 200, seen: ["lon": 1])
    sites.write(
      .versionJudged(VersionJudged(version: version, verdict: .approved)), at: "nyc", second: 50, seen: ["lon": 2])
    try sites.inEveryOrder { project in
      #expect(project.versions[VersionAddress(product: sites.ref, version: version)]?.judgement?.verdict == .approved)
      #expect(project.products[sites.ref]?.latest == version)
    }
  }

  @Test func `of a product in hand is that it is held`() throws {
    var sites = try TwoSites()
    sites.publish(at: "lon", second: 100)
    sites.write(.productHeld(ProductHeld(held: true, because: "wires")), at: "lon", second: 110)
    sites.write(.productHeld(ProductHeld(held: true, because: "dust")), at: "lon", second: 120)
    sites.write(.productHeld(ProductHeld(held: false)), at: "nyc", second: 900, seen: ["lon": 2])
    try sites.inEveryOrder { project in #expect(project.products[sites.ref]?.hold?.because == "dust") }
  }

  @Test func `of a freeze is what the later clock says`() throws {
    var sites = try TwoSites()
    sites.publish(at: "lon", second: 100)
    let version = TwoSites.version(100, "lon")
    sites.write(.productFrozen(ProductFrozen(at: version, because: "cut")), at: "lon", second: 200)
    sites.write(.productFrozen(ProductFrozen(at: nil)), at: "nyc", second: 150, seen: ["lon": 1])
    try sites.inEveryOrder { project in #expect(project.products[sites.ref]?.freeze?.because == "cut") }
  }

  @Test func `of inputs that a version is right for all holds`() throws {
    var sites = try TwoSites()
    sites.publish(at: "lon", second: 100)
    let version = TwoSites.version(100, "lon")
    for (site, text) in [("lon", "a"), ("nyc", "b")] {
      let used = Used(input: "i", product: sites.ref, version: version, content: Digest.of(text))
      sites.write(
        .versionVouched(VersionVouched(version: version, inputs: [used], core: nil, because: nil)), at: site,
        second: 200, seen: site == "nyc" ? ["lon": 1] : [:])
    }
    var seen: Set<[Vouch]> = []
    try sites.inEveryOrder { project in
      seen.insert(project.versions[VersionAddress(product: sites.ref, version: version)]?.vouches ?? [])
    }
    #expect(seen.count == 1 && seen.first?.count == 2)
  }
}

@Suite struct `The latest version` {
  @Test func `is the one whose publisher knew of the others, even by a clock that is behind`() throws {
    var sites = try TwoSites()
    sites.publish(at: "lon", second: 900)
    sites.publish(at: "nyc", second: 100, seen: ["lon": 1])
    sites.publish(at: "lon", second: 950)
    sites.publish(at: "nyc", second: 200, seen: ["lon": 2])
    try sites.inEveryOrder { project in
      #expect(project.products[sites.ref]?.latest == TwoSites.version(200, "nyc"))
      #expect(project.products[sites.ref]?.newest == TwoSites.version(200, "nyc"))
    }
  }

  @Test func `is the one of the later clock where nobody knew of the other`() throws {
    var sites = try TwoSites()
    for second in [100, 200, 300] { sites.publish(at: "lon", second: second) }
    sites.publish(at: "nyc", second: 400)
    try sites.inEveryOrder { project in #expect(project.products[sites.ref]?.latest == TwoSites.version(400, "nyc")) }
  }

  @Test func `goes back to the one before among those that nobody rejected`() throws {
    var sites = try TwoSites()
    sites.publish(at: "lon", second: 100)
    sites.publish(at: "lon", second: 300)
    sites.publish(at: "nyc", second: 200)
    let fact = VersionJudged(version: TwoSites.version(300, "lon"), verdict: .rejected)
    sites.write(.versionJudged(fact), at: "nyc", second: 400, seen: ["lon": 2])
    try sites.inEveryOrder { project in
      #expect(project.products[sites.ref]?.latest == TwoSites.version(200, "nyc"))
      #expect(project.products[sites.ref]?.newest == TwoSites.version(300, "lon"))
    }
  }
}
