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

/// Whether some frames run before the others.
package struct TestPolicy: Sendable, Hashable {
  package enum Word: String, Sendable, Hashable, Codable, CaseIterable {
    case on, off
    /// After they have passed, a person looks at them first.
    case look
  }
  package var word: Word
  /// Nil for the first, the middle and the last.
  package var frames: FrameSet?
  package init(_ word: Word, frames: FrameSet? = nil) { (self.word, self.frames) = (word, frames) }
}

/// A word, or a map where frames are chosen, as people write it.
extension TestPolicy: Codable {
  private enum CodingKeys: String, CodingKey { case frames, look }

  package init(from decoder: any Decoder) throws {
    if let word = try? decoder.singleValueContainer().decode(Word.self) {
      self.init(word)
    } else {
      let map = try decoder.container(keyedBy: CodingKeys.self)
      let isLookedAt = try map.decodeIfPresent(Bool.self, forKey: .look) ?? false
      self.init(isLookedAt ? .look : .on, frames: try map.decode(FrameSet.self, forKey: .frames))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    guard let frames else {
      var word = encoder.singleValueContainer()
      return try word.encode(self.word)
    }
    var map = encoder.container(keyedBy: CodingKeys.self)
    try map.encode(frames, forKey: .frames)
    if word == .look { try map.encode(true, forKey: .look) }
  }
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
