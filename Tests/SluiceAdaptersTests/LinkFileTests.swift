import Foundation
import SluiceGraph
import SluiceModel
import Testing

private let good = """
  sluice: 1
  project: demo
  folders:
    - { path: sh0010, type: shot, range: 1001-1024, handles: 8 }
  steps:
    scene:
      for: { type: shot }
      inputs:
        model: { product: model }
        texture: { product: texture, link: reference }
        brief: { product: brief, link: association }
      outputs:
        scene: { product: scene, files: scene.usd }
      command: [assemble, "{model}", "{texture}", "{scene}"]
    render:
      for: { type: shot }
      inputs:
        scene: { product: scene }
        anim: { product: anim, frames: { beauty: one-to-one, motion: { offset: [-1, 1] } } }
        cam: { product: cam, frames: { offset: [0, 2] } }
      outputs:
        beauty: { product: beauty, files: "beauty.####.exr" }
        motion: { product: motion, files: "motion.####.exr" }
      command: [render, "{scene}", "{scene.through}", "{anim.first}", "{cam}", "{beauty}", "{motion}"]
      frames: range
      chunk: 2
  """

@Suite struct `Links in a pipeline file` {
  @Test func `are read as it says`() throws {
    let (pipeline, problems) = PipelineText.read(good)
    #expect(problems == [])
    let (scene, render) = (try #require(pipeline?.step(named: "scene")), try #require(pipeline?.step(named: "render")))
    #expect(scene.inputs.map(\.link) == [.dependency, .reference, .association])
    #expect(scene.isPerFrame == false && scene.frames == nil)
    #expect(render.frames == .range && render.isPerFrame)
    #expect(
      render.inputs.map(\.frames) == [
        .all, .byOutput(["beauty": .oneToOne, "motion": .offset(-1...1)]), .offset(0...2),
      ])
  }

  @Test func `are stored and read again`() throws {
    let pipeline = try #require(PipelineText.read(good).pipeline)
    #expect(try StableJSON.decode(Pipeline.self, from: StableJSON.encode(pipeline)) == pipeline)
  }

  @Test func `that were stored before there were any are dependencies`() throws {
    let input = #"{"frames":"one-to-one","from":"here","name":"plate","product":"plate","tag":"latest"}"#
    let plate = StepInput(name: "plate", product: .here("plate"), frames: .oneToOne)
    #expect(try StableJSON.decode(StepInput.self, from: Array(input.utf8)) == plate)
    #expect(StableJSON.text(plate) == input)
  }

  @Test func `may have an output that is called offset`() throws {
    let text = good.replacingOccurrences(of: "motion: ", with: "offset: ")
      .replacingOccurrences(of: "{motion}", with: "{offset}")
      .replacingOccurrences(of: "{ offset: [0, 2] }", with: "{ offset: one-to-one }")
    let (pipeline, problems) = PipelineText.read(text)
    #expect(problems == [])
    #expect(pipeline?.step(named: "render")?.inputs[2].frames == .byOutput(["offset": .oneToOne]))
  }

  @Test func `of an offset of nothing are one-to-one`() throws {
    let pipeline = PipelineText.read(good.replacingOccurrences(of: "[0, 2]", with: "[0, 0]")).pipeline
    #expect(pipeline?.step(named: "render")?.inputs[2].frames == .oneToOne)
  }

  /// What is changed, into what, where the problem stands, its code, what is said, and how to mend it.
  @Test(arguments: [
    (
      "link: reference", "link: refrence", "refrence", "pipeline.unknownWord",
      "'refrence' is not one of dependency, reference, association", "did you mean 'reference'?"
    ),
    (
      "[0, 2]", "[1, 2]", "[1, 2]", "pipeline.shape", "an offset is two whole numbers", "write offset: [-1, 1]"
    ),
    ("[0, 2]", "[-9999, 0]", "[-9999, 0]", "pipeline.shape", "from -1000 to 0", "write offset: [-1, 1]"),
    ("[0, 2]", "[0, 1, 2]", "[0, 1, 2]", "pipeline.shape", "an offset is two whole numbers", ""),
    ("[0, 2]", "2", "2 } }", "pipeline.shape", "an offset is two whole numbers", "write offset: [-1, 1]"),
    (
      "beauty: one-to-one", "beuty: one-to-one", "beuty", "pipeline.unknownKey", "step 'render' has no output 'beuty'",
      "did you mean 'beauty'?"
    ),
    (
      "beauty: one-to-one", "beauty: one-to-many", "one-to-many", "pipeline.unknownWord",
      "'one-to-many' is not one of one-to-one, all", ""
    ),
    (
      "motion: { offset: [-1, 1] }", "motion: { ofset: [-1, 1] }", "ofset", "pipeline.unknownKey",
      "a relation of frames has no key 'ofset'", "did you mean 'offset'?"
    ),
    (
      "link: association", "link: association, frames: one-to-one", "one-to-one }", "pipeline.shape",
      "input 'brief' is an association, and nothing is made from its frames", "leave out 'frames'"
    ),
    (
      "link: reference", "link: reference, frames: one-to-one", "one-to-one }", "pipeline.shape",
      "input 'texture' is a reference frame by frame, and step 'scene' does not work frame by frame",
      "leave out 'frames', or give the step 'frames: range'"
    ),
    ("frames: range", "frames: rnge", "rnge", "pipeline.unknownWord", "'rnge' is not one of range", ""),
    (
      "\"{model}\"", "\"{brief}\"", "\"{brief}", "pipeline.placeholder",
      "'{brief}' is an association, which no command sees", "let it be a reference or a dependency"
    ),
    (
      "\"{texture}\"", "\"{texture.dir}\"", "\"{texture.dir}", "pipeline.placeholder",
      "'{texture.dir}' stands for nothing", "a reference is a name and no file: write {texture}"
    ),
    (
      "\"{beauty}\"", "\"{beauty.through}\"", "\"{beauty.through}", "pipeline.placeholder",
      "'{beauty.through}' stands for nothing", ""
    ),
    ("handles: 8", "handles: -1", "-1 }", "pipeline.shape", "'-1' is no number of handles", "write range: 1001-1024"),
    (
      "product: scene }", "product: scene, from: children, frames: { offset: [-1, 0] } }",
      "{ product: scene, from", "pipeline.shape", "is gathered over folders and cannot be one-to-one", ""
    ),
  ])
  func `that are wrong are refused with the place`(
    from: String, to: String, place: String, code: String, what: String, fix: String
  ) throws {
    try PipelineText(good).expectRefusal(replacing: from, with: to, at: place, code: code, what: what, fix: fix)
  }

  @Test func `by which products name each other in a circle are refused`() throws {
    let text = good.replacingOccurrences(of: "product: texture, link", with: "product: beauty, link")
    #expect(PipelineText.read(text).problems.map(\.code) == ["pipeline.cycle"])
  }

  @Test func `by which a product notes what is made from it are none`() throws {
    let text = good.replacingOccurrences(of: "product: brief", with: "product: beauty")
    #expect(PipelineText.read(text).problems == [])
  }
}
