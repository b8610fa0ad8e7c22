package import FoundationEssentials

/// Time and chance, handed in: the same seed gives the same trace, byte for byte.
package struct Ambient: Sendable {
  package let now: @Sendable () -> Date
  /// Time that never jumps, for durations.
  package let uptime: @Sendable () -> Duration
  package let random: @Sendable () -> UInt64
  package let sleep: @Sendable (Duration) async throws -> Void

  package init(
    now: @escaping @Sendable () -> Date,
    uptime: @escaping @Sendable () -> Duration,
    random: @escaping @Sendable () -> UInt64,
    sleep: @escaping @Sendable (Duration) async throws -> Void
  ) {
    (self.now, self.uptime, self.random, self.sleep) = (now, uptime, random, sleep)
  }

  /// A UUID of version 7 (RFC 9562): sorts by its millisecond, unique by 74 bits of chance.
  package func makeEventID() -> EventID {
    let millis = UInt64(max(0, now().timeIntervalSince1970 * 1_000))
    let high = millis << 16 | 0x7000 | random() & 0x0FFF
    let low = 0x8000_0000_0000_0000 | random() & 0x3FFF_FFFF_FFFF_FFFF
    let digits = [high, low].map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }.joined()
    var parts: [Substring] = []
    var rest = digits[...]
    for width in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(width))
      rest = rest.dropFirst(width)
    }
    return EventID(parts.joined(separator: "-"))
  }

  /// Text of `bytes` random bytes in hexadecimal, for tokens and names of temporary things.
  package func makeSecret(bytes: Int) -> String {
    (0..<bytes).map { _ in
      let byte = String(random() & 0xFF, radix: 16)
      return byte.count == 1 ? "0" + byte : byte
    }.joined()
  }
}
