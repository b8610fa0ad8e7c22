import FoundationEssentials
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A forced plan` {
  private let forced = Forced(
    by: Actor(name: "ada", trust: .claimed), at: Date(timeIntervalSince1970: 1_795_000_000))

  @Test func `makes anew what is current, says who wants it, and nothing that is not selected`() throws {
    let show = try Show.made(frames: 1001...1004)
    let plan = try show.plan("step:review and sq010", forced: forced)
    #expect(plan.runs.map(\.step) == ["review", "review", "review"] && plan.force == true)
    #expect(plan.runs.allSatisfy { $0.frames == FrameSet(1001...1004) && $0.tasks == 4 })
    #expect(plan.runs[0].reasons.map(\.kind) == [.forced, .missingFrames])
    #expect(plan.runs[0].reasons[0].text == "ada wants it made anew (Wed 18 Nov 11:06 UTC)")
  }

  @Test func `with frames is limited to these, and blocks nobody who takes all`() throws {
    let show = try Show.made(frames: 1001...1004)
    let plan = try show.plan("folder:sq010/sh0010", frames: "1002", forced: forced)
    #expect(plan.runs.map(\.step).sorted() == ["neutral", "review", "review_movie"] && plan.blocked == [])
    #expect(plan.runs.first { $0.step == "review" }?.frames == FrameSet(1002...1002))
  }

  @Test func `tells the other reasons too, and takes all frames`() throws {
    var show = try Show.made(frames: 1001...1004)
    try show.patch("sq010/sh0010/plate", frames: FrameSet(1003...1003)) { "new \($0)" }
    let run = try #require(try show.plan("sq010/sh0010/review_frames", forced: forced).runs.first)
    #expect(run.frames == FrameSet(1001...1004) && run.reasons.map(\.kind) == [.input, .forced, .missingFrames])
  }

  @Test func `is another plan than one that is not, and than the last one once it was carried out`() throws {
    var show = try Show.made(frames: 1001...1002)
    try show.publish("look/show_lut", file: "cold")
    let plain = try show.plan("step:review")
    let first = try show.plan("step:review", forced: forced)
    #expect(plain.id != first.id && plain.force == nil)
    #expect(try show.plan("step:review", forced: forced).id == first.id)
    try show.carryOut(first)
    let second = try show.plan("step:review", forced: forced)
    #expect(second.id != first.id && second.runs.count == 6)
  }

  @Test func `leaves everything current that it did not change`() throws {
    var show = try Show.made(frames: 1001...1002)
    let done = try show.carryOut(try show.plan("step:review", forced: forced))
    #expect(done.count == 6)
    #expect(try show.stale() == [])
  }

  @Test func `is not asked for in plans from before`() throws {
    let plan = try Show.made(frames: 1...2).plan()
    #expect(!StableJSON.text(plan).contains("force"))
  }
}
