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
    let levels = String(text).split(separator: separator).map { Array($0) }
    return matches(levels[...], self.levels[...])
  }

  private func matches(_ text: ArraySlice<[Character]>, _ pattern: ArraySlice<[Character]>) -> Bool {
    guard let head = pattern.first else { return text.isEmpty }
    if head == ["*", "*"] {
      return matches(text, pattern.dropFirst()) || !text.isEmpty && matches(text.dropFirst(), pattern)
    }
    guard let level = text.first, Glob.matchLevel(level, head) else { return false }
    return matches(text.dropFirst(), pattern.dropFirst())
  }

  /// Greedy with one point to return to, so that no pattern takes more than length times length steps.
  private static func matchLevel(_ text: [Character], _ pattern: [Character]) -> Bool {
    var (t, p) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == "*" {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
        (t, p) = (t + 1, p + 1)
      } else if let back = star {
        star = (back.pattern, back.text + 1)
        (t, p) = (back.text + 1, back.pattern + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }
}
