import SluiceModel

/// Where something stands in line.
package struct LinePlace: Sendable, Hashable, Comparable {
  package var tier: Tier
  /// Older ones have the smaller turn.
  package var turn: Int

  package static func < (left: Self, right: Self) -> Bool { (left.tier, left.turn) < (right.tier, right.turn) }
}

/// Tasks of a run that need the same. Those that were moved up a size, or that avoid an agent, are lines of their own.
struct Line: Sendable {
  let run: RunID
  let need: Need
  var place: LinePlace
  /// The next one last.
  var ready: [Int]
  /// Since when it could have started on an agent that was too full, or wanted a limit that others had.
  var passedOverSince: Duration?
  /// The agent that takes nothing else until a task of this line is on it.
  var reserved: AgentID?
}

/// Lines whose tasks need the same, the first one at hand.
///
/// Entries are never searched for: one that no longer says the truth is thrown away when it comes to the top.
struct LineHeap: Sendable {
  struct Entry: Sendable {
    let place: LinePlace
    let line: Int
  }
  private var entries: [Entry] = []

  mutating func add(_ entry: Entry) {
    entries.append(entry)
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].place < entries[parent].place else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  /// The first entry that holds; others before it are dropped.
  mutating func first(_ holds: (Entry) -> Bool) -> Entry? {
    while let entry = entries.first {
      if holds(entry) { return entry }
      dropFirst()
    }
    return nil
  }

  private mutating func dropFirst() {
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < entries.count && entries[child].place < entries[least].place { least = child }
      if least == parent { return }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}
