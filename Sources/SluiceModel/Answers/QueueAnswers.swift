/// A run in the queue.
package struct QueuedRunAnswer: Sendable, Codable {
  package var run: RunID
  package var plan: PlanID
  package var project: ProjectName
  package var step: String
  package var folder: FolderPath
  package var tier: String
  /// Tasks that wait, and that run.
  package var waiting: Int
  package var running: Int
  /// `tests`, `look`, `testFailed` or `paused`; nil where nothing holds it.
  package var hold: String?
  /// Why its next task waits, in a sentence; nil where none does.
  package var why: String?
  package init(
    run: RunID, plan: PlanID, project: ProjectName, step: String, folder: FolderPath, tier: String, waiting: Int,
    running: Int, hold: String?, why: String?
  ) {
    (self.run, self.plan, self.project, self.step, self.folder) = (run, plan, project, step, folder)
    (self.tier, self.waiting, self.running, self.hold, self.why) = (tier, waiting, running, hold, why)
  }
}

package struct QueueAnswer: Sendable, Codable {
  package struct Limit: Sendable, Codable {
    package var name: String
    package var count: Int
    /// By tasks.
    package var used: Int
    /// By others, artists above all.
    package var taken: Int
    /// Why the program that knows did not say it when it was asked last; the last value stays then.
    package var trouble: String?
    package init(name: String, count: Int, used: Int, taken: Int, trouble: String?) {
      (self.name, self.count, self.used) = (name, count, used)
      (self.taken, self.trouble) = (taken, trouble)
    }
  }
  package var runs: [QueuedRunAnswer]
  package var limits: [Limit]
  package init(runs: [QueuedRunAnswer], limits: [Limit]) { (self.runs, self.limits) = (runs, limits) }
}

/// Why a task waits.
package struct WaitingAnswer: Sendable, Codable {
  package var task: TaskID
  /// `waiting`, `running`, or what became of it.
  package var state: String
  /// From 1; nil where it does not wait.
  package var rank: Int?
  /// `next`, `paused`, `tests`, `look`, `testFailed`, `noAgent`, `labels`, `tooLarge`, `limit`, `resources`, `ahead`
  /// or `inputs`; nil where it does not wait.
  package var reason: String?
  package var runsAhead: [RunID]
  /// All of it in one sentence.
  package var text: String
  package init(
    task: TaskID, state: String, rank: Int? = nil, reason: String? = nil, runsAhead: [RunID] = [], text: String
  ) {
    (self.task, self.state, self.rank) = (task, state, rank)
    (self.reason, self.runsAhead, self.text) = (reason, runsAhead, text)
  }
}

/// What a change of priority does.
package struct PriorityAnswer: Sendable, Codable {
  package var run: RunID
  package var from: String
  package var to: String
  /// Runs that come later by it.
  package var delayed: [QueuedRunAnswer]
  package var applied: Bool
  package init(run: RunID, from: String, to: String, delayed: [QueuedRunAnswer], applied: Bool) {
    (self.run, self.from, self.to, self.delayed, self.applied) = (run, from, to, delayed, applied)
  }
}
