// What agents and the server say to each other. Source: ADR 0017.

/// An agent comes to the farm.
package struct AgentJoin: Sendable, Codable {
  package var name: String
  package var host: String
  package var cores: Int
  /// In MiB.
  package var memory: Int
  package var gpus: Int
  package var labels: [String: String]
  package var version: String
  /// What templates may ask for beside these: `{"tapes": 2}`.
  package var amounts: [String: Double]?
  /// What the machine is, beside its labels: `{"attr.worker.os.family": "linux"}`.
  package var attributes: [String: String]?
  package init(
    name: String, host: String, cores: Int, memory: Int, gpus: Int, labels: [String: String], version: String,
    amounts: [String: Double]? = nil, attributes: [String: String]? = nil
  ) {
    (self.amounts, self.attributes) = (amounts, attributes)
    (self.name, self.host, self.cores, self.memory) = (name, host, cores, memory)
    (self.gpus, self.labels, self.version) = (gpus, labels, version)
  }

  /// What templates find there: labels come before what the machine says of itself.
  package var traits: HostTraits {
    HostTraits(labels: labels, amounts: amounts ?? [:], attributes: attributes ?? [:])
  }
}

package struct AgentJoined: Sendable, Codable {
  package var agent: String
  /// Stands in everything that the agent says from now on; another one that joins under its name gets a new one.
  package var session: String
  /// After so long without a word its tasks are given to others.
  package var leaseSeconds: Double
  /// A file in the data folder; an agent that can read it sees the store and the benches.
  package var probe: String?
  package init(agent: String, session: String, leaseSeconds: Double, probe: String?) {
    (self.agent, self.session, self.leaseSeconds, self.probe) = (agent, session, leaseSeconds, probe)
  }
}

/// An agent asks for tasks.
package struct AgentPoll: Sendable, Codable {
  package var session: String
  /// Leases of the tasks that it works on.
  package var working: [UInt64]
  /// What it read in the probe; nil where it cannot.
  package var probe: String?
  package var waitSeconds: Double
  /// Why it takes nothing now, such as a full disk; nil where it takes tasks.
  package var trouble: String?
  /// Keys of sessions of templates that it keeps, be it for a task that it works on; nil where it does not say.
  package var sessions: [String]?
  package init(
    session: String, working: [UInt64], probe: String?, waitSeconds: Double, trouble: String? = nil,
    sessions: [String]? = nil
  ) {
    (self.session, self.working, self.probe, self.waitSeconds) = (session, working, probe, waitSeconds)
    (self.trouble, self.sessions) = (trouble, sessions)
  }
}

package struct AgentPolled: Sendable, Codable {
  package var tasks: [AgentTask]
  /// Leases of tasks that it is to end: somebody cancelled them.
  package var end: [UInt64]
  /// Keys of sessions that it is to leave: no task comes for them any more.
  package var leave: [String]?
  package init(tasks: [AgentTask], end: [UInt64], leave: [String] = []) {
    (self.tasks, self.end, self.leave) = (tasks, end, leave.isEmpty ? nil : leave)
  }
}

/// A task that an agent is to run.
package struct AgentTask: Sendable, Codable {
  /// Names this giving of the task; whoever finishes says it.
  package var lease: UInt64
  package var order: TaskOrder
  /// Devices that are its own while it runs.
  package var gpus: [Int]
  /// What is to be brought to an agent that does not see the store; nil where it does.
  package var transfer: AgentTransfer?
  package init(lease: UInt64, order: TaskOrder, gpus: [Int], transfer: AgentTransfer? = nil) {
    (self.lease, self.order, self.gpus, self.transfer) = (lease, order, gpus, transfer)
  }
}

/// The files of a task whose agent does not see the store; all paths are relative to its bench.
package struct AgentTransfer: Sendable, Codable, Hashable {
  package struct Input: Sendable, Codable, Hashable {
    package var path: String
    package var sha256: Digest
    package var size: Int64
    package init(path: String, sha256: Digest, size: Int64) {
      (self.path, self.sha256, self.size) = (path, sha256, size)
    }
  }
  /// `<project>/<step>/<folder>`: the bench's place below a work folder.
  package var bench: String
  package var inputs: [Input]
  /// Folders that are there before it begins.
  package var folders: [String]
  /// Files that it makes; nil where nobody knows before, and all below `folders` counts.
  package var outputs: [String]?
  package init(bench: String, inputs: [Input], folders: [String], outputs: [String]?) {
    (self.bench, self.inputs, self.folders, self.outputs) = (bench, inputs, folders, outputs)
  }
}

/// An agent says that it is there.
package struct AgentBeat: Sendable, Codable {
  package var session: String
  package var working: [UInt64]
  /// Whether the machine's user works at it, where the agent looks for that.
  package var inUse: Bool?
  /// As in `AgentPoll`.
  package var trouble: String?
  /// As in `AgentPoll`; a key is left out when its sessions are left.
  package var sessions: [String]?
  package init(
    session: String, working: [UInt64], trouble: String? = nil, inUse: Bool? = nil, sessions: [String]? = nil
  ) {
    (self.session, self.working, self.trouble, self.inUse) = (session, working, trouble, inUse)
    self.sessions = sessions
  }
}

package struct AgentHeard: Sendable, Codable {
  /// Leases among those that it works on that are not its own any more.
  package var givenAway: [UInt64]
  package var end: [UInt64]
  /// As in `AgentPolled`; said with every beat until the agent does not keep them any more.
  package var leave: [String]?
  package init(givenAway: [UInt64], end: [UInt64], leave: [String] = []) {
    (self.givenAway, self.end, self.leave) = (givenAway, end, leave.isEmpty ? nil : leave)
  }
}

/// An agent says how a task ended.
package struct AgentFinish: Sendable, Codable {
  /// A file that it has sent.
  package struct Output: Sendable, Codable, Hashable {
    package var path: String
    package var sha256: Digest
    package var size: Int64
    package init(path: String, sha256: Digest, size: Int64) {
      (self.path, self.sha256, self.size) = (path, sha256, size)
    }
  }
  package var session: String
  package var lease: UInt64
  /// Nil where it gives the task back unfinished.
  package var end: TaskEnd?
  package var outputs: [Output]?
  package var used: TaskUse?
  /// Why its machine could not do a task that it gives back.
  package var trouble: String?
  package init(
    session: String, lease: UInt64, end: TaskEnd?, outputs: [Output]? = nil, trouble: String? = nil,
    used: TaskUse? = nil
  ) {
    (self.session, self.lease, self.end, self.outputs) = (session, lease, end, outputs)
    (self.used, self.trouble) = (used, trouble)
  }
}

package struct AgentFinished: Sendable, Codable {
  package enum Receipt: String, Sendable, Codable {
    case taken
    /// The task waits again.
    case retried
    /// Its lease had run out; what this agent made does not count.
    case givenAway
  }
  package var receipt: Receipt
  package init(receipt: Receipt) { self.receipt = receipt }
}

/// An agent as people see it.
package struct AgentAnswer: Sendable, Codable {
  package struct Amounts: Sendable, Codable, Hashable {
    package var cores: Int
    package var memory: Int
    package var gpus: Int
    package init(cores: Int, memory: Int, gpus: Int) { (self.cores, self.memory, self.gpus) = (cores, memory, gpus) }
  }
  package var name: String
  package var host: String
  /// `active`, `inUse`, `draining`, `paused`, `quarantined` or `lost`.
  package var standing: String
  package var has: Amounts
  package var free: Amounts
  package var labels: [String: String]
  package var tasks: [TaskID]
  /// Whether it sees the store; nil while it has not said so.
  package var seesStore: Bool?
  /// Seconds since it was last heard of; nil for the server's own.
  package var heard: Double?
  package var version: String?
  /// Why it takes no tasks now, in its own words; nil where it takes some.
  package var trouble: String?
  /// What templates may ask for beside cores, memory and GPUs, by whole names: `amount.tapes`.
  package var amounts: [String: Double]
  /// What it is, by whole names, each with its values: `attr.worker.os.family`.
  package var attributes: [String: [String]]
  package init(
    name: String, host: String, standing: String, has: Amounts, free: Amounts, labels: [String: String],
    tasks: [TaskID], seesStore: Bool?, heard: Double?, version: String?, trouble: String? = nil,
    amounts: [String: Double] = [:], attributes: [String: [String]] = [:]
  ) {
    (self.trouble, self.amounts, self.attributes) = (trouble, amounts, attributes)
    (self.name, self.host, self.standing, self.has, self.free) = (name, host, standing, has, free)
    (self.labels, self.tasks, self.seesStore) = (labels, tasks, seesStore)
    (self.heard, self.version) = (heard, version)
  }
}

package struct AgentsAnswer: Sendable, Codable {
  package var agents: [AgentAnswer]
  package init(agents: [AgentAnswer]) { self.agents = agents }
}
