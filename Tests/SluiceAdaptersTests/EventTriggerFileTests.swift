import Foundation
import SluiceGraph
import SluiceModel
import Testing

private let good = """
  sluice: 1
  project: demo
  steps:
    conform:
      for: { type: shot }
      on:
        event: com.studio.render.complete
        where: "quality = 'final'"
        parameters: { take: data.take, camera: data.shot.camera }
      outputs:
        note: { product: conformed, files: note.txt }
      command: [conform, "--take={take}", "{camera}", "{note}"]
  """

@Suite struct `A step that listens for an event` {
  @Test func `is read as it says, and runs by itself`() throws {
    let step = try #require(PipelineText.read(good).pipeline?.steps.first)
    let (take, camera) = (try #require(DataPath("data.take")), try #require(DataPath("data.shot.camera")))
    #expect(
      step.on
        == EventTrigger(
          event: "com.studio.render.complete", filter: "quality = 'final'",
          parameters: ["take": take, "camera": camera]))
    #expect(step.onChange == .auto)
  }

  @Test func `is only proposed where it says so`() throws {
    let step = PipelineText.read(
      good.replacingOccurrences(of: "    outputs", with: "    on_change: propose\n    outputs")
    ).pipeline
    #expect(step?.steps.first?.onChange == .propose)
  }

  @Test func `may have a ceiling`() throws {
    let step = PipelineText.read(
      good.replacingOccurrences(of: "    outputs", with: "    max_core_hours: 2\n    outputs")
    ).pipeline
    #expect(step?.steps.first?.maxCoreHours == 2)
  }

  @Test func `is the same when it has been stored`() throws {
    let pipeline = try #require(PipelineText.read(good).pipeline)
    let stored = StableJSON.encode(pipeline)
    #expect(try StableJSON.decode(Pipeline.self, from: stored) == pipeline)
    #expect(String(decoding: stored, as: UTF8.self).contains(#""where":"quality = 'final'""#))
  }

  @Test(arguments: [
    (
      "event: com.studio.render.complete", "event: sluice.version.published.v1", "sluice.version", "pipeline.shape",
      "is a fact of Sluice's own", "name what is published as an input"
    ),
    (
      "event: com.studio.render.complete", "event: com.studio.*", "com.studio.*", "pipeline.shape",
      "'com.studio.*' is no type of an event", "write the whole type"
    ),
    ("event: com", "evnt: com", "evnt", "pipeline.unknownKey", "'on' has no key 'evnt'", "did you mean 'event'?"),
    (
      "quality = 'final'", "quality == 'final'", "\"quality", "filter.syntax", "at filter line 1, column", ""
    ),
    (
      "quality = 'final'", "actor = 'ada'", "\"actor", "pipeline.shape", "'where' asks who sent the event",
      "ask for 'source'"
    ),
    (
      "take: data.take", "take: take", "take,", "pipeline.shape", "'take' is no place in an event's data",
      "write take: data.take; attributes are for 'where'"
    ),
    (
      "take: data.take", "take: dta.take", "dta.take", "pipeline.shape", "'dta.take' is no place in an event's data",
      "write data and the names of members"
    ),
    (
      "take: data.take", "note: data.take", "conform:", "pipeline.shape", "the name 'note' has two meanings",
      "give inputs, outputs and parameters names of their own"
    ),
    (
      "--take={take}", "--take={tak}", "\"--take={tak}", "pipeline.placeholder", "'{tak}' stands for nothing",
      "did you mean 'take'?"
    ),
    (
      "--take={take}", "--take={take.first}", "\"--take={take", "pipeline.placeholder",
      "'{take.first}' stands for nothing", "a parameter is one value"
    ),
    ("{ take: data.take, camera: data.shot.camera }", "data.take", "data.take", "pipeline.shape", "must be a map", ""),
  ])
  func `that is wrong is refused with the place`(
    from: String, to: String, place: String, code: String, what: String, fix: String
  ) throws {
    try PipelineText(good).expectRefusal(
      replacing: from, with: to, at: place, code: code, what: what, fix: fix)
  }
}
