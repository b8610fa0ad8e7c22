import SluiceGraph
import SluiceModel
import SluicePolicy

/// What facts say of a run that is put in line: after a restart it stands there as it did before. Pure.
struct QueuedBefore: Sendable {
  let tier: Tier
  let isPaused: Bool
  /// Tasks that are made first, of those that are to be made; the rest waits for them.
  let tests: [TaskID]
  /// Whether the rest waits for a person, now or when the tests have passed.
  let isLookedAt: Bool
  let tries: [TaskID: [TaskRetried]]
  /// Where tasks failed before the run was begun again.
  let failedOn: [TaskID: AgentID]

  /// - Parameters:
  ///   - all: the tasks of the run in their order, made or not.
  ///   - open: those that are to be made.
  ///   - chosen: those with frames that the step has chosen for its tests.
  ///   - failed: what the run had failed in before it was begun again.
  init(
    _ run: RunID, of step: Step, all: [TaskID], open: [TaskID], chosen: [TaskID] = [], failed: [TaskID: AgentID],
    in registry: Registry
  ) {
    tier = registry.tier(of: run).map { Tier($0) } ?? .normal
    isPaused = registry.isPaused(run)
    failedOn = failed
    let waiting = Set(open)
    let tried = registry.triedTasks(of: run).filter { waiting.contains($0) }
    tries = Dictionary(uniqueKeysWithValues: tried.map { ($0, registry.tries(of: $0)) })
    let usual = TestFrames.places(of: all.count).map { all[$0] }
    let tests = !step.isPerFrame || step.tests?.word == .off ? [] : chosen.isEmpty || usual.isEmpty ? usual : chosen
    self.tests = tests.filter { waiting.contains($0) }
    isLookedAt = step.tests?.word == .look && !tests.isEmpty && !registry.isPassed(run, tests: tests)
  }

  /// - Parameter open: the tasks that are to be made; tests are a few of them.
  func hold(in open: [TaskID]) -> Scheduler.TestHold {
    if !tests.isEmpty { return .on(tests.compactMap { open.firstIndex(of: $0) }, isLookedAt: isLookedAt) }
    return isLookedAt ? .look : .off
  }
}

extension RunState {
  /// Where its tasks failed since it was begun.
  var failedOn: [TaskID: AgentID] {
    failed.keys.reduce(into: [:]) { found, task in found[task] = failed[task]?.fact.agent.map { AgentID($0) } }
  }
}

extension Tier {
  init(_ name: TierName) {
    self =
      switch name {
      case .critical: .critical
      case .high: .high
      case .normal: .normal
      case .low: .low
      case .background: .background
      }
  }
}
