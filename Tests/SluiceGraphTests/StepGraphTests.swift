import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A step graph` {
  private func step(_ name: String, takes inputs: [String], makes outputs: [String], for type: String = "shot") -> Step
  {
    Step(
      name, for: type, inputs.map { StepInput(name: $0, product: .here($0)) },
      makes: outputs.map { StepOutput(name: "out_\($0)", product: $0, files: "\($0).txt", identity: .bytes) }, ["x"])
  }

  private func graph(_ steps: [Step], folders: [String: String] = ["a": "shot"]) throws -> StepGraph {
    StepGraph(
      pipeline: Pipeline(project: try ProjectName("p"), folders: [], steps: steps),
      folders: try folders.map { Folder(path: try FolderPath($0.key), type: $0.value) })
  }

  @Test func `lays a step over every folder of its type`() throws {
    let graph = try graph([step("s", takes: [], makes: ["x"])], folders: ["b": "shot", "a": "shot", "c": "asset"])
    #expect(graph.units.map(\.id.description) == ["a s", "b s"])
  }

  @Test func `lays a step over every folder that its glob matches`() throws {
    var one = step("s", takes: [], makes: ["x"])
    one.folders = .glob("sq*/sh*")
    let graph = try graph([one], folders: ["sq1/sh1": "a", "sq1/sh2": "b", "sq1": "c", "sq1/sh1/deep": "d"])
    #expect(graph.units.map(\.id.description) == ["sq1/sh1 s", "sq1/sh2 s"])
  }

  @Test func `orders makers before users, whatever the file's order`() throws {
    let steps = [
      step("c", takes: ["y"], makes: ["z"]), step("b", takes: ["x"], makes: ["y"]), step("a", takes: [], makes: ["x"]),
    ]
    #expect(try graph(steps).units.map(\.id.step) == ["a", "b", "c"])
  }

  @Test func `keeps the file's order among those that do not depend on each other`() throws {
    let steps = [step("b", takes: [], makes: ["y"]), step("a", takes: [], makes: ["x"])]
    #expect(try graph(steps).units.map(\.id.step) == ["b", "a"])
  }

  @Test func `is the same for folders in any order`() throws {
    let steps = [step("a", takes: [], makes: ["x"]), step("b", takes: ["x"], makes: ["y"])]
    let folders = try (0..<20).map { Folder(path: try FolderPath("f\($0)"), type: "shot") }
    let pipeline = Pipeline(project: try ProjectName("p"), folders: [], steps: steps)
    #expect(
      StepGraph(pipeline: pipeline, folders: folders).units
        == StepGraph(pipeline: pipeline, folders: folders.reversed()).units)
  }

  @Test func `leaves out a cycle and what hangs on it, and names them`() throws {
    let graph = try graph([
      step("free", takes: [], makes: ["f"]), step("a", takes: ["y"], makes: ["x"]),
      step("b", takes: ["x"], makes: ["y"]),
      step("after", takes: ["y"], makes: ["z"]),
    ])
    #expect(graph.units.map(\.id.step) == ["free"])
    #expect(graph.cycle.map(\.step) == ["a", "after", "b"])
  }

  @Test func `sees a step that takes its own product as a cycle`() throws {
    #expect(try graph([step("a", takes: ["x"], makes: ["x"])]).cycle.map(\.step) == ["a"])
  }

  @Test func `names a product that two steps would make`() throws {
    let graph = try graph([step("a", takes: [], makes: ["x"]), step("b", takes: [], makes: ["x"])])
    #expect(graph.contested.map(\.product.spoken) == ["a/x"])
    #expect(graph.contested.first?.units.map(\.step) == ["a", "b"])
  }

  @Test func `gathers from the folders directly below, in their order`() throws {
    var gather = step("g", takes: ["x"], makes: ["sheet"], for: "sequence")
    gather.inputs[0].gather = .children
    let graph = try graph(
      [gather], folders: ["q": "sequence", "q/b": "shot", "q/a": "shot", "q/a/deep": "shot", "other/c": "shot"])
    #expect(graph.units.first?.inputs.first?.products.map(\.spoken) == ["q/a/x", "q/b/x"])
  }

  @Test func `leaves omitted folders out`() throws {
    let pipeline = Pipeline(project: try ProjectName("p"), folders: [], steps: [step("s", takes: [], makes: ["x"])])
    let folder = Folder(path: try FolderPath("a"), type: "shot", omitted: true)
    #expect(StepGraph(pipeline: pipeline, folders: [folder]).units.isEmpty)
  }

  @Test func `knows every user of a product once`() throws {
    var twice = step("s", takes: ["x", "y"], makes: ["z"])
    twice.inputs[1].product = .here("x")
    let graph = try graph([twice])
    #expect(try graph.consumers[ProductRef("p/a/x")] == [0])
  }
}

@Suite struct `A command's argument` {
  private func filled(_ text: String, _ values: [String: [String]]) throws -> [String] {
    try CommandTemplate(text).arguments { values["\($0)"] ?? [] }
  }

  @Test(arguments: [
    ("plain", ["plain"]), ("{a}", ["1"]), ("x{a}y", ["x1y"]), ("{{a}}", ["{a}"]), ("{{{a}}}", ["{1}"]),
    ("{a.first}-{a.last}", ["2-3"]), ("", [""]), ("%04d", ["%04d"]),
  ])
  func `is filled with its values`(text: String, arguments: [String]) throws {
    #expect(try filled(text, ["a": ["1"], "a.first": ["2"], "a.last": ["3"]]) == arguments)
  }

  @Test func `stands for several where a placeholder has several values`() throws {
    #expect(try filled("in={a}", ["a": ["1", "2"]]) == ["in=1", "in=2"])
  }

  @Test(arguments: ["{", "}", "{}", "{a", "a}", "{a.b.c}", "{a b}", "{.a}", "{a.}", "{-a}"])
  func `with a brace that is no placeholder is refused`(text: String) {
    let error = #expect(throws: SluiceError.self) { try CommandTemplate(text) }
    #expect(error?.code == .pipelinePlaceholder)
  }
}

@Suite struct `A recipe` {
  private let core = Digest.of("core")
  private let a = Digest.of("a")
  private let b = Digest.of("b")

  @Test func `is the same for the same inputs in any order`() {
    #expect(
      Recipe.whole(core: core, inputs: [("x", a), ("y", b)]) == Recipe.whole(core: core, inputs: [("y", b), ("x", a)]))
  }

  @Test func `differs when two inputs change places`() {
    #expect(
      Recipe.whole(core: core, inputs: [("x", a), ("y", b)]) != Recipe.whole(core: core, inputs: [("x", b), ("y", a)]))
  }

  @Test func `of a frame differs from that of another frame`() {
    #expect(Recipe.frame(1, core: core, inputs: [("x", a)]) != Recipe.frame(2, core: core, inputs: [("x", a)]))
  }

  @Test func `of a frame differs from that of the whole`() {
    #expect(Recipe.frame(1, core: core, inputs: []) != Recipe.whole(core: core, inputs: []))
  }

  @Test func `never depends on ids, paths or versions`() throws {
    var (one, other) = (try Show.published(frames: 1001...1003), try Show.published(frames: 1001...1003))
    for _ in 0..<3 { try other.publish("look/show_lut", file: "warm", as: "renamed.cube") }
    try one.makeAll()
    try other.makeAll()
    func recipe(_ show: Show) throws -> Digest? {
      try show.latest("sq010/sh0010/review_frames")?.published.made?.recipe
    }
    #expect(try recipe(one) != nil && recipe(one) == recipe(other))
  }

  /// Stored recipes live in logs: this value may only change together with a way to read old ones.
  @Test func `is stable over releases`() {
    #expect(
      Recipe.frame(1001, core: core, inputs: [("plate", a), ("lut", b)]).hex.prefix(16) == "1e50c0bc01f50f49")
  }
}
