import FoundationEssentials

/// The wall clock of a simulated machine: it runs fast or slow, and somebody sets it now and then.
package struct WanderingClock: Sendable {
  /// Virtual time 0, in seconds since 1970.
  static let start = 1_795_000_000
  private var offsetMicroseconds = 0
  private var partsPerMillion = 0
  private var since = 0

  package init() {}

  /// Microseconds since 1970 at a moment of virtual time.
  func microseconds(at now: Int) -> Int {
    WanderingClock.start * 1_000_000 + now + offsetMicroseconds + (now - since) * partsPerMillion / 1_000_000
  }

  func date(at now: Int) -> Date { Date(timeIntervalSince1970: Double(microseconds(at: now)) / 1_000_000) }

  mutating func jump(by microseconds: Int) { offsetMicroseconds += microseconds }

  mutating func drift(partsPerMillion: Int, from now: Int) {
    offsetMicroseconds += (now - since) * self.partsPerMillion / 1_000_000
    (self.partsPerMillion, since) = (partsPerMillion, now)
  }
}
