package import FoundationEssentials

/// A time that sites can compare: the wall clock's millisecond, and a counter that keeps later decisions later.
///
/// Source: Kulkarni et al., Logical Physical Clocks, 2014. It only chooses what is shown among writes that did not see
/// one another; what a write had seen it supersedes, whatever the clocks say.
package struct HybridTime: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let milliseconds: Int64
  package let counter: Int

  package init(milliseconds: Int64, counter: Int) { (self.milliseconds, self.counter) = (milliseconds, counter) }

  /// What a wall clock says.
  package init(wall: Date) {
    self.init(milliseconds: Int64((wall.timeIntervalSince1970 * 1_000).rounded()), counter: 0)
  }

  /// Reads `1795000000123.4`.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let milliseconds = Int64(parts[0]), let counter = Int(parts[1]), counter >= 0 else {
      return nil
    }
    self.init(milliseconds: milliseconds, counter: counter)
  }

  package var description: String { "\(milliseconds).\(counter)" }
  package static func < (left: Self, right: Self) -> Bool {
    (left.milliseconds, left.counter) < (right.milliseconds, right.counter)
  }
}

extension HybridTime: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let time = HybridTime(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a hybrid time: \(text.prefix(40))"))
    }
    self = time
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A site's hybrid clock.
package struct HybridClock: Sendable {
  package private(set) var last: HybridTime

  package init(last: HybridTime = HybridTime(milliseconds: 0, counter: 0)) { self.last = last }

  /// The time of a decision that is made now: later than all that was written or taken in here, also where the wall
  /// clock was set back meanwhile.
  package mutating func tick(wall: Date) -> HybridTime {
    let wall = HybridTime(wall: wall)
    last =
      wall.milliseconds > last.milliseconds
      ? wall : HybridTime(milliseconds: last.milliseconds, counter: last.counter + 1)
    return last
  }

  /// Takes in what another site wrote. A clock that runs far ahead of ours is not followed, so that one wrong clock
  /// does not stop the others; its facts are taken in all the same.
  package mutating func witness(_ other: HybridTime, wall: Date) {
    if other > last, other.milliseconds - HybridTime(wall: wall).milliseconds <= Limits.clockDriftMilliseconds {
      last = other
    }
  }

  /// Takes in what this site itself wrote before a restart.
  package mutating func resume(_ own: HybridTime) { last = max(last, own) }
}
