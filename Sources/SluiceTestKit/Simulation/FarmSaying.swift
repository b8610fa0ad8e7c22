import SluiceEngine
import SluiceGraph
package import SluiceModel

/// What somebody says of a run in the queue, or a machine of a task of it.
package enum FarmSaying: Sendable {
  case tier(TierName)
  case paused(Bool)
  case passed
  case retried(task: Int)

  func drafts(_ run: RunID, in registry: Registry) throws(SluiceError) -> [Draft] {
    switch self {
    case .tier(let tier): return try FarmDecisions.setTier(tier, of: run, in: registry)
    case .paused(let isPaused): return try FarmDecisions.setPaused(isPaused, run, in: registry)
    case .passed: return try FarmDecisions.pass(run, in: registry)
    case .retried(let task):
      let failure = Failure(SluiceError(.taskFailed, what: "it broke", at: "task", fix: "mend it"))
      let share = TaskShare(cores: 1, memory: 0, gpus: 0)
      let tried = TaskTry(agent: "render03", given: share, seconds: 1, used: nil, failure: failure)
      let fact = TaskRetried(
        TaskID(run: run, frame: task), attempt: registry.runs[run]?.attempt ?? 0, tried, next: nil)
      return try FarmDecisions.retry(fact, in: registry)
    }
  }

  static func drafts(_ standing: AgentChanged.Standing, of agent: String, in registry: Registry) -> [Draft] {
    standing == .quarantined
      ? FarmDecisions.quarantine(agent, suspects: nil, in: registry)
      : FarmDecisions.say(standing, of: agent, in: registry)
  }
}

extension FarmSaying: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tier(let tier): "put it into the tier \(tier.rawValue)"
    case .paused(let isPaused): isPaused ? "pause it" : "go on with it"
    case .passed: "let its rest be made"
    case .retried(let task): "try task \(task) again"
    }
  }
}

extension Scenario {
  /// What is said of the farm, by dice of its own: whatever else happens is as it was without.
  /// - Parameter plans: with the moments at which they are begun.
  static func farm(_ plans: [(plan: SimulatedPlan, at: Int, site: Int)], _ dice: inout Dice) -> [Step] {
    var steps: [Step] = []
    for (plan, begin, site) in plans {
      for _ in 0..<4 {
        let saying: FarmSaying =
          switch dice.below(5) {
          case 0: .tier(dice.pick(TierName.allCases))
          case 1: .paused(dice.percent(60))
          case 2: .passed
          default: .retried(task: 1 + dice.below(2))
          }
        let order = Order.farm(plan, run: dice.below(plan.runs.count), saying)
        steps.append(Step(at: begin + dice.within(300_000...4_000_000), deed: .errand(site: site, .ask(order))))
      }
    }
    for _ in 0..<6 {
      let standing = dice.pick([AgentChanged.Standing.active, .draining, .paused, .quarantined])
      let order = Order.agent("render0\(dice.below(2))", standing)
      let at = dice.within(600_000...(Scenario.end - 2_000_000))
      steps.append(Step(at: at, deed: .errand(site: dice.below(3), .ask(order))))
    }
    return steps
  }
}
