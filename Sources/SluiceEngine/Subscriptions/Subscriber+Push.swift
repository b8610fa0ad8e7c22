import FoundationEssentials
import SluiceGraph
import SluiceModel

/// For webhooks and commands: events are sent.
extension Subscriber {
  /// Sends until the subscription ends or the server stops.
  package func run() async {
    isRunning = true
    await waitForPredecessor()
    let beats = parts.feed.beats
    while !isEnded, !Task.isCancelled, !beats.isOver {
      let seen = beats.count
      do throws(SluiceError) {
        let next = try await next(limit: hasOneAnswer ? portion : Limits.eventsPerDelivery)
        forgetTrouble()
        switch next {
        case .work(let work): try await deliver(work)
        case .wait(let until): await beats.next(after: seen, until: until, parts.ambient)
        }
      } catch {
        note(error)
        await rest()
      }
    }
    isRunning = false
    parts.feed.pulse()
  }

  /// Whether one answer stands for all events that were sent together, so that nobody knows which of them failed.
  private var hasOneAnswer: Bool {
    switch subscription.created.target {
    case .pull: false
    case .webhook(_, let mode, _, _): mode == .batch
    case .command: true
    }
  }

  private func rest() async { try? await parts.ambient.sleep(.seconds(Limits.troubleSeconds)) }

  private func deliver(_ work: Work) async throws(SluiceError) {
    guard !work.events.isEmpty else {
      // A dead letter whose event is gone from here.
      return await settle { delivery in
        self.failed(&delivery, work.lane, work.scanned, "the event is not in the log any more")
      }
    }
    let began = parts.ambient.uptime()
    let end = try await send(work.events.map { OutgoingEvent(bytes: outgoing($0, work.lane)) })
    guard let end, !isEnded else { return }
    switch end {
    case .delivered:
      adapt(to: parts.ambient.uptime() - began)
      await settle { delivery in delivery.delivered(work.lane, through: work.scanned, for: self.name) }
    case .failed(let delivered, _, _) where Task.isCancelled || parts.feed.beats.isOver:
      // We ended it ourselves: that is no try.
      guard delivered > 0 else { return }
      await settle { delivery in
        delivery.delivered(work.lane, through: work.sequences[delivered - 1], for: self.name)
      }
    case .failed where hasOneAnswer && work.events.count > 1:
      portion = 1  // No event is to blame for another one: each is tried on its own.
    case .failed(let delivered, let reason, let retryAfter):
      await settle { delivery in
        var changes: [CursorChange] = []
        if delivered > 0 {
          changes += delivery.delivered(work.lane, through: work.sequences[delivered - 1], for: self.name)
        }
        return changes
          + self.failed(&delivery, work.lane, work.sequences[delivered], reason, retryAfter: retryAfter)
      }
    }
  }

  /// Many at once to who is quick, few to who is slow: what takes longer than its time would never come through.
  private func adapt(to duration: Duration) {
    if duration < .seconds(1) {
      portion = min(Limits.eventsPerDelivery, portion * 2)
    } else if duration > .seconds(5) {
      portion = max(1, portion / 2)
    }
  }

  /// - Returns: nil where the subscription ended meanwhile.
  /// - Throws: what keeps this server from sending at all, which is no try of an event.
  private func send(_ events: [OutgoingEvent]) async throws(SluiceError) -> WebhookEnd? {
    let sender = try sender()
    return await withTaskGroup(of: WebhookEnd?.self) { group in
      group.addTask { await sender(events) }
      group.addTask {
        await self.waitForEnd()
        return nil
      }
      var result: WebhookEnd?
      for await end in group {
        result = end ?? result
        group.cancelAll()
      }
      return result
    }
  }

  private func sender() throws(SluiceError) -> @Sendable ([OutgoingEvent]) async -> WebhookEnd? {
    switch subscription.created.target {
    case .pull: return { _ in nil }
    case .webhook(let url, let mode, let timeoutSeconds, _):
      let hook = Webhook(url: url, mode: mode, timeoutSeconds: timeoutSeconds, secret: secret)
      guard let webhooks = parts.webhooks else {
        throw cannotSend("this server sends no webhooks", fix: "delete the subscription, or make one to pull from")
      }
      return { events in await webhooks.send(events, to: hook) }
    case .command(let command):
      let commands = parts.commands
      guard commands.names.contains(command) else {
        throw cannotSend(
          "the server's configuration has no command '\(command)' any more",
          fix: "start the server with --subscriber-command \(command)=PROGRAM, or delete the subscription")
      }
      return { events in await commands.send(events, to: command) }
    }
  }

  private func cannotSend(_ what: String, fix: String) -> SluiceError {
    SluiceError(.subscriptionCommand, what: what, at: "subscription '\(name)'", fix: fix)
  }

  private func waitForEnd() async {
    let beats = parts.feed.beats
    while true {
      let seen = beats.count
      if isEnded || beats.isOver || Task.isCancelled { return }
      await beats.next(after: seen)
    }
  }

  /// What became of events is on disk before others go out, however long that takes: else a full disk would lose a dead
  /// letter, or send everything again and again. A server that stops tries it once more.
  private func settle(_ change: (inout Delivery) -> [CursorChange]) async {
    while !isEnded {
      do throws(SluiceError) { return try await commit(change) } catch {
        note(error)
        if Task.isCancelled { return }
        await rest()
      }
    }
  }
}
