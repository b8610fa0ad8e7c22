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
      blame.succeeded(runs[lease.run]?.step)
      return (.taken, passed(lease))
    case .returned:
      giveBack(lease)
      return (.retried, [])
    case .overMemory:
      guard let larger = larger(than: lease.need.amounts), !wasMovedUp(lease) else { return failed(lease) }
      var need = lease.need
      need.amounts = larger
      let place = runs[lease.run]?.place ?? LinePlace(tier: .normal, turn: 0)
      addLine(lease.run, need, place, ready: [lease.task])
      return (.retried, [.movedUp(lease.run, task: lease.task, to: larger)])
    case .failed:
      let (receipt, notices) = failed(lease)
      return (receipt, notices + suspect(agent, lease.run))
    }
  }

  private mutating func failed(_ lease: Lease) -> (receipt: Receipt, notices: [Notice]) {
    guard let run = runs[lease.run] else { return (.taken, []) }
    if (run.attempts[lease.task] ?? 1) < run.maxAttempts {
      wait(lease.task, in: lease.line)
      return (.retried, [])
    }
    guard case .testing = run.phase else { return (.taken, []) }
    runs[lease.run]?.phase = .testFailed
    // Other tests say more about what is wrong, but cost what they cost.
    for line in run.lines { lines[line]?.ready = [] }
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

  /// The next size with more memory.
  private func larger(than amounts: Amounts) -> Amounts? {
    rules.sizes.filter { $0.memory > amounts.memory }.min { $0.memory < $1.memory }
      .map { Amounts(cores: max($0.cores, amounts.cores), memory: $0.memory, gpus: max($0.gpus, amounts.gpus)) }
  }

  private func wasMovedUp(_ lease: Lease) -> Bool { runs[lease.run]?.lines.first != lease.line }
}
