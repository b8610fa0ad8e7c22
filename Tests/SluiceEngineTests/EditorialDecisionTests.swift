import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

private func show() throws -> Show {
  var show = try Show.published(frames: 1001...1001)
  for asset in ["assets/chair", "assets/tree"] {
    try show.record(.folderChanged(FolderChanged(type: "asset")), folder: try FolderPath(asset))
  }
  return show
}

private func paths(_ texts: [String]) throws -> [FolderPath] { try texts.map { try FolderPath($0) } }

@Suite struct `A decision about a cast` {
  private let shot: FolderPath
  init() throws { shot = try FolderPath("sq010/sh0010") }

  private func decide(
    _ wish: CastingDecisions.Wish, _ show: Show
  ) throws -> [CastingChange] {
    CastingDecisions.changes(try CastingDecisions.cast(show.name, [shot: wish], in: show.registry))
  }

  @Test func `records only what is different`() throws {
    var show = try show()
    try show.cast("sq010/sh0010", add: ["assets/chair"])
    let (chair, tree) = (try FolderPath("assets/chair"), try FolderPath("assets/tree"))
    #expect(try decide(.add([chair]), show) == [])
    #expect(try decide(.add([chair, tree]), show) == [CastingChange(shot: shot, added: [tree], removed: [])])
    #expect(try decide(.remove([tree]), show) == [])
    #expect(try decide(.set([tree]), show) == [CastingChange(shot: shot, added: [tree], removed: [chair])])
    #expect(try decide(.set([]), show) == [CastingChange(shot: shot, added: [], removed: [chair])])
  }

  @Test(arguments: [["assets/chiar"], ["sq010/sh0010"], [""]])
  func `is refused for what cannot be cast`(assets: [String]) throws {
    let show = try show()
    let error = #expect(throws: SluiceError.self) { try decide(.add(try paths(assets)), show) }
    #expect([.folderUnknown, .usage].contains(error?.code))
  }

  @Test func `is refused where steps would feed each other in a circle`() throws {
    var show = try show()
    try show.apply(steps: [
      Step(
        "nest", for: "asset", [StepInput(name: "parts", product: .here("model"), gather: .cast)],
        makes: [StepOutput(name: "model", product: "model", files: "m.txt", identity: .bytes)], ["nest"])
    ])
    try show.cast("assets/chair", add: ["assets/tree"])
    let error = #expect(throws: SluiceError.self) {
      try CastingDecisions.cast(
        show.name, [try FolderPath("assets/tree"): .add([try FolderPath("assets/chair")])], in: show.registry)
    }
    #expect(error?.code == .pipelineCycle)
  }

  @Test func `is cut into records that hold it`() throws {
    let asset = try FolderPath("assets/chair")
    let drafts = try (0..<1_200).map { number in
      Draft(
        project: try ProjectName("demo"), folder: try FolderPath("s\(number)"),
        fact: .castingChanged(CastingChanged(add: Array(repeating: asset, count: number == 0 ? 9_000 : 20))))
    }
    #expect(CastingDecisions.prefix(drafts).count == 1)
    #expect(CastingDecisions.prefix(Array(drafts.dropFirst())).count == 100)
    #expect(CastingDecisions.prefix([]).isEmpty)
  }
}

@Suite struct `A decision about a cut` {
  private func clip(_ name: String, folder: String? = nil) -> CutClip {
    CutClip(name: name, folder: folder, start: 1001, duration: 10, rate: 24)
  }

  @Test func `makes the folders above a new shot`() throws {
    let show = try show()
    let cut = Cut(name: "c", clips: [clip("a", folder: "reel1/sq900/a"), clip("b", folder: "reel1/sq900/b")])
    let shown = try ConformDecisions.conform(cut, show.name, sequence: .root, said: [:], in: show.registry)
    let drafts = try ConformDecisions.record(
      cut, show.name, sequence: .root, said: [:], shown: shown.difference, in: show.registry)
    #expect(
      drafts.map { $0.folder?.description } == ["reel1", "reel1/sq900", "reel1/sq900/a", "reel1/sq900/b"])
  }

  @Test func `is refused where the shots changed since it was shown`() throws {
    let show = try show()
    let cut = Cut(name: "c", clips: [clip("a")])
    let error = #expect(throws: SluiceError.self) {
      try ConformDecisions.record(
        cut, show.name, sequence: .root, said: [:], shown: CutDifference(changes: [], unchanged: 0),
        in: show.registry)
    }
    #expect(error?.code == .cutChanged)
  }

  @Test func `is refused for a sequence that is not there`() throws {
    let show = try show()
    let error = #expect(throws: SluiceError.self) {
      try ConformDecisions.conform(
        Cut(name: "c", clips: [clip("a")]), show.name, sequence: try FolderPath("sq01"), said: [:], in: show.registry)
    }
    #expect(error?.code == .folderUnknown && error?.fix.contains("sq010") == true)
  }
}
