package import FoundationEssentials
import SluiceGraph
package import SluiceModel

/// For who asks for events, and says what is done.
extension Subscriber {
  /// The next events, once there are any; the same ones until they are acknowledged.
  /// - Returns: without events when the time is over or the server stops; nil when the subscription ended.
  /// - Throws: `subscription.kind` for one whose events are sent.
  package func pull(limit: Int, until deadline: Date) async throws(SluiceError) -> PulledEvents? {
    guard subscription.created.target == .pull else { throw Subscriber.notPull(name, subscription.created.target) }
    let beats = parts.feed.beats
    while !isEnded {
      let seen = beats.count
      switch try await next(limit: limit) {
      case .work(let work):
        let batch = PullBatch(lane: work.lane, after: work.after, scanned: work.scanned, epoch: epoch)
        handedOut.removeAll { $0.batch == batch }
        handedOut = handedOut.suffix(Limits.batchesRemembered - 1) + [(batch, work.sequences)]
        return PulledEvents(
          subscription: name, batch: batch.description, events: work.events.map { outgoing($0, work.lane) },
          lag: roughLag(first: work.lane == .live ? work.events.first : nil))
      case .wait(let until):
        guard parts.ambient.now() < deadline, !beats.isOver else {
          return PulledEvents(subscription: name, batch: nil, events: [], lag: roughLag(first: nil))
        }
        await beats.next(after: seen, until: min(until ?? deadline, deadline), parts.ambient)
      }
    }
    return nil
  }

  /// The lag without a look at what is wanted of it.
  private func roughLag(first: WantedEvents.Positioned?) -> Lag {
    Lag(
      events: parts.writer.current.sequence - delivery.saved.live.cursor, seconds: age(of: first?.envelope.recorded))
  }

  /// - Parameters:
  ///   - done: how many of the batch's events are done; nil for all, or for none where there is an error.
  ///   - error: why the one behind them could not be; it is tried again, and goes to the dead letters in the end.
  /// - Throws: `subscription.batch` for another batch than the current one, `usage` for counts that it does not have.
  package func acknowledge(_ text: String, done: Int?, error: String?) async throws(SluiceError) -> Acknowledged {
    guard subscription.created.target == .pull else { throw Subscriber.notPull(name, subscription.created.target) }
    let batch = PullBatch(text)
    try await commit { delivery throws(SluiceError) in
      guard let batch, batch.isCurrent(delivery, epoch: epoch, head: parts.writer.current.sequence) else {
        throw Subscriber.otherBatch(name)
      }
      guard let sequences = handedOut.last(where: { $0.batch == batch })?.sequences else {
        // Handed out before a restart: which events it had is not known, but where it ends.
        guard done == nil, error == nil else { throw Subscriber.otherBatch(name) }
        return delivery.delivered(batch.lane, through: batch.scanned, for: name)
      }
      let count = done ?? (error == nil ? sequences.count : 0)
      guard (0...sequences.count).contains(count), error == nil || done == nil || count < sequences.count else {
        throw Subscriber.impossible(count, of: sequences.count)
      }
      var changes: [CursorChange] = []
      if count > 0 || sequences.isEmpty {
        let through = count == sequences.count ? batch.scanned : sequences[count - 1]
        changes += delivery.delivered(batch.lane, through: through, for: name)
      }
      if let error, count < sequences.count {
        changes += failed(
          &delivery, batch.lane, sequences[count], NameRule.printable(error, atMost: Limits.reasonCharacters))
      }
      return changes
    }
    let cursor = delivery.saved.live.cursor
    return Acknowledged(
      subscription: name, cursor: parts.writer.position(cursor), left: parts.writer.current.sequence - cursor)
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

  private static func impossible(_ done: Int, of count: Int) -> SluiceError {
    SluiceError(
      .usage, what: "\(done) events cannot be done of a batch of \(count)", at: "done",
      fix: "say how many are done, from the first on; with an error, fewer than all: the next one is what failed")
  }
}
