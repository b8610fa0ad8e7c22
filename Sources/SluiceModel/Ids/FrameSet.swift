/// Frame numbers, held as ranges and never one by one: `1001-1004,1008`.
package struct FrameSet: Sendable, Hashable {
  /// Ascending, disjoint and never adjacent.
  package private(set) var ranges: [ClosedRange<Int>]

  package static let empty = FrameSet()

  package init() { ranges = [] }
  package init(_ range: ClosedRange<Int>) { ranges = [range] }
  package init(_ frames: some Sequence<Int>) { self.init(ranges: frames.map { $0...$0 }) }

  package init(ranges unordered: [ClosedRange<Int>]) {
    ranges = []
    for range in unordered.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = ranges.last, range.lowerBound <= last.upperBound + 1 {
        ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
  }

  /// Reads `1001`, `1001-1024` or several of them joined by commas; frames may be negative (`-5--1`).
  package init?(_ text: some StringProtocol) {
    var found: [ClosedRange<Int>] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let part = part.trimmingSpaces()
      guard let dash = part.dropFirst().firstIndex(of: "-") else {
        guard let frame = Int(part), FrameSet.limits.contains(frame) else { return nil }
        found.append(frame...frame)
        continue
      }
      guard let first = Int(part[..<dash]), let last = Int(part[part.index(after: dash)...]), first <= last,
        FrameSet.limits.contains(first), FrameSet.limits.contains(last)
      else { return nil }
      found.append(first...last)
    }
    self.init(ranges: found)
  }

  /// Frame numbers outside of this are a typing error, not film.
  package static let limits = -10_000_000...10_000_000

  package var isEmpty: Bool { ranges.isEmpty }
  package var count: Int { ranges.reduce(0) { $0 + $1.count } }
  package var first: Int? { ranges.first?.lowerBound }
  package var last: Int? { ranges.last?.upperBound }
  package var frames: FlattenSequence<[ClosedRange<Int>]> { ranges.joined() }

  /// The frames between the first and the last that are not there.
  package var holes: FrameSet {
    FrameSet(ranges: zip(ranges, ranges.dropFirst()).map { ($0.upperBound + 1)...($1.lowerBound - 1) })
  }

  /// - Complexity: O(log ranges).
  package func contains(_ frame: Int) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < frame { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(frame)
  }

  package func union(_ other: FrameSet) -> FrameSet {
    if isEmpty { return other }
    return other.isEmpty ? self : FrameSet(ranges: ranges + other.ranges)
  }

  package func intersection(_ other: FrameSet) -> FrameSet {
    var found: [ClosedRange<Int>] = []
    var (i, j) = (0, 0)
    while i < ranges.count, j < other.ranges.count {
      let low = max(ranges[i].lowerBound, other.ranges[j].lowerBound)
      let high = min(ranges[i].upperBound, other.ranges[j].upperBound)
      if low <= high { found.append(low...high) }
      if ranges[i].upperBound < other.ranges[j].upperBound { i += 1 } else { j += 1 }
    }
    return FrameSet(ranges: found)
  }

  package func subtracting(_ other: FrameSet) -> FrameSet {
    var found: [ClosedRange<Int>] = []
    var j = 0
    for range in ranges {
      var low = range.lowerBound
      while j < other.ranges.count, other.ranges[j].upperBound < low { j += 1 }
      var k = j
      while k < other.ranges.count, other.ranges[k].lowerBound <= range.upperBound {
        if other.ranges[k].lowerBound > low { found.append(low...(other.ranges[k].lowerBound - 1)) }
        low = max(low, other.ranges[k].upperBound + 1)
        k += 1
      }
      if low <= range.upperBound { found.append(low...range.upperBound) }
    }
    return FrameSet(ranges: found)
  }

  /// The frames cut into pieces of neighbours, each of at most `size` frames: what one task works on.
  package func chunks(of size: Int) -> [ClosedRange<Int>] {
    ranges.flatMap { range in
      stride(from: range.lowerBound, through: range.upperBound, by: max(1, size)).map {
        $0...min($0 + max(1, size) - 1, range.upperBound)
      }
    }
  }
}

extension FrameSet: CustomStringConvertible {
  package var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }
}

extension FrameSet: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let frames = text.isEmpty ? FrameSet() : FrameSet(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a frame range: \(text.prefix(80))"))
    }
    self = frames
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension StringProtocol {
  /// The text without spaces and tabs at its ends.
  package func trimmingSpaces() -> SubSequence {
    guard let first = firstIndex(where: { $0 != " " && $0 != "\t" }) else { return self[endIndex...] }
    let last = lastIndex(where: { $0 != " " && $0 != "\t" }) ?? first
    return self[first...last]
  }
}
