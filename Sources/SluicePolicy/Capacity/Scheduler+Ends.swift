import SluiceModel

/// How tasks end.
extension Scheduler {
  /// An agent says how a task ended. The first word under the newest token counts, and no other.
  package mutating func finish(
    _ token: LeaseToken, by agent: AgentID, _ outcome: Outcome
  ) -> (receipt: Receipt, notices: [Notice]) {
    guard let lease = leases[token], lease.agent == agent else { return (.givenAway, []) }
    end(lease)
    guard runs[lease.run] != nil else { return (.taken, []) }
    switch outcome {
    case .succeeded:
      agents[agent]?.failures = FailuresInARow()
      if lease.need.ramp > .zero {
        runs[lease.run]?.hasShown = true
        agents[agent]?.takesAgain = .zero
      }
      blame.succeeded(runs[lease.run]?.step)
      advance(lease.run, lease.task)
      return (.taken, passed(lease))
    case .returned:
      giveBack(lease)
      return (.retried, [])
    case .overMemory:
      guard let need = larger(lease.need), runs[lease.run]?.enlarged.insert(lease.task).inserted == true else {
        return ended(lease)
      }
      // That it was too small says nothing of whether it works.
      runs[lease.run]?.attempts[lease.task, default: 1] -= 1
      again(lease, need)
      return (.retried, [.movedUp(lease.run, task: lease.task, to: need.amounts)])
    case .failed:
      let (receipt, notices) = failed(lease)
      return (receipt, notices + suspect(agent, lease.run))
    }
  }

  private mutating func failed(_ lease: Lease) -> (receipt: Receipt, notices: [Notice]) {
    guard let run = runs[lease.run] else { return (.taken, []) }
    if (run.attempts[lease.task] ?? 1) < run.maxAttempts {
      var need = lease.need
      need.avoids = lease.agent
      again(lease, need)
      return (.retried, [])
    }
    return ended(lease)
  }

  /// The task waits again, behind others of its tier and age that need the same.
  private mutating func again(_ lease: Lease, _ need: Need) {
    guard let run = runs[lease.run] else { return }
    if let line = run.lines.first(where: { lines[$0]?.need == need }) { return wait(lease.task, in: line) }
    addLine(lease.run, need, run.place, ready: [lease.task])
  }

  /// The task is not run again.
  private mutating func ended(_ lease: Lease) -> (receipt: Receipt, notices: [Notice]) {
    guard case .testing? = runs[lease.run]?.phase else { return (.taken, []) }
    runs[lease.run]?.phase = .testFailed
    // Other tests say more about what is wrong, but cost what they cost.
    for line in runs[lease.run]?.lines ?? [] { lines[line]?.ready = [] }
    return (.taken, [.testFailed(lease.run)])
  }

  private mutating func passed(_ lease: Lease) -> [Notice] {
    guard case .testing(var left)? = runs[lease.run]?.phase else { return [] }
    left.remove(lease.task)
    runs[lease.run]?.phase = .testing(left: left)
    guard left.isEmpty else { return [] }
    if runs[lease.run]?.isLookedAt == true {
      runs[lease.run]?.phase = .looking
      return [.wantsLook(lease.run)]
    }
    open(lease.run)
    return [.testsPassed(lease.run)]
  }

  /// The same with the next size that has more memory, where an agent is so large.
  private func larger(_ need: Need) -> Need? {
    var larger = need
    let amounts = need.amounts
    guard let size = rules.sizes.filter({ $0.memory > amounts.memory }).min(by: { $0.memory < $1.memory }) else {
      return nil
    }
    larger.amounts = Amounts(
      cores: max(size.cores, amounts.cores), memory: size.memory, gpus: max(size.gpus, amounts.gpus))
    if agents.values.contains(where: { $0.could(larger) }) { return larger }
    // It is memory that it lacks; a machine with fewer cores than the size may have that.
    larger.amounts = Amounts(cores: amounts.cores, memory: size.memory, gpus: amounts.gpus)
    return agents.values.contains { $0.could(larger) } ? larger : nil
  }
}
