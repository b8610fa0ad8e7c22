package import SluiceModel

/// What people said of a run in the queue. Of words that did not see one another the one of highest rank holds.
struct QueueWords: Sendable, Equatable, Codable {
  struct Word<Value: Sendable & Equatable & Codable>: Sendable, Equatable, Codable {
    let value: Value
    let rank: Rank
  }
  var tier: Word<TierName>?
  var paused: Word<Bool>?
  /// When somebody last looked at its test frames.
  var passed: Rank?

  mutating func take(_ fact: QueueChanged, _ rank: Rank) {
    if let value = fact.tier, tier.map({ $0.rank < rank }) ?? true { tier = Word(value: value, rank: rank) }
    if let value = fact.paused, paused.map({ $0.rank < rank }) ?? true { paused = Word(value: value, rank: rank) }
    if fact.passed == true { passed = [passed, rank].compactMap { $0 }.max() }
  }
}

extension RunState {
  /// A try of a task that did not count.
  struct Tried: Sendable, Equatable, Codable {
    let fact: TaskRetried
    let rank: Rank
  }

  /// Whether something is kept of a task.
  func knows(_ task: TaskID) -> Bool { tasks[task] != nil || failed[task] != nil || tries[task] != nil }

  /// Takes a try in, behind those of lower rank; the newest stay.
  mutating func take(_ tried: Tried) {
    guard made.map({ $0 < tried.rank }) ?? true else { return }
    var known = tries[tried.fact.task] ?? []
    known.insert(tried, at: known.firstIndex { $0.rank > tried.rank } ?? known.endIndex)
    known.removeFirst(max(0, known.count - Limits.rememberedTries))
    tries[tried.fact.task] = known
  }

  /// - Returns: the tasks of which some are forgotten.
  mutating func forgetTries(through rank: Rank) -> [TaskID] {
    Array(tries.keys).filter { task in
      let known = tries[task] ?? []
      let kept = known.filter { $0.rank > rank }
      if kept.count < known.count { tries[task] = kept.isEmpty ? nil : kept }
      return kept.count < known.count
    }
  }
}

extension Registry {
  mutating func apply(_ fact: QueueChanged, _ rank: Rank) -> [RowKey] {
    guard var words = runs[fact.run].map({ $0.words ?? QueueWords() }) else { return [] }
    words.take(fact, rank)
    runs[fact.run]?.words = words
    return [.run(fact.run)]
  }

  mutating func apply(_ fact: TaskRetried, _ rank: Rank) -> [RowKey] {
    guard runs[fact.task.run] != nil else { return [] }
    runs[fact.task.run]?.take(RunState.Tried(fact: fact, rank: rank))
    return [.task(fact.task)]
  }

  // MARK: What holds

  /// The tier that people gave a run; nil where they gave it none.
  package func tier(of run: RunID) -> TierName? { runs[run]?.words?.tier?.value }

  /// Whether nothing more of a run is to start, as somebody said since its plan was applied last.
  package func isPaused(_ run: RunID) -> Bool {
    guard let state = runs[run], let word = state.words?.paused, word.value else { return false }
    return isOfLastApplication(state, word.rank)
  }

  /// Whether somebody has looked at a run's test frames since the last of them was made.
  package func isPassed(_ run: RunID, tests: [TaskID]) -> Bool {
    guard let state = runs[run], let passed = state.words?.passed else { return false }
    return tests.allSatisfy { task in state.tasks[task].map { $0.rank < passed } ?? false }
  }

  /// Tries of a task that did not count, since its plan was applied last and since the task was made, in their order.
  package func tries(of task: TaskID) -> [TaskRetried] {
    guard let state = runs[task.run], let tries = state.tries[task] else { return [] }
    let made = state.tasks[task]?.rank
    return tries.filter { tried in
      isOfLastApplication(state, tried.rank) && made.map { $0 < tried.rank } ?? true
    }.map(\.fact)
  }

  /// Tasks of a run that may have been tried before.
  package func triedTasks(of run: RunID) -> [TaskID] { runs[run].map { Array($0.tries.keys) } ?? [] }

  private func isOfLastApplication(_ run: RunState, _ rank: Rank) -> Bool {
    planTurns[run.plan]?.applied.map { $0 < rank } ?? true
  }
}
