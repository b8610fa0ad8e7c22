import FoundationEssentials
package import Logging
package import SluiceGraph
package import SluiceModel

/// One subscription at work: reads the log, delivers, and keeps how far it has come. The rules are `Delivery`'s.
package actor Subscriber {
  package struct Parts: Sendable {
    package var writer: Writer
    package var log: any EventLog
    package var cursors: any CursorStore
    /// Nil where this server sends none.
    package var webhooks: (any WebhookSender)?
    package var commands: any EventCommands
    package var feed: Feed
    package var ambient: Ambient
    package var logger: Logger

    package init(
      writer: Writer, log: any EventLog, cursors: any CursorStore, webhooks: (any WebhookSender)?,
      commands: any EventCommands, feed: Feed, ambient: Ambient, logger: Logger
    ) {
      (self.writer, self.log, self.cursors, self.webhooks) = (writer, log, cursors, webhooks)
      (self.commands, self.feed, self.ambient, self.logger) = (commands, feed, ambient, logger)
    }
  }

  package nonisolated let name: SubscriptionName
  /// The creation or the reset that it is of.
  package nonisolated let epoch: EventID
  let parts: Parts
  let secret: [UInt8]?
  private let wanted: WantedEvents
  private let filter: EventFilter
  private let turns = Turns()
  private(set) var subscription: Subscription
  private(set) var delivery: Delivery
  private var replayFilters: [EventID: EventFilter] = [:]
  /// The live cursor that is on disk; what was only passed over need not be.
  private var savedCursor: Int64
  /// The batches that were handed out last, with the sequences of their events: a client whose connection broke may
  /// have left a pull behind that is answered beside its next one.
  var handedOut: [(batch: PullBatch, sequences: [Int64])] = []
  /// The lag from a cursor on, as it was counted last.
  private var counted: (cursor: Int64, count: WantedEvents.Count)?
  /// How many events are delivered together.
  var portion = 1
  private(set) var isEnded = false
  /// The one before the last reset; it must be gone before this one begins.
  private var predecessor: Subscriber?
  var isRunning = false
  /// Why nothing can be read, delivered or saved now.
  private(set) var trouble: SluiceError?

  package init(_ subscription: Subscription, parts: Parts) async throws(SluiceError) {
    (name, epoch, self.subscription, self.parts) = (subscription.name, subscription.epoch, subscription, parts)
    wanted = WantedEvents(log: parts.log)
    filter = try EventFilter(types: subscription.created.types, expression: subscription.created.where)
    let saved = try await parts.cursors.cursor(of: subscription.name)
    secret = try await parts.cursors.secret(of: subscription.name)
    delivery = Delivery(
      epoch: subscription.epoch, after: subscription.after, tries: subscription.created.tries, saved: saved,
      head: parts.writer.current.sequence)
    savedCursor = delivery.saved.live.cursor
    try takeReplays()
  }

  package var retrying: [Int64] { delivery.saved.retries }

  /// The subscription was paused, resumed, or has a new replay.
  package func refresh() throws(SluiceError) {
    guard let now = parts.writer.current.subscriptions[name], now.epoch == epoch else { return }
    subscription = now
    try takeReplays()
    parts.feed.pulse()
  }

  /// It was deleted, or another one goes on from another place: nothing that is under way counts any more.
  package func end() {
    isEnded = true
    parts.feed.pulse()
  }

  package func follow(_ other: Subscriber) { predecessor = other }

  /// Returns when the one before has let go of what it was at.
  func waitForPredecessor() async {
    while let other = predecessor, !Task.isCancelled {
      let seen = parts.feed.beats.count
      guard await other.isRunning else {
        predecessor = nil
        return
      }
      await parts.feed.beats.next(after: seen)
    }
  }

  func note(_ error: SluiceError) {
    if trouble?.code != error.code {
      parts.logger.warning("subscription \(name) waits: \(error.what)", metadata: ["code": "\(error.code.rawValue)"])
    }
    trouble = error
  }

  func forgetTrouble() { trouble = nil }

  private func takeReplays() throws(SluiceError) {
    let replays = subscription.replays
    replayFilters = replayFilters.filter { known in replays.contains { $0.id == known.key } }
    for replay in replays where replayFilters[replay.id] == nil {
      replayFilters[replay.id] = try EventFilter(types: [], expression: replay.request.where)
    }
    delivery.take(replays: replays.map { ($0.id, $0.request.after, $0.request.through) })
  }

  // MARK: What is next

  /// Events to deliver, with the lane they belong to; `scanned` is where the lane stands once they are delivered.
  struct Work {
    var lane: Delivery.Lane
    var after: Int64
    var scanned: Int64
    var events: [WantedEvents.Positioned]
    var sequences: [Int64] { events.map(\.sequence) }
  }

  enum Next {
    case work(Work)
    case wait(until: Date?)
  }

  func next(limit: Int) async throws(SluiceError) -> Next {
    while !isEnded, !subscription.isPaused {
      switch delivery.next(head: parts.writer.current.sequence, now: parts.ambient.now()) {
      case .idle: return .wait(until: nil)
      case .wait(let until): return .wait(until: until)
      case .retry(let sequence):
        let event = try await wanted.event(at: sequence)
        return .work(
          Work(lane: .retry, after: sequence - 1, scanned: sequence, events: event.map { [$0] } ?? []))
      case .read(let lane, let after, let through):
        var filters = [filter]
        if case .replay(let id) = lane, let narrower = replayFilters[id] { filters.append(narrower) }
        let page = try await wanted.page(
          after: after, through: through, limit: limit, scanLimit: 100_000, filters: filters)
        if !page.events.isEmpty {
          return .work(Work(lane: lane, after: after, scanned: page.scanned, events: page.events))
        }
        guard page.scanned > after else { return .wait(until: nil) }
        try await pass(lane, to: page.scanned)
      }
    }
    return .wait(until: nil)
  }

  /// Nothing up to `place` is wanted. That is not saved each time: after a crash it is looked at and passed again.
  private func pass(_ lane: Delivery.Lane, to place: Int64) async throws(SluiceError) {
    if case .live = lane, place - savedCursor < Limits.unsavedPassed {
      _ = delivery.delivered(lane, through: place, for: name)
    } else {
      try await commit { delivery in delivery.delivered(lane, through: place, for: name) }
    }
  }

  /// Changes how delivery stands, on disk and then for good: what cannot be saved did not happen.
  func commit(
    _ change: (inout Delivery) throws(SluiceError) -> [CursorChange]
  ) async throws(SluiceError) {
    try await turns.one { () throws(SluiceError) in
      let before = delivery
      do throws(SluiceError) {
        let changes = try change(&delivery)
        if !changes.isEmpty { try await parts.cursors.save(changes) }
        savedCursor = delivery.saved.live.cursor
      } catch {
        delivery = before
        try takeReplays()
        throw error
      }
    }
  }

  /// A try of the first event of a lane that is not delivered.
  func failed(
    _ delivery: inout Delivery, _ lane: Delivery.Lane, _ sequence: Int64, _ reason: String, retryAfter: Int? = nil
  ) -> [CursorChange] {
    delivery.failed(
      lane, sequence: sequence, reason: reason, retryAfter: retryAfter, now: parts.ambient.now(),
      jitter: Double(parts.ambient.random() >> 11) / Double(1 << 53), for: name)
  }

  /// The event as this subscriber gets it: with its place, and marked where it is not the first time.
  func outgoing(_ event: WantedEvents.Positioned, _ lane: Delivery.Lane) -> [UInt8] {
    var marks: [(name: String, value: AttributeValue)] = [
      ("position", .string(parts.writer.position(event.sequence).description))
    ]
    switch lane {
    case .live: break
    case .retry: marks.append(("redelivery", .string("retry")))
    case .replay(let id):
      marks.append(("replay", .string(id.description)))
      if let reason = subscription.replays.first(where: { $0.id == id })?.request.because {
        marks.append(("replaybecause", .string(reason)))
      }
    }
    return event.envelope.adding(marks)
  }

  // MARK: What others ask

  /// Tries dead letters again.
  package func retry(_ sequences: [Int64]) async throws(SluiceError) {
    try await commit { delivery in delivery.retry(sequences, for: name) }
    parts.feed.pulse()
  }

  /// Replays that are not done, in the order in which they were asked for.
  package var openReplays: [Subscription.Replay] {
    var open = subscription.replays[...]
    if let done = delivery.saved.replayed, let place = open.lastIndex(where: { $0.id == done }) {
      open = open[(place + 1)...]
    }
    return Array(open)
  }

  /// How it stands now.
  package func answer() async throws(SluiceError) -> SubscriptionAnswer {
    let registry = parts.writer.current
    let saved = delivery.saved
    let lag = try await lag(head: registry.sequence)
    let dead = try await parts.cursors.deadLetterCount(of: name)
    var answer = SubscriptionAnswer(
      subscription.created, paused: subscription.isPaused, cursor: parts.writer.position(saved.live.cursor), lag: lag,
      dead: dead, created: subscription.time, actor: subscription.actor)
    answer.failing =
      failing(saved.live) ?? trouble.map { SubscriptionAnswer.Failing(tries: 0, error: "\($0.what). \($0.fix)") }
    answer.retrying = saved.retries.count
    answer.replay = replayAnswer()
    return answer
  }

  private func failing(_ lane: SavedDelivery.Lane?) -> SubscriptionAnswer.Failing? {
    guard let lane, let error = lane.error else { return nil }
    return SubscriptionAnswer.Failing(tries: lane.tries, error: error)
  }

  private func replayAnswer() -> SubscriptionAnswer.Replay? {
    let open = openReplays
    guard let replay = open.first else { return nil }
    let lane = delivery.saved.replay == replay.id ? delivery.saved.replayLane : nil
    return SubscriptionAnswer.Replay(
      id: replay.id, from: parts.writer.position(replay.request.after),
      to: parts.writer.position(replay.request.through),
      cursor: parts.writer.position(lane?.cursor ?? replay.request.after), waiting: open.count - 1,
      failing: failing(lane))
  }

  /// What is wanted and not delivered. Past `Limits.lagScan` events are counted without a look at them.
  private func lag(head: Int64) async throws(SluiceError) -> Lag {
    let cursor = delivery.saved.live.cursor
    guard cursor < head else { return Lag(events: 0, seconds: 0) }
    var count = WantedEvents.Count(scanned: cursor)
    // Who looks again and again, as a page does, has only what is new counted.
    if let counted, counted.cursor == cursor { count = counted.count }
    let rest = cursor + Limits.lagScan - count.scanned
    if rest > 0, count.scanned < head {
      count.add(try await wanted.count(after: count.scanned, through: head, scanLimit: rest, filters: [filter]))
      counted = (cursor, count)
    }
    return Lag(events: count.events + (head - count.scanned), seconds: age(of: count.oldest))
  }

  /// Seconds since then, to the millisecond.
  func age(of time: Date?) -> Double {
    let seconds = time.map { max(0, parts.ambient.now().timeIntervalSince($0)) } ?? 0
    return (seconds * 1_000).rounded() / 1_000
  }
}
