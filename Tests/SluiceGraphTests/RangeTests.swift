import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A shorter range` {
  private var show: Show

  init() throws {
    show = try Show.blur(.oneToOne, range: "1001-1006")
    try show.change("sh0010", FolderChanged(set: ["range": "1001-1004"]))
  }

  @Test func `makes no frame anew, and the movie of them is made again`() throws {
    var show = show
    #expect(try show.stale() == ["sh0010 movie"])
    #expect(try show.makeAll() == ["sh0010 movie"])
    #expect(try show.stale() == [])
  }

  @Test func `is the reason of the movie, with who wrote it`() throws {
    let reason = try #require(try show.causes(of: "sh0010 movie").first)
    #expect(reason.kind == .range && reason.input == "demo/sh0010/beauty")
    #expect(
      reason.text.hasPrefix("sh0010/beauty counts with frames 1001-1004: sh0010 has the range 1001-1004 (ada, "))
  }

  @Test func `leaves the frames beyond it in the version until it is made anew`() throws {
    var show = show
    try show.makeAll()
    #expect(try show.latest("sh0010/beauty")?.published.representations[0].frames == FrameSet(1001...1006))
    try show.edit("blur") { $0.command.append("--more") }
    try show.makeAll()
    #expect(try show.latest("sh0010/beauty")?.published.representations[0].frames == FrameSet(1001...1004))
  }

  @Test func `and the longer one again makes no frame either`() throws {
    var show = show
    try show.makeAll()
    try show.change("sh0010", FolderChanged(set: ["range": "1001-1006"]))
    #expect(try show.makeAll() == ["sh0010 movie"])
  }

  @Test func `still misses what an input has lost`() throws {
    var show = show
    try show.publish("sh0010/plate", frames: FrameSet(1001...1003))
    let reasons = try show.causes(of: "sh0010 blur")
    #expect(reasons.contains { $0.kind == .frames && $0.text == "frames 1004-1006 are gone" })
  }
}

@Suite struct `A longer range` {
  @Test func `makes only the new frames`() throws {
    var show = try Show.blur(.oneToOne, range: "1001-1003")
    try show.change("sh0010", FolderChanged(set: ["range": "1001-1005"]))
    #expect(try show.makeAll() == ["sh0010 blur 1004-1005", "sh0010 movie"])
    #expect(try show.latest("sh0010/beauty")?.published.representations[0].frames == FrameSet(1001...1005))
  }

  @Test func `is the reason, with who wrote it`() throws {
    var show = try Show.blur(.oneToOne, range: "1001-1003")
    try show.change("sh0010", FolderChanged(set: ["range": "1001-1005"]))
    let reason = try #require(try show.causes(of: "sh0010 blur").first)
    #expect(reason.kind == .range)
    #expect(reason.text.hasPrefix("frames 1004-1005 are new: sh0010 has the range 1001-1005 (ada, "))
  }

  @Test func `by handles is one too`() throws {
    var show = try Show.blur(.oneToOne, range: "1002-1003")
    try show.change("sh0010", FolderChanged(set: ["handles": "1"]))
    let reason = try #require(try show.causes(of: "sh0010 blur").first)
    #expect(reason.text.hasPrefix("frames 1001,1004 are new: sh0010 has the range 1002-1003 with handles of 1 (ada, "))
    #expect(try show.makeAll() == ["sh0010 blur 1001,1004", "sh0010 movie"])
  }

  @Test func `than the plate names what is missing, and makes the rest`() throws {
    var show = try Show.blur(.oneToOne, range: "1001-1003")
    try show.change("sh0010", FolderChanged(set: ["range": "1001-1009"]))
    #expect(try show.makeAll() == ["sh0010 blur 1004-1006", "sh0010 movie"])
    let blur = try #require(try show.assess().values.first { $0.unit.id.step == "blur" })
    #expect(blur.freshness == .current && blur.frames?.missing == FrameSet(1007...1009))
    #expect(blur.reasons.map(\.kind) == [.missingFrames])
    #expect(blur.reasons.map(\.text) == ["sh0010/plate has no frames 1007-1009"])
    #expect(try show.plan().runs == [])
  }

  @Test func `passes no missing frame on as a cause`() throws {
    var show = try Show.blur(.oneToOne, range: "1001-1009")
    try show.patch("sh0010/plate", frames: FrameSet(1002...1002)) { "new \($0)" }
    #expect(try show.causes(of: "sh0010 movie").map(\.kind) == [.upstream])
  }
}

@Suite struct `A step over the range` {
  @Test func `has a task for each frame, though no input has any`() throws {
    let plan = try Show.chair().plan()
    #expect(plan.runs.first { $0.step == "render" }?.frames == FrameSet(1001...1004))
    #expect(plan.runs.first { $0.step == "render" }?.tasks == 4)
  }

  @Test func `makes only new frames of a longer one, and none of a shorter one`() throws {
    var show = try Show.madeChair()
    try show.change("sh0010", FolderChanged(set: ["range": "1001-1006", "handles": "1"]))
    #expect(try show.makeAll() == ["sh0010 render 1000,1005-1007", "sh0010 movie"])
    try show.change("sh0010", FolderChanged(set: ["range": "1001-1002", "handles": ""]))
    #expect(try show.makeAll() == ["sh0010 movie"])
  }

  @Test func `cannot run on a folder without one, and says what to do`() throws {
    var show = try Show.chair()
    try show.change("sh0010", FolderChanged(set: ["range": ""]))
    #expect(
      try show.plan().blocked.first { $0.step == "render" }?.text
        == "sh0010 has no frame range, and the step works over it: "
        + "`sluice folder set demo/sh0010 --set range=1001-1024`"
    )
  }

  @Test func `cannot run over a range that is a typing error`() throws {
    var show = try Show.chair()
    try show.change("sh0010", FolderChanged(set: ["range": "1001-9999999"]))
    #expect(
      try show.plan().blocked.first { $0.step == "render" }?.text
        == "sh0010 has a range of 9998999 frames, and at most 1000000 can be worked on")
  }
}

@Suite struct `A range without any frame of the plate` {
  @Test func `cannot be made, and says so`() throws {
    let show = try Show.blur(.oneToOne, range: "1-9")
    #expect(
      try show.plan().blocked.map(\.text) == [
        "its inputs have no frame within the range 1-9",
        "waits for sh0010 blur: its inputs have no frame within the range 1-9",
      ])
  }

  @Test func `leaves what was made as it is`() throws {
    var show = try Show.blur(.oneToOne, range: "1001-1006")
    try show.change("sh0010", FolderChanged(set: ["range": "1-9"]))
    #expect(try show.plan().runs == [])
    #expect(try show.plan().blocked.map(\.text) == ["sh0010/beauty has no frame within the range 1-9"])
  }
}
