package import SluiceModel

/// Runs whose tasks wait for other tasks of the same run.
extension Scheduler {
  /// Tasks of a run that need the same and wait for the same.
  package struct Part: Sendable, Hashable {
    package let name: String
    /// Places in the run, from 0.
    package let tasks: Range<Int>
    package let need: Need
    /// Places of the parts that have to be done before.
    package let after: [Int]
    package init(name: String, tasks: Range<Int>, need: Need, after: [Int]) {
      (self.name, self.tasks, self.need, self.after) = (name, tasks, need, after)
    }
  }

  /// A part, and how far it is.
  struct PartState: Sendable {
    let part: Part
    /// Tasks that have not succeeded yet.
    var left: Int
    var isOpen = false
  }

  /// Takes up the tasks of a run by parts: those of a part wait until all tasks of the parts before have succeeded.
  /// - Precondition: no part comes after one that stands behind it.
  package mutating func add(
    _ run: RunID, parts: [Part], tier: Tier, attempts: Int = 1, turn: Int? = nil,
    tried: [Int: EarlierTries] = [:], isPaused: Bool = false, of step: StepOfProject? = nil
  ) {
    guard runs[run] == nil, parts.contains(where: { !$0.tasks.isEmpty }) else { return }
    var state = Run(
      place: LinePlace(tier: tier, turn: nextTurn(turn)), phase: .open, isLookedAt: false, isPaused: isPaused, rest: [],
      lines: [],
      maxAttempts: max(1, attempts))
    (state.step, state.parts) = (step, parts.map { PartState(part: $0, left: $0.tasks.count) })
    for part in parts {
      for task in part.tasks { if let tries = tried[task] { state.take(tries, of: task, part.need) } }
    }
    runs[run] = state
    openParts(of: run)
  }

  /// A task has succeeded.
  mutating func advance(_ run: RunID, _ task: Int) {
    guard let at = runs[run]?.parts.firstIndex(where: { $0.part.tasks.contains(task) }) else { return }
    runs[run]?.parts[at].left -= 1
    if runs[run]?.parts[at].left == 0 { openParts(of: run) }
  }

  private mutating func openParts(of run: RunID) {
    guard var state = runs[run] else { return }
    var opened: [Part] = []
    for at in state.parts.indices where !state.parts[at].isOpen {
      let part = state.parts[at].part
      guard part.after.allSatisfy({ state.parts[$0].isOpen && state.parts[$0].left == 0 }) else { continue }
      state.parts[at].isOpen = true
      opened.append(part)
    }
    runs[run] = state
    for part in opened where !part.tasks.isEmpty {
      let order = TestFrames.halving(part.tasks.count).reversed().map { part.tasks.lowerBound + $0 }
      addLine(run, part.need, state.place, ready: order.filter { state.needs[$0] == nil })
      for task in order { if let need = state.needs[task] { addLine(run, need, state.place, ready: [task]) } }
    }
  }
}

extension Scheduler.Run {
  /// Tasks of parts that wait for others.
  var held: Int { parts.reduce(0) { $0 + ($1.isOpen ? 0 : $1.part.tasks.count) } }

  /// What a task's part waits for; nil where it waits for no part.
  func partsBefore(_ task: Int) -> [String]? {
    guard let state = parts.first(where: { !$0.isOpen && $0.part.tasks.contains(task) }) else { return nil }
    return state.part.after.filter { !parts[$0].isOpen || parts[$0].left > 0 }.map { parts[$0].part.name }
  }
  /// Tasks of parts that wait, and stand before a task of such a part.
  func heldBefore(_ task: Int) -> Int {
    parts.reduce(0) { sum, state in
      state.isOpen ? sum : sum + state.part.tasks.clamped(to: Int.min..<max(task, state.part.tasks.lowerBound)).count
    }
  }
}
