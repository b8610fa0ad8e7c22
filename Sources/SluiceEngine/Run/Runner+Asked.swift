import SluiceGraph
package import SluiceModel
import SluicePolicy

/// What people ask of single tasks, and of what goes on.
extension Runner {
  /// Plans that are not over, the newest first.
  package func liveProgress() -> [PlanProgress] {
    executions.values.filter { !$0.isDone }.sorted { $0.turn > $1.turn }.map { progress($0) }
  }

  /// The plan of a run, where it is not over.
  package func liveProgress(of run: RunID) -> PlanProgress? {
    plan(of: run).flatMap { executions[$0] }.map { progress($0) }
  }

  /// The tasks of a run that has begun and is not over, in their order; nil of any other.
  package func tasks(of id: RunID) -> [TaskAnswer]? {
    guard let run = going[id], let plan = plan(of: id), let project = executions[plan]?.plan.project else { return nil }
    let unit = run.order.unit.id
    let known = parts.writer.current.runs[id]
    return run.tasks.map { task, pieces in
      let frames = FrameSet(pieces.compactMap(\.frame))
      var answer = TaskAnswer(
        task: task, plan: plan, project: project, step: unit.step, folder: unit.folder, status: .succeeded,
        frames: frames.isEmpty || run.body != nil && !run.order.unit.step.isPerFrame ? nil : frames)
      answer.part = run.parts?[task]?.step
      if let token = inHand[task] {
        answer.status = .running
        answer.agent = farm.scheduler.leases[token].map { "\($0.agent)" }
      } else if run.open.contains(task) {
        answer.status = .waiting
      } else if let fact = known?.fact(of: task) {
        answer.tell(fact)
      } else if run.failure != nil || cancelled.contains(id) {
        answer.status = .cancelled
      }
      if !answer.isOver { answer.tries = tries[task] }
      return answer
    }.sorted { TaskOrdering.isBefore($0.task, $1.task) }
  }

  /// Ends a task; its run cannot become whole without it, and ends as cancelled when what runs of it has ended.
  /// - Returns: nil where there is no such task in a run that goes; false where it is over.
  package func cancel(_ task: TaskID) async -> Bool? {
    guard let run = going[task.run], run.tasks[task] != nil else { return nil }
    guard run.open.contains(task) else { return false }
    cancelled.insert(task.run)
    withdrawn[task.run] = Failure(
      SluiceError(
        .taskFailed, what: "somebody cancelled its task \(task)", at: "task \(task)",
        fix: "`sluice retry \(task.run)` takes the run up again; what it has finished stays"))
    farm.withdraw(task.run)
    going[task.run]?.open.keep { inHand[$0] != nil }
    askToEnd { $0 == task }
    if going[task.run]?.open.isEmpty == true {
      await finish(task.run, .cancelled, failure: cancelFailure(of: task.run))
    }
    pump()
    return true
  }

  /// Ends a task that runs and lets it wait again; nil where there is no such task in a run that goes.
  /// - Throws: `run.active` where it does not run now.
  package func startAgain(_ task: TaskID) throws(SluiceError) -> Bool? {
    guard let run = going[task.run], run.tasks[task] != nil else { return nil }
    guard !cancelled.contains(task.run), inHand[task] != nil, run.open.contains(task) else {
      let waits = run.open.contains(task) && !cancelled.contains(task.run)
      throw SluiceError(
        .runActive, what: waits ? "the task \(task) waits already" : "the run \(task.run) is still going",
        at: "task \(task)",
        fix: waits ? "`sluice queue why \(task)` says what for" : "wait for its end, or cancel it first")
    }
    askToEnd { $0 == task }
    return true
  }
}

/// Tasks of one run stand in the order of their numbers, not of their digits.
package enum TaskOrdering {
  package static func isBefore(_ left: TaskID, _ right: TaskID) -> Bool {
    left.run == right.run ? number(left) < number(right) : left < right
  }

  private static func number(_ task: TaskID) -> Int {
    Int(task.description.drop { $0 != "." }.dropFirst()) ?? 0
  }
}
