package import FoundationEssentials

/// A submitted job as users see it.
package struct JobAnswer: Sendable, Equatable, Codable {
  package struct Step: Sendable, Equatable, Codable {
    package var name: String
    package var run: RunID
    package var status: RunProgress.Status
    package var tasksDone: Int
    package var tasksTotal: Int
    package var failedTasks: [TaskID]
    package var failure: Failure?
    /// Tasks that run now, with what they said last.
    package var running: [RunningTask]
    package init(_ run: RunProgress, running: [RunningTask]) {
      (name, self.run, status) = (run.step, run.id, run.status)
      (tasksDone, tasksTotal, failedTasks) = (run.tasksDone, run.tasksTotal, run.failedTasks)
      (failure, self.running) = (run.failure, running)
    }
  }

  package struct RunningTask: Sendable, Equatable, Codable {
    package var task: TaskID
    /// Percent, as its action says.
    package var progress: Double?
    package var message: String?
    package init(task: TaskID, said: [OpenJD.SessionMessage]) {
      self.task = task
      for message in said {
        switch message {
        case .progress(let percent): progress = percent
        case .status(let words): self.message = words
        default: continue
        }
      }
    }
  }

  /// Its plan's.
  package var id: PlanID
  package var name: String
  package var status: PlanState.Status
  package var actor: Actor
  package var submitted: Date
  package var finished: Date?
  package var tasksDone: Int
  package var tasksTotal: Int
  package var steps: [Step]

  package init(id: PlanID, name: String, state: PlanState, steps: [Step]) {
    (self.id, self.name, status, actor) = (id, name, state.status, state.actor)
    (submitted, finished, self.steps) = (state.applied, state.finished, steps)
    tasksDone = steps.reduce(0) { $0 + $1.tasksDone }
    tasksTotal = steps.reduce(0) { $0 + $1.tasksTotal }
  }
}

/// Jobs, with how many more there were.
package struct JobsAnswer: Sendable, Equatable, Codable {
  package var jobs: [JobAnswer]
  package var more: Int
  package init(jobs: [JobAnswer], more: Int) { (self.jobs, self.more) = (jobs, more) }
}
