import SluiceModel
import SluiceTestKit
import Testing

@testable import SluiceGraph

@Suite struct `What a plan is named by` {
  private struct Said: Encodable {
    struct Run: Encodable {
      var step: String
      var folder: FolderPath
      var frames: FrameSet?
      var reasons: [[String?]]
      var purges: [EventID]?
    }
    var project: ProjectName
    var selection: String
    var frames: FrameSet?
    var revision: Int
    var runs: [Run]
    var force: Bool?
    var reaction: OnChange?
  }

  private static let words = ["plain", "a \"b\" \\ c/d", "ü λ 影", "tab\tand\nline\u{1}", "", "e\u{301}"]

  /// Written by hand, and by the encoder of everything else.
  private func written(_ plan: Plan, purges: [EventID]?) -> (String, String) {
    var writer = PlanWriter(runs: plan.runs.count)
    writer.begin(plan)
    for (index, run) in plan.runs.enumerated() { writer.put(run, isFirst: index == 0, purges: purges) }
    writer.end(plan)
    let said = Said(
      project: plan.project, selection: plan.selection, frames: plan.frames, revision: plan.pipelineRevision,
      runs: plan.runs.map { run in
        Said.Run(
          step: run.step, folder: run.folder, frames: run.frames,
          reasons: run.reasons.map { [$0.kind.rawValue, $0.input, $0.used, $0.now] }, purges: purges)
      }, force: plan.force, reaction: plan.reaction)
    return (String(decoding: writer.bytes, as: UTF8.self), StableJSON.text(said))
  }

  @Test func `is JSON with sorted keys, whatever people called things`() throws {
    for seed in UInt64(0)..<200 {
      let chance = Seeded(seed: seed)
      func word() -> String? { chance.below(4) == 0 ? nil : Self.words[chance.below(Self.words.count)] }
      let runs = try (0..<chance.below(4)).map { number in
        PlannedRun(
          id: RunID(""), step: word() ?? "step", folder: try FolderPath(["", "sq010/sh0010"][chance.below(2)]),
          outputs: [],
          reasons: (0..<chance.below(3)).map { _ in
            Reason(
              kind: [.input, .tool, .missing][chance.below(3)], input: word(), used: word(), now: word(), text: "x")
          }, tasks: number, frames: chance.below(2) == 0 ? nil : FrameSet("1-\(2 + number),9"), estimate: nil, work: nil
        )
      }
      var plan = Plan(
        id: PlanID(""), project: try ProjectName("demo"), selection: word() ?? "",
        frames: chance.below(2) == 0 ? nil : FrameSet("1-3"), pipelineRevision: chance.below(9), runs: runs,
        untouched: 0, missing: [], blocked: [], reaction: [nil, .auto, .propose][chance.below(3)])
      plan.force = [nil, true][chance.below(2)]
      let purges = chance.below(2) == 0 ? nil : Self.words.map { EventID($0) }
      let (mine, general) = written(plan, purges: purges)
      #expect(mine == general, "seed \(seed)")
    }
  }
}
