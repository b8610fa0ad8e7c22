import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

extension MemorySite {
  @discardableResult
  fileprivate func purge(_ select: String, keep: Int = 0, apply: Bool = true) async throws -> PurgeAnswer {
    try await purger.purge(
      PurgeRequest(project: "demo", select: select, keep: keep, because: "room", apply: apply), origin: Self.ada)
  }

  fileprivate var demo: Project? { (try? ProjectName("demo")).flatMap { writer.current.projects[$0] } }

  fileprivate func version(_ spoken: String, _ selector: VersionSelector = .latest) throws -> Version {
    try writer.current.version(Reference(product: try ProductRef("demo/\(spoken)"), selector: selector))
  }

  /// What the store holds of a version, by path.
  fileprivate func bytes(of version: Version) -> [String: String] {
    let folder = store.directoryPath(of: version.address)
    return Dictionary(uniqueKeysWithValues: disk.paths(below: folder).map { ($0, disk.text($0) ?? "") })
  }
}

private let review = "sq010/sh0010/review_frames"

private final class Takes: Sendable {
  private let count = Mutex(0)
  func next() -> Int {
    count.withLock {
      $0 += 1; return $0
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `A purge` {
  private func live(_ body: (MemorySite) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await site.publishSources()
      try await site.runAll()
      try await body(site)
    }
  }

  @Test func `that is only shown takes nothing away`() async throws {
    try await live { site in
      let before = site.log.recordCount
      let answer = try await site.purge("step:review", apply: false)
      #expect(!answer.purged && answer.versions.count == 3 && answer.frees > 0)
      #expect(site.log.recordCount == before)
      #expect(!site.bytes(of: try site.version(review)).isEmpty)
    }
  }

  @Test func `takes the bytes and leaves what is known of them`() async throws {
    try await live { site in
      let before = try site.version(review)
      let answer = try await site.purge(review)
      let after = try site.version(review)
      #expect(answer.purged && answer.versions.map(\.ref) == [before.address.product] && answer.kept.isEmpty)
      #expect(site.bytes(of: after).isEmpty && after.isPurged && after.published == before.published)
      let shown = try await site.queries.show(Reference("demo/\(review)"))
      #expect(shown.selected.purged?.because == "room" && shown.status?.purged == true)
      #expect(shown.status?.freshness == .current)
    }
  }

  @Test func `names what stays, and lets the rest go`() async throws {
    try await live { site in
      let answer = try await site.purge("sq010/sh0010/plate \(review)")
      #expect(answer.versions.map(\.ref.spoken) == [review])
      #expect(answer.kept.map(\.kind) == [.source])
    }
  }

  @Test func `refuses files of what it took with the command that brings them back`() async throws {
    try await live { site in
      try await site.purge(review)
      let version = try site.version(review).address.version
      let error = #expect(throws: SluiceError.self) {
        try site.queries.file(Reference("demo/\(review)"), representation: nil, path: nil, frame: nil)
      }
      #expect(error?.code == .versionPurged)
      #expect(error?.fix == "make them again: sluice apply demo --select demo/\(review)@\(version)")
      guard
        case .failed(let failure) = try site.queries.resolve(["demo/\(review)"], representation: nil).results[0].outcome
      else {
        Issue.record("it was resolved")
        return
      }
      #expect(failure.code == "version.purged")
    }
  }

  @Test func `is undone by an apply that selects it, to the same version and byte`() async throws {
    try await live { site in
      let (before, bytes) = (try site.version(review), site.bytes(of: try site.version(review)))
      try await site.purge(review)
      let counts = try await site.runAll(review)
      let after = try site.version(review)
      #expect(counts.succeeded == 1 && after.address == before.address && !after.isPurged)
      #expect(after.published == before.published && site.bytes(of: after) == bytes)
    }
  }

  @Test func `stays as it is where nobody selects it`() async throws {
    try await live { site in
      try await site.purge(review)
      #expect(try await site.runAll() == RunCounts())
      #expect(try site.version(review).isPurged)
    }
  }

  @Test func `is undone for a run that takes what is gone`() async throws {
    try await live { site in
      let movie = "sq010/sh0010/review_movie"
      let first = try site.version(movie)
      try await site.purge("\(review) \(movie)")
      try await site.runAll(movie)
      #expect(try site.version(movie).address == first.address)
      #expect(try !site.version(review).isPurged)
    }
  }

  @Test func `of an older version is undone from what it was made from`() async throws {
    try await live { site in
      let (before, bytes) = (try site.version(review), site.bytes(of: try site.version(review)))
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.runAll()
      let newest = try site.version(review)
      try await site.purge(review)
      try await site.runAll("demo/\(review)@1")
      #expect(site.bytes(of: try site.version(review, .number(1))) == bytes)
      let latest = try site.version(review)
      #expect(latest.address == newest.address && latest.isPurged)
      #expect(try site.version(review, .number(1)).address == before.address)
    }
  }

  @Test func `does not offer what it took as an earlier result`() async throws {
    try await live { site in
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.runAll()
      try await site.purge(review)
      try await site.publish("look/show_lut", [("show.cube", "warm")])
      let plan = try await site.apply("step:review")
      #expect(await site.end(of: plan.id).counts.failed == 0)
      #expect(!site.bytes(of: try site.version(review)).isEmpty)
    }
  }

  @Test func `of frames that a newer version shares is undone by a link, without a run of the command`() async throws {
    try await live { site in
      try await site.publish("sq010/sh0010/plate", [("plate.1002.exr", "patched")], patch: true)
      try await site.runAll()
      try await site.purge(review, keep: 1)
      let plan = try await site.apply("demo/\(review)@1")
      let state = await site.end(of: plan.id)
      let run = try #require(site.writer.current.runs[plan.runs[0].id])
      #expect(state.counts.succeeded == 1 && run.executed == 1 && run.reused == 1)
    }
  }

  @Test func `lets no frames be laid over what is gone`() async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await site.publishSources()
      try await site.runAll()
      try await site.purge(review)
      try await site.publish("sq010/sh0010/plate", [("plate.1002.exr", "patched")], patch: true)
      try await site.runAll("step:review")
      #expect(site.bytes(of: try site.version(review)).count == 2)
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `What is made again and comes out otherwise` {
  /// A program that says something else each time.
  private func live(_ body: (MemorySite) async throws -> Void) async throws {
    let takes = Takes()
    let site = try await MemorySite(script: { order, disk in
      let end = await ScriptedLauncher.work(order, disk)
      guard order.directory.contains("/review_movie/") else { return end }
      for output in order.arguments where output.contains("/out/") { disk.write("take \(takes.next())", to: output) }
      return end
    })
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await site.publishSources()
      try await site.runAll()
      try await body(site)
    }
  }
  private let movie = "sq010/sh0010/review_movie"

  @Test func `is a new version that says so, where it was the latest`() async throws {
    try await live { site in
      let before = try site.version(movie)
      try await site.purge(movie)
      try await site.runAll(movie)
      let after = try site.version(movie)
      #expect(after.number == 2 && after.address != before.address)
      #expect(after.published.note?.contains("v001, whose files were purged") == true)
      #expect(try site.version(movie, .number(1)).isPurged)
    }
  }

  @Test func `fails where it was an older one`() async throws {
    try await live { site in
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.runAll()
      try await site.purge(movie)
      let plan = try await site.apply("demo/\(movie)@1")
      #expect(await site.end(of: plan.id).counts.failed == 1)
      #expect(site.writer.current.runs[plan.runs[0].id]?.failure?.code == "task.outputDiffers")
      #expect(try site.version(movie).number == 2)
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `Any history with purges` {
  @Test(arguments: 0..<24)
  func `never loses what could not be made again, and gets every file back`(seed: Int) async throws {
    let chance = Seeded(seed: UInt64(seed))
    let site = try await MemorySite(seed: UInt64(seed))
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await site.publishSources()
      try await site.runAll()
      var happened: [String] = []
      var stored: [VersionAddress: [String: String]] = [:]
      for round in 0...8 {
        if round > 0 { happened.append(try await happen(at: site, chance)) }
        for version in site.demo?.versions.values.filter({ !$0.isPurged }) ?? [] {
          let files = site.bytes(of: version)
          #expect(
            files.count == version.published.representations.reduce(0) { $0 + $1.files }, "seed \(seed), \(happened)")
          stored[version.address] = files
        }
        try keepsItsPromises(site, "seed \(seed), after \(happened)")
      }
      for version in site.demo?.versions.values.filter(\.isPurged) ?? [] {
        let survey = try await site.queries.survey(try ProjectName("demo"))
        var remaking = Remaking(survey.assessor)
        guard try remaking.hindrance(to: version) == nil else { continue }
        let name = "\(version.address.product)@\(version.address.version)"
        try await site.runAll(name)
        let after = try site.version(version.address.product.spoken, .id(version.address.version))
        #expect(!after.isPurged, "seed \(seed), \(name), after \(happened)")
        if after.published.manifest == version.published.manifest {
          #expect(site.bytes(of: after) == stored[version.address], "seed \(seed), \(name), after \(happened)")
        }
        #expect(
          after.published.representations.map(\.content) == version.published.representations.map(\.content),
          "seed \(seed), \(name), after \(happened)")
      }
    }
  }

  private func happen(at site: MemorySite, _ chance: Seeded) async throws -> String {
    let shot = ["sh0010", "sh0020", "sh0030"][chance.below(3)]
    let word = "w\(chance.below(3))"
    switch chance.below(9) {
    case 0, 1:
      try await site.publish("sq010/\(shot)/plate", [("plate.\(1001 + chance.below(2)).exr", word)], patch: true)
      try await site.runAll()
      return "patch \(shot)"
    case 2:
      try await site.publish("look/show_lut", [("show.cube", word)])
      return "lut \(word)"
    case 3:
      try await site.runAll("sq010/\(shot)")
      return "run \(shot)"
    case 4:
      let product = "sq010/\(shot)/review_frames"
      let reference = try Reference("demo/\(product)")
      try await site.writer.submit(MemorySite.ada) { registry throws(SluiceError) in
        try Decisions.moveTag(reference, to: "approved", in: registry)
      }
      return "approve \(product)"
    case 5:
      site.tools.set("ffmpeg", "ffmpeg \(chance.below(2))")
      return "ffmpeg"
    default:
      let select = ["**", "step:review", "step:review_movie", "sq010/\(shot)", "contact"][chance.below(5)]
      let keep = chance.below(3)
      let tagged = site.demo?.products.values.flatMap { product in
        product.tags.values.map { VersionAddress(product: product.ref, version: $0) }
      }
      let answer = try await site.purge(select == "contact" ? "sq010/contact" : select, keep: keep)
      let gone = Set(answer.versions.map { VersionAddress(product: $0.ref, version: $0.version) })
      #expect(gone.isDisjoint(with: tagged ?? []))
      return "purge \(select) keep \(keep)"
    }
  }

  /// What a tag points to and what somebody published is there.
  private func keepsItsPromises(_ site: MemorySite, _ words: String) throws {
    for version in site.demo?.versions.values.filter(\.isPurged) ?? [] {
      #expect(version.published.made != nil, "\(version.address), \(words)")
      #expect(site.bytes(of: version).isEmpty, "\(version.address), \(words)")
    }
  }
}
