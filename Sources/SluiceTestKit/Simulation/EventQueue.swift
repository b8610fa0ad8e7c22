/// What is going to happen, in the order of virtual time; what is due together happens in the order it was planned.
package struct EventQueue<Happening: Sendable>: Sendable {
  /// Small, since these are moved about; what happens stays where it is.
  private struct Entry: Sendable {
    let at: Int
    let number: Int
    let slot: Int
    func isBefore(_ other: Entry) -> Bool { at == other.at ? number < other.number : at < other.at }
  }
  private var heap: [Entry] = []
  private var slots: [Happening?] = []
  private var freeSlots: [Int] = []
  private var planned = 0

  package init() {}

  package var isEmpty: Bool { heap.isEmpty }

  /// - Parameter at: microseconds of virtual time.
  package mutating func plan(_ happening: Happening, at: Int) {
    planned += 1
    heap.append(Entry(at: at, number: planned, slot: keep(happening)))
    var child = heap.count - 1
    while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  package mutating func next() -> (at: Int, happening: Happening)? {
    guard let first = heap.first, let happening = slots[first.slot] else { return nil }
    slots[first.slot] = nil
    freeSlots.append(first.slot)
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    return (first.at, happening)
  }

  private mutating func keep(_ happening: Happening) -> Int {
    guard let slot = freeSlots.popLast() else {
      slots.append(happening)
      return slots.count - 1
    }
    slots[slot] = happening
    return slot
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least]) {
        least = child
      }
      if least == parent { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
