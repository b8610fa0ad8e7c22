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
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for (index, word) in [high, low].enumerated() {
      for nibble in 0..<16 {
        let place = index * 16 + nibble
        if place == 8 || place == 12 || place == 16 || place == 20 { text.append(UInt8(ascii: "-")) }
        let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - nibble * 4) & 0xF)
        text.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
      }
    }
    return EventID(String(decoding: text, as: UTF8.self))
  }

  /// Text of `bytes` random bytes in hexadecimal, for tokens and names of temporary things.
  package func makeSecret(bytes: Int) -> String {
    (0..<bytes).map { _ in
      let byte = String(random() & 0xFF, radix: 16)
      return byte.count == 1 ? "0" + byte : byte
    }.joined()
  }
}
