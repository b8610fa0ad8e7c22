import SluiceModel
import SluicePolicy

/// Sessions of templates on other machines, by their keys.
struct FarSessions: Sendable {
  /// Those that tasks were given for and that more may come for.
  var open: Set<String> = []
  /// Whoever waits until some are left looks again when anything has changed.
  var leavers: [AsyncStream<Void>.Continuation] = []
}

/// The log of a task that an agent has ended, and whose session it still keeps.
struct LastWords: Sendable {
  let key: String
  let log: String

  /// Nil for a task without a session, and where the agent writes the log itself.
  init?(of key: String?, _ transfer: Runner.Transfer?) {
    guard let key, let transfer else { return nil }
    (self.key, log) = (key, transfer.log)
  }
}

/// Sessions of a run, or of a job, end with it, on whatever machine they are. Source: ADR 0016.
extension Runner {
  /// Has all sessions of a key leave their environments, and waits for that as it does for tasks: what they do last
  /// belongs to the run. An agent that is not heard of holds nothing up.
  func endSessions(of key: String) async {
    sessions.open.remove(key)
    for connection in connections.values where connection.sessions?.contains(key) == true { connection.nudge?.yield() }
    await parts.launcher.endSessions(of: key)
    while isKept(key), !isStopping, !Task.isCancelled {
      let (words, word) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
      sessions.leavers.append(word)
      for await _ in words { break }
    }
  }

  private func isKept(_ key: String) -> Bool {
    let now = parts.ambient.uptime()
    return connections.contains { id, connection in
      guard connection.sessions?.contains(key) == true, let agent = farm.scheduler.agents[id] else { return false }
      return agent.standing != .lost && now - agent.lastHeard < parts.settings.farm.lease / 2
    }
  }

  func wakeLeavers() {
    let leavers = sessions.leavers
    sessions.leavers = []
    for leaver in leavers { leaver.yield() }
  }

  /// A task goes to an agent that will keep its session.
  func keep(_ key: String, on agent: AgentID) {
    sessions.open.insert(key)
    connections[agent]?.sessions?.insert(key)
  }

  /// What an agent says of the sessions that it keeps; what it was given meanwhile it may not know yet.
  func take(sessions said: [String]?, of id: AgentID) {
    guard let said, var connection = connections[id] else { return }
    let kept = (connection.sessions ?? []).intersection(sessions.open).union(said)
    if connection.sessions != kept {
      connection.sessions = kept
      connection.lastWords = connection.lastWords.filter { kept.contains($0.value.key) }
    }
    connection.toldToLeave.formIntersection(said)
    connections[id] = connection
    wakeLeavers()
  }

  /// Sessions that an agent keeps and no task comes for.
  func toLeave(_ id: AgentID) -> [String] {
    (connections[id]?.sessions ?? []).subtracting(sessions.open).sorted()
  }
}
