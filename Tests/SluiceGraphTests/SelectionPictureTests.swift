import Foundation
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// The pictures in docs/reference/selection.md are drawn from a list of what is selected; here is what selects it.
@Suite struct `The pictures of selections` {
  private struct Document: Decodable {
    struct Node: Decodable {}
    struct Picture: Decodable {
      var name: String
      var select: String
      var until: String?
      var selected: [String]
    }
    var nodes: [String: Node]
    var links: [[String]]
    var pictures: [Picture]
  }

  private static func document() throws -> Document {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try JSONDecoder().decode(
      Document.self, from: Data(contentsOf: root.appendingPathComponent("tools/selection-pictures.json")))
  }

  private static func show() throws -> Show {
    let folders = [
      ("assets/chair", "asset"), ("sq010", "sequence"), ("sq010/sh0010", "shot"), ("sq010/sh0020", "shot"),
    ]
    var movie = Step(
      "movie", for: "shot", [StepInput(name: "comp", product: .here("comp"))],
      makes: [StepOutput(name: "movie", product: "movie", files: "movie.mp4", identity: .bytes)], ["encode"])
    movie.onChange = .auto
    let steps = [
      Step(
        "comp", for: "shot",
        [
          StepInput(name: "plate", product: .here("plate"), frames: .oneToOne),
          StepInput(name: "lut", product: .absolute(try FolderPath("look"), "lut")),
        ], makes: [StepOutput(name: "comp", product: "comp", files: "comp.####.exr", identity: .pixels)], ["comp"]),
      movie,
      Step(
        "contact", for: "sequence", [StepInput(name: "comps", product: .here("comp"), gather: .children)],
        makes: [StepOutput(name: "sheet", product: "contact", files: "contact.jpg", identity: .pixels)], ["sheet"]),
    ]
    var show = try Show(
      folders: folders.map { FolderDeclaration(path: try FolderPath($0.0), type: $0.1, attributes: [:]) },
      steps: steps)
    for shot in ["sq010/sh0010", "sq010/sh0020"] {
      try show.publish("\(shot)/plate", frames: FrameSet(1...2)) { "\(shot) \($0)" }
    }
    try show.publish("look/lut", file: "warm")
    try show.publish("assets/chair/model", file: "chair", as: "chair.usd")
    try show.cast("sq010/sh0010", add: ["assets/chair"])
    try show.makeAll()
    show.wait(seconds: 10 * 3_600)
    try show.publish("sq010/sh0020/plate", frames: FrameSet(1...2)) { "fixed \($0)" }
    show.wait(seconds: 3_600)
    return show
  }

  @Test func `show the show's products and links`() throws {
    let (document, show) = (try Self.document(), try Self.show())
    let products = Set(show.graph.products).union(show.project.products.keys)
    #expect(products.map(\.spoken).sorted() == document.nodes.keys.sorted())
    let links = show.graph.units.flatMap { unit in
      unit.inputs.flatMap(\.products).flatMap { input in unit.outputs.map { [input.spoken, $0.spoken] } }
    }
    #expect(links.sorted { $0.joined() < $1.joined() } == document.links.sorted { $0.joined() < $1.joined() })
  }

  @Test func `show what is selected`() throws {
    let show = try Self.show()
    for picture in try Self.document().pictures {
      var selection = try Selection(picture.select)
      if let until = picture.until { selection = try selection.until(step: until) }
      let found = try show.products(selection).map(\.spoken).sorted()
      #expect(found == picture.selected.sorted(), "\(picture.name): \(picture.select)")
    }
  }
}
