import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A human step` {
  @Test func `is never planned, and the plan says that a person is wanted`() throws {
    let plan = try Show.animated().plan()
    #expect(plan.runs.isEmpty)
    #expect(plan.byHand?.map { "\($0.step) \($0.freshness.rawValue)" } == ["animation missing", "comp missing"])
    #expect(plan.byHand?.first?.text == "nobody has published it yet")
  }

  @Test func `blocks what is made from it until somebody publishes`() throws {
    let plan = try Show.animated().plan()
    #expect(plan.blocked.map(\.text) == ["nobody has published sh010/animation"])
    #expect(plan.missing.map(\.spoken) == ["sh010/animation"])
  }

  @Test func `is current when its version says what it was made from`() throws {
    let show = try Show.animatedAndMade()
    #expect(try show.freshness("animation") == .current && show.freshness("comp") == .current)
    #expect(try show.plan().byHand == [])
  }

  @Test func `is unknown where a declared input was not recorded, and each is named`() throws {
    var show = try Show.animated()
    try show.publishByHand("sh010/animation", "she walks", from: ["demo/hero/rig"])
    #expect(try show.freshness("animation") == .unknown)
    let reasons = try show.reasons("animation")
    #expect(reasons.map(\.kind) == [.unrecorded])
    #expect(reasons[0].text.hasPrefix("v001 does not say which sh010/layout it was made from, which is at v001 (ada, "))
  }

  @Test func `is unknown in all its inputs where nothing was recorded`() throws {
    var show = try Show.animated()
    try show.publishByHand("sh010/animation", "she walks", from: [])
    #expect(try show.reasons("animation").map(\.input) == ["demo/hero/rig", "demo/sh010/layout"])
  }
}

@Suite struct `A change of what a person worked from` {
  private var show: Show

  init() throws {
    show = try Show.animatedAndMade()
    try show.publish("hero/rig", file: "rig two", as: "rig.usd")
  }

  @Test func `makes the work dubious, with who changed what and when`() throws {
    #expect(try show.freshness("animation") == .dubious)
    let reasons = try show.reasons("animation")
    #expect(reasons.map(\.kind) == [.input])
    #expect(reasons[0].text.hasPrefix("hero/rig moved from v001 to v002 (ada, "))
    #expect(reasons[0].text.hasSuffix(" since v001 was published"))
  }

  @Test func `leaves what is made from it current`() throws {
    #expect(try show.stale() == [])
    #expect(try show.freshness("render") == .current && show.freshness("comp") == .current)
  }

  @Test func `is over when somebody publishes anew, and downstream follows`() throws {
    var show = show
    try show.publishByHand("sh010/animation", "she runs")
    #expect(try show.freshness("animation") == .current)
    #expect(try show.stale() == ["sh010 render"])
    #expect(try show.freshness("comp") == .dubious)
    let reason = try #require(try show.reasons("comp").first)
    #expect(reason.kind == .upstream && reason.text.hasSuffix(", through sh010/beauty"))
  }

  @Test func `is over when somebody vouches, who is named`() throws {
    var show = show
    try show.vouch("sh010/animation", because: "only the tail")
    #expect(try show.freshness("animation") == .current)
    let notes = try show.reasons("animation")
    #expect(notes.map(\.kind) == [.vouched])
    #expect(notes[0].text.hasPrefix("anna vouched for v001 with these inputs ("))
    #expect(notes[0].text.hasSuffix(": because “only the tail”"))
  }

  @Test func `after a vouch counts from there`() throws {
    var show = show
    try show.vouch("sh010/animation")
    try show.publish("sh010/layout", file: "layout two", as: "layout.usd")
    #expect(try show.freshness("animation") == .dubious)
    let texts = try show.reasons("animation").map(\.text)
    #expect(texts.count == 1 && texts[0].hasPrefix("sh010/layout moved from v001 to v002"))
    #expect(texts[0].hasSuffix(" since somebody last vouched for v001"))
  }

  @Test func `that is taken back is none`() throws {
    var show = show
    try show.vouch("sh010/animation")
    try show.publish("hero/rig", file: "rig one", as: "rig.usd")
    #expect(try show.freshness("animation") == .current)
  }

  @Test func `back to the same bytes is none`() throws {
    var show = try Show.animatedAndMade()
    try show.publish("hero/rig", file: "rig one", as: "rig.usd")
    #expect(try show.freshness("animation") == .current)
  }

  @Test func `is named beside what was never recorded`() throws {
    var show = try Show.animated()
    try show.publishByHand("sh010/animation", "she walks", from: ["demo/hero/rig"])
    try show.publish("hero/rig", file: "rig two", as: "rig.usd")
    #expect(try show.freshness("animation") == .dubious)
    #expect(try show.reasons("animation").map(\.kind) == [.input, .unrecorded])
  }

  @Test func `a vouch makes what is unknown current`() throws {
    var show = try Show.animated()
    try show.publishByHand("sh010/animation", "she walks", from: [])
    try show.vouch("sh010/animation")
    #expect(try show.freshness("animation") == .current)
  }

  @Test func `of frames is dubious in these frames`() throws {
    let paint = Step(
      "paint", for: "shot", [StepInput(name: "plate", product: .here("plate"), frames: .oneToOne)],
      makes: [StepOutput(name: "paint", product: "paint", files: "paint.####.exr", identity: .bytes)], [])
    var show = try Show(
      folders: [FolderDeclaration(path: FolderPath("s"), type: "shot", attributes: [:])], steps: [paint])
    try show.publish("s/plate", frames: FrameSet(1...4))
    try show.publishByHand("s/paint", frames: FrameSet(1...4)) { "painted \($0)" }
    try show.patch("s/plate", frames: FrameSet(3...3)) { "new \($0)" }
    let assessment = try #require(try show.assess().values.first)
    #expect(assessment.freshness == .dubious && assessment.stale == FrameSet(3...3))
  }

  @Test func `does not matter for a version that was rejected`() throws {
    var show = show
    try show.publishByHand("sh010/animation", "she runs")
    try show.judge("sh010/animation", .rejected, because: "too fast")
    #expect(try show.freshness("animation") == .dubious)
    #expect(try show.reasons("animation").map(\.kind) == [.input, .rejected])
    #expect(try show.stale() == [])
  }
}
