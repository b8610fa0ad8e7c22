/// What a task of a step takes of a machine, as the pipeline file says it. It never enters a recipe.
package struct StepNeeds: Sendable, Hashable, Codable {
  /// What it stands for the studio says (`serve --size`); the amounts below come before it.
  package var size: SizeName?
  package var cores: Int?
  /// In MiB.
  package var memory: Int?
  package var gpus: Int?
  /// Whether it wants the machine for itself.
  package var exclusive: Bool?
  /// What the machine must have been given with `--label`.
  package var labels: [String: String]?
  /// How many of each counted limit (`serve --limit`) a task takes.
  package var limits: [String: Int]?

  package init(
    size: SizeName? = nil, cores: Int? = nil, memory: Int? = nil, gpus: Int? = nil, exclusive: Bool? = nil,
    labels: [String: String]? = nil, limits: [String: Int]? = nil
  ) {
    (self.size, self.cores, self.memory, self.gpus) = (size, cores, memory, gpus)
    (self.exclusive, self.labels, self.limits) = (exclusive, labels, limits)
  }
}

package enum SizeName: String, Sendable, Hashable, Codable, CaseIterable {
  case xs = "XS"
  case s = "S"
  case m = "M"
  case l = "L"
  case xl = "XL"
}

/// Whether the first, the middle and the last frame run before the others.
package enum TestPolicy: String, Sendable, Hashable, Codable, CaseIterable {
  case on, off
  /// After they have passed, a person looks at them first.
  case look
}

/// Whole MiB as people write it: `512M`, `16G`, `16GiB`, or a number of MiB.
package enum MemorySize {
  package static func mebibytes(_ text: String) -> Int? {
    var digits = text[...]
    var scale = 1
    for (suffix, factor) in [("GiB", 1_024), ("MiB", 1), ("G", 1_024), ("M", 1)] where text.hasSuffix(suffix) {
      (digits, scale) = (text.dropLast(suffix.count), factor)
      break
    }
    guard let value = Int(digits), (0...Limits.agentMemoryMebibytes / scale).contains(value) else { return nil }
    return value * scale
  }
}
