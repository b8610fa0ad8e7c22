import SluiceModel

/// Proposed plans, what people said of them, and what took their place; the fact of the highest rank is what is shown.
extension Registry {
  mutating func apply(_ fact: PlanProposed, _ event: Event, _ rank: Rank) -> [RowKey] {
    guard let project = event.project else { return [] }
    let before = plans[fact.plan]
    if note(rank, onProposal: fact.plan) {
      plans[fact.plan] = PlanState(
        id: fact.plan, project: project, status: .proposed, body: fact.body, applications: before?.applications ?? 0,
        runs: fact.runs, tasks: fact.tasks, counts: RunCounts(), actor: event.actor, applied: event.time, finished: nil,
        event: event.id, only: nil)
    }
    return [.plan(fact.plan)] + (fact.superseded.map { supersede($0, by: fact.plan, rank) } ?? [])
  }

  mutating func apply(_ fact: PlanDeclined, _ event: Event, _ rank: Rank) -> [RowKey] {
    guard plans[fact.plan] != nil else { return [] }
    if note(rank, onProposal: fact.plan) {
      plans[fact.plan]?.status = .declined
      plans[fact.plan]?.declined = Decline(actor: event.actor, time: event.time, because: fact.because)
    }
    return [.plan(fact.plan)]
  }

  /// What was declined stays declined, and what is running runs.
  mutating func supersede(_ old: PlanID, by new: PlanID?, _ rank: Rank) -> [RowKey] {
    guard plans[old]?.status == .proposed, old != new, note(rank, onProposal: old) else { return [] }
    plans[old]?.status = .superseded
    plans[old]?.supersededBy = new
    return [.plan(old)]
  }

  /// - Returns: whether it is the newest word on the plan.
  private mutating func note(_ rank: Rank, onProposal plan: PlanID) -> Bool {
    var turns = planTurns[plan] ?? PlanTurns()
    let isNewest = turns.isNewest(rank)
    turns.proposed = max(turns.proposed ?? rank, rank)
    planTurns[plan] = turns
    return isNewest
  }
}
