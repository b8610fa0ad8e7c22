/// What a task took of its machine, as far as it was seen.
///
/// It is looked at while it runs: what ends before the first look has none, and growth after the last look is missed.
package struct TaskUse: Sendable, Hashable, Codable {
  /// The most memory that its processes had at once, in bytes.
  package var memoryBytes: Int64
  /// Processor time that they had had when they were last looked at.
  package var cpuSeconds: Double
  package init(memoryBytes: Int64, cpuSeconds: Double) {
    (self.memoryBytes, self.cpuSeconds) = (memoryBytes, cpuSeconds)
  }
}

/// What a task was given of a machine.
package struct TaskShare: Sendable, Hashable, Codable {
  package var cores: Int
  /// In MiB; 0 where its step says nothing of memory, and nobody keeps it to any.
  package var memory: Int
  package var gpus: Int
  /// The size that has just these amounts.
  package var size: SizeName?
  package init(cores: Int, memory: Int, gpus: Int, size: SizeName? = nil) {
    (self.cores, self.memory, self.gpus, self.size) = (cores, memory, gpus, size)
  }
}

/// An earlier try of a task, which did not count: the task was run again.
package struct TaskTry: Sendable, Hashable, Codable {
  package var agent: String
  package var given: TaskShare
  package var seconds: Double
  package var used: TaskUse?
  package var failure: Failure
  package init(agent: String, given: TaskShare, seconds: Double, used: TaskUse?, failure: Failure) {
    (self.agent, self.given, self.seconds) = (agent, given, seconds)
    (self.used, self.failure) = (used, failure)
  }
}
