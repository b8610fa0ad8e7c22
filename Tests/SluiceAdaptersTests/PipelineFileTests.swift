import Foundation
import SluiceGraph
import SluiceModel
import Testing

private let good = """
  sluice: 1
  project: demo
  folders:
    - sq010
    - { path: sq010/sh0010, type: shot, range: 1001-1024, fps: 24 }
  steps:
    review:
      for: { type: shot }
      inputs:
        plate: { product: plate, frames: one-to-one }
        lut: { product: /look/show_lut, tag: approved, representation: cube }
      outputs:
        frames: { product: review_frames, files: "review.####.png", preview: true }
      tools: [oiiotool]
      on_change: auto
      max_core_hours: 2.5
      chunk: 4
      timeout: 30m
      command: [oiiotool, "{plate}", --ociofiletransform, "{lut}", -o, "{frames}"]
    contact:
      for: "sq*"
      inputs:
        reviews: { product: review_frames, from: children }
      outputs:
        sheet: { product: contact, files: contact.jpg, identity: bytes }
      command: [sheet, "{sheet}", "{reviews.dir}"]
  """

@Suite struct `A pipeline file` {
  @Test func `is read as it says`() throws {
    let pipeline = try #require(PipelineText.read(good).pipeline)
    #expect(pipeline.project.description == "demo")
    #expect(
      try pipeline.folders == [
        FolderDeclaration(path: FolderPath("sq010"), type: nil, attributes: [:]),
        FolderDeclaration(
          path: FolderPath("sq010/sh0010"), type: "shot", attributes: ["range": "1001-1024", "fps": "24"]),
      ])
    #expect(
      try pipeline.steps == [
        Step(
          name: "review", folders: .type("shot"),
          inputs: [
            StepInput(name: "plate", product: .here("plate"), frames: .oneToOne),
            StepInput(
              name: "lut", product: .absolute(FolderPath("look"), "show_lut"), tag: .tag("approved"),
              representation: "cube"),
          ],
          outputs: [
            StepOutput(
              name: "frames", product: "review_frames", files: "review.####.png", preview: true, identity: .pixels)
          ],
          tools: ["oiiotool"], onChange: .auto, maxCoreHours: 2.5,
          command: ["oiiotool", "{plate}", "--ociofiletransform", "{lut}", "-o", "{frames}"], chunk: 4,
          timeoutSeconds: 1_800),
        Step(
          name: "contact", folders: .glob("sq*"),
          inputs: [StepInput(name: "reviews", product: .here("review_frames"), gather: .children)],
          outputs: [StepOutput(name: "sheet", product: "contact", files: "contact.jpg", identity: .bytes)],
          command: ["sheet", "{sheet}", "{reviews.dir}"]),
      ])
  }

  @Test func `of the demo has nothing wrong with it`() throws {
    let path = #filePath.components(separatedBy: "/Tests/")[0] + "/examples/demo/sluice.yaml"
    let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
    let (pipeline, problems) = PipelineText.read(text)
    #expect(problems == [] && pipeline?.steps.map(\.name) == ["review", "review_movie", "neutral", "contact"])
  }

  @Test func `says how often a failed task is run again`() throws {
    for (text, retries) in [("0", 0), ("10", 10)] {
      let file = good.replacingOccurrences(of: "chunk: 4", with: "retries: \(text)")
      #expect(PipelineText.read(file).pipeline?.steps.first?.retries == retries)
    }
    for text in ["11", "-1", "often"] {
      let problems = PipelineText.read(good.replacingOccurrences(of: "chunk: 4", with: "retries: \(text)")).problems
      #expect(problems.map(\.what) == ["'retries' must be a number from 0 to 10"])
    }
  }

  @Test func `laid out otherwise, with comments, says the same`() {
    let other = good.replacingOccurrences(of: "chunk: 4", with: "chunk: 4   # four at a time")
      .replacingOccurrences(of: "{ type: shot }", with: "{type:   'shot'}")
      .replacingOccurrences(of: "project: demo", with: "# our show\n\nproject: \"demo\"")
    #expect(
      PipelineText.read(other).pipeline == PipelineText.read(good).pipeline && PipelineText.read(good).pipeline != nil)
  }

  /// What is changed, into what, where the problem stands, its code, what is said, and how to mend it.
  @Test(arguments: [
    (
      "sluice: 1", "sluice: 2", "2", "pipeline.shape", "the format is '2', and this Sluice reads format 1",
      "write 'sluice: 1'"
    ),
    ("project: demo", "projct: demo", "projct", "pipeline.unknownKey", "no key 'projct'", "did you mean 'project'?"),
    ("project: demo\n", "", "sluice", "pipeline.shape", "a pipeline file lacks 'project'", "add 'project:'"),
    ("project: demo", "project: de mo", "de mo", "pipeline.shape", "'de mo' cannot name a project", ""),
    (
      "on_change: auto", "on_chnage: auto", "on_chnage", "pipeline.unknownKey", "no key 'on_chnage'",
      "did you mean 'on_change'?"
    ),
    (
      "on_change: auto", "on_change: autp", "autp", "pipeline.unknownWord",
      "'autp' is not one of auto, propose, manual", "did you mean 'auto'?"
    ),
    (
      "one-to-one", "one-to-on", "one-to-on", "pipeline.unknownWord", "'one-to-on' is not one of",
      "did you mean 'one-to-one'?"
    ),
    (
      "from: children", "from: nowhere", "nowhere", "pipeline.unknownWord", "'nowhere' is not one of", "use one of them"
    ),
    (
      "identity: bytes", "identity: byte", "byte }", "pipeline.unknownWord", "'byte' is not one of bytes, pixels",
      "did you mean 'bytes'?"
    ),
    (
      "{plate}", "{plaet}", "\"{plaet}", "pipeline.placeholder", "'{plaet}' stands for nothing", "did you mean 'plate'?"
    ),
    (
      "{reviews.dir}", "{reviews.dri}", "\"{reviews.dri}", "pipeline.placeholder", "'{reviews.dri}' stands for nothing",
      "did you mean 'dir'?"
    ),
    ("{plate}", "{plate", "\"{plate", "pipeline.placeholder", "'{' is never closed", ""),
    ("{sheet}", "{frame}", "\"{frame}", "pipeline.placeholder", "does not work frame by frame", ""),
    (
      "review.####.png", "review.png", "frames: { product: review_frames, f", "pipeline.shape", "has no '####'",
      "write files: \"frames.####.png\""
    ),
    (
      "  contact:\n", "  contact:\n    chunk: 3\n", "3\n", "pipeline.shape",
      "has a chunk, and no input is one-to-one", ""
    ),
    ("chunk: 4", "chunk: 0", "0\n    timeout", "pipeline.shape", "'chunk' must be a number", ""),
    ("timeout: 30m", "timeout: soon", "soon", "pipeline.shape", "'soon' is not a time", ""),
    ("preview: true", "preview: maybe", "maybe", "pipeline.shape", "neither true nor false", ""),
    ("range: 1001-1024", "range: 1024-1001", "1024-1001", "pipeline.shape", "'1024-1001' is no frame range", ""),
    ("fps: 24", "fps: fast", "fast", "pipeline.shape", "'fast' is no frame rate", ""),
    (
      "/look/show_lut", "look/show_lut", "look/show_lut", "pipeline.shape", "is a relative path",
      "write '/look/show_lut'"
    ),
    ("/look/show_lut", "/../show_lut", "/../show_lut", "pipeline.shape", "cannot name a folder", ""),
    ("contact.jpg", "../contact.jpg", "../contact.jpg", "pipeline.shape", "is no file name for an output", ""),
    ("review.####.png", "r.##.##.png", "\"r.##.##.png", "pipeline.shape", "is no file name for an output", ""),
    ("tag: approved", "tag: 1st", "1st", "pipeline.shape", "neither a version, a number nor a tag", ""),
    (
      "from: children", "from: children, frames: one-to-one", "{ product: review_frames, from", "pipeline.shape",
      "cannot be one-to-one", ""
    ),
    ("[sheet, \"{sheet}\", \"{reviews.dir}\"]", "[]", "[]", "pipeline.shape", "the command is empty", ""),
    (
      "max_core_hours: 2.5", "max_core_hours: none", "none", "pipeline.shape", "'none' is no number of core-hours",
      "write max_core_hours: 4"
    ),
    ("max_core_hours: 2.5", "max_core_hours: -7", "-7", "pipeline.shape", "'-7' is no number of core-hours", ""),
    (
      "on_change: auto", "on_change: propose", "2.5", "pipeline.shape",
      "step 'review' has max_core_hours and never runs by itself", "write on_change: auto"
    ),
    ("tools: [oiiotool]", "tools: { a: b }", "{ a: b }", "pipeline.shape", "'tools' must be a list", ""),
  ])
  func `that is wrong is refused with the place`(
    from: String, to: String, place: String, code: String, what: String, fix: String
  ) throws {
    try PipelineText(good).expectRefusal(
      replacing: from, with: to, at: place, code: code, what: what, fix: fix)
  }

  @Test func `with several things wrong names all, in the order of the file`() {
    let text = good.replacingOccurrences(of: "on_change: auto", with: "on_change: autp")
      .replacingOccurrences(of: "{plate}", with: "{plaet}").replacingOccurrences(
        of: "range: 1001-1024", with: "range: x")
    #expect(PipelineText.read(text).problems.map(\.line) == [5, 15, 19])
  }

  @Test(arguments: [
    ("off", TestPolicy(.off), #""off""#), ("look", TestPolicy(.look), #""look""#),
    (
      "{ frames: \"1001,1020-1021\" }", TestPolicy(.on, frames: FrameSet("1001,1020-1021")),
      #"{"frames":"1001,1020-1021"}"#
    ),
    ("{ frames: 1001, look: true }", TestPolicy(.look, frames: FrameSet("1001")), #"{"frames":"1001","look":true}"#),
  ])
  func `says which test frames a step has`(text: String, tests: TestPolicy, json: String) throws {
    let file = good.replacingOccurrences(of: "chunk: 4", with: "tests: \(text)")
    let read = try #require(PipelineText.read(file).pipeline?.step(named: "review")?.tests)
    #expect(read == tests)
    #expect(StableJSON.text(read) == json)
    #expect(try StableJSON.decode(TestPolicy.self, from: Array(json.utf8)) == tests)
  }

  @Test func `may make test frames mandatory`() {
    let mandatory = good.replacingOccurrences(of: "steps:", with: "policy: { tests: mandatory }\nsteps:")
    #expect(PipelineText.read(mandatory).problems.isEmpty)
    let without = PipelineText.read(mandatory.replacingOccurrences(of: "chunk: 4", with: "tests: off")).problems
    #expect(without.map(\.what) == ["the project's policy makes test frames mandatory, and this step has none"])
    let chosen = mandatory.replacingOccurrences(of: "chunk: 4", with: "tests: { frames: 1001 }")
    #expect(PipelineText.read(chosen).problems.isEmpty)
    let misspelt = PipelineText.read(
      good.replacingOccurrences(of: "steps:", with: "policy: { tests: mandatry }\nsteps:"))
    #expect(misspelt.problems.map(\.fix) == ["did you mean 'mandatory'?"])
  }

  @Test(arguments: ["word", "- a\n- b\n", "1"])
  func `that is no map is refused`(text: String) {
    #expect(PipelineText.read(text).problems.map(\.what) == ["a pipeline file must be a map of keys and values"])
  }

  @Test func `of nothing is refused`() {
    #expect(PipelineText.read("").problems.map(\.what) == ["the file is empty"])
  }

  private func steps(_ text: String) -> [PipelineProblem] {
    PipelineText.read("sluice: 1\nproject: demo\nsteps:\n" + text).problems
  }

  @Test func `with steps that feed each other is refused`() throws {
    let problem = try #require(
      steps(
        """
          a:
            { for: {type: shot}, inputs: { y: { product: y } }, outputs: { x: { product: x, files: x } }, command: [a]}
          b:
            { for: {type: shot}, inputs: { x: { product: x } }, outputs: { y: { product: y, files: y } }, command: [b]}
        """
      ).first)
    #expect(problem.code == "pipeline.cycle" && problem.line == 4)
    #expect(problem.what == "the steps a, b feed each other in a circle")
  }

  @Test func `with two steps that make one product is refused`() throws {
    let problem = try #require(
      steps(
        """
          a: { for: { type: shot }, outputs: { x: { product: x, files: x.txt } }, command: [a] }
          b: { for: { type: shot }, outputs: { x: { product: x, files: x.txt } }, command: [b] }
        """
      ).first)
    #expect(problem.code == "pipeline.doubleOutput" && problem.line == 5)
    #expect(problem.what.hasPrefix("the steps 'a' and 'b' both make "))
  }

  @Test func `with two steps that make one product on different folders is fine`() {
    #expect(
      steps(
        """
          a: { for: { type: shot }, outputs: { x: { product: x, files: x.txt } }, command: [a] }
          b: { for: { type: asset }, outputs: { x: { product: x, files: x.txt } }, command: [b] }
        """) == [])
  }

  @Test func `with a step without outputs is refused`() {
    #expect(steps("  a: { for: { type: shot }, outputs: {}, command: [a] }\n").first?.code == "pipeline.shape")
  }

  @Test func `with an input that is called like an output is refused`() {
    let problems = steps(
      "  a: { for: s, inputs: { x: { product: p } }, outputs: { x: { product: q, files: q.txt } }, command: [a] }"
    )
    #expect(problems.first?.what == "the name 'x' has two meanings in step 'a'")
  }
}

@Suite struct `A step without a command` {
  private func read(_ more: String = "", output: String = "{ product: animation }") -> [PipelineProblem] {
    let text = """
      sluice: 1
      project: demo
      steps:
        animation:
          for: { type: shot }
          inputs: { plate: { product: plate, frames: one-to-one } }
          outputs: { animation: \(output) }
      \(more)
      """
    let (pipeline, problems) = PipelineText.read(text)
    if problems.isEmpty { #expect(pipeline?.steps.first?.isHuman == true) }
    return problems
  }

  @Test func `is a human step, whose outputs need no file names`() {
    #expect(read() == [])
    #expect(read(output: "{ product: animation, files: \"shot.usd\" }").map(\.code) == ["pipeline.shape"])
  }

  @Test(arguments: ["chunk: 4", "timeout: 1h", "tools: [maya]", "max_core_hours: 2", "on: { event: a.b }"])
  func `says nothing of how it is run`(line: String) throws {
    let problem = try #require(read("    \(line)").first)
    #expect(problem.code == "pipeline.shape" && problem.what.contains("has no command, so people do it"))
  }

  @Test func `cannot run by itself`() {
    #expect(read("    on_change: auto").map(\.code) == ["pipeline.shape"])
    #expect(read("    on_change: manual") == [])
  }

  @Test func `is not meant by a misspelt one`() {
    #expect(
      read("    comand: [maya]", output: "{ product: a, files: \"a.####.exr\" }").map(\.code) == ["pipeline.unknownKey"]
    )
  }
}
