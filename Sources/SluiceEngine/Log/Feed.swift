package import SluiceModel
import Synchronization

/// What is told to everyone who watches.
package enum LiveMessage: Sendable {
  case fact(LiveFact)
  /// Telemetry: may be lost, never in the log.
  case progress(PlanProgress)
}

/// A fact that was recorded just now, in the form it goes out in.
package struct LiveFact: Sendable {
  package let event: Event
  package let envelope: Envelope
  package let position: Position
}

/// Hands facts and progress to live readers; a reader that falls behind is dropped and comes back by position.
package final class Feed: Sendable {
  private struct Readers {
    var next = 0
    var byID: [Int: AsyncStream<LiveMessage>.Continuation] = [:]
    var listeners: [Int: AsyncStream<StoredRecord>.Continuation] = [:]
  }
  private let readers = Mutex(Readers())
  /// For who reads the log itself and only has to know when.
  package let beats = Beats()

  package init() {}

  package var hasReaders: Bool { readers.withLock { !$0.byID.isEmpty } }

  package func subscribe() -> AsyncStream<LiveMessage> { join(\.byID) }

  /// Records as they are confirmed, for who looks at facts and sends nothing on: nobody has to write them out for that.
  /// Who falls behind is dropped, and reads the log.
  package func records() -> AsyncStream<StoredRecord> { join(\.listeners) }

  private func join<Message>(
    _ place: any WritableKeyPath<Readers, [Int: AsyncStream<Message>.Continuation]> & Sendable
  ) -> AsyncStream<Message> {
    let (stream, continuation) = AsyncStream<Message>.makeStream(
      bufferingPolicy: .bufferingOldest(Limits.streamBacklog))
    let id = readers.withLock { readers in
      readers.next += 1
      readers[keyPath: place][readers.next] = continuation
      return readers.next
    }
    continuation.onTermination = { [weak self] _ in
      _ = self?.readers.withLock { $0[keyPath: place].removeValue(forKey: id) }
    }
    return stream
  }

  package func tell(_ records: [StoredRecord]) {
    for listener in readers.withLock({ Array($0.listeners.values) }) {
      for record in records {
        guard case .dropped = listener.yield(record) else { continue }
        listener.finish()
        break
      }
    }
  }

  package func send(_ messages: [LiveMessage]) {
    let all = readers.withLock { $0.byID }
    for reader in all.values {
      for message in messages {
        if case .dropped = reader.yield(message) {
          if case .progress = message { continue }
          reader.finish()
          break
        }
      }
    }
  }

  /// Those who wait for the log to grow look again.
  package func pulse() { beats.strike() }

  package var isClosed: Bool { beats.isOver }

  package func close() {
    beats.end()
    let (readers, listeners) = readers.withLock { (Array($0.byID.values), Array($0.listeners.values)) }
    for reader in readers { reader.finish() }
    for listener in listeners { listener.finish() }
  }
}
