package import SluiceGraph
package import SluiceModel

/// What is recorded of what people and the server say of the farm: pure, and what is said twice is recorded once.
package enum FarmDecisions {
  /// - Throws: `site.elsewhere`.
  package static func setTier(
    _ tier: TierName, of run: RunID, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    if (registry.tier(of: run) ?? .normal) == tier { return [] }
    return try change(QueueChanged(run: run, tier: tier), in: registry)
  }

  /// - Throws: `site.elsewhere`.
  package static func setPaused(
    _ isPaused: Bool, _ run: RunID, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    if registry.isPaused(run) == isPaused { return [] }
    return try change(QueueChanged(run: run, paused: isPaused), in: registry)
  }

  /// A person has looked at the test frames of a run that waits for that.
  /// - Throws: `site.elsewhere`.
  package static func pass(_ run: RunID, in registry: Registry) throws(SluiceError) -> [Draft] {
    try change(QueueChanged(run: run, passed: true), in: registry)
  }

  private static func change(_ fact: QueueChanged, in registry: Registry) throws(SluiceError) -> [Draft] {
    guard let run = registry.runs[fact.run] else { return [] }
    try Decisions.requireHome(of: run.project, in: registry)
    return [Draft(project: run.project, folder: run.folder, fact: .queueChanged(fact))]
  }

  /// Nothing where the try belongs to an attempt that is not going any more.
  /// - Throws: `site.elsewhere`.
  package static func retry(_ fact: TaskRetried, in registry: Registry) throws(SluiceError) -> [Draft] {
    guard let run = registry.runs[fact.task.run], run.status == .running, run.attempt == fact.attempt else {
      return []
    }
    try Decisions.requireHome(of: run.project, in: registry)
    return [Draft(project: run.project, folder: run.folder, fact: .taskRetried(fact))]
  }

  /// What people say of an agent holds, whatever was said before.
  package static func say(
    _ standing: AgentChanged.Standing, of agent: String, in registry: Registry
  ) -> [Draft] {
    if (registry.agents[agent]?.said.standing ?? .active) == standing { return [] }
    return [Draft(project: nil, fact: .agentChanged(AgentChanged(agent: agent, standing: standing)))]
  }

  /// The server itself puts an agent into quarantine of which nobody said anything.
  package static func quarantine(
    _ agent: String, suspects: [AgentChanged.Suspect]?, in registry: Registry
  ) -> [Draft] {
    guard registry.agents[agent] == nil else { return [] }
    let fact = AgentChanged(agent: agent, standing: .quarantined, suspects: suspects)
    return [Draft(project: nil, fact: .agentChanged(fact))]
  }

  /// It comes out by itself; what people said meanwhile stays.
  package static func acquit(_ agent: String, in registry: Registry) -> [Draft] {
    registry.agents[agent]?.said.standing == .quarantined ? say(.active, of: agent, in: registry) : []
  }
}
