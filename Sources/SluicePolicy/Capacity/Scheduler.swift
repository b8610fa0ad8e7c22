package import SluiceModel

/// Which task goes to which agent, when: a pure state machine.
///
/// Order: tier, then age; what does not fit is passed over by what does, but not for ever: after `Rules.patience` an
/// agent is kept free for it. Time is given, and only ever moves on; leases are measured by it.
package struct Scheduler: Sendable {
  package struct Rules: Sendable {
    /// An agent that is not heard of for so long has lost its tasks.
    package var lease: Duration
    /// After so long of being passed over, a line gets an agent or a limit kept for it.
    package var patience: Duration
    /// So many failures in a row, of at least two runs and of steps that are not broken themselves, put an agent into
    /// quarantine.
    package var failuresInARow: Int
    /// Amounts from small to large; a task that needs more memory than it has moves up once.
    package var sizes: [Amounts]
    package init(
      lease: Duration = .seconds(30), patience: Duration = .seconds(60), failuresInARow: Int = 5,
      sizes: [Amounts] = []
    ) {
      (self.lease, self.patience, self.failuresInARow, self.sizes) = (lease, patience, failuresInARow, sizes)
    }
  }

  package enum TestHold: Sendable, Hashable {
    case off
    /// The rest waits until these tasks, places from 0, have passed; with `isLookedAt` also until a person says so.
    case on([Int], isLookedAt: Bool)
    /// They have passed, and the rest waits until a person says so.
    case look
  }

  /// What is to be told of a run.
  package enum Notice: Sendable, Hashable {
    case testsPassed(RunID)
    /// The tests have passed, and a person is to look.
    case wantsLook(RunID)
    case testFailed(RunID)
    case movedUp(RunID, task: Int, to: Amounts)
    case lost(AgentID, [LeaseToken])
    case quarantined(AgentID)
    /// It is out of quarantine: what failed there fails elsewhere too.
    case acquitted(AgentID)
  }

  package enum Outcome: Sendable, Hashable {
    case succeeded, failed
    /// It was stopped because it took more memory than its need says.
    case overMemory
    /// The agent gave it back: its machine's user came, or it is shut down.
    case returned
  }

  package enum Receipt: Sendable, Hashable {
    case taken
    /// The task goes on elsewhere: another attempt of it, whose end alone counts.
    case retried
    /// Its lease had run out and the task was given away; what this agent made does not count.
    case givenAway
  }

  struct Run: Sendable {
    enum Phase: Sendable, Equatable {
      case open
      case testing(left: Set<Int>)
      case looking
      case testFailed
    }
    var place: LinePlace
    var phase: Phase
    var isLookedAt: Bool
    var isPaused = false
    /// Not to be begun before the tests have passed; the next one last.
    var rest: [Int]
    /// Main line first, then those of tasks that were moved up, or that failed and are to go elsewhere.
    var lines: [Int]
    var attempts: [Int: Int] = [:]
    /// Of tasks that were tried before the run was put in line, and for that need something else than the others.
    var needs: [Int: Need] = [:]
    /// Tasks that were moved up a size.
    var enlarged: Set<Int> = []
    var maxAttempts: Int
    var running = 0
    /// A task of it has succeeded, and so its machine has seen how much memory it takes.
    var hasShown = false
    var step: StepOfProject?
    /// Where its tasks wait for each other; empty where they do not.
    var parts: [PartState] = []
  }

  package let rules: Rules
  package internal(set) var agents: [AgentID: FarmAgent] = [:]
  var runs: [RunID: Run] = [:]
  var lines: [Int: Line] = [:]
  var heaps: [Need: LineHeap] = [:]
  /// Needs of which a line may have something ready.
  var needs: [Need] = []
  package internal(set) var leases: [LeaseToken: Lease] = [:]
  var limits = LimitBook()
  var blame = Blame()
  private var turns = 0
  private var nextLine = 0
  var nextToken: UInt64 = 1
  /// Counts what may make something startable for an agent that found nothing.
  var news: UInt64 = 0

  package init(_ rules: Rules) { self.rules = rules }

  // MARK: Runs

  /// Takes up the tasks of a run, numbered from 0 in the order of frames.
  /// - Parameters:
  ///   - attempts: how often a task may fail before it has failed.
  ///   - turn: where it stands in its tier, the smaller the earlier; behind all others where it is not said.
  ///   - tried: what became of tasks before.
  ///   - step: what it is a run of, which may be to blame when it fails.
  package mutating func add(
    _ run: RunID, tasks: Int, need: Need, tier: Tier, hold: TestHold = .off, attempts: Int = 1, turn: Int? = nil,
    tried: [Int: EarlierTries] = [:], isPaused: Bool = false, of step: StepOfProject? = nil
  ) {
    guard runs[run] == nil, tasks > 0 else { return }
    let place = LinePlace(tier: tier, turn: nextTurn(turn))
    var order = Array(TestFrames.halving(tasks).reversed())
    var state = Run(
      place: place, phase: .open, isLookedAt: false, isPaused: isPaused, rest: [], lines: [],
      maxAttempts: max(1, attempts))
    state.step = step
    for (task, tries) in tried { state.take(tries, of: task, need) }
    switch hold {
    case .off: break
    case .look: (state.phase, state.isLookedAt, state.rest, order) = (.looking, true, order, [])
    case .on(let places, let isLookedAt):
      let tests = Set(places.filter { (0..<tasks).contains($0) })
      if tests.isEmpty { break }
      state.phase = .testing(left: tests)
      state.isLookedAt = isLookedAt
      state.rest = order.filter { !tests.contains($0) }
      order = order.filter { tests.contains($0) }
    }
    runs[run] = state
    addLine(run, need, place, ready: [])
    queue(order, of: run)
  }

  /// Where something stands that comes now.
  mutating func nextTurn(_ turn: Int?) -> Int {
    turns = max(turns + 1, turn ?? 0)
    return turn ?? turns
  }

  /// Takes a run out. Its leases stay until they end; what they bring is nobody's any more.
  package mutating func remove(_ run: RunID) {
    for line in runs[run]?.lines ?? [] { drop(line) }
    runs[run] = nil
  }

  package mutating func setTier(_ tier: Tier, of run: RunID) {
    guard var state = runs[run], state.place.tier != tier else { return }
    state.place.tier = tier
    runs[run] = state
    for line in state.lines {
      lines[line]?.place.tier = tier
      offer(line)
    }
  }

  package mutating func setPaused(_ isPaused: Bool, _ run: RunID) {
    runs[run]?.isPaused = isPaused
    for line in runs[run]?.lines ?? [] {
      if isPaused { standBack(line) } else { offer(line) }
    }
  }

  /// A person has looked at the tests.
  /// - Returns: whether the run waited for that.
  package mutating func pass(_ run: RunID) -> Bool {
    guard isToBeLookedAt(run) else { return false }
    open(run)
    return true
  }

  /// Whether its tests have passed and wait for a person.
  package func isToBeLookedAt(_ run: RunID) -> Bool { runs[run]?.phase == .looking }

  // MARK: Limits

  /// - Parameter limit: nil for one that is no longer known; tasks that need it wait.
  package mutating func setLimit(_ name: String, _ limit: CountedLimit?) {
    limits.set(name, limit)
    news += 1
  }

  // MARK: Within

  func isReady(_ line: Line) -> Bool { !line.ready.isEmpty && runs[line.run]?.isPaused == false }

  mutating func addLine(_ run: RunID, _ need: Need, _ place: LinePlace, ready: [Int]) {
    nextLine += 1
    lines[nextLine] = Line(run: run, need: need, place: place, ready: ready)
    runs[run]?.lines.append(nextLine)
    offer(nextLine)
  }

  /// Lets a line be found by polls; the same line twice does no harm.
  mutating func offer(_ id: Int) {
    guard let line = lines[id], isReady(line) else { return }
    news += 1
    if heaps[line.need] == nil {
      heaps[line.need] = LineHeap()
      needs.append(line.need)
    }
    heaps[line.need]?.add(LineHeap.Entry(place: line.place, line: id))
  }

  mutating func drop(_ id: Int) {
    standBack(id)
    lines[id] = nil
  }

  mutating func open(_ run: RunID) {
    guard let state = runs[run] else { return }
    runs[run]?.rest = []
    runs[run]?.phase = .open
    queue(state.rest, of: run)
  }
}
