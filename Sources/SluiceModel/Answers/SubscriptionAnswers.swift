package import FoundationEssentials

/// A subscription and how its delivery stands.
package struct SubscriptionAnswer: Sendable, Codable {
  /// Tries of the event that is next and did not get through; none where something else holds up the delivery.
  package struct Failing: Sendable, Hashable, Codable {
    package var tries: Int
    package var error: String
    package init(tries: Int, error: String) { (self.tries, self.error) = (tries, error) }
  }
  /// A replay that goes on, and how many wait behind it.
  package struct Replay: Sendable, Hashable, Codable {
    package var id: EventID
    package var from: Position
    package var to: Position
    package var cursor: Position
    package var waiting: Int
    @OrNull package var failing: Failing?
    package init(id: EventID, from: Position, to: Position, cursor: Position, waiting: Int, failing: Failing?) {
      (self.id, self.from, self.to, self.cursor, self.waiting) = (id, from, to, cursor, waiting)
      _failing = OrNull(wrappedValue: failing)
    }
  }

  package var name: SubscriptionName
  package var types: [String]
  @OrNull package var `where`: String?
  package var target: SubscriptionTarget
  package var tries: Int
  package var paused: Bool
  /// Everything up to it is delivered, not wanted, or dead.
  package var cursor: Position
  package var lag: Lag
  /// How many events could not be delivered.
  package var dead: Int
  /// Dead letters that are being tried again.
  package var retrying = 0
  @OrNull package var failing: Failing?
  @OrNull package var replay: Replay?
  package var created: Date
  package var actor: Actor
  /// Signs the requests of a webhook. Said once, by the answer to its creation, and only where nobody gave one.
  package var secret: String?

  package init(
    _ fact: SubscriptionCreated, paused: Bool, cursor: Position, lag: Lag, dead: Int, created: Date, actor: Actor
  ) {
    (name, types, target, tries) = (fact.name, fact.types, fact.target, fact.tries)
    _where = OrNull(wrappedValue: fact.where)
    (_failing, _replay) = (OrNull(wrappedValue: nil), OrNull(wrappedValue: nil))
    (self.paused, self.cursor, self.lag, self.dead) = (paused, cursor, lag, dead)
    (self.created, self.actor) = (created, actor)
  }
}

/// What is wanted and not delivered: how many events, and how old the oldest of them is.
package struct Lag: Sendable, Hashable, Codable {
  package var events: Int64
  package var seconds: Double
  package init(events: Int64, seconds: Double) { (self.events, self.seconds) = (events, seconds) }
}

/// Events handed to who pulls; each is a CloudEvent as JSON.
package struct PulledEvents: Sendable {
  package var subscription: SubscriptionName
  /// What to acknowledge; nil where there is nothing.
  package var batch: String?
  package var events: [[UInt8]]
  /// Events of the log behind the cursor, wanted or not, and the age of the first that is handed out.
  package var lag: Lag
  package init(subscription: SubscriptionName, batch: String?, events: [[UInt8]], lag: Lag) {
    (self.subscription, self.batch, self.events, self.lag) = (subscription, batch, events, lag)
  }

  package var json: [UInt8] {
    var writer = JSONWriter(capacity: 256 + events.reduce(0) { $0 + $1.count + 1 })
    writer.open()
    writer.member("subscription", subscription.description)
    if let batch { writer.member("batch", batch) } else { writer.member("batch", raw: Array("null".utf8)) }
    writer.openArray("events")
    for event in events {
      writer.element()
      writer.raw(event)
    }
    writer.closeArray()
    writer.member("lag", raw: StableJSON.encode(lag))
    writer.close()
    return writer.bytes
  }
}

/// What an acknowledgement led to.
package struct Acknowledged: Sendable, Codable {
  package var subscription: SubscriptionName
  package var cursor: Position
  /// Events of the log behind the cursor, wanted or not.
  package var left: Int64
  package init(subscription: SubscriptionName, cursor: Position, left: Int64) {
    (self.subscription, self.cursor, self.left) = (subscription, cursor, left)
  }
}

/// A dead letter with its event.
package struct DeadLetterAnswer: Sendable {
  package var letter: DeadLetter
  package var position: Position
  /// Whether it is being tried again.
  package var isRetrying: Bool
  /// The CloudEvent as JSON; nil where it is not in the log any more.
  package var event: [UInt8]?
  package init(letter: DeadLetter, position: Position, isRetrying: Bool, event: [UInt8]?) {
    (self.letter, self.position, self.isRetrying, self.event) = (letter, position, isRetrying, event)
  }

  package var json: [UInt8] {
    var writer = JSONWriter(capacity: 256 + (event?.count ?? 0))
    writer.open()
    writer.member("position", position.description)
    writer.member("tries", Int64(letter.tries))
    writer.member("error", letter.error)
    writer.member("time", Timestamp.text(letter.time))
    writer.member("retrying", .boolean(isRetrying))
    writer.member("event", raw: event ?? Array("null".utf8))
    writer.close()
    return writer.bytes
  }
}

package struct DeadLettersAnswer: Sendable {
  package var subscription: SubscriptionName
  package var letters: [DeadLetterAnswer]
  package init(subscription: SubscriptionName, letters: [DeadLetterAnswer]) {
    (self.subscription, self.letters) = (subscription, letters)
  }

  package var json: [UInt8] {
    var writer = JSONWriter()
    writer.open()
    writer.member("subscription", subscription.description)
    writer.openArray("dead")
    for letter in letters {
      writer.element()
      writer.raw(letter.json)
    }
    writer.closeArray()
    writer.close()
    return writer.bytes
  }
}

/// What somebody wants delivered; the body of `POST /api/v1/subscriptions`.
package struct SubscriptionRequest: Sendable, Codable {
  package var name: String
  package var types: [String]?
  package var `where`: String?
  /// `pull`, `webhook` or `command`.
  package var kind: String?
  package var url: String?
  package var mode: String?
  package var timeout: Int?
  /// Signs the requests of a webhook.
  package var secret: String?
  package var command: String?
  package var tries: Int?
  /// `beginning`, `now`, a position, or a time.
  package var from: String?

  package init(name: String) { self.name = name }
}

/// Which events are to be delivered again; the body of `POST /api/v1/subscriptions/NAME/replay`.
package struct ReplayRequest: Sendable, Codable {
  package var from: String?
  package var to: String?
  package var event: String?
  package var `where`: String?
  package var because: String?
  /// Only count.
  package var dryRun: Bool?
  package init() {}
}

package struct ReplayAnswer: Sendable, Codable {
  package var subscription: SubscriptionName
  package var count: Int
  package var from: Position
  package var to: Position
  /// The event that asked for it; nil where they were only counted.
  @OrNull package var replay: EventID?
  package init(subscription: SubscriptionName, count: Int, from: Position, to: Position, replay: EventID?) {
    (self.subscription, self.count, self.from, self.to) = (subscription, count, from, to)
    _replay = OrNull(wrappedValue: replay)
  }
}

/// Dead letters that are tried again because of a command, and how many others there are.
package struct RetryAnswer: Sendable, Codable {
  package var subscription: SubscriptionName
  package var retrying: Int
  package var left: Int
  package init(subscription: SubscriptionName, retrying: Int, left: Int) {
    (self.subscription, self.retrying, self.left) = (subscription, retrying, left)
  }
}
