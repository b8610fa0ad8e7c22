import SluiceModel
import SluicePolicy
import Testing

/// A list that is sorted and searched each time: obviously right.
private struct NaiveQueue {
  var slots: Int
  var waiting: [(place: TaskQueue.Place, task: TaskID)] = []
  var running: Set<TaskID> = []

  mutating func start() -> [TaskID] {
    var started: [TaskID] = []
    while running.count < slots, let next = waiting.indices.min(by: { waiting[$0].place < waiting[$1].place }) {
      let task = waiting.remove(at: next).task
      running.insert(task)
      started.append(task)
    }
    return started
  }
}

@Suite struct `The task queue` {
  private func task(_ run: String, _ frame: Int) -> TaskID { TaskID(run: RunID(run), frame: frame) }

  @Test func `never runs more tasks than it has slots`() {
    var queue = TaskQueue(slots: 2)
    queue.add((1...5).map { (.init(plan: 1, run: 0, frame: $0), task("r", $0)) })
    #expect(queue.start().count == 2)
    #expect(queue.start() == [])
  }

  @Test func `starts the next task when one has finished`() {
    var queue = TaskQueue(slots: 1)
    queue.add((1...2).map { (.init(plan: 1, run: 0, frame: $0), task("r", $0)) })
    _ = queue.start()
    queue.finish(task("r", 1))
    #expect(queue.start() == [task("r", 2)])
  }

  @Test func `starts the older plan first, then the earlier run, then the lower frame`() {
    var queue = TaskQueue(slots: 9)
    queue.add([
      (.init(plan: 2, run: 0, frame: 1), task("d", 1)), (.init(plan: 1, run: 1, frame: 1), task("c", 1)),
      (.init(plan: 1, run: 0, frame: 2), task("b", 2)), (.init(plan: 1, run: 0, frame: 1), task("a", 1)),
    ])
    #expect(queue.start() == [task("a", 1), task("b", 2), task("c", 1), task("d", 1)])
  }

  @Test func `lets go of the waiting tasks of a run that was withdrawn`() {
    var queue = TaskQueue(slots: 1)
    queue.add([(.init(plan: 1, run: 0, frame: 1), task("a", 1)), (.init(plan: 1, run: 1, frame: 1), task("b", 1))])
    queue.withdraw(RunID("a"))
    #expect(queue.start() == [task("b", 1)])
  }

  @Test func `keeps the slot of a running task whose run was withdrawn`() {
    var queue = TaskQueue(slots: 1)
    queue.add([(.init(plan: 1, run: 0, frame: 1), task("a", 1))])
    _ = queue.start()
    queue.withdraw(RunID("a"))
    #expect(queue.freeSlots == 0)
  }

  @Test func `has at least one slot`() {
    #expect(TaskQueue(slots: 0).freeSlots == 1)
  }

  @Test func `agrees with a list that is searched each time`() {
    for seed in UInt64(0)..<300 {
      var state = seed &+ 0x9E37_79B9_7F4A_7C15
      func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
      }
      var queue = TaskQueue(slots: 1 + below(4))
      var naive = NaiveQueue(slots: queue.slots)
      for step in 0..<60 {
        switch below(4) {
        case 0, 1:
          let run = below(5)
          let place = TaskQueue.Place(plan: below(3), run: run, frame: step)
          queue.add([(place, task("r\(run)", step))])
          naive.waiting.append((place, task("r\(run)", step)))
        case 2:
          if let done = naive.running.sorted().first {
            queue.finish(done)
            naive.running.remove(done)
          }
        default:
          let run = RunID("r\(below(5))")
          queue.withdraw(run)
          naive.waiting.removeAll { $0.task.run == run }
        }
        let (mine, theirs) = (queue.start(), naive.start())
        #expect(mine == theirs, "seed \(seed), step \(step)")
        #expect(queue.freeSlots == naive.slots - naive.running.count, "seed \(seed), step \(step)")
      }
    }
  }
}
