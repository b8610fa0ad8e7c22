import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A version in place` {
  private let lut = "look/show_lut"
  private let plate = "sq010/sh0010/plate"
  private let review = "sq010/sh0010/review_frames"

  /// Everything is made, from a plate and a look that lie in place and that nobody has read.
  private func unread() throws -> Show {
    var show = try Show.made(frames: 1001...1004)
    try show.publish(lut, inPlace: .unhashed, file: "cold")
    try show.publish(plate, inPlace: .unhashed, frames: FrameSet(1001...1004))
    try show.makeAll()
    #expect(try show.stale() == [])
    return show
  }

  @Test func `makes nothing stale when its bytes have been read`() throws {
    var show = try unread()
    try show.hash(lut) { _ in "cold" }
    try show.hash(plate) { "frame \($0 ?? 0)" }
    #expect(try show.stale() == [])
    #expect(try show.latest(lut)?.isHashed == true)
  }

  @Test func `makes nothing stale when its bytes have been read, although its frames go beyond the range`() throws {
    var show = try Show.made(frames: 1001...1004)
    try show.change("sq010/sh0010", FolderChanged(set: ["range": "1001-1004"]))
    try show.edit("review_movie") { $0.inputs.append(StepInput(name: "plate", product: .here("plate"))) }
    try show.publish(plate, inPlace: .unhashed, frames: FrameSet(999...1006))
    try show.makeAll()
    try #require(try show.stale() == [])
    try show.hash(plate) { "frame \($0 ?? 0)" }
    #expect(try show.stale() == [])
    let made = try #require(try show.latest("sq010/sh0010/review_movie"))
    var remaking = Remaking(show.assessor)
    #expect(try remaking.hindrance(to: made) == nil)
    // Made anew it is compared by its bytes.
    try show.publish(plate, inPlace: .hashed, frames: FrameSet(999...1006)) { $0 == 1002 ? "other" : "frame \($0)" }
    #expect(try show.stale().contains("sq010/sh0010 review_movie"))
  }

  @Test func `is compared by its bytes only when they have been read`() throws {
    var show = try unread()
    try show.hash(lut) { _ in "cold" }
    try show.makeAll()
    try show.publish(lut, inPlace: .unhashed, file: "warm")
    try show.makeAll()
    try show.hash(lut) { _ in "warm" }
    // The same bytes again, read at once: whoever was made from a version that nobody had read cannot know.
    try show.publish(lut, file: "warm")
    #expect(try show.stale().contains("sq010/sh0010 review"))
    try show.makeAll()
    try show.publish(lut, inPlace: .unhashed, file: "warm")
    #expect(try show.stale().contains("sq010/sh0010 review"))
    try show.hash(lut) { _ in "warm" }
    #expect(try show.stale() == [])
  }

  @Test func `of which some frames changed makes only those anew, read or not`() throws {
    var show = try unread()
    try show.hash(plate) { "frame \($0 ?? 0)" }
    try show.publish(plate, inPlace: .hashed, frames: FrameSet(1001...1004)) { $0 == 1002 ? "other" : "frame \($0)" }
    // What was made from the version that nobody had read is made anew whole.
    #expect(try show.stale().contains("sq010/sh0010 review"))
    try show.makeAll()
    try show.publish(plate, inPlace: .hashed, frames: FrameSet(1001...1004)) { $0 == 1003 ? "other" : "frame \($0)" }
    #expect(try show.stale().contains("sq010/sh0010 review 1002-1003"))
  }

  @Test func `can be made from again for a purged one after it was read`() throws {
    var show = try unread()
    try show.hash(lut) { _ in "cold" }
    try show.hash(plate) { "frame \($0 ?? 0)" }
    let made = try #require(try show.latest(review))
    var remaking = Remaking(show.assessor)
    #expect(try remaking.hindrance(to: made) == nil)
  }

  @Test func `is never purged`() throws {
    let show = try unread()
    let version = try #require(try show.latest(lut))
    let hindrance = PurgeChoice.protection(of: version, in: show.project, inUse: [:])
    #expect(hindrance?.kind == .inPlace)
  }

  @Test func `that is damaged makes nothing stale, and its users say so`() throws {
    var show = try unread()
    try show.damage(lut)
    #expect(try show.stale() == [])
    let unit = try #require(show.graph.producer(of: try show.ref(review)))
    let assessment = try #require(try show.assess()[unit.id])
    #expect(assessment.notes.map(\.kind) == [.damaged])
    #expect(
      assessment.notes.first?.text.hasPrefix("look/show_lut v002 is damaged: lut.cube was 4 B of ") == true)
  }

  @Test func `that is damaged is in the way of whatever would take it, until it is published anew`() throws {
    var show = try unread()
    try show.damage(lut)
    try show.publish(plate, frames: FrameSet(1001...1004)) { "new \($0)" }
    let plan = try show.plan(review)
    #expect(plan.runs.isEmpty)
    #expect(plan.blocked.first?.text.contains("look/show_lut v002 is damaged") == true)
    try show.publish(lut, file: "cold")
    #expect(try show.plan(review).runs.map(\.step) == ["review"])
  }

  @Test func `that is damaged keeps what was made from it from being purged`() throws {
    var show = try unread()
    try show.damage(lut)
    var remaking = Remaking(show.assessor)
    #expect(try remaking.hindrance(to: #require(try show.latest(review)))?.kind == .notRemakeable)
  }

  @Test func `that a person worked from leaves the work current when it has been read, and is told of when damaged`()
    throws
  {
    var show = try Show.animatedAndMade()
    try show.publish("hero/rig", inPlace: .unhashed, file: "rig two", as: "rig.usd")
    try show.publishByHand("sh010/animation", "she runs")
    try show.hash("hero/rig") { _ in "rig two" }
    func animation() throws -> Assessment {
      try #require(try show.assess().values.first { $0.unit.outputs.contains(try show.ref("sh010/animation")) })
    }
    #expect(try animation().freshness == .current)
    try show.damage("hero/rig")
    #expect(try animation().freshness == .current)
    #expect(try animation().notes.map(\.kind) == [.damaged])
  }

  @Test func `is the same from its rows`() throws {
    var show = try unread()
    try show.hash(lut) { _ in "cold" }
    try show.damage(lut)
    let again = try Registry(rows: show.registry.allRows, site: "main", head: show.registry.head)
    let address = try #require(try show.latest(lut)).address
    #expect(again.projects[show.name]?.versions[address] == show.project.versions[address])
  }
}
