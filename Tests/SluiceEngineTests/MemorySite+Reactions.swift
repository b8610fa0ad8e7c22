import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

extension MemorySite {
  /// Applies the demo's steps on one sequence, with what each does when its inputs change.
  func applyDemo(_ policies: [String: OnChange], ceilings: [String: Double] = [:]) async throws {
    var steps = try Show.demoSteps()
    for index in steps.indices {
      steps[index].onChange = policies[steps[index].name] ?? .propose
      steps[index].maxCoreHours = ceilings[steps[index].name]
    }
    let folders = try Show.demoFolders().filter { $0.path.description.hasPrefix("sq010") }
    try await apply(Pipeline(project: try ProjectName("demo"), folders: folders, steps: steps))
  }

  /// Lets it be known what a task of a step takes: time stands still here while tasks run.
  func time(_ step: String, secondsPerTask: Double) async throws {
    let folder = try FolderPath("elsewhere")
    let project = try ProjectName("demo")
    try await writer.submit(MemorySite.ada) { _ in
      [
        Draft(
          project: project, folder: folder,
          fact: .runFinished(
            RunFinished(
              plan: PlanID("p-time"), run: RunID("r-time"), step: step, attempt: 1, outcome: .succeeded, executed: 1,
              reused: 0, seconds: secondsPerTask, recipe: nil)))
      ]
    }
  }

  /// Lets changes come to rest, and Sluice react to them.
  func rest(_ seconds: Double = 3) async throws {
    try await reactor.catchUp()
    seeded.advance(by: seconds)
    _ = await reactor.react()
  }

  /// Rests until nothing more happens by itself.
  func quieten() async throws {
    for _ in 0..<20 {
      try await rest()
      let running = writer.current.plans.values.filter { $0.status == .running }.map(\.id).sorted()
      if running.isEmpty { return }
      for plan in running { _ = await end(of: plan) }
    }
    Issue.record("it does not come to rest")
  }

  /// Ada as she stands in facts.
  var adaInFacts: Actor {
    Actor(name: names.known.alias(of: MemorySite.ada.actor.name)?.description ?? "nobody", trust: .claimed)
  }

  var states: [PlanState] { writer.current.plans.values.sorted { ($0.event, $0.id) < ($1.event, $1.id) } }
  var waiting: PlanState? { states.last { $0.status == .proposed } }
  /// Steps of the waiting proposal, with the number of their runs.
  func proposed() async throws -> [String: Int] {
    guard let waiting else { return [:] }
    return Dictionary(grouping: try await plans.plan(waiting.id).runs, by: \.step).mapValues(\.count)
  }
}

let everyStep = ["review", "review_movie", "neutral", "contact"]
func every(_ policy: OnChange) -> [String: OnChange] {
  Dictionary(uniqueKeysWithValues: everyStep.map { ($0, policy) })
}
