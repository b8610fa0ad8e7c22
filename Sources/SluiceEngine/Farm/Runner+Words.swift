import Logging
import SluiceGraph
import SluiceModel
import SluicePolicy

/// What was said of agents: it is in the log, and so outlives the server and their sessions. Source: ADR 0021.
extension Runner {
  /// What holds of an agent that joins.
  func said(of id: AgentID) -> FarmAgent.Said? {
    farm.scheduler.agents[id]?.said ?? parts.writer.current.agents[id.description].flatMap { FarmAgent.Said($0.said) }
  }

  /// At the start: the server's own machine is what it was.
  func recallOwn() {
    if let said = said(of: Farm.own) { farm.scheduler.setStanding(said.standing, of: Farm.own) }
  }

  /// Records that the server put an agent into quarantine, or let it out.
  func keepStanding(of id: AgentID) async {
    guard let agent = farm.scheduler.agents[id] else { return }
    let (name, said) = (id.description, agent.said)
    let suspects = said?.suspects?.map { AgentChanged.Suspect(project: $0.project, step: $0.step) }
      .sorted { ($0.project, $0.step) < ($1.project, $1.step) }
    do throws(SluiceError) {
      try await parts.writer.submitWhenPossible(.system) { registry throws(SluiceError) in
        said?.standing == .quarantined
          ? FarmDecisions.quarantine(name, suspects: suspects, in: registry)
          : FarmDecisions.acquit(name, in: registry)
      }
    } catch {
      parts.logger.error("what became of the agent \(id) could not be recorded: \(error.what)")
    }
  }
}

extension FarmAgent.Said {
  init?(_ said: AgentChanged) {
    switch said.standing {
    case .active: return nil
    case .draining: self.init(.draining)
    case .paused: self.init(.paused)
    case .quarantined:
      self.init(
        .quarantined,
        suspects: said.suspects.map { Set($0.map { StepOfProject(project: $0.project, step: $0.step) }) })
    }
  }
}

extension AgentStanding {
  /// What is recorded of it; who is removed is an agent like any other when it comes again.
  var word: AgentChanged.Standing {
    switch self {
    case .active, .removed: .active
    case .draining: .draining
    case .paused: .paused
    }
  }
}
