import Logging
package import SluiceGraph
package import SluiceModel

extension Queries {
  /// How the tasks of runs that published ended: the registry forgets them then, the own log does not.
  /// - Returns: the newest end of each. None of runs that other sites ran, and of those whose log was archived.
  /// - Complexity: O(events from the oldest of their plans' applications to the last of their ends), or O(events) where
  ///   a plan was applied again.
  package func endedTasks(of runs: [RunState]) async -> [TaskID: TaskFinished] {
    let registry = writer.current
    let published = runs.filter { $0.status == .succeeded }
    let plans = published.compactMap { registry.plans[$0.plan] }
    guard let first = plans.map(\.applied).min() else { return [:] }
    // The first of several applications is not known.
    let isOnce = plans.allSatisfy { $0.applications == 1 }
    let projects = Set(published.map(\.project.description))
    let head = registry.sequence
    var open = Set(published.map(\.id))
    let wanted = open
    var found: [TaskID: TaskFinished] = [:]
    do throws(SluiceError) {
      var place = isOnce ? try await runner.parts.log.sequence(before: first) : 0
      while place < head, !open.isEmpty {
        let end = min(head, place + Int64(Limits.eventsPerPage))
        try await eachEvent(after: place, through: end) { (envelope) throws(SluiceError) in
          guard let type = envelope.text("type"), type == Fact.taskFinishedType || type == Fact.runFinishedType,
            let project = envelope.text("project"), projects.contains(project)
          else { return }
          switch (try? Event(envelope))?.fact {
          case .taskFinished(let fact) where wanted.contains(fact.task.run): found[fact.task] = fact
          case .runFinished(let fact) where fact.outcome == .succeeded: open.remove(fact.run)
          default: break
          }
        }
        place = end
      }
    } catch {
      runner.parts.logger.warning("the log does not say how tasks ended: \(error.what)")
    }
    return found
  }
}
