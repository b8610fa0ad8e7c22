/// Up to so many values; the one that was not asked for the longest makes room.
struct RecentlyUsed<Value: Sendable>: Sendable {
  private let capacity: Int
  private var values: [String: (value: Value, used: Int)] = [:]
  private var clock = 0

  init(capacity: Int) { self.capacity = capacity }

  /// - Complexity: O(`capacity`) where something makes room, else O(1).
  subscript(key: String) -> Value? {
    mutating get {
      guard let found = values[key] else { return nil }
      clock += 1
      values[key] = (found.value, clock)
      return found.value
    }
    set {
      clock += 1
      values[key] = newValue.map { ($0, clock) }
      if values.count > capacity, let oldest = values.min(by: { $0.value.used < $1.value.used })?.key {
        values[oldest] = nil
      }
    }
  }
}
