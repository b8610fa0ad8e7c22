/// A place in one order of all sites' facts, which puts causes first and is the same everywhere.
///
/// A fact has seen everything that its causes had seen, and them: it counts more facts than any of them. Facts that did
/// not see one another stand in the order of these counts, then of their sites. That order means nothing, but nobody
/// needs a clock to agree on it.
package struct Rank: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Facts that the writer had seen, this one included.
  package let count: Int64
  package let site: String

  package init(count: Int64, site: String) { (self.count, self.site) = (count, site) }

  /// - Parameter seen: what the writer had seen, its own facts before this one included.
  package init(after seen: Frontier, at site: String) { self.init(count: seen.count + 1, site: site) }

  /// Reads `1234:lon`.
  package init?(_ text: some StringProtocol) {
    guard let colon = text.firstIndex(of: ":"), let count = Int64(text[..<colon]) else { return nil }
    self.init(count: count, site: String(text[text.index(after: colon)...]))
  }

  package var description: String { "\(count):\(site)" }
  package static func < (left: Self, right: Self) -> Bool {
    left.count == right.count ? left.site < right.site : left.count < right.count
  }
}

extension Rank: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let rank = Rank(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a rank: \(text.prefix(40))"))
    }
    self = rank
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
