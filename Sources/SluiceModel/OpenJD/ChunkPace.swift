extension OpenJD {
  /// How long numbers of chunks took, and how large chunks are to be that take what a template wants.
  ///
  /// Source: the adaptive chunking of Open Job Description's RFC 0001, as `openjd-cli` 0.8 does it.
  package struct ChunkPace: Sendable, Hashable {
    private var numbers = 0.0
    private var seconds = 0.0

    package init() {}

    /// Takes up a chunk that was done. What is long ago counts less and less.
    package mutating func take(numbers: Int, seconds: Double) {
      guard numbers > 0, seconds >= 0 else { return }
      self.numbers += Double(numbers)
      self.seconds += seconds
      guard self.numbers > ChunkPace.memory else { return }
      let share = ChunkPace.memory / self.numbers
      (self.numbers, self.seconds) = (self.numbers * share, self.seconds * share)
    }

    /// Numbers that count fully.
    private static let memory = 1_000.0
    /// So few say little: a chunk grows by a quarter of the way.
    private static let few = Double(Limits.probedNumbers)

    /// - Parameters:
    ///   - target: what a chunk should take, in seconds.
    ///   - now: the size that the template says.
    ///   - most: no chunk has more.
    package func size(for target: Int, now: Int, most: Int) -> Int {
      guard numbers > 0, seconds > 0 else { return now }
      let measured = min(Double(target) * numbers / seconds, Double(most))
      let size = numbers < ChunkPace.few && measured > Double(now) ? 0.75 * Double(now) + 0.25 * measured : measured
      return max(1, Int(size))
    }
  }
}
