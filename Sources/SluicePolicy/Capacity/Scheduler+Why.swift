package import SluiceModel

/// Why a task waits, as facts; sentences are made of them elsewhere.
package struct Waiting: Sendable, Hashable {
  package enum Reason: Sendable, Hashable {
    /// It is the next one, as soon as an agent asks.
    case next
    case paused
    /// The run's test frames have not passed yet.
    case tests(left: [Int])
    case look
    case testFailed
    case noAgent
    /// No agent has these labels.
    case labels([String: String])
    /// No agent is a machine as a template asks for it; in words.
    case hosts([String])
    /// No agent that it could be for sees the bench, and its run's tasks share it.
    case bench
    /// Steps of its template are to be done before.
    case steps([String])
    /// Agents that could take it have given others too much of this; in words.
    case amounts([String])
    /// No agent is large enough.
    case tooLarge(Amounts)
    case limit(String, used: Int, of: Int, wanted: Int)
    /// It wants a machine for itself, and those that could take it have tasks.
    case machine
    /// Agents that could take it let a task show first how much memory it takes; for so long at most.
    case ramp(Duration)
    /// Agents that could take it are full.
    case resources(Amounts)
    /// Agents have room, and others come first.
    case ahead
  }
  package let reason: Reason
  /// Tasks that stand before it, in its own run too.
  package let ahead: Int
  /// Runs that stand before its own, the first one first.
  package let runsAhead: [RunID]
  /// The agent that is kept free for its run, since that was passed over for long.
  package let keptFree: AgentID?
}

extension Scheduler {
  /// Why a task of a run waits; nil where it does not: it runs, has ended, or is unknown.
  /// - Complexity: O(runs + tasks of the run).
  package func why(_ run: RunID, task: Int, now: Duration) -> Waiting? {
    guard let state = runs[run] else { return nil }
    let own = state.lines.first { lines[$0]?.ready.contains(task) == true }
    let partsBefore = state.partsBefore(task)
    guard own != nil || state.rest.contains(task) || partsBefore != nil else { return nil }
    let before = runs.filter { $0.value.place < state.place && waiting($0.value) > 0 }
    let inLine = own.flatMap { lines[$0] }.map { $0.ready.count - 1 - ($0.ready.lastIndex(of: task) ?? 0) } ?? 0
    let held =
      partsBefore == nil ? state.rest.count - 1 - (state.rest.lastIndex(of: task) ?? 0) : state.heldBefore(task)
    let inRun = own == nil ? ready(state) + held : inLine
    let line = (own ?? state.lines.first).flatMap { lines[$0] }
    let reason =
      if let partsBefore, !state.isPaused { Waiting.Reason.steps(partsBefore) } else {
        reason(state, isHeld: own == nil, line?.need, now)
      }
    return Waiting(
      reason: reason, ahead: before.values.reduce(inRun) { $0 + waiting($1) },
      runsAhead: before.sorted { $0.value.place < $1.value.place }.map(\.key), keptFree: line?.reserved)
  }

  /// Runs that would come later than they do now if this one had another tier.
  package func delayed(by run: RunID, to tier: Tier) -> [RunID] {
    guard let state = runs[run], tier < state.place.tier else { return [] }
    let place = LinePlace(tier: tier, turn: state.place.turn)
    return runs.filter {
      $0.key != run && place < $0.value.place && $0.value.place < state.place && waiting($0.value) > 0
    }
    .sorted { $0.value.place < $1.value.place }.map(\.key)
  }

  private func ready(_ run: Run) -> Int { run.lines.reduce(0) { $0 + (lines[$1]?.ready.count ?? 0) } }
  private func waiting(_ run: Run) -> Int { ready(run) + run.rest.count + run.held }

  private func reason(_ run: Run, isHeld: Bool, _ need: Need?, _ now: Duration) -> Waiting.Reason {
    if run.isPaused { return .paused }
    if isHeld {
      switch run.phase {
      case .testing(let left): return .tests(left: left.sorted())
      case .looking: return .look
      case .testFailed: return .testFailed
      case .open: break
      }
    }
    guard let need else { return .next }
    let there = agents.values.filter { $0.standing == .active }
    if there.isEmpty { return .noAgent }
    let labelled = there.filter { $0.has(need.labels) }
    if labelled.isEmpty { return .labels(need.labels) }
    let seeing = labelled.filter { $0.seesBenches || !need.sharesBench }
    if !seeing.contains(where: { $0.suits(need) }) {
      var elsewhere = need
      elsewhere.sharesBench = false
      let isElsewhere = labelled.contains { $0.suits(elsewhere) }
      return isElsewhere ? .bench : .hosts(unmet(need, by: labelled))
    }
    let able = seeing.filter { $0.could(need) && !avoids($0.id, need) }
    if able.isEmpty { return .tooLarge(need.amounts) }
    if let lacking = limits.lacking(need, on: nil) {
      let limit = limits.limits[lacking]
      return .limit(
        lacking, used: limits.used(lacking) + (limit?.taken ?? 0), of: limit?.count ?? 0,
        wanted: limit?.unit == .host ? 1 : need.limits[lacking] ?? 1)
    }
    if let lacks = able.map({ $0.lacks(need) }).min(by: { $0.count < $1.count }), !lacks.isEmpty {
      return .amounts(lacks.map(\.description))
    }
    let open = able.filter { $0.hasRoom(for: need) && $0.keptFor == nil }
    if open.isEmpty { return need.isExclusive ? .machine : .resources(need.amounts) }
    if let rested = open.map({ $0.takesAgain - now }).min(), rested > .zero { return .ramp(rested) }
    let isFirst = !runs.contains { $0.value.place < run.place && ready($0.value) > 0 }
    return isFirst ? .next : .ahead
  }
}
