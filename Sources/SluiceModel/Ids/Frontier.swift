/// How far each site's stream of facts has been seen: up to and with these sequences.
package struct Frontier: Sendable, Hashable {
  package private(set) var sequences: [String: Int64]

  package init(_ sequences: [String: Int64] = [:]) { self.sequences = sequences }

  package var isEmpty: Bool { sequences.isEmpty }
  package subscript(site: String) -> Int64 { sequences[site] ?? 0 }
  /// Sites that something was seen of, sorted.
  package var sites: [String] { sequences.keys.sorted() }
  /// Facts of all sites that were seen.
  package var count: Int64 { sequences.values.reduce(0, +) }

  package func covers(_ site: String, _ sequence: Int64) -> Bool { sequence <= self[site] }
  package func covers(_ other: Frontier) -> Bool { other.sequences.allSatisfy { covers($0.key, $0.value) } }

  package mutating func advance(_ site: String, to sequence: Int64) {
    if sequence > self[site] { sequences[site] = sequence }
  }

  /// What it says of the other sites.
  package func without(_ site: String) -> Frontier {
    var rest = sequences
    rest[site] = nil
    return Frontier(rest)
  }
}

extension Frontier: Codable {
  package init(from decoder: any Decoder) throws {
    sequences = try decoder.singleValueContainer().decode([String: Int64].self)
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(sequences)
  }
}
