import SluiceGraph
import SluiceModel
import SluiceTestKit

/// A chair whose scene names a texture, and a shot that renders it over its range.
extension Show {
  /// - Parameter change: of the steps, before anything is published.
  static func chair(_ change: (inout [Step]) -> Void = { _ in }) throws -> Show {
    let chair = try FolderPath("assets/chair")
    var steps = [
      Step(
        "texture", for: "asset", [StepInput(name: "paint", product: .here("paint"))],
        makes: [StepOutput(name: "o", product: "texture", files: "texture.png", identity: .pixels)],
        ["bake", "{paint}", "{o}"]),
      Step(
        "scene", for: "asset",
        [
          StepInput(name: "model", product: .here("model")),
          StepInput(name: "texture", product: .here("texture"), link: .reference),
          StepInput(name: "brief", product: .here("brief"), link: .association),
        ],
        makes: [StepOutput(name: "o", product: "scene", files: "scene.usd", identity: .bytes)],
        ["assemble", "{model}", "{texture}.png", "{o}"]),
      Step(
        "render", for: "shot", [StepInput(name: "scene", product: .absolute(chair, "scene"))],
        makes: [StepOutput(name: "o", product: "beauty", files: "beauty.####.exr", identity: .pixels)],
        ["render", "{scene}", "{scene.through}", "{o}"]),
      Step(
        "movie", for: "shot", [StepInput(name: "frames", product: .here("beauty"))],
        makes: [StepOutput(name: "o", product: "movie", files: "movie.mp4", identity: .bytes)],
        ["movie", "{frames}", "{o}"]),
    ]
    steps[2].frames = .range
    change(&steps)
    var show = try Show(
      folders: [
        FolderDeclaration(path: chair, type: "asset", attributes: [:]),
        FolderDeclaration(path: try FolderPath("sh0010"), type: "shot", attributes: ["range": "1001-1004"]),
      ], steps: steps)
    try show.publish("assets/chair/paint", file: "red", as: "paint.psd")
    try show.publish("assets/chair/model", file: "four legs", as: "model.usd")
    return show
  }

  static func madeChair(_ change: (inout [Step]) -> Void = { _ in }) throws -> Show {
    var show = try chair(change)
    try show.makeAll()
    return show
  }

  /// A shot with a plate, and steps that look at it frame by frame.
  static func blur(_ frames: FrameRelations, outputs: [String] = ["beauty"], range: String = "") throws -> Show {
    let blur = Step(
      "blur", for: "shot", [StepInput(name: "plate", product: .here("plate"), frames: frames)],
      makes: outputs.map { StepOutput(name: $0, product: $0, files: "\($0).####.exr", identity: .pixels) },
      ["blur", "{plate}"] + outputs.map { "{\($0)}" })
    let movie = Step(
      "movie", for: "shot", [StepInput(name: "frames", product: .here(outputs[0]))],
      makes: [StepOutput(name: "o", product: "movie", files: "movie.mp4", identity: .bytes)],
      ["movie", "{frames}", "{o}"])
    var show = try Show(
      folders: [
        FolderDeclaration(
          path: try FolderPath("sh0010"), type: "shot", attributes: range.isEmpty ? [:] : ["range": range])
      ], steps: [blur, movie])
    try show.publish("sh0010/plate", frames: FrameSet(1001...1006))
    try show.makeAll()
    return show
  }

  func causes(of unit: String) throws -> [Reason] {
    try assess().values.first { "\($0.unit.id)" == unit }?.reasons ?? []
  }
}
