/// A pattern over names divided by `separator`: `*` is any part of one level, `**` any levels, `?` one character.
package struct Glob: Sendable, Hashable {
  private let levels: [[Character]]
  private let separator: Character
  package let pattern: String

  package init(_ pattern: String, separator: Character = "/") {
    self.pattern = pattern
    self.separator = separator
    levels = pattern.split(separator: separator).map(Array.init)
  }

  package static func isPattern(_ text: some StringProtocol) -> Bool { text.contains { $0 == "*" || $0 == "?" } }

  package func matches(_ text: some StringProtocol) -> Bool {
    let texts = String(text).split(separator: separator).map { Array($0) }
    return Glob.match(
      texts, levels, isAny: { $0 == ["*", "*"] },
      matches: { level, pattern in
        Glob.match(level, pattern, isAny: { $0 == "*" }, matches: { $1 == "?" || $0 == $1 })
      })
  }

  /// Greedy with one point to return to, so that no pattern takes more than length times length steps.
  private static func match<Part>(
    _ text: [Part], _ pattern: [Part], isAny: (Part) -> Bool, matches: (Part, Part) -> Bool
  ) -> Bool {
    var (t, p) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, isAny(pattern[p]) {
        star = (p, t)
        p += 1
      } else if p < pattern.count, matches(text[t], pattern[p]) {
        (t, p) = (t + 1, p + 1)
      } else if let back = star {
        star = (back.pattern, back.text + 1)
        (t, p) = (back.text + 1, back.pattern + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy(isAny)
  }
}
