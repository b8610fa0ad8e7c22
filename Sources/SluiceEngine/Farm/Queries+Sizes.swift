import SluiceGraph
package import SluiceModel
import SluicePolicy

extension Queries {
  /// What the tasks of a project's steps took of their machines, and which size fits, as its home site's log has it.
  /// - Parameter since: a moment as `changed:` takes it; nil for all that the log has. A step's newest tasks count.
  /// - Throws: `project.unknown`, `usage`, `log.damaged`, `log.archived`.
  /// - Complexity: O(events since then).
  package func sizes(_ name: ProjectName, since: String?) async throws(SluiceError) -> SizesAnswer {
    let project = try writer.current.project(name)
    let head = writer.current.sequence
    let start = try await start(since, head: head)
    var learned: [String: LearnedSize] = [:]
    try await eachEvent(after: start.sequence, through: head) { (envelope) throws(SluiceError) in
      guard envelope.text("type") == Fact.taskFinishedType, envelope.text("project") == name.description,
        start.includes(envelope), case .taskFinished(let fact) = (try? Event(envelope))?.fact, let step = fact.step
      else { return }
      learned[step, default: LearnedSize()].take(fact)
    }
    let sizes = runner.parts.settings.farm.sizes
    var now: [String: TaskShare] = [:]
    for step in project.pipeline?.pipeline.steps ?? [] where !step.isHuman {
      now[step.name] = sizes.share(Need(step.needs, sizes))
    }
    let names = Set(now.keys).union(learned.keys).sorted()
    return SizesAnswer(
      project: name, since: since, asOf: writer.position(head),
      sizes: SizeName.allCases.map { sizes.share(Need(StepNeeds(size: $0), sizes)) },
      steps: names.map { (learned[$0] ?? LearnedSize()).answer(for: $0, now: now[$0], sizes) })
  }
}
