import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `Frames that are painted over` {
  private var show: Show
  private let review = "sq010/sh0010/review_frames"

  init() throws {
    show = try Show.made(frames: 1001...1009)
    try show.paintOver(review, frames: FrameSet(1004...1004)) { "painted \($0)" }
  }

  private func assessment() throws -> Assessment {
    try #require(try show.assess().values.first { "\($0.unit.id)" == "sq010/sh0010 review" })
  }

  @Test func `are all that is made again when the product is released`() throws {
    var show = show
    try show.release(review)
    #expect(try show.stale().filter { $0.hasPrefix("sq010/sh0010 review ") } == ["sq010/sh0010 review 1004"])
    #expect(try show.carryOut(try show.plan(review)) == ["sq010/sh0010 review 1004"])
    #expect(try show.latest(review)?.published.base == show.project.products[try show.ref(review)]?.versions[1])
    try show.makeAll()
    #expect(try show.stale() == [])
  }

  @Test func `say who brought them and when`() throws {
    var copy = self
    try copy.show.release(review)
    let found = try copy.assessment()
    #expect(found.freshness == .unknown && found.reasons.filter { !$0.isNote }.map(\.kind) == [.unrecorded])
    #expect(found.reasons[0].text.hasPrefix("frame 1004 of review_frames v002 was painted over (ada, "))
  }

  @Test func `are told apart from those that an input changed`() throws {
    var copy = self
    try copy.show.release(review)
    try copy.show.patch("sq010/sh0010/plate", frames: FrameSet(1007...1007)) { "new \($0)" }
    let found = try copy.assessment()
    #expect(found.freshness == .stale && found.stale == FrameSet([1004, 1007]))
    #expect(found.reasons.filter { !$0.isNote }.map(\.kind) == [.input, .unrecorded])
    #expect(found.reasons[0].text.hasSuffix(", frame 1007"))
    let ranges = try FrameCauses(Assessments(copy.show.assessor), of: nil).ranges(of: copy.show.ref(review)) ?? []
    let stale = ranges.filter { $0.freshness == .stale }
    #expect(stale.map { "\($0.frames) \($0.reasons)" } == ["1004 [1]", "1007 [0]"])
  }

  @Test func `may lie over others, and the rest still stays`() throws {
    var show = show
    try show.paintOver(review, frames: FrameSet(1006...1006)) { "painted too \($0)" }
    try show.release(review)
    #expect(try show.stale().contains("sq010/sh0010 review 1004,1006"))
  }

  @Test func `leave nothing as it was where everything changed since`() throws {
    var show = show
    try show.publish("look/show_lut", file: "cold")
    try show.release(review)
    #expect(try show.stale().contains("sq010/sh0010 review"))
    let reasons = try #require(try show.plan(review).runs.first).reasons.filter { !$0.isNote }
    #expect(reasons.map(\.kind) == [.input, .unrecorded])
  }

  @Test func `are made from nothing, and the others from what they were`() throws {
    let version = try #require(try show.latest(review))
    let lineage = try show.project.lineage(of: version, show.manifests)
    #expect(Set(lineage.map(\.product.spoken)) == ["look/show_lut", "sq010/sh0010/plate"])
    #expect(Set(lineage.map(\.frames)) == [FrameSet("1001-1003,1005-1009")])
  }

  @Test func `that nobody has released tell what is kept out meanwhile`() throws {
    var copy = self
    #expect(try copy.assessment().notes.map(\.text).allSatisfy { !$0.contains("kept out") })
    try copy.show.publish("look/show_lut", file: "cold")
    let found = try copy.assessment()
    #expect(found.freshness == .current && found.notes.map(\.kind) == [.held])
    #expect(found.notes[0].text.contains(": because “wires”; kept out: look/show_lut moved from v001 to v002 (ada, "))
    #expect(try copy.show.plan().held?.first?.text == found.notes[0].text)
  }
}

@Suite struct `An input without a version` {
  @Test func `says who rejected it, not that nobody published it`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.judge("look/show_lut", number: 1, .approved)
    try show.edit("review") { $0.inputs[1].tag = .tag("approved") }
    try show.makeAll()
    try show.judge("look/show_lut", number: 1, .rejected, because: "bad", by: "tess")
    let reason = try #require(try show.reasons(of: "sq010/sh0010 review").first)
    #expect(reason.kind == .missingInput && reason.input == "demo/look/show_lut")
    #expect(
      reason.text.hasPrefix("look/show_lut v001 was rejected by tess (") && reason.text.hasSuffix(": because “bad”"))
    #expect(try show.plan().missing == [])
  }

  @Test func `says that the approval was taken back`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.judge("look/show_lut", number: 1, .approved)
    try show.edit("review") { $0.inputs[1].tag = .tag("approved") }
    try show.judge("look/show_lut", number: 1, .withdrawn, by: "tess")
    let text = try #require(try show.reasons(of: "sq010/sh0010 review").first).text
    #expect(text.hasPrefix("look/show_lut v001 has no approval any more: tess took it back ("))
  }

  @Test func `says that every version was rejected, and the newest by whom`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "cold")
    try show.judge("look/show_lut", number: 1, .rejected)
    try show.judge("look/show_lut", number: 2, .rejected, because: "blue", by: "tess")
    let text = try #require(try show.reasons(of: "sq010/sh0010 review").first).text
    #expect(text.hasPrefix("every version of look/show_lut was rejected: v002 was rejected by tess ("))
  }

  @Test(arguments: [
    ("approved", "look/show_lut has no approved version"),
    ("final", "look/show_lut has no version with the tag 'final'"),
  ]) func `says which tag it has not`(tag: String, text: String) throws {
    var show = try Show.made(frames: 1001...1003)
    try show.edit("review") { $0.inputs[1].tag = .tag(tag) }
    #expect(try show.reasons(of: "sq010/sh0010 review").map(\.text).first == text)
    #expect(try show.plan(reviewFrames).blocked.map(\.text) == [text])
  }
  private let reviewFrames = "sq010/sh0010/review_frames"

  @Test func `of what a person made says so too`() throws {
    var show = try Show.animatedAndMade()
    try show.judge("hero/rig", number: 1, .rejected, because: "broken", by: "tess")
    let reason = try #require(try show.reasons("animation").first)
    #expect(try show.freshness("animation") == .dubious)
    #expect(reason.text.hasPrefix("hero/rig v001 was rejected by tess ("))
  }
}

extension Show {
  fileprivate func reasons(of unit: String) throws -> [Reason] {
    try assess().values.first { "\($0.unit.id)" == unit }?.reasons ?? []
  }
}
