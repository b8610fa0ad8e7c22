package import FoundationEssentials
package import SluiceModel

/// How one subscription is delivered: pure, so that order, tries and dead letters can be tested without a network.
///
/// Events go in strict order, one batch at a time. A lane is a place in the log: the live one follows the log's end, a
/// replay walks a part of it again, and retries take dead letters up. They take turns, each with its own tries, so that
/// a long replay holds up nothing new.
package struct Delivery: Sendable {
  package enum Lane: Sendable, Hashable {
    case live
    case replay(EventID)
    /// Dead letters that somebody wants tried again.
    case retry
  }

  package enum Step: Sendable, Equatable {
    /// Deliver what is wanted behind `after`, up to and with `through`.
    case read(Lane, after: Int64, through: Int64)
    /// Deliver this one event.
    case retry(sequence: Int64)
    /// Nothing before then.
    case wait(until: Date)
    /// Nothing before the log grows or somebody asks for something.
    case idle
  }

  package private(set) var saved: SavedDelivery
  private let maximumTries: Int
  private var replays: [Replay] = []
  private var pauses: [Lane: Pause] = [:]
  private var lastLane: Lane = .live

  private struct Replay: Sendable, Equatable {
    var id: EventID
    var after: Int64
    var through: Int64
  }

  /// Time between two tries. A clock that is set back ends it, so that it never lasts longer than it was meant to.
  private struct Pause: Sendable, Equatable {
    var from: Date
    var until: Date
    func lasts(at now: Date) -> Bool { from <= now && now < until }
  }

  /// - Parameters:
  ///   - saved: what was kept; of another epoch it counts for nothing.
  ///   - tries: how often an event is tried before it goes to the dead letters; at least 1.
  ///   - head: the last event of the log. A cursor beyond it is of a log that was restored from a backup since: what
  ///     comes now has places that it has passed and is new all the same.
  package init(epoch: EventID, after: Int64, tries: Int, saved: SavedDelivery?, head: Int64 = .max) {
    maximumTries = max(1, tries)
    if let saved, saved.epoch == epoch {
      self.saved = saved
      if saved.live.cursor > head { self.saved.live = SavedDelivery.Lane(cursor: head) }
    } else {
      self.saved = SavedDelivery(epoch: epoch, after: after)
    }
  }

  // MARK: What is to be done

  /// - Parameter head: the last event of the log.
  package func next(head: Int64, now: Date) -> Step {
    var waits: [Date] = []
    for lane in turns where hasWork(lane, head: head) {
      if let pause = pauses[lane], pause.lasts(at: now) {
        waits.append(pause.until)
        continue
      }
      switch lane {
      case .live: return .read(.live, after: saved.live.cursor, through: head)
      case .retry: return .retry(sequence: saved.retries[0])
      case .replay(let id):
        guard let rest = rest(ofReplay: id) else { continue }
        return .read(lane, after: rest.after, through: rest.through)
      }
    }
    return waits.min().map(Step.wait) ?? .idle
  }

  /// Lanes in the order of their turns: after the live one the others come first, and the other way round.
  private var turns: [Lane] {
    let others: [Lane] = [.retry] + (replays.first.map { [.replay($0.id)] } ?? [])
    return lastLane == .live ? others + [.live] : [.live] + others
  }

  private func hasWork(_ lane: Lane, head: Int64) -> Bool {
    switch lane {
    case .live: saved.live.cursor < head
    case .retry: !saved.retries.isEmpty
    case .replay: true
    }
  }

  // MARK: What became of it

  /// Everything of a lane up to and with `through` was delivered, or is not wanted.
  /// - Returns: what to save before anything else is delivered.
  package mutating func delivered(_ lane: Lane, through: Int64, for name: SubscriptionName) -> [CursorChange] {
    lastLane = lane
    pauses[lane] = nil
    switch lane {
    case .live:
      guard through > saved.live.cursor else { return [] }
      saved.live = SavedDelivery.Lane(cursor: through)
    case .retry:
      guard saved.retries.first == through else { return [] }
      saved.retries.removeFirst()
      saved.retryTries = 0
      return [.delivered(name, deadLetter: through), .cursor(name, saved)]
    case .replay(let id): advance(id, to: through)
    }
    return [.cursor(name, saved)]
  }

  private mutating func advance(_ id: EventID, to through: Int64) {
    guard let replay = replays.first, replay.id == id else { return }
    if through >= replay.through {
      replays.removeFirst()
      (saved.replay, saved.replayLane, saved.replayed) = (nil, nil, id)
    } else {
      (saved.replay, saved.replayLane) = (id, SavedDelivery.Lane(cursor: through))
    }
  }

  /// The event at `sequence`, the first of its lane that is not delivered, could not be delivered.
  /// - Parameters:
  ///   - jitter: 0 ..< 1, from chance.
  ///   - retryAfter: what the receiver asked for.
  /// - Returns: what to save: the tries so far, or the dead letter.
  package mutating func failed(
    _ lane: Lane, sequence: Int64, reason: String, retryAfter: Int?, now: Date, jitter: Double,
    for name: SubscriptionName
  ) -> [CursorChange] {
    lastLane = lane
    let tries = self.tries(of: lane) + 1
    guard tries < maximumTries else {
      let letter = DeadLetter(sequence: sequence, tries: tries, error: reason, time: now)
      pauses[lane] = nil
      switch lane {
      case .live: saved.live = SavedDelivery.Lane(cursor: sequence)
      case .retry:
        saved.retries.removeAll { $0 == sequence }
        saved.retryTries = 0
      case .replay(let id): advance(id, to: sequence)
      }
      return [.dead(name, letter), .cursor(name, saved)]
    }
    let seconds = Delivery.pause(afterTry: tries, retryAfter: retryAfter, jitter: jitter)
    pauses[lane] = Pause(from: now, until: now.addingTimeInterval(seconds))
    switch lane {
    case .live: saved.live = SavedDelivery.Lane(cursor: saved.live.cursor, tries: tries, error: reason)
    case .retry: saved.retryTries = tries
    case .replay(let id):
      guard let rest = rest(ofReplay: id) else { return [] }
      (saved.replay, saved.replayLane) = (id, SavedDelivery.Lane(cursor: rest.after, tries: tries, error: reason))
    }
    return [.cursor(name, saved)]
  }

  /// What is left of the replay that goes on; nil for another one.
  package func rest(ofReplay id: EventID) -> (after: Int64, through: Int64)? {
    guard let replay = replays.first, replay.id == id else { return nil }
    return ((saved.replay == id ? saved.replayLane?.cursor : nil) ?? replay.after, replay.through)
  }

  package func tries(of lane: Lane) -> Int {
    switch lane {
    case .live: saved.live.tries
    case .retry: saved.retryTries
    case .replay(let id): saved.replay == id ? saved.replayLane?.tries ?? 0 : 0
    }
  }

  /// Seconds between two tries: doubling from one second up to five minutes, a fifth more or less by chance so that
  /// those who failed together do not come back together.
  package static func pause(afterTry tries: Int, retryAfter: Int?, jitter: Double) -> Double {
    let doubled = Double(min(300, 1 << min(tries - 1, 9)))
    return max(doubled * (0.8 + 0.4 * jitter), Double(min(3_600, retryAfter ?? 0)))
  }

  // MARK: What people ask for

  /// Queues replays that are not done and not queued yet.
  package mutating func take(replays asked: [(id: EventID, after: Int64, through: Int64)]) {
    var open = asked[...]
    if let done = saved.replayed, let place = open.lastIndex(where: { $0.id == done }) {
      open = open[(place + 1)...]
    }
    for replay in open where !replays.contains(where: { $0.id == replay.id }) {
      replays.append(Replay(id: replay.id, after: replay.after, through: replay.through))
    }
  }

  /// Takes dead letters up again, in the order of the log.
  package mutating func retry(_ sequences: [Int64], for name: SubscriptionName) -> [CursorChange] {
    saved.retries = Set(saved.retries).union(sequences).sorted()
    saved.retryTries = 0
    pauses[.retry] = nil
    return [.cursor(name, saved)]
  }
}
