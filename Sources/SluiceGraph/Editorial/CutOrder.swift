/// Places in the cut, changed as little as can be: who comes between two others gets a number between theirs.
package struct CutOrder: Sendable, Equatable {
  /// Between neighbours where there is room.
  package static let step = 10.0
  /// Numbers closer than this are given anew.
  static let closest = 0.01

  /// One for each, ascending or the same as before.
  package let places: [Double]
  /// Which of those that had a place have another one among the others.
  package let moved: Set<Int>

  /// - Parameter before: the places of what is in the cut now, in its order; nil for what had none.
  /// - Complexity: O(n log n).
  package init(_ before: [Double?]) {
    let kept = CutOrder.longestAscending(before)
    moved = Set(before.indices.filter { before[$0] != nil && !kept.contains($0) })
    places = CutOrder.fill(before, kept) ?? before.indices.map { Double($0 + 1) * CutOrder.step }
  }

  /// Nil where there is no room.
  private static func fill(_ before: [Double?], _ kept: Set<Int>) -> [Double]? {
    var places: [Double] = []
    var index = 0
    while index < before.count {
      if kept.contains(index), let place = before[index] {
        places.append(place)
        index += 1
        continue
      }
      let next = before.indices[index...].first(where: kept.contains)
      let count = (next ?? before.count) - index
      let (low, high) = (places.last, next.flatMap { before[$0] })
      let gap: Double
      let start: Double
      switch (low, high) {
      case (let low?, let high?): (start, gap) = (low, (high - low) / Double(count + 1))
      case (let low?, nil): (start, gap) = (low, step)
      case (nil, let high?): (start, gap) = (high - Double(count + 1) * step, step)
      case (nil, nil): (start, gap) = (0, step)
      }
      guard gap >= closest else { return nil }
      for number in 1...count { places.append(((start + Double(number) * gap) * 1_000).rounded() / 1_000) }
      index += count
    }
    return places
  }

  /// A longest part that ascends already. Of two that changed places the one that came first before has moved.
  private static func longestAscending(_ before: [Double?]) -> Set<Int> {
    // From the end, so that piles hold the greatest beginnings.
    var piles: [Int] = []
    var after = [Int?](repeating: nil, count: before.count)
    for index in before.indices.reversed() {
      guard let place = before[index] else { continue }
      var (low, high) = (0, piles.count)
      while low < high {
        let middle = (low + high) / 2
        if let top = before[piles[middle]], top > place { low = middle + 1 } else { high = middle }
      }
      after[index] = low > 0 ? piles[low - 1] : nil
      if low == piles.count { piles.append(index) } else { piles[low] = index }
    }
    var kept: Set<Int> = []
    var next = piles.last
    while let index = next {
      kept.insert(index)
      next = after[index]
    }
    return kept
  }

  /// `10`, `12.5`.
  package static func text(_ place: Double) -> String {
    place == place.rounded() && abs(place) < 1e15 ? "\(Int64(place))" : "\(place)"
  }
}
