package import SluiceModel

/// What a task takes of a machine, or what a machine has.
package struct Amounts: Sendable, Hashable, Codable {
  package var cores: Int
  /// In MiB.
  package var memory: Int
  package var gpus: Int

  package init(cores: Int, memory: Int, gpus: Int = 0) {
    (self.cores, self.memory, self.gpus) = (cores, memory, gpus)
  }

  package static let none = Amounts(cores: 0, memory: 0)

  package func fits(in other: Amounts) -> Bool {
    cores <= other.cores && memory <= other.memory && gpus <= other.gpus
  }

  package static func + (left: Self, right: Self) -> Amounts {
    Amounts(cores: left.cores + right.cores, memory: left.memory + right.memory, gpus: left.gpus + right.gpus)
  }

  package static func - (left: Self, right: Self) -> Amounts {
    Amounts(cores: left.cores - right.cores, memory: left.memory - right.memory, gpus: left.gpus - right.gpus)
  }
}

/// What a task needs to start somewhere. Tasks that need the same wait in the same lines.
package struct Need: Sendable, Hashable {
  package var amounts: Amounts
  /// It wants the machine for itself.
  package var isExclusive: Bool
  /// Labels that the agent must have.
  package var labels: [String: String]
  /// Counted limits, such as licences, and how many of each.
  package var limits: [String: Int]
  /// What a template asks of the machine beside its amounts.
  package var hosts: HostNeeds?
  /// Whether its tasks work with files that other tasks of its run have left on the bench.
  package var sharesBench = false
  /// Whether a task that has more memory than its amounts say is stopped.
  package var isKeptToMemory = true
  /// How long its agent takes nothing else after it has started, so that its memory shows first; zero where that is
  /// known. Once a task of its run has succeeded nobody waits any more.
  package var ramp: Duration
  /// The agent on which it failed: another one takes it, where another one could.
  package var avoids: AgentID?

  package init(
    _ amounts: Amounts, isExclusive: Bool = false, labels: [String: String] = [:], limits: [String: Int] = [:],
    ramp: Duration = .zero
  ) {
    (self.amounts, self.isExclusive, self.labels) = (amounts, isExclusive, labels)
    (self.limits, self.ramp) = (limits, ramp)
  }
}

/// How urgent something is. Within a tier the older one comes first; no age lifts anything into a higher tier.
package enum Tier: Int, Sendable, Hashable, Codable, CaseIterable, Comparable {
  case critical, high, normal, low, background
  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
