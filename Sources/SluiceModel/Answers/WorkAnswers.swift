/// A run of a plan that was set going, as lists show it.
package struct RunAnswer: Sendable, Equatable, Codable {
  package var run: RunID
  package var plan: PlanID
  package var project: ProjectName
  package var step: String
  package var folder: FolderPath
  package var status: RunProgress.Status
  package var tasksDone: Int
  package var tasksTotal: Int
  package var reused: Int
  package var failedTasks: [TaskID]
  package var failure: Failure?
  /// Who set its plan going.
  package var actor: Actor

  package init(_ run: RunProgress, of plan: PlanID, in project: ProjectName, actor: Actor) {
    (self.run, self.plan, self.project, step, folder) = (run.id, plan, project, run.step, run.folder)
    (status, tasksDone, tasksTotal, reused) = (run.status, run.tasksDone, run.tasksTotal, run.reused)
    (failedTasks, failure, self.actor) = (run.failedTasks, run.failure, actor)
  }

  package var isOver: Bool { ![.waiting, .queued, .running].contains(status) }
}

/// Runs, with how many more there were.
package struct RunsAnswer: Sendable, Equatable, Codable {
  package var runs: [RunAnswer]
  package var more: Int
  package init(runs: [RunAnswer], more: Int) { (self.runs, self.more) = (runs, more) }
}

/// A run with its tasks.
package struct RunShown: Sendable, Equatable, Codable {
  package var run: RunAnswer
  package var tasks: [TaskAnswer]
  /// Tasks that are not told.
  package var more: Int
  package init(run: RunAnswer, tasks: [TaskAnswer], more: Int) {
    (self.run, self.tasks, self.more) = (run, tasks, more)
  }
}

/// A task of a run that has begun.
package struct TaskAnswer: Sendable, Equatable, Codable {
  package enum Status: String, Sendable, Codable {
    case waiting, running, succeeded, failed, cancelled
  }
  package var task: TaskID
  package var run: RunID
  package var plan: PlanID
  package var project: ProjectName
  package var step: String
  /// The step of its run's template; only where such steps are tasks of their own.
  package var part: String?
  package var folder: FolderPath
  package var status: Status
  /// Nil where it does not work frame by frame, and of tasks of ended runs that are only known by their logs.
  package var frames: FrameSet?
  /// Where it runs, or ran last.
  package var agent: String?
  /// Seconds that it took; nil while it is not over.
  package var seconds: Double?
  /// What it took of its machine; nil while it is not over, and of what was over before anybody looked.
  package var used: TaskUse?
  /// Earlier tries of it in this attempt of its run, the first one first; nil for none.
  package var tries: [TaskTry]?
  /// Percent, as an action of a template says, and its last words.
  package var progress: Double?
  package var message: String?
  package var failure: Failure?
  /// Why it waits, in one sentence; only where one task is asked for.
  package var why: String?

  package init(
    task: TaskID, plan: PlanID, project: ProjectName, step: String, folder: FolderPath, status: Status,
    frames: FrameSet? = nil, agent: String? = nil, seconds: Double? = nil
  ) {
    (self.task, run, self.plan, self.project) = (task, task.run, plan, project)
    (self.step, self.folder, self.status) = (step, folder, status)
    (self.frames, self.agent, self.seconds) = (frames, agent, seconds)
  }

  package var isOver: Bool { status != .waiting && status != .running }

  /// How it ended.
  package mutating func tell(_ fact: TaskFinished) {
    status = fact.outcome == .succeeded ? .succeeded : .failed
    (seconds, agent, failure) = (fact.seconds, fact.agent ?? agent, fact.failure)
    (used, tries, part) = (fact.used, fact.tries, fact.part ?? part)
    frames = fact.frames ?? frames
  }

  /// With what it said of itself.
  package mutating func hear(_ said: [OpenJD.SessionMessage]) {
    let heard = JobAnswer.RunningTask(task: task, said: said)
    (progress, message) = (heard.progress, heard.message)
  }
}

/// Tasks, with how many more there were.
package struct TasksAnswer: Sendable, Equatable, Codable {
  package var tasks: [TaskAnswer]
  package var more: Int
  package init(tasks: [TaskAnswer], more: Int) { (self.tasks, self.more) = (tasks, more) }
}
