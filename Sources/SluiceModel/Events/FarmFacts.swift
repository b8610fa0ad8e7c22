/// What a person said of a run in the queue; what is nil stays as it was.
package struct QueueChanged: Sendable, Equatable, Codable {
  package var run: RunID
  package var tier: TierName?
  /// Nothing more of it starts; a new application of its plan takes that back.
  package var paused: Bool?
  /// True where a person looked at its test frames and lets the rest be made.
  package var passed: Bool?
  package init(run: RunID, tier: TierName? = nil, paused: Bool? = nil, passed: Bool? = nil) {
    (self.run, self.tier, self.paused, self.passed) = (run, tier, paused, passed)
  }
}

/// How urgent a run is, the most urgent first.
package enum TierName: String, Sendable, Codable, CaseIterable { case critical, high, normal, low, background }

/// A try of a task that did not count: the task waits again.
package struct TaskRetried: Sendable, Equatable, Codable {
  package var task: TaskID
  /// Of the run.
  package var attempt: Int
  package var agent: String
  package var given: TaskShare
  package var seconds: Double
  package var used: TaskUse?
  package var failure: Failure
  /// What its next try is given, where that is more.
  package var next: TaskShare?

  package init(_ task: TaskID, attempt: Int, _ tried: TaskTry, next: TaskShare?) {
    (self.task, self.attempt, self.next) = (task, attempt, next)
    (agent, given, seconds) = (tried.agent, tried.given, tried.seconds)
    (used, failure) = (tried.used, tried.failure)
  }

  /// As the fact of the task's end tells it.
  package var tried: TaskTry { TaskTry(agent: agent, given: given, seconds: seconds, used: used, failure: failure) }
}

/// What people or the server itself made of an agent; it holds until somebody says something else.
package struct AgentChanged: Sendable, Equatable, Codable {
  package enum Standing: String, Sendable, Codable {
    /// Nobody wants anything else of it.
    case active
    /// It finishes what it has and takes nothing more.
    case draining, paused
    /// Everything that it was given failed.
    case quarantined
  }
  /// A step that may be to blame, and not the agent.
  package struct Suspect: Sendable, Hashable, Codable {
    package var project: ProjectName
    package var step: String
    package init(project: ProjectName, step: String) { (self.project, self.step) = (project, step) }
  }
  package var agent: String
  package var standing: Standing
  /// The steps whose failures brought it into quarantine: where all turn out to be broken, it comes out.
  package var suspects: [Suspect]?
  package init(agent: String, standing: Standing, suspects: [Suspect]? = nil) {
    (self.agent, self.standing, self.suspects) = (agent, standing, suspects)
  }
}
