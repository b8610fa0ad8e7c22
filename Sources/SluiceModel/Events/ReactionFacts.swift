/// What Sluice would do about changes and leaves to a person to decide; the plan itself is a blob.
package struct PlanProposed: Sendable, Equatable, Codable {
  package var plan: PlanID
  package var body: Digest
  package var runs: Int
  package var tasks: Int
  /// The waiting proposal that this one replaces: a project has one at a time.
  package var superseded: PlanID?
  package init(plan: PlanID, body: Digest, runs: Int, tasks: Int, superseded: PlanID? = nil) {
    (self.plan, self.body, self.runs, self.tasks, self.superseded) = (plan, body, runs, tasks, superseded)
  }
}

/// A person said no to a proposal: its runs are not proposed again until an input of theirs changes.
package struct PlanDeclined: Sendable, Equatable, Codable {
  package var plan: PlanID
  package var because: String?
  package init(plan: PlanID, because: String? = nil) { (self.plan, self.because) = (plan, because) }
}

/// Nothing of a proposal was left to do: what it was about was made, or is no longer out of date.
package struct PlanSuperseded: Sendable, Equatable, Codable {
  package var plan: PlanID
  package init(plan: PlanID) { self.plan = plan }
}
