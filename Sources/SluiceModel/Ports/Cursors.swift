package import FoundationEssentials

/// Keeps how far each subscription has come, and what could not be delivered. What is saved outlives the process; after
/// a power cut it may be a moment older, so that events are delivered again and never left out.
package protocol CursorStore: Sendable {
  func cursor(of name: SubscriptionName) async throws(SluiceError) -> SavedDelivery?
  /// All changes, or none.
  func save(_ changes: [CursorChange]) async throws(SluiceError)
  /// Dead letters by their place in the log, oldest first.
  func deadLetters(of name: SubscriptionName, after sequence: Int64, limit: Int) async throws(SluiceError)
    -> [DeadLetter]
  func deadLetterCount(of name: SubscriptionName) async throws(SluiceError) -> Int
  func secret(of name: SubscriptionName) async throws(SluiceError) -> [UInt8]?
}

package enum CursorChange: Sendable, Equatable {
  case cursor(SubscriptionName, SavedDelivery)
  case dead(SubscriptionName, DeadLetter)
  case delivered(SubscriptionName, deadLetter: Int64)
  case secret(SubscriptionName, [UInt8])
  /// Nothing of the subscription is kept.
  case forget(SubscriptionName)
}

/// How far the delivery of one subscription has come.
package struct SavedDelivery: Sendable, Equatable, Codable {
  /// A place in the log with what became of the event behind it so far.
  package struct Lane: Sendable, Equatable, Codable {
    /// Everything up to and with it is delivered, not wanted, or among the dead letters.
    package var cursor: Int64
    /// Tries of the next event that failed.
    package var tries: Int
    package var error: String?
    package init(cursor: Int64, tries: Int = 0, error: String? = nil) {
      (self.cursor, self.tries, self.error) = (cursor, tries, error)
    }
  }

  /// Of which creation or reset of the subscription this is.
  package var epoch: EventID
  package var live: Lane
  /// The replay that goes on.
  package var replay: EventID?
  package var replayLane: Lane?
  /// The newest replay that is done.
  package var replayed: EventID?
  /// Dead letters that somebody wants tried again, oldest first.
  package var retries: [Int64]
  package var retryTries: Int

  package init(epoch: EventID, after: Int64) {
    (self.epoch, live, retries, retryTries) = (epoch, Lane(cursor: after), [], 0)
  }
}

/// An event that could not be delivered.
package struct DeadLetter: Sendable, Equatable, Codable {
  package var sequence: Int64
  package var tries: Int
  package var error: String
  package var time: Date
  package init(sequence: Int64, tries: Int, error: String, time: Date) {
    (self.sequence, self.tries, self.error, self.time) = (sequence, tries, error, time)
  }
}
