import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// What the naive reference found that the assessor had answered otherwise.
@Suite struct `What the reference found` {
  @Test func `an output that was painted over is made anew when released, whatever the other output says`() throws {
    let step = Step(
      "render", for: "shot", [StepInput(name: "plate", product: .here("plate"), frames: .oneToOne)],
      makes: [
        StepOutput(name: "beauty", product: "beauty", files: "b.####.exr", identity: .pixels),
        StepOutput(name: "matte", product: "matte", files: "m.####.exr", identity: .pixels),
      ], ["render", "{plate}"])
    var show = try Show(
      folders: [FolderDeclaration(path: FolderPath("s"), type: "shot", attributes: [:])], steps: [step])
    try show.publish("s/plate", frames: FrameSet(1...3))
    try show.makeAll()
    try show.paintOver("s/matte", frames: FrameSet(2...2)) { "paint \($0)" }
    #expect(try show.stale() == [])
    try show.release("s/matte")
    #expect(try show.stale() == ["s render 2"])
    #expect(try show.reasons("render").map(\.kind) == [.unrecorded])
  }

  @Test func `a vouch for what a step made is over when what an input names changes`() throws {
    let scene = Step(
      "scene", for: "shot",
      [
        StepInput(name: "cam", product: .here("cam")),
        StepInput(name: "texture", product: .here("texture"), link: .reference),
      ],
      makes: [StepOutput(name: "scene", product: "scene", files: "scene.usd", identity: .bytes)], ["build", "{cam}"])
    let render = Step(
      "render", for: "shot", [StepInput(name: "scene", product: .here("scene"))],
      makes: [StepOutput(name: "beauty", product: "beauty", files: "b.exr", identity: .pixels)], ["render", "{scene}"])
    var show = try Show(
      folders: [FolderDeclaration(path: FolderPath("s"), type: "shot", attributes: [:])], steps: [scene, render])
    try show.publish("s/cam", file: "one")
    try show.publish("s/texture", file: "red")
    try show.makeAll()
    try show.publish("s/texture", file: "green")
    #expect(try show.stale() == ["s render"])
    try show.vouch("s/beauty")
    #expect(try show.stale() == [])
    try show.publish("s/texture", file: "blue")
    #expect(try show.stale() == ["s render"])
  }

  @Test func `a vouch for a person's work counts although the range cuts what it was made from`() throws {
    let comp = Step(
      "comp", for: "shot", [StepInput(name: "plate", product: .here("plate"))],
      makes: [StepOutput(name: "comp", product: "comp", files: "", identity: .bytes)], [])
    var show = try Show(
      folders: [FolderDeclaration(path: FolderPath("s"), type: "shot", attributes: ["range": "2-3"])], steps: [comp])
    try show.publish("s/plate", frames: FrameSet(1...4))
    try show.publishByHand("s/comp", "on black", from: [])
    #expect(try show.freshness("comp") == .unknown)
    try show.vouch("s/comp")
    #expect(try show.freshness("comp") == .current)
  }

  @Test func `an edit that accepts what exists does not accept another order of the cut`() throws {
    let sheet = Step(
      "sheet", for: "sequence", [StepInput(name: "all", product: .here("plate"), gather: .children)],
      makes: [StepOutput(name: "sheet", product: "sheet", files: "sheet.jpg", identity: .pixels)], ["sheet", "{all}"])
    let folders = [("q", "sequence"), ("q/a", "shot"), ("q/b", "shot")]
    var show = try Show(
      folders: try folders.map { FolderDeclaration(path: try FolderPath($0.0), type: $0.1, attributes: [:]) },
      steps: [sheet])
    try show.publish("q/a/plate", file: "a")
    try show.publish("q/b/plate", file: "b")
    try show.makeAll()
    try show.change("q/b", FolderChanged(set: ["order": "1"]))
    #expect(try show.stale() == ["q sheet"])
    try show.grandfather("sheet") { $0.command = ["sheet2", "{all}"] }
    #expect(try show.stale() == ["q sheet"])
    try show.vouch("q/sheet")
    #expect(try show.stale() == [])
  }
}
