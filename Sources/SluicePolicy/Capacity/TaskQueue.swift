package import SluiceModel

/// Which tasks start next on a machine with so many slots: a pure state machine.
///
/// Order: the older plan first, then the earlier run of the plan, then the lower frame.
package struct TaskQueue: Sendable {
  /// Where a task stands in line.
  package struct Place: Sendable, Hashable, Comparable {
    package let plan: Int
    package let run: Int
    package let frame: Int
    package init(plan: Int, run: Int, frame: Int) { (self.plan, self.run, self.frame) = (plan, run, frame) }
    package static func < (left: Self, right: Self) -> Bool {
      (left.plan, left.run, left.frame) < (right.plan, right.run, right.frame)
    }
  }

  package let slots: Int
  private var waiting: [(place: Place, task: TaskID)] = []
  private var running: Set<TaskID> = []

  package init(slots: Int) { self.slots = max(1, slots) }

  package var freeSlots: Int { slots - running.count }
  package func isWaiting(_ task: TaskID) -> Bool { waiting.contains { $0.task == task } }

  /// - Complexity: O(waiting) for each task.
  package mutating func add(_ tasks: [(place: Place, task: TaskID)]) {
    waiting += tasks
    waiting.sort { $0.place < $1.place }
  }

  /// Tasks that start now; they hold their slot until `finish`.
  package mutating func start() -> [TaskID] {
    let count = min(freeSlots, waiting.count)
    let started = waiting.prefix(count).map(\.task)
    waiting.removeFirst(count)
    running.formUnion(started)
    return started
  }

  package mutating func finish(_ task: TaskID) { running.remove(task) }

  /// Takes the waiting tasks of a run out.
  package mutating func withdraw(_ run: RunID) { waiting.removeAll { $0.task.run == run } }
}
