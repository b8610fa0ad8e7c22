package import FoundationEssentials

/// What a plan says before anything runs.
package struct Plan: Sendable, Equatable, Codable {
  package var id: PlanID
  package var project: ProjectName
  package var selection: String
  package var frames: FrameSet?
  package var pipelineRevision: Int
  package var runs: [PlannedRun]
  /// Products in the selection that need nothing.
  package var untouched: Int
  /// Sources that steps in the selection need and nobody has published.
  package var missing: [ProductRef]
  /// Runs that the selection would want but that cannot go, and why.
  package var blocked: [BlockedRun]
  /// `auto` or `propose` where Sluice made the plan by itself: it is then about its own runs and nothing else. Nil for
  /// a plan that somebody asked for.
  package var reaction: OnChange?
  /// Changes that a freeze keeps out of the selection. Nil in plans that Sluice made by itself or that are older.
  package var frozen: [FrozenInput]?
  /// Products of the selection that people have in hand, so that their steps leave them alone.
  package var held: [HeldProduct]?
  /// Human steps of the selection whose products want a person: to be made, redone or vouched for.
  package var byHand: [HandWork]?
  /// True where what is current is made anew as well; nil otherwise.
  package var force: Bool?
  /// What would have to happen first; nil for a plan of what is. A plan with it cannot be applied.
  package var whatIf: WhatIf?
  /// What an answer leaves out that was asked for the first runs alone; nil where it has all of them.
  package var rest: PlanRest?

  /// Set for a template that runs on its own: its runs are the template's steps.
  package var job: SubmittedJob?

  package init(
    id: PlanID, project: ProjectName, selection: String, frames: FrameSet?, pipelineRevision: Int,
    runs: [PlannedRun], untouched: Int, missing: [ProductRef], blocked: [BlockedRun], reaction: OnChange? = nil
  ) {
    (self.id, self.project, self.selection, self.frames) = (id, project, selection, frames)
    (self.pipelineRevision, self.runs, self.untouched) = (pipelineRevision, runs, untouched)
    (self.missing, self.blocked, self.reaction) = (missing, blocked, reaction)
  }

  package var tasks: Int { runs.reduce(0) { $0 + $1.tasks } }

  /// With its first runs only, and what the others come to.
  package func first(_ count: Int) -> Plan {
    guard runs.count > count else { return self }
    var plan = self
    let others = runs[count...]
    let known = others.compactMap(\.estimate?.seconds)
    plan.runs = Array(runs.prefix(count))
    plan.rest = PlanRest(
      runs: others.count, tasks: others.reduce(0) { $0 + $1.tasks }, seconds: known.reduce(0, +),
      unestimated: others.count - known.count)
    return plan
  }
}

/// What runs come to that are not told one by one.
package struct PlanRest: Sendable, Equatable, Codable {
  package var runs: Int
  package var tasks: Int
  /// Core-seconds of those that have an estimate.
  package var seconds: Double
  /// Runs without one.
  package var unestimated: Int
}

package struct PlannedRun: Sendable, Equatable, Codable {
  package var id: RunID
  package var step: String
  package var folder: FolderPath
  package var outputs: [ProductRef]
  package var reasons: [Reason]
  package var tasks: Int
  /// Nil for a step that does not work frame by frame.
  @OrNull package var frames: FrameSet?
  @OrNull package var estimate: Estimate?
  /// From what it would be made, foreseen: what was declined or has failed is known again by it. Nil in plans from
  /// before there were reactions.
  package var work: Digest?
  /// Why the run of an `auto` step is only proposed.
  package var note: String?
  /// The purged versions that it brings back; nil for a run that makes something new.
  package var restores: [VersionAddress]?

  package init(
    id: RunID, step: String, folder: FolderPath, outputs: [ProductRef], reasons: [Reason], tasks: Int,
    frames: FrameSet?, estimate: Estimate?, work: Digest?, note: String? = nil
  ) {
    (self.id, self.step, self.folder, self.outputs) = (id, step, folder, outputs)
    _frames = OrNull(wrappedValue: frames)
    _estimate = OrNull(wrappedValue: estimate)
    (self.reasons, self.tasks, self.work, self.note) = (reasons, tasks, work, note)
  }
}

/// Core-seconds, from the last runs of the same step.
package struct Estimate: Sendable, Hashable, Codable {
  package var seconds: Double
  package init(seconds: Double) { self.seconds = seconds }
}

package struct BlockedRun: Sendable, Equatable, Codable {
  package var step: String
  package var folder: FolderPath
  package var text: String
  package init(step: String, folder: FolderPath, text: String) {
    (self.step, self.folder, self.text) = (step, folder, text)
  }
}

/// A plan that was set going or proposed, with what became of it so far.
package struct PlanState: Sendable, Equatable, Codable {
  package enum Status: String, Sendable, Codable {
    /// Waits for a person.
    case proposed
    /// A person said no.
    case declined
    /// A proposal that another one replaced, or of which nothing was left to do.
    case superseded
    case running, succeeded, failed, cancelled
  }
  package var id: PlanID
  package var project: ProjectName
  package var status: Status
  package var body: Digest
  package var applications: Int
  package var runs: Int
  package var tasks: Int
  package var counts: RunCounts
  package var actor: Actor
  /// When it was set going; while it was only proposed, when that was.
  package var applied: Date
  package var finished: Date?
  package var event: EventID
  /// The runs that a retry wanted; nil for all.
  package var only: [RunID]?
  /// Who said no to it; nil where nobody did.
  package var declined: Decline?
  /// The proposal that replaced it.
  package var supersededBy: PlanID?

  package init(
    id: PlanID, project: ProjectName, status: Status, body: Digest, applications: Int, runs: Int, tasks: Int,
    counts: RunCounts, actor: Actor, applied: Date, finished: Date?, event: EventID, only: [RunID]?
  ) {
    self.only = only
    (self.id, self.project, self.status, self.body) = (id, project, status, body)
    (self.applications, self.runs, self.tasks, self.counts) = (applications, runs, tasks, counts)
    (self.actor, self.applied, self.finished, self.event) = (actor, applied, finished, event)
  }
}

/// A person's no to a proposal.
package struct Decline: Sendable, Hashable, Codable {
  package var actor: Actor
  package var time: Date
  package var because: String?
  package init(actor: Actor, time: Date, because: String?) {
    (self.actor, self.time, self.because) = (actor, time, because)
  }
}

/// How far a plan has come; telemetry, never in the log.
package struct PlanProgress: Sendable, Equatable, Codable {
  package var id: PlanID
  package var project: ProjectName
  package var status: PlanState.Status
  package var runs: [RunProgress]
  package var tasksDone: Int
  package var tasksTotal: Int
  /// Wall-clock seconds until the end, from the pace so far or from earlier runs; nil while nothing is known.
  package var secondsLeft: Double?
  package var counts: RunCounts

  package init(
    id: PlanID, project: ProjectName, status: PlanState.Status, runs: [RunProgress], tasksDone: Int,
    tasksTotal: Int, secondsLeft: Double?, counts: RunCounts
  ) {
    (self.id, self.project, self.status, self.runs) = (id, project, status, runs)
    (self.tasksDone, self.tasksTotal, self.secondsLeft, self.counts) = (tasksDone, tasksTotal, secondsLeft, counts)
  }
}

package struct RunProgress: Sendable, Equatable, Codable {
  package enum Status: String, Sendable, Codable {
    case waiting, queued, running, succeeded, unchanged, failed, cancelled
  }
  package var id: RunID
  package var step: String
  package var folder: FolderPath
  package var status: Status
  package var tasksDone: Int
  package var tasksTotal: Int
  package var reused: Int
  /// Tasks that failed, for their logs.
  package var failedTasks: [TaskID]
  package var failure: Failure?

  package init(
    id: RunID, step: String, folder: FolderPath, status: Status, tasksDone: Int, tasksTotal: Int, reused: Int,
    failedTasks: [TaskID], failure: Failure?
  ) {
    (self.id, self.step, self.folder, self.status) = (id, step, folder, status)
    (self.tasksDone, self.tasksTotal, self.reused) = (tasksDone, tasksTotal, reused)
    (self.failedTasks, self.failure) = (failedTasks, failure)
  }
}
