/// Says how many of a counted limit there are now, as a licence server knows.
package protocol LimitSource: Sendable {
  /// - Parameter used: how many tasks have it.
  func ask(_ name: String, used: Int) async -> LimitReply
}

package enum LimitReply: Sendable, Hashable {
  case counted(LimitCount)
  /// Why nobody knows.
  case failed(String)
}

/// How many of something there are, and how many of them others than tasks have.
package struct LimitCount: Sendable, Hashable {
  package let count: Int
  package let taken: Int

  package init(count: Int, taken: Int = 0) { (self.count, self.taken) = (count, taken) }

  /// `20` or `20 7`: the last line that says anything.
  package init?(_ text: String) {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.split(whereSeparator: \.isWhitespace) }
    guard let words = lines.last(where: { !$0.isEmpty }), words.count <= 2 else { return nil }
    let numbers = words.compactMap { Int($0) }.filter { (0...Limits.limitCount).contains($0) }
    guard numbers.count == words.count else { return nil }
    (count, taken) = (numbers[0], numbers.count > 1 ? numbers[1] : 0)
  }
}
