import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

/// What tasks are given, and what becomes of the frames that no task makes.
@Suite(.timeLimit(.minutes(4))) struct `A run with links` {
  /// Tasks as they were started: their arguments and what lay on the bench, both without the bench's folder.
  private final class Witness: Sendable {
    struct Task: Sendable {
      var arguments: [String]
      var inputs: [String]
    }
    private let tasks = Mutex<[Task]>([])

    var script: ScriptedLauncher.Script {
      { order, disk in
        let prefix = order.directory + "/"
        let arguments = order.arguments.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
        let inputs = disk.paths(below: order.directory).map { String($0.dropFirst(prefix.count)) }
          .filter { $0.hasPrefix("in/") }
        self.tasks.withLock { $0.append(Task(arguments: arguments, inputs: inputs)) }
        return await ScriptedLauncher.work(order, disk)
      }
    }

    /// What was started since this was asked last, by arguments.
    func take() -> [Task] {
      tasks.withLock { tasks in
        defer { tasks = [] }
        return tasks.sorted { $0.arguments.joined(separator: " ") < $1.arguments.joined(separator: " ") }
      }
    }
  }

  private func live(
    _ steps: [Step], range: String = "1001-1004", _ body: (MemorySite, Witness) async throws -> Void
  ) async throws {
    let witness = Witness()
    let site = try await MemorySite(script: witness.script)
    let folders = [
      FolderDeclaration(path: try FolderPath("sh0010"), type: "shot", attributes: ["range": range]),
      FolderDeclaration(path: try FolderPath("assets/chair"), type: "asset", attributes: [:]),
    ]
    try await site.live {
      try await site.apply(Pipeline(project: try ProjectName("demo"), folders: folders, steps: steps))
      try await body(site, witness)
    }
  }

  private func range(_ range: String, at site: MemorySite) async throws {
    try await site.writer.submit(MemorySite.ada) { registry throws(SluiceError) in
      try Decisions.changeFolder(
        ProjectName("demo"), FolderPath("sh0010"), type: nil, set: ["range": range], omitted: nil, mustBeNew: false,
        in: registry, site: "main")
    }
  }

  private func blur(_ frames: FrameRelations, outputs: [String] = ["beauty"], chunk: Int = 1) -> Step {
    Step(
      "blur", for: "shot", [StepInput(name: "plate", product: .here("plate"), frames: frames)],
      makes: outputs.map { StepOutput(name: $0, product: $0, files: "\($0).####.exr", identity: .bytes) },
      ["blur", "{plate}", "{plate.range}", "{frame}", "{frame.first}-{frame.last}"] + outputs.map { "{\($0)}" },
      chunk: chunk)
  }

  private func publishPlate(_ frames: ClosedRange<Int>, _ site: MemorySite) async throws {
    try await site.publish("sh0010/plate", frames.map { ("plate.\($0).exr", "plate \($0)") })
  }

  @Test func `that looks at neighbours finds them, where there are any`() async throws {
    try await live([blur(.offset(-1...1))]) { site, witness in
      try await publishPlate(1001...1003, site)
      try await site.runAll()
      let tasks = witness.take()
      #expect(
        tasks.map(\.arguments) == [
          ["blur", "in/plate/plate.####.exr", "1001-1002", "1001", "1001-1001", "out/beauty/beauty.1001.exr"],
          ["blur", "in/plate/plate.####.exr", "1001-1003", "1002", "1002-1002", "out/beauty/beauty.1002.exr"],
          ["blur", "in/plate/plate.####.exr", "1002-1003", "1003", "1003-1003", "out/beauty/beauty.1003.exr"],
        ])
      #expect(tasks[0].inputs == (1001...1003).map { "in/plate/plate.\($0).exr" })
    }
  }

  @Test func `in chunks finds the neighbours of each chunk`() async throws {
    try await live([blur(.offset(-1...0), chunk: 2)]) { site, witness in
      try await publishPlate(1001...1004, site)
      try await site.runAll()
      #expect(
        witness.take().map { Array($0.arguments[2...4]) } == [
          ["1001-1002", "1001-1002", "1001-1002"], ["1002-1004", "1003-1004", "1003-1004"],
        ])
    }
  }

  @Test func `that is about one frame has no more than its neighbours on the bench`() async throws {
    try await live([blur(.offset(-1...1))], range: "1001-1009") { site, witness in
      try await publishPlate(1001...1009, site)
      try await site.runAll()
      _ = witness.take()
      try await site.publish("sh0010/plate", [("plate.1005.exr", "repainted")], patch: true)
      try await site.runAll()
      let tasks = witness.take()
      #expect(tasks.map { $0.arguments[3] } == ["1004", "1005", "1006"])
      #expect(tasks[0].inputs == (1003...1007).map { "in/plate/plate.\($0).exr" })
      let files = try site.manifests("sh0010/beauty").files
      let before = try site.manifests("sh0010/beauty", number: 1).files
      #expect(zip(files, before).filter { $0 != $1 }.map { $0.0.frame } == [1004, 1005, 1006])
      #expect(try site.latest("sh0010/beauty").published.changed == FrameSet(1004...1006))
    }
  }

  @Test func `records for each output the recipe of the frames that it is made from`() async throws {
    let frames = FrameRelations.byOutput(["beauty": .oneToOne, "motion": .offset(-1...1)])
    try await live([blur(frames, outputs: ["beauty", "motion"])]) { site, witness in
      try await publishPlate(1001...1004, site)
      try await site.runAll()
      let (beauty, motion) = (try site.manifests("sh0010/beauty").files, try site.manifests("sh0010/motion").files)
      #expect(zip(beauty, motion).allSatisfy { $0.recipe != $1.recipe })
      _ = witness.take()
      try await site.publish("sh0010/plate", [("plate.1004.exr", "repainted")], patch: true)
      try await site.runAll()
      #expect(witness.take().map { $0.arguments[3] } == ["1003", "1004"])
      #expect(try site.manifests("sh0010/beauty").files[2].recipe == beauty[2].recipe)
      #expect(try site.manifests("sh0010/motion").files[2].recipe != motion[2].recipe)
      let isCurrent = try await site.isCurrent()
      #expect(isCurrent)
    }
  }

  @Test func `takes back what the same neighbours made before`() async throws {
    try await live([blur(.offset(-1...1))]) { site, witness in
      try await publishPlate(1001...1004, site)
      try await site.runAll()
      try await site.publish("sh0010/plate", [("plate.1002.exr", "repainted")], patch: true)
      try await site.runAll()
      _ = witness.take()
      try await publishPlate(1001...1004, site)
      let counts = try await site.runAll()
      #expect(counts.reused == 1 && witness.take().isEmpty)
    }
  }

  @Test func `over a shorter range runs nothing, and over a longer one the new frames alone`() async throws {
    var render = Step(
      "render", for: "shot", [],
      makes: [StepOutput(name: "o", product: "beauty", files: "b.####.exr", identity: .bytes)],
      ["render", "{frame}", "{o}"])
    render.frames = .range
    let movie = Step(
      "movie", for: "shot", [StepInput(name: "frames", product: .here("beauty"))],
      makes: [StepOutput(name: "o", product: "movie", files: "movie.mp4", identity: .bytes)],
      ["movie", "{frames.range}", "{frames.printf}", "{o}"])
    try await live([render, movie]) { site, witness in
      try await site.runAll()
      #expect(witness.take().map { $0.arguments[1] } == ["1001-1004", "1001", "1002", "1003", "1004"])
      try await range("1001-1002", at: site)
      try await site.runAll()
      let tasks = witness.take()
      #expect(tasks.map { $0.arguments[1] } == ["1001-1002"])
      #expect(tasks.first?.inputs == ["in/frames/beauty.1001.exr", "in/frames/beauty.1002.exr"])
      try await range("1001-1005", at: site)
      try await site.runAll()
      #expect(witness.take().map { $0.arguments[1] } == ["1001-1005", "1005"])
      let isCurrent = try await site.isCurrent()
      #expect(isCurrent)
    }
  }

  @Test func `finds what its input names below the input, as it lies in the project`() async throws {
    let scene = Step(
      "scene", for: "asset",
      [
        StepInput(name: "model", product: .here("model")),
        StepInput(name: "texture", product: .here("texture"), link: .reference),
      ], makes: [StepOutput(name: "o", product: "scene", files: "scene.usd", identity: .bytes)],
      ["assemble", "{model}", "{texture}.png", "{o}"])
    let render = Step(
      "render", for: "shot", [StepInput(name: "scene", product: .absolute(try FolderPath("assets/chair"), "scene"))],
      makes: [StepOutput(name: "o", product: "still", files: "still.exr", identity: .bytes)],
      ["render", "{scene}", "{scene.through}", "{o}"])
    try await live([scene, render]) { site, witness in
      try await site.publish("assets/chair/model", [("model.usd", "four legs")])
      try await site.runAll()
      #expect(
        witness.take().map(\.arguments) == [
          ["assemble", "in/model/model.usd", "assets/chair/texture.png", "out/o/scene.usd"]
        ])
      try await site.publish("assets/chair/texture", [("red.png", "red")])
      try await site.runAll()
      let task = try #require(witness.take().first)
      #expect(task.arguments == ["render", "in/scene/scene.usd", "in/scene.through", "out/o/still.exr"])
      #expect(task.inputs == ["in/scene.through/assets/chair/texture.png", "in/scene/scene.usd"])
      try await site.publish("assets/chair/texture", [("blue.png", "blue")])
      let states = try await site.queries.status("demo", onlyStale: true).products
      #expect(states.map(\.ref.name) == ["still"])
      #expect(states.first?.reasons.map(\.kind) == [.reference])
      let counts = try await site.runAll()
      #expect(counts.succeeded == 1)
      #expect(witness.take().map { $0.arguments[0] } == ["render"])
      #expect(try site.text("sh0010/still", "still.exr")?.contains("blue") == true)
      let answer = try await site.queries.show(Reference("demo/sh0010/still"))
      #expect(answer.selected.madeFrom.map { $0.through?.spoken } == [nil, "assets/chair/scene"])
      #expect(
        try await site.queries.show(Reference("demo/assets/chair/texture")).usedBy.map(\.name) == ["scene", "still"])
    }
  }

  @Test func `that misses frames of the range says which, and its product is current`() async throws {
    try await live([blur(.oneToOne)], range: "1001-1006") { site, witness in
      try await publishPlate(1001...1004, site)
      try await site.runAll()
      let status = try #require(try await site.queries.status("demo/sh0010/beauty", onlyStale: false).products.first)
      #expect(status.state == .current && status.missingFrames == FrameSet(1005...1006))
      #expect(status.reasons.map(\.text) == ["sh0010/plate has no frames 1005-1006"])
    }
  }
}

extension MemorySite {
  /// The files of a version; of the latest where no number is given.
  fileprivate func manifests(_ spoken: String, number: Int? = nil) throws -> Representation {
    let ref = try ProductRef("demo/\(spoken)")
    let version = try writer.current.version(
      Reference(product: ref, selector: number.map { .number($0) } ?? .latest))
    return try LogManifests(log: log).manifest(version.published.manifest).representations[0]
  }
}
