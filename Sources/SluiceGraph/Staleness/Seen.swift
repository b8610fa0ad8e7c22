/// What was looked at once, by its number.
struct Seen<Value> {
  var values: [Value] = []
  private var all: [Int32]
  /// Where not most of it will be looked at: an open table of numbers and slots, at most half full.
  private var some: [(index: Int32, slot: Int32)] = []

  /// - Parameter count: of everything, where most of it will be looked at.
  init(count: Int?) { all = count.map { Array(repeating: -1, count: $0) } ?? [] }

  func slot(of index: Int) -> Int? {
    let slot = all.isEmpty ? some.isEmpty ? -1 : some[place(of: index)].slot : all[index]
    return slot < 0 ? nil : Int(slot)
  }

  mutating func add(_ value: Value, at index: Int) -> Int {
    if all.isEmpty {
      if some.count <= values.count * 2 { grow() }
      some[place(of: index)] = (Int32(index), Int32(values.count))
    } else {
      all[index] = Int32(values.count)
    }
    values.append(value)
    return values.count - 1
  }

  /// Where a number is, or would be.
  private func place(of index: Int) -> Int {
    let last = some.count - 1
    var place = Int(truncatingIfNeeded: UInt64(index) &* 0x9E37_79B9_7F4A_7C15 >> 32) & last
    while some[place].slot >= 0, some[place].index != Int32(index) { place = (place + 1) & last }
    return place
  }

  private mutating func grow() {
    let before = some
    some = Array(repeating: (0, -1), count: max(16, before.count * 2))
    for entry in before where entry.slot >= 0 { some[place(of: Int(entry.index))] = entry }
  }
}
