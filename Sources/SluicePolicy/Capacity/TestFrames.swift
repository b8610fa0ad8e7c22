/// In which order the tasks of a run are begun. Pure.
package enum TestFrames {
  /// First, middle and last of so many tasks, as places from 0; empty where all would be tests.
  package static func places(of count: Int) -> [Int] {
    count <= 3 ? [] : [0, count / 2, count - 1]
  }

  /// All places from 0 by recursive halving, so that a range fills in evenly: the ends, the middle, the middles of the
  /// halves.
  /// - Complexity: O(count).
  package static func halving(_ count: Int) -> [Int] {
    guard count > 2 else { return Array(0..<max(0, count)) }
    var order = [0, count - 1]
    order.reserveCapacity(count)
    var spans = [(0, count - 1)]
    var next = 0
    while next < spans.count {
      let (low, high) = spans[next]
      next += 1
      guard high - low > 1 else { continue }
      let middle = low + (high - low) / 2
      order.append(middle)
      spans += [(low, middle), (middle, high)]
    }
    return order
  }
}
