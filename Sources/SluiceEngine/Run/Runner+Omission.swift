import SluiceGraph
package import SluiceModel

/// Folders that were omitted while plans were going: what has not begun there does not begin any more.
extension Runner {
  /// Ends what is queued on omitted folders, soon; tasks that run go on to their ends.
  package nonisolated func endOmitted(in project: ProjectName) { post.yield(.omission(project)) }

  func withdrawOmitted(in name: ProjectName) async {
    guard let project = parts.writer.current.projects[name] else { return }
    for id in executions.values.filter({ $0.plan.project == name && !$0.isDone }).map(\.plan.id) {
      guard let execution = executions[id] else { continue }
      var omitted: [(run: PlannedRun, failure: Failure)] = []
      for run in execution.plan.runs where execution.entries[run.id]?.status.isDone == false {
        guard withdrawn[run.id] == nil, let omission = project.omission(of: run.folder) else { continue }
        omitted.append((run, Failure(Runner.omitted(run, omission, in: project))))
      }
      guard !omitted.isEmpty else { continue }
      // What gathers them goes on with the rest.
      executions[id]?.release(Set(omitted.map(\.run.id)))
      // Users first, so that each says that it was omitted, not that something before it did not finish.
      for (run, failure) in omitted.reversed() { await withdraw(run.id, failure) }
      await drop(in: id)
      pump()
    }
  }

  private func withdraw(_ run: RunID, _ failure: Failure) async {
    guard let status = plan(of: run).flatMap({ executions[$0]?.entries[run]?.status }), !status.isDone else { return }
    guard status == .going else {
      withdrawn[run] = failure
      return await finish(run, .cancelled, failure: failure)
    }
    guard let open = going[run]?.open else {
      // It is being laid on its bench, and ends there.
      withdrawn[run] = failure
      cancelled.insert(run)
      return
    }
    farm.withdraw(run)
    var left = open
    left.keep { inHand[$0] != nil }
    // All that was to be done is being done: that is a run that goes, not one that waits.
    guard left != open else { return }
    withdrawn[run] = failure
    cancelled.insert(run)
    going[run]?.open = left
    if left.isEmpty { await finish(run, .cancelled, failure: failure) }
  }

  static func omitted(_ run: PlannedRun, _ omission: Omission, in project: Project) -> SluiceError {
    SluiceError(
      .folderOmitted, what: "not run, because \(omission.text)", at: "run \(run.id)",
      fix: "`sluice folder omit \(project.name)/\(omission.folder) --restore` takes it back; then plan again")
  }
}
