package import SluiceModel

/// A step of a project: what many runs have in common, and what may be to blame when they fail.
package struct StepOfProject: Sendable, Hashable {
  package let project: ProjectName
  package let step: String
  package init(project: ProjectName, step: String) { (self.project, self.step) = (project, step) }
}

/// What failed on an agent since something succeeded there: one bad run is no bad agent, nor is one bad step.
struct FailuresInARow: Sendable {
  private var failures: [(run: RunID, step: StepOfProject?)] = []

  /// - Parameter bound: how many are kept; more say nothing more.
  mutating func add(_ run: RunID, of step: StepOfProject?, bound: Int) {
    failures.append((run, step))
    if failures.count > bound { failures.removeFirst() }
  }

  /// Steps of all that failed; nil where one of them is of no step.
  var steps: Set<StepOfProject>? {
    let known = failures.compactMap(\.step)
    return known.count == failures.count ? Set(known) : nil
  }

  /// Those that no step is to blame for.
  func count(without blamed: (StepOfProject) -> Bool) -> (failures: Int, runs: Int) {
    let left = failures.filter { failure in failure.step.map { !blamed($0) } ?? true }
    return (left.count, Set(left.map(\.run)).count)
  }
}

/// Whose fault it is when tasks fail: a step that fails on two agents and succeeds on none is broken itself.
struct Blame: Sendable {
  private var failedOn: [StepOfProject: Set<AgentID>] = [:]

  func isBroken(_ step: StepOfProject) -> Bool { failedOn[step]?.count ?? 0 > 1 }

  mutating func succeeded(_ step: StepOfProject?) {
    if let step { failedOn[step] = nil }
  }

  /// - Returns: whether it is known to be broken from now on.
  mutating func failed(_ step: StepOfProject?, on agent: AgentID) -> Bool {
    guard let step else { return false }
    let wasBroken = isBroken(step)
    // Two say all that there is to say.
    if !wasBroken { failedOn[step, default: []].insert(agent) }
    return !wasBroken && isBroken(step)
  }
}

extension Scheduler {
  /// A task of a run has failed on an agent.
  mutating func suspect(_ id: AgentID, _ run: RunID) -> [Notice] {
    let step = runs[run]?.step
    let acquitted = blame.failed(step, on: id) ? acquit() : []
    guard var agent = agents[id], agent.standing == .active, !agent.isOwn else { return acquitted }
    agent.failures.add(run, of: step, bound: max(32, rules.failuresInARow))
    agents[id] = agent
    let (failures, runs) = agent.failures.count(without: blame.isBroken)
    guard failures >= rules.failuresInARow, runs > 1 else { return acquitted }
    let steps = agent.failures.steps
    setStanding(.quarantined, of: id)
    agents[id]?.isQuarantinedFor = steps
    return acquitted + [.quarantined(id)]
  }

  /// Lets agents out of quarantine that are there for nothing but steps that turned out to be broken.
  private mutating func acquit() -> [Notice] {
    var notices: [Notice] = []
    for (id, agent) in agents.sorted(by: { $0.key < $1.key }) {
      guard let steps = agent.isQuarantinedFor, steps.allSatisfy(blame.isBroken) else { continue }
      if agent.standing == .quarantined {
        setStanding(.active, of: id)
      } else if agent.standing == .lost, agent.standingBefore == .quarantined {
        agents[id]?.standingBefore = .active
      } else {
        continue
      }
      agents[id]?.isQuarantinedFor = nil
      notices.append(.acquitted(id))
    }
    return notices
  }
}
