import SluiceModel

/// Sets of frames by number: most units of a folder have the same, and numbers are compared at once.
///
/// One number is one set. A set may have several, where it was not seen for a while.
struct FrameNumbers {
  static let none: Int32 = -1
  private static let compared = 4
  private var sets: [FrameSet] = []

  subscript(number: Int32) -> FrameSet { sets[Int(number)] }
  func set(_ number: Int32) -> FrameSet? { number < 0 ? nil : sets[Int(number)] }

  mutating func number(of set: FrameSet) -> Int32 {
    var index = sets.count - 1
    while index >= max(0, sets.count - FrameNumbers.compared) {
      if sets[index] == set { return Int32(index) }
      index -= 1
    }
    sets.append(set)
    return Int32(sets.count - 1)
  }
  mutating func number(ofAny set: FrameSet?) -> Int32 { set.map { number(of: $0) } ?? FrameNumbers.none }

  /// Whether every frame of one set is in the other.
  func isAll(of number: Int32, in other: Int32) -> Bool {
    number == other || sets[Int(number)].subtracting(sets[Int(other)]).isEmpty
  }

  mutating func intersection(_ number: Int32, _ other: Int32) -> Int32 {
    number == other ? number : self.number(of: sets[Int(number)].intersection(sets[Int(other)]))
  }
}
