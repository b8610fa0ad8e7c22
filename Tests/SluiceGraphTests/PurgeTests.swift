import FoundationEssentials
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

extension Show {
  fileprivate mutating func purge(_ spoken: String, number: Int? = nil) throws {
    let product = try ref(spoken)
    let version = try #require(project.version(of: product, number.map { .number($0) } ?? .latest))
    try record(.versionPurged(VersionPurged(version: version.address.version, bytes: 1)), product: product)
  }

  fileprivate func hindrance(_ spoken: String, number: Int? = nil) throws -> PurgeHindrance? {
    let version = try #require(project.version(of: try ref(spoken), number.map { .number($0) } ?? .latest))
    var remaking = Remaking(assessor)
    return try remaking.hindrance(to: version)
  }

  fileprivate func choice(
    of spoken: [String], before: Date? = nil, keep: Int = 0, inUse: [ProductRef: String] = [:]
  ) throws -> (gone: [String], kept: [String: PurgeHindrance.Kind]) {
    var remaking = Remaking(assessor)
    let choice = try PurgeChoice(
      of: Set(try spoken.map { try ref($0) }), &remaking, before: before, keep: keep, inUse: inUse)
    return (
      choice.versions.map { "\($0.address.product.spoken) \($0.spoken)" },
      Dictionary(
        choice.kept.map { ("\($0.version.address.product.spoken) \($0.version.spoken)", $0.hindrance.kind) },
        uniquingKeysWith: { first, _ in first })
    )
  }

  /// Two versions of everything that a look makes in the first shot.
  fileprivate static func twice() throws -> Show {
    var show = try Show.made(frames: 1001...1004)
    try show.publish("look/show_lut", file: "cold")
    try show.makeAll()
    return show
  }
}

private let review = "sq010/sh0010/review_frames"

@Suite struct `What may be purged` {
  @Test func `is what today's step makes of the recorded inputs, older versions too`() throws {
    let show = try Show.twice()
    let (gone, kept) = try show.choice(of: [review])
    #expect(gone == ["\(review) v001", "\(review) v002"] && kept.isEmpty)
  }

  @Test func `is never what somebody published`() throws {
    let show = try Show.twice()
    let (gone, kept) = try show.choice(of: ["look/show_lut"])
    #expect(gone.isEmpty && kept == ["look/show_lut v001": .source, "look/show_lut v002": .source])
  }

  @Test func `is never what a tag points to`() throws {
    var show = try Show.twice()
    try show.tag(review, "approved", number: 1)
    let (gone, kept) = try show.choice(of: [review])
    #expect(gone == ["\(review) v002"] && kept == ["\(review) v001": .tagged])
  }

  @Test func `is never what a run takes`() throws {
    let show = try Show.twice()
    let (gone, kept) = try show.choice(of: [review], inUse: [try show.ref(review): "it runs"])
    #expect(gone.isEmpty && Set(kept.values) == [.inUse])
  }

  @Test func `is not what a step made before it was edited`() throws {
    var show = try Show.twice()
    try show.edit("review") { $0.command.append("--more") }
    #expect(try show.hindrance(review)?.text == "the step 'review' was edited since it was made")
  }

  @Test func `is not what a step made that is gone`() throws {
    var show = try Show.twice()
    try show.apply(steps: show.steps.filter { $0.name != "review" })
    #expect(try show.hindrance(review)?.kind == .notRemakeable)
  }

  @Test func `is not what another program made, or one that is not here`() throws {
    var show = try Show.twice()
    show.tools["oiiotool"] = FixedTools.version("3.0")
    #expect(try show.hindrance(review)?.text == "oiiotool is another version than the one that made it")
    show.tools["oiiotool"] = nil
    #expect(try show.hindrance(review)?.text == "the program 'oiiotool' is not on this machine")
  }

  @Test func `is not what was made from something that is gone for good`() throws {
    var show = try Show.twice()
    try show.purge(review)
    let movie = "sq010/sh0010/review_movie"
    #expect(try show.hindrance(movie) == nil)
    try show.edit("review") { $0.command.append("--more") }
    #expect(try show.hindrance(movie)?.kind == .notRemakeable)
  }

  @Test func `is what is older, without the newest that are to stay`() throws {
    let show = try Show.twice()
    let first = try #require(show.project.version(of: try show.ref(review), .number(1)))
    #expect(try show.choice(of: [review], before: first.time).gone == [])
    #expect(try show.choice(of: [review], before: first.time.addingTimeInterval(1)).gone == ["\(review) v001"])
    #expect(try show.choice(of: [review], keep: 1).gone == ["\(review) v001"])
    #expect(try show.choice(of: [review], keep: 2).gone == [])
  }

  @Test func `is nothing that is gone already`() throws {
    var show = try Show.twice()
    try show.purge(review)
    #expect(try show.choice(of: [review]).gone == ["\(review) v001"])
  }
}

@Suite struct `A purged version` {
  @Test func `makes nothing out of date`() throws {
    var show = try Show.twice()
    try show.purge(review)
    #expect(try show.stale() == [])
    #expect(try show.plan().runs.isEmpty)
  }

  @Test func `comes back when it is selected, by a run that says why`() throws {
    var show = try Show.twice()
    try show.purge(review)
    let plan = try show.plan(review)
    #expect(plan.runs.map(\.step) == ["review"] && plan.runs.map(\.restores?.count) == [1])
    #expect(plan.runs.first?.reasons.map(\.kind) == [.purged])
    #expect(
      plan.runs.first?.reasons.first?.text.hasPrefix("the files of \(review) v002 were purged (ada, ") == true)
  }

  @Test func `comes back with what it is made from, makers first`() throws {
    var show = try Show.twice()
    for name in ["review_frames", "review_movie"] { try show.purge("sq010/sh0010/\(name)") }
    let plan = try show.plan("sq010/sh0010/review_movie")
    #expect(plan.runs.map(\.step) == ["review", "review_movie"])
    #expect(plan.runs.allSatisfy { $0.restores?.count == 1 })
  }

  @Test func `comes back by its number, from what it was made from then`() throws {
    var show = try Show.twice()
    try show.purge(review, number: 1)
    #expect(try show.plan(review).runs.isEmpty)
    let plan = try show.plan("\(review)@1")
    #expect(plan.runs.map { $0.reasons.map(\.used) } == [[try show.versionID(review, 1)]])
  }

  @Test func `comes back where a run takes it`() throws {
    var show = try Show.twice()
    try show.purge(review)
    try show.edit("review_movie") { $0.command.append("--more") }
    let plan = try show.plan("sq010/sh0010/review_movie")
    #expect(plan.runs.map(\.step) == ["review", "review_movie"])
    #expect(plan.runs.map { $0.restores != nil } == [true, false])
  }

  @Test func `that cannot come back blocks what takes it`() throws {
    var show = try Show.twice()
    try show.purge(review)
    try show.edit("review") { $0.command.append("--more") }
    try show.edit("review_movie") { $0.command.append("--more") }
    let plan = try show.plan("sq010/sh0010/review_movie")
    #expect(plan.runs.isEmpty && plan.blocked.count == 1)
    #expect(plan.blocked.first?.text.contains("were purged and cannot be made again") == true)
  }

  @Test func `gives another plan each time it is purged`() throws {
    var show = try Show.twice()
    try show.purge(review)
    let first = try show.plan(review)
    let product = try show.ref(review)
    let version = try #require(try show.latest(review)).address.version
    try show.record(
      .versionRestored(VersionRestored(version: version, run: RunID("r-1"), plan: PlanID("p-1"), bytes: 1)),
      product: product)
    #expect(try show.plan(review).runs.isEmpty)
    try show.purge(review)
    let second = try show.plan(review)
    #expect(second.id != first.id && second.runs.first?.id != first.runs.first?.id)
  }

  @Test func `lends no frames to the next version`() throws {
    var show = try Show.twice()
    try show.purge(review)
    try show.patch("sq010/sh0010/plate", frames: FrameSet(1001...1001)) { "patched \($0)" }
    let run = try #require(try show.plan(review).runs.first)
    let all = try show.latest(review)?.published.representations[0].frames
    #expect(run.restores == nil && run.frames == all)
  }
}

extension Show {
  fileprivate func versionID(_ spoken: String, _ number: Int) throws -> String? {
    project.products[try ref(spoken)]?.numbers[number]?.description
  }
}

@Suite struct `What a purge frees` {
  private func link(_ inode: UInt64, names: Int, bytes: Int64 = 10) -> StoredLink {
    StoredLink(inode: StoredLink.Inode(device: 1, number: inode), names: names, bytes: bytes)
  }

  @Test func `is nothing for a file that stays in another version`() {
    #expect(PurgeChoice.frees([[link(1, names: 2), link(2, names: 1)]]) == [10])
  }

  @Test func `counts a file once, with the last of its versions`() {
    #expect(PurgeChoice.frees([[link(1, names: 2)], [link(1, names: 2)]]) == [0, 10])
  }
}
