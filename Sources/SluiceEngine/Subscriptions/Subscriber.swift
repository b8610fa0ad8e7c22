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

  package let name: SubscriptionName
  private let parts: Parts
  private let wanted: WantedEvents
  private let filter: EventFilter
  private let secret: [UInt8]?
  private var subscription: Subscription
  private var delivery: Delivery
  private var replayFilters: [EventID: EventFilter] = [:]
  /// The batch that was handed out last, with the sequences of its events.
  private var handedOut: (batch: PullBatch, sequences: [Int64])?
  private var isEnded = false
  /// Why nothing can be read or saved now.
  private var trouble: SluiceError?

  package init(_ subscription: Subscription, parts: Parts) async throws(SluiceError) {
    (name, self.subscription, self.parts) = (subscription.name, subscription, parts)
    wanted = WantedEvents(log: parts.log)
    filter = try EventFilter(types: subscription.created.types, expression: subscription.created.where)
    let saved = try await parts.cursors.cursor(of: subscription.name)
    secret = try await parts.cursors.secret(of: subscription.name)
    delivery = Delivery(
      epoch: subscription.epoch, after: subscription.after, tries: subscription.created.tries, saved: saved)
    try takeReplays()
  }

  package var epoch: EventID { subscription.epoch }
  package var retrying: [Int64] { delivery.saved.retries }

  /// The subscription was paused, resumed, or has a new replay.
  package func update(_ changed: Subscription) throws(SluiceError) {
    subscription = changed
    try takeReplays()
    parts.feed.pulse()
  }

  package func end() {
    isEnded = true
    parts.feed.pulse()
  }

  private func takeReplays() throws(SluiceError) {
    for replay in subscription.replays where replayFilters[replay.id] == nil {
      replayFilters[replay.id] = try EventFilter(types: [], expression: replay.request.where)
    }
    delivery.take(replays: subscription.replays.map { ($0.id, $0.request.after, $0.request.through) })
  }

  // MARK: What is next

  /// Events to deliver, with the lane they belong to; `scanned` is where the lane stands once they are delivered.
  private struct Work {
    var lane: Delivery.Lane
    var after: Int64
    var scanned: Int64
    var events: [WantedEvents.Positioned]
    var sequences: [Int64] { events.map(\.sequence) }
  }

  private enum Next {
    case work(Work)
    case wait(until: Date?)
  }

  private func next(limit: Int) async throws(SluiceError) -> Next {
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
        try await save(delivery.delivered(lane, through: page.scanned, for: name))
      }
    }
    return .wait(until: nil)
  }

  private func save(_ changes: [CursorChange]) async throws(SluiceError) {
    if !changes.isEmpty { try await parts.cursors.save(changes) }
  }

  /// The event as this subscriber gets it: with its place, and marked where it is not the first time.
  private func outgoing(_ event: WantedEvents.Positioned, _ lane: Delivery.Lane) -> [UInt8] {
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

  // MARK: Pull

  /// The next events, once there are any; the same ones until they are acknowledged.
  package func pull(limit: Int, waitSeconds: Double) async throws(SluiceError) -> PulledEvents {
    guard subscription.created.target == .pull else { throw Subscriber.notPull(name, subscription.created.target) }
    let deadline = parts.ambient.now().addingTimeInterval(waitSeconds)
    let beats = parts.feed.pulses()
    while true {
      switch try await next(limit: limit) {
      case .work(let work):
        let batch = PullBatch(lane: work.lane, after: work.after, scanned: work.scanned, epoch: subscription.epoch)
        handedOut = (batch, work.sequences)
        return PulledEvents(
          subscription: name, batch: batch.description, events: work.events.map { outgoing($0, work.lane) },
          lag: roughLag(first: work.lane == .live ? work.events.first : nil))
      case .wait(let until):
        let now = parts.ambient.now()
        guard now < deadline, !isEnded else {
          return PulledEvents(subscription: name, batch: nil, events: [], lag: roughLag(first: nil))
        }
        await wait(for: beats, until: min(until ?? deadline, deadline))
      }
    }
  }

  /// The lag without a look at what is wanted of it.
  private func roughLag(first: WantedEvents.Positioned?) -> Lag {
    let age = first?.envelope.recorded.map { max(0, parts.ambient.now().timeIntervalSince($0)) } ?? 0
    return Lag(
      events: parts.writer.current.sequence - delivery.saved.live.cursor, seconds: (age * 1_000).rounded() / 1_000)
  }

  /// - Parameters:
  ///   - done: how many of the batch's events are done; nil for all.
  ///   - error: why the one behind them could not be; it is tried again, and goes to the dead letters in the end.
  /// - Throws: `subscription.batch` for another batch than the current one.
  package func acknowledge(_ text: String, done: Int?, error: String?) async throws(SluiceError) -> Acknowledged {
    guard subscription.created.target == .pull else { throw Subscriber.notPull(name, subscription.created.target) }
    guard let batch = PullBatch(text), batch.isCurrent(delivery, epoch: subscription.epoch) else {
      throw Subscriber.otherBatch(name)
    }
    let before = delivery
    var changes: [CursorChange] = []
    if let sequences = handedOut?.sequences, handedOut?.batch == batch {
      let count = min(max(0, done ?? (error == nil ? sequences.count : 0)), sequences.count)
      let through = count == sequences.count ? batch.scanned : count == 0 ? nil : sequences[count - 1]
      if let through { changes += delivery.delivered(batch.lane, through: through, for: name) }
      if let error, count < sequences.count {
        changes += failed(batch.lane, sequences[count], NameRule.printable(error), retryAfter: nil)
      }
    } else if done == nil, error == nil {
      // Handed out before a restart.
      changes += delivery.delivered(batch.lane, through: batch.scanned, for: name)
    } else {
      throw Subscriber.otherBatch(name)
    }
    do throws(SluiceError) {
      try await save(changes)
    } catch {
      delivery = before
      throw error
    }
    let cursor = delivery.saved.live.cursor
    return Acknowledged(
      subscription: name, cursor: parts.writer.position(cursor), left: parts.writer.current.sequence - cursor)
  }

  private func failed(
    _ lane: Delivery.Lane, _ sequence: Int64, _ reason: String, retryAfter: Int?
  ) -> [CursorChange] {
    delivery.failed(
      lane, sequence: sequence, reason: reason, retryAfter: retryAfter, now: parts.ambient.now(),
      jitter: Double(parts.ambient.random() >> 11) / Double(1 << 53), for: name)
  }

  private static func notPull(_ name: SubscriptionName, _ target: SubscriptionTarget) -> SluiceError {
    SluiceError(
      .subscriptionKind, what: "'\(name)' is a \(target.kind) subscription, and nobody pulls from it",
      at: "subscription '\(name)'", fix: "make one to pull from: sluice subscription create NAME --types '*' --pull")
  }

  private static func otherBatch(_ name: SubscriptionName) -> SluiceError {
    SluiceError(
      .subscriptionBatch, what: "the batch is not the current one of '\(name)'", at: "batch",
      fix: "pull again: what was not acknowledged comes again")
  }

  // MARK: Push

  /// Sends until the subscription ends; for webhooks and commands.
  package func run() async {
    let beats = parts.feed.pulses()
    while !isEnded, !Task.isCancelled {
      do throws(SluiceError) {
        switch try await next(limit: Limits.eventsPerDelivery) {
        case .work(let work): try await deliver(work)
        case .wait(let until): await wait(for: beats, until: until)
        }
        trouble = nil
      } catch {
        trouble = error
        parts.logger.warning("subscription \(name) waits: \(error.what)", metadata: ["code": "\(error.code.rawValue)"])
        await wait(for: nil, until: parts.ambient.now().addingTimeInterval(5))
      }
    }
  }

  private func deliver(_ work: Work) async throws(SluiceError) {
    guard !work.events.isEmpty else {
      // A dead letter whose event is gone from here.
      return try await save(failed(work.lane, work.scanned, "the event is not in the log any more", retryAfter: nil))
    }
    let events = work.events.map { OutgoingEvent(bytes: outgoing($0, work.lane)) }
    let end: WebhookEnd
    switch subscription.created.target {
    case .pull: return
    case .webhook(let url, let mode, let timeoutSeconds, _):
      let hook = Webhook(url: url, mode: mode, timeoutSeconds: timeoutSeconds, secret: secret)
      end =
        await parts.webhooks?.send(events, to: hook)
        ?? .failed(delivered: 0, reason: "this server sends no webhooks", retryAfterSeconds: nil)
    case .command(let command): end = await parts.commands.send(events, to: command)
    }
    switch end {
    case .delivered: try await save(delivery.delivered(work.lane, through: work.scanned, for: name))
    case .failed(let delivered, let reason, let retryAfter):
      var changes: [CursorChange] = []
      if delivered > 0 {
        changes += delivery.delivered(work.lane, through: work.sequences[delivered - 1], for: name)
      }
      changes += failed(work.lane, work.sequences[delivered], reason, retryAfter: retryAfter)
      try await save(changes)
    }
  }

  /// Until the next beat, or a time.
  private func wait(for beats: AsyncStream<Void>?, until time: Date?) async {
    let ambient = parts.ambient
    await withTaskGroup(of: Void.self) { group in
      if let beats { group.addTask { for await _ in beats { return } } }
      if let time {
        group.addTask {
          let seconds = max(0.001, time.timeIntervalSince(ambient.now()))
          try? await ambient.sleep(.milliseconds(Int64(seconds * 1_000)))
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  // MARK: What others ask

  /// Tries dead letters again; all where none is named.
  package func retry(_ sequences: [Int64]) async throws(SluiceError) {
    try await save(delivery.retry(sequences, for: name))
    parts.feed.pulse()
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
      saved.live.error.map { SubscriptionAnswer.Failing(tries: saved.live.tries, error: $0) }
      ?? trouble.map { SubscriptionAnswer.Failing(tries: 0, error: $0.what) }
    answer.retrying = saved.retries.count
    answer.replay = openReplay()
    return answer
  }

  private func openReplay() -> SubscriptionAnswer.Replay? {
    let done = delivery.saved.replayed
    var open = subscription.replays[...]
    if let done, let place = open.lastIndex(where: { $0.id == done }) { open = open[(place + 1)...] }
    return open.first.map { replay in
      let cursor = delivery.saved.replay == replay.id ? delivery.saved.replayLane?.cursor : nil
      return SubscriptionAnswer.Replay(
        id: replay.id, from: parts.writer.position(replay.request.after),
        to: parts.writer.position(replay.request.through),
        cursor: parts.writer.position(cursor ?? replay.request.after), waiting: open.count - 1)
    }
  }

  /// What is wanted and not delivered. Past `Limits.lagScan` events are counted without a look at them.
  private func lag(head: Int64) async throws(SluiceError) -> Lag {
    let cursor = delivery.saved.live.cursor
    guard cursor < head else { return Lag(events: 0, seconds: 0) }
    let page = try await wanted.page(
      after: cursor, through: head, limit: .max, scanLimit: Limits.lagScan, filters: [filter])
    let oldest = page.events.first?.envelope.recorded
    let seconds = oldest.map { max(0, parts.ambient.now().timeIntervalSince($0)) } ?? 0
    return Lag(
      events: Int64(page.events.count) + (head - page.scanned), seconds: (seconds * 1_000).rounded() / 1_000)
  }
}

/// Names events that were handed out, so that they can be acknowledged, also after a restart.
struct PullBatch: Sendable, Equatable, CustomStringConvertible {
  var lane: Delivery.Lane
  var after: Int64
  var scanned: Int64
  var epoch: EventID

  init(lane: Delivery.Lane, after: Int64, scanned: Int64, epoch: EventID) {
    (self.lane, self.after, self.scanned, self.epoch) = (lane, after, scanned, epoch)
  }

  init?(_ text: String) {
    let parts = text.split(separator: "~", omittingEmptySubsequences: false)
    guard parts.count == 4, let after = Int64(parts[1]), let scanned = Int64(parts[2]) else { return nil }
    switch parts[0] {
    case "live": lane = .live
    case "retry": lane = .retry
    default: lane = .replay(EventID(String(parts[0])))
    }
    (self.after, self.scanned, epoch) = (after, scanned, EventID(String(parts[3])))
  }

  var description: String {
    let word =
      switch lane {
      case .live: "live"
      case .retry: "retry"
      case .replay(let id): id.description
      }
    return "\(word)~\(after)~\(scanned)~\(epoch)"
  }

  func isCurrent(_ delivery: Delivery, epoch: EventID) -> Bool {
    guard epoch == self.epoch else { return false }
    switch lane {
    case .live: return delivery.saved.live.cursor == after
    case .retry: return delivery.saved.retries.first == scanned
    case .replay(let id): return delivery.cursor(ofReplay: id) == after
    }
  }
}
