/// The pattern of a `LIKE`: `%` for any characters, none too, `_` for one, behind a backslash for themselves.
///
/// Follows all ways through the pattern at once, a bit for each place in it, and looks at each byte of a text once; so
/// no pattern is slow, whatever it meets. UTF-8 is enough for that: only `_` must know where a character ends.
/// Source: R. Baeza-Yates and G. Gonnet, "A New Approach to Text Searching", CACM 35 (1992).
struct LikePattern: Sendable {
  /// A place is how much of the pattern was met. This is the last.
  private let end: Int
  /// Words of 64 places.
  private let words: Int
  /// For each byte, the places that it leads to from the one before.
  private let reached: [UInt64]
  /// Places before a `%`, where any byte may stay.
  private let open: [UInt64]
  /// Places behind a `_`, where the rest of a character may stay.
  private let inside: [UInt64]

  /// - Complexity: O(length of the pattern).
  init(_ pattern: String) {
    let (marks, open) = LikePattern.marks(of: pattern)
    let words = marks.count / 64 + 1
    var reached = [UInt64](repeating: 0, count: 256 * words)
    var inside = [UInt64](repeating: 0, count: words)
    for (index, mark) in marks.enumerated() {
      let (word, bit) = ((index + 1) / 64, UInt64(1) << ((index + 1) % 64))
      if let mark {
        reached[Int(mark) * words + word] |= bit
      } else {
        for byte in 0..<256 where !LikePattern.isContinuation(UInt8(byte)) { reached[byte * words + word] |= bit }
        inside[word] |= bit
      }
    }
    (self.end, self.words, self.reached, self.inside) = (marks.count, words, reached, inside)
    self.open = open.reduce(into: [UInt64](repeating: 0, count: words)) { $0[$1 / 64] |= 1 << ($1 % 64) }
  }

  /// - Complexity: O(length of the text times length of the pattern / 64).
  func matches(_ text: String) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words) { places in
      places.initialize(repeating: 0)
      places[0] = 1
      for byte in text.utf8 {
        let isInside = LikePattern.isContinuation(byte)
        var (carry, any) = (UInt64(0), UInt64(0))
        for word in 0..<words {
          let before = places[word]
          let stays = isInside ? open[word] | inside[word] : open[word]
          let after = (before << 1 | carry) & reached[Int(byte) * words + word] | before & stays
          (places[word], carry, any) = (after, before >> 63, any | after)
        }
        if any == 0 { return false }
        if places[end / 64] & open[end / 64] & (1 << (end % 64)) != 0 { return true }
      }
      return places[end / 64] & (1 << (end % 64)) != 0
    }
  }

  /// The bytes that stand for themselves, nil for any one character, and the places that have a `%` behind them.
  private static func marks(of pattern: String) -> (marks: [UInt8?], open: [Int]) {
    var marks: [UInt8?] = []
    var open: [Int] = []
    var isEscaped = false
    for byte in pattern.utf8 {
      switch byte {
      case UInt8(ascii: "%") where !isEscaped: open.append(marks.count)
      case UInt8(ascii: "_") where !isEscaped: marks.append(nil)
      case UInt8(ascii: "%"), UInt8(ascii: "_"): marks[marks.count - 1] = byte
      default: marks.append(byte)
      }
      isEscaped = byte == UInt8(ascii: "\\")
    }
    return (marks, open)
  }

  private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
