import FoundationEssentials
import SluiceGraph
package import SluiceModel

extension Queries {
  /// Work of a project that was done and that was spared, as the log of its home site has it.
  /// - Parameter since: a moment as `changed:` takes it; nil for all that the log has.
  /// - Throws: `project.unknown`, `usage`, `log.damaged`, `log.archived`.
  /// - Complexity: O(events since then).
  package func savings(_ name: ProjectName, since: String?) async throws(SluiceError) -> SavingsAnswer {
    _ = try writer.current.project(name)
    let head = writer.current.sequence
    let start = try await start(since, head: head)
    var sum = SavingsSum()
    try await eachEvent(after: start.sequence, through: head) { (envelope) throws(SluiceError) in
      guard envelope.text("type") == Fact.runFinishedType, envelope.text("project") == name.description,
        start.includes(envelope), case .runFinished(let fact) = (try? Event(envelope))?.fact
      else { return }
      sum.take(fact)
    }
    return sum.answer(project: name, since: since, asOf: writer.position(head))
  }

  func start(_ text: String?, head: Int64) async throws(SluiceError) -> EventStart {
    guard let text else { return EventStart() }
    if let moment = SelectionMoment(text) { return try await moment.start(in: self, head: head) }
    throw SluiceError(
      .usage, what: "'\(NameRule.printable(text))' is no time", at: "since", fix: "write \(SelectionMoment.examples)")
  }
}
