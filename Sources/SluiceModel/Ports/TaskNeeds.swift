/// What a task takes of a machine, for a queue manager that chooses the machine.
package struct TaskNeeds: Sendable, Hashable, Codable {
  package var cores: Int
  package var memoryMebibytes: Int
  package var gpus: Int
  /// Whether it wants the machine for itself.
  package var exclusive: Bool
  package var labels: [String: String]
  /// Counted limits, such as licences; Sluice counts them, too.
  package var limits: [String: Int]
  /// What a template asks of the machine, in its own words; nil where it asks for nothing.
  package var hosts: HostNeeds?

  package init(
    cores: Int = 1, memoryMebibytes: Int = 0, gpus: Int = 0, exclusive: Bool = false, labels: [String: String] = [:],
    limits: [String: Int] = [:]
  ) {
    (self.cores, self.memoryMebibytes, self.gpus) = (cores, memoryMebibytes, gpus)
    (self.exclusive, self.labels, self.limits) = (exclusive, labels, limits)
  }
}
