import SluiceAdapters
import SluiceGraph
import SluiceModel
import Testing

@Suite struct `The template of a short command` {
  private func step(
    inputs: [StepInput], command: [String], chunk: Int = 1, files: String = "review.####.png"
  ) -> Step {
    Step(
      name: "review", folders: .type("shot"), inputs: inputs,
      outputs: [StepOutput(name: "frames", product: "review_frames", files: files, identity: .pixels)],
      command: command, chunk: chunk, timeoutSeconds: 600)
  }

  private let plate = StepInput(name: "plate", product: .here("plate"), frames: .oneToOne)
  private let lut = StepInput(name: "lut", product: .here("lut"))

  private func template(of step: Step) throws -> OpenJD.JobTemplate {
    let text = try StepTemplateText.text(of: step)
    #expect(OpenJDText.told(text) == [], "\(text)")
    return try #require(try OpenJDText.template(text))
  }

  @Test func `has a task per frame and a parameter per input and output`() throws {
    let template = try template(
      of: step(inputs: [plate, lut], command: ["oiiotool", "{plate}", "--lut", "{lut}", "-o", "{frames}"]))
    #expect(template.parameters.map(\.name) == ["Frames", "plate", "lut", "frames"])
    #expect(template.parameters.map(\.standard) == [nil, nil, nil, "out/frames"])
    let job = try template.job(
      ["Frames": "1001-1024", "plate": "/in/plate.####.exr", "lut": "/in/show.cube"],
      folders: .init(template: "/t", working: "/w"))
    #expect(job.steps.map(\.space.count) == [24])
    let task = job.steps[0].space.variables(3)
    var known = OpenJD.Symbols(texts: job.variables.merging(task) { $1 })
    known["Task.File.Run"] = .string("run.sh")
    let run = try job.steps[0].script.onRun.resolved(known)
    #expect(run.command == "bash")
    #expect(run.arguments == ["run.sh", "/in/plate.####.exr", "/in/show.cube", "/t/out/frames", "1004"])
    #expect(run.timeout == 600)
  }

  @Test func `has a task per chunk where the step has chunks`() throws {
    let template = try template(
      of: step(inputs: [plate], command: ["render", "{plate}", "{frames}", "{frame.first}", "{frame.last}"], chunk: 10))
    #expect(template.extensions == [.taskChunking])
    let job = try template.job(
      ["Frames": "1-25", "plate": "p.####.exr"], folders: .init(template: "/t", working: "/w"))
    #expect((0..<3).map { job.steps[0].space[$0]["Frame"] } == ["1-9", "10-17", "18-25"])
  }

  @Test func `has one task where the step works on the whole`() throws {
    let template = try template(
      of: step(
        inputs: [lut, StepInput(name: "reviews", product: .here("r"), gather: .children)],
        command: ["sheet", "{frames}", "{reviews.dir}", "{lut.range}", "{folder.fps}", "a'b{{c}}}}\n"],
        files: "sheet.jpg"))
    #expect(template.steps[0].parameterSpace == nil)
    #expect(
      template.parameters.map(\.name) == ["lut", "reviews", "frames", "lut_first", "lut_last", "folder_fps"])
  }

  @Test func `is taken by the checker whatever the command's text is`() throws {
    let texts = [
      "", " ", "'", "\"", "\\", "{{", "}}", "{{{{", "$x", "`x`", "#", "a: b", "é", "\u{2028}", "\t", "%", "*", "-",
    ]
    for first in texts {
      for second in texts { _ = try template(of: step(inputs: [plate], command: ["x", first + second])) }
    }
  }

  @Test func `is none for a step that runs nothing`() {
    #expect(throws: SluiceError.self) { try StepTemplateText.text(of: step(inputs: [plate], command: [])) }
  }
}
