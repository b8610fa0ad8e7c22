import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

extension Show {
  fileprivate mutating func purge(_ spoken: String) throws {
    let version = try #require(try latest(spoken))
    try record(
      .versionPurged(VersionPurged(version: version.address.version, bytes: 1)), product: version.address.product)
  }

  fileprivate func hindrance(_ spoken: String, number: Int) throws -> PurgeHindrance? {
    let version = try #require(project.version(of: try ref(spoken), .number(number)))
    var remaking = Remaking(assessor)
    return try PurgeChoice.protection(of: version, in: project, inUse: [:]) ?? remaking.hindrance(to: version)
  }
}

@Suite struct `A purge asks what people said` {
  private let review = "sq010/sh0010/review_frames"
  private var show: Show

  /// Two versions of everything.
  init() throws {
    show = try Show.made(frames: 1001...1004)
    try show.publish("look/show_lut", file: "cold")
    try show.makeAll()
  }

  @Test func `and leaves what was approved, until that is withdrawn and no tag is left`() throws {
    var show = show
    try show.judge(review, number: 1, .approved)
    try show.judge(review, number: 2, .approved)
    #expect(try show.hindrance(review, number: 1)?.kind == .approved)
    #expect(try show.hindrance(review, number: 2)?.text.hasPrefix("it was approved (anna, ") == true)
    try show.judge(review, number: 2, .withdrawn)
    #expect(try show.hindrance(review, number: 2) == nil)
    #expect(try show.hindrance(review, number: 1)?.kind == .approved)
  }

  @Test func `and leaves what a person has in hand`() throws {
    var show = show
    try show.record(.productHeld(ProductHeld(held: true, because: "paint")), product: try show.ref(review))
    #expect(try show.hindrance(review, number: 2)?.kind == .held)
    #expect(try show.hindrance("sq010/sh0010/review_movie", number: 2) == nil)
  }

  @Test func `of the inputs, too, and a freeze or a rejection since is no hindrance`() throws {
    var show = show
    try show.freeze("look/show_lut", at: 2)
    try show.judge("look/show_lut", number: 1, .rejected)
    #expect(try show.hindrance(review, number: 1) == nil)
    #expect(try show.hindrance(review, number: 2) == nil)
  }

  @Test func `and an input that is pinned to another version since is no hindrance`() throws {
    var show = show
    try show.edit("review") { step in
      for index in step.inputs.indices where step.inputs[index].name == "lut" { step.inputs[index].tag = .number(1) }
    }
    #expect(try show.stale().contains("sq010/sh0010 review"))
    #expect(try show.hindrance(review, number: 1) == nil)
    #expect(try show.hindrance(review, number: 2) == nil)
  }
}

@Suite struct `What was made for another range` {
  private func restored(range: String) throws -> FrameSet? {
    var show = try Show.blur(.oneToOne, range: "1001-1004")
    try show.change("sh0010", FolderChanged(set: ["range": range]))
    #expect(try show.hindrance("sh0010/beauty", number: 1) == nil)
    try show.purge("sh0010/beauty")
    return try show.plan("sh0010/beauty@1").runs.first { $0.restores != nil }?.frames
  }

  @Test(arguments: ["1001-1002", "1001-1004"])
  func `comes back with the frames that it had`(range: String) throws {
    #expect(try restored(range: range) == FrameSet(1001...1004))
  }

  @Test func `is made with all frames where the range is longer`() throws {
    var show = try Show.blur(.oneToOne, range: "1001-1004")
    try show.purge("sh0010/beauty")
    try show.change("sh0010", FolderChanged(set: ["range": "1001-1006"]))
    #expect(try show.plan("sh0010/beauty").runs.map(\.frames) == [FrameSet(1001...1006)])
  }
}

@Suite struct `What an input names by a reference` {
  @Test func `has to be there, and comes back with the run that needs it`() throws {
    var show = try Show.madeChair()
    try show.purge("assets/chair/texture")
    #expect(try show.hindrance("sh0010/beauty", number: 1) == nil)
    try show.edit("render") { $0.command.append("--more") }
    let plan = try show.plan("sh0010/beauty")
    #expect(plan.runs.map(\.step) == ["texture", "render"])
    #expect(plan.runs.map { $0.restores != nil } == [true, false])
  }

  @Test func `keeps a version where it is gone for good`() throws {
    var show = try Show.madeChair()
    try show.purge("assets/chair/texture")
    try show.edit("texture") { $0.command.append("--more") }
    #expect(try show.hindrance("sh0010/beauty", number: 1)?.kind == .notRemakeable)
  }

  @Test func `is nothing that the one that names it is made from`() throws {
    var show = try Show.madeChair()
    try show.purge("assets/chair/texture")
    try show.edit("texture") { $0.command.append("--more") }
    #expect(try show.hindrance("assets/chair/scene", number: 1) == nil)
  }
}
