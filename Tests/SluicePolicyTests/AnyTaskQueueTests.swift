import SluiceModel
import SluicePolicy
import Testing

/// A queue, and what a person with a list would say of it: the list is searched each time, and every task is followed.
private struct FollowedQueue {
  let seed: UInt64
  private(set) var queue: TaskQueue
  private var random: UInt64
  private var list: [(place: TaskQueue.Place, task: TaskID)] = []
  private var made = 0
  private(set) var running: [TaskID] = []
  private(set) var started: [TaskID] = []
  private(set) var finished: [TaskID] = []
  private(set) var withdrawn: [TaskID] = []
  private(set) var added: [TaskID] = []
  private(set) var happened: [String] = []

  init(seed: UInt64) {
    self.seed = seed
    random = seed &+ 0x9E37_79B9_7F4A_7C15
    queue = TaskQueue(slots: 1)
    queue = TaskQueue(slots: 1 + below(6))
    happened = ["\(queue.slots) slots"]
  }

  var waiting: [TaskID] { list.map(\.task) }

  /// One thing that can happen; what started because of it, and what should have.
  mutating func happen() -> (started: [TaskID], expected: [TaskID]) {
    switch below(5) {
    case 0, 1: addBatch()
    case 2, 3: finishOne()
    default: withdrawRun()
    }
    let expected = takeFirst(queue.slots - running.count)
    let begun = queue.start()
    happened.append("started \(begun)")
    started += begun
    running += begun
    return (begun, expected)
  }

  mutating func finishOne() {
    guard !running.isEmpty else { return }
    let task = running.remove(at: below(running.count))
    happened.append("finished \(task)")
    finished.append(task)
    queue.finish(task)
  }

  private mutating func addBatch() {
    let (plan, run) = (below(3), below(4))
    let batch = (0..<below(7)).map { _ in
      made += 1
      let place = TaskQueue.Place(plan: plan, run: run, frame: below(5))
      return (place: place, task: TaskID("r-\(plan)\(run).\(made)"))
    }
    happened.append("added \(batch.map(\.task)) at \(plan), \(run)")
    added += batch.map(\.task)
    list += batch
    queue.add(batch)
  }

  private mutating func withdrawRun() {
    let run = RunID("r-\(below(3))\(below(4))")
    happened.append("withdrew \(run)")
    withdrawn += list.filter { $0.task.run == run }.map(\.task)
    list.removeAll { $0.task.run == run }
    queue.withdraw(run)
  }

  /// Of equal places the one that came first.
  private mutating func takeFirst(_ count: Int) -> [TaskID] {
    (0..<min(count, list.count)).compactMap { _ in
      let first = list.indices.min { (list[$0].place, $0) < (list[$1].place, $1) }
      return first.map { list.remove(at: $0).task }
    }
  }

  /// SplitMix64. Source: S. Vigna, public domain.
  private mutating func below(_ bound: Int) -> Int {
    random &+= 0x9E37_79B9_7F4A_7C15
    var z = random
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }
}

/// What holds for any queue and whatever happens to it; a failure prints the seed and what happened.
@Suite struct `Any task queue` {
  private func live(_ look: (inout FollowedQueue, (started: [TaskID], expected: [TaskID])) -> Void) {
    for seed in UInt64(0)..<500 {
      var queue = FollowedQueue(seed: seed)
      for _ in 0..<40 {
        let step = queue.happen()
        look(&queue, step)
      }
    }
  }

  @Test func `starts what stands first in a list that is searched each time`() {
    live { queue, step in
      #expect(step.started == step.expected, "seed \(queue.seed): \(queue.happened)")
    }
  }

  @Test func `never runs more tasks than it has slots, and leaves no slot free while a task waits`() {
    live { queue, _ in
      #expect(queue.queue.freeSlots == queue.queue.slots - queue.running.count, "seed \(queue.seed): \(queue.happened)")
      #expect(queue.queue.freeSlots >= 0, "seed \(queue.seed): \(queue.happened)")
      #expect(queue.queue.freeSlots == 0 || queue.waiting.isEmpty, "seed \(queue.seed): \(queue.happened)")
    }
  }

  @Test func `knows which tasks wait`() {
    live { queue, _ in
      let waiting = queue.added.filter(queue.queue.isWaiting)
      #expect(Set(waiting) == Set(queue.waiting), "seed \(queue.seed): \(queue.happened)")
    }
  }

  @Test func `starts each task once or not at all, and none that was withdrawn`() {
    live { queue, _ in
      #expect(Set(queue.started).count == queue.started.count, "seed \(queue.seed): \(queue.happened)")
      #expect(Set(queue.started).isDisjoint(with: queue.withdrawn), "seed \(queue.seed): \(queue.happened)")
    }
  }

  @Test func `loses no task: each was started or withdrawn in the end`() {
    for seed in UInt64(0)..<500 {
      var queue = FollowedQueue(seed: seed)
      for _ in 0..<40 { _ = queue.happen() }
      while !(queue.running.isEmpty && queue.waiting.isEmpty) {
        queue.finishOne()
        _ = queue.happen()
      }
      #expect(Set(queue.added) == Set(queue.started + queue.withdrawn), "seed \(seed): \(queue.happened)")
      #expect(queue.finished.count == queue.started.count, "seed \(seed): \(queue.happened)")
    }
  }
}

@Suite struct `A slot` {
  private func place(_ frame: Int) -> TaskQueue.Place { .init(plan: 1, run: 1, frame: frame) }

  @Test func `is given back once, however often its task is said to have finished`() {
    var queue = TaskQueue(slots: 2)
    queue.add([(place(1), TaskID("r.1")), (place(2), TaskID("r.2"))])
    _ = queue.start()
    queue.finish(TaskID("r.1"))
    queue.finish(TaskID("r.1"))
    #expect(queue.freeSlots == 1)
  }

  @Test func `is not given back by a task that never ran`() {
    var queue = TaskQueue(slots: 1)
    queue.add([(place(1), TaskID("r.1")), (place(2), TaskID("r.2"))])
    _ = queue.start()
    queue.finish(TaskID("r.2"))
    #expect(queue.freeSlots == 0)
  }

  @Test func `is taken again by a task that is tried again`() {
    var queue = TaskQueue(slots: 1)
    for _ in 0..<3 {
      queue.add([(place(1), TaskID("r.1"))])
      #expect(queue.start() == [TaskID("r.1")])
      queue.finish(TaskID("r.1"))
    }
    #expect(queue.freeSlots == 1)
  }
}
