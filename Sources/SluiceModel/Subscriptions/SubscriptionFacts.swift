/// Somebody wants events from here on.
package struct SubscriptionCreated: Sendable, Equatable, Codable {
  package var name: SubscriptionName
  package var types: [String]
  /// A CESQL expression.
  package var `where`: String?
  package var target: SubscriptionTarget
  /// How often an event is tried before it goes to the dead letters.
  package var tries: Int
  /// The event before the first one that is wanted.
  package var after: Int64

  package init(
    name: SubscriptionName, types: [String], where expression: String?, target: SubscriptionTarget, tries: Int,
    after: Int64
  ) {
    (self.name, self.types, self.where, self.target) = (name, types, expression, target)
    (self.tries, self.after) = (tries, after)
  }
}

/// Delivery stops for a while, or goes on.
package struct SubscriptionPaused: Sendable, Equatable, Codable {
  package var name: SubscriptionName
  package var paused: Bool
  package init(name: SubscriptionName, paused: Bool) { (self.name, self.paused) = (name, paused) }
}

/// Delivery goes on from another place; what waited for another try is given up, dead letters stay.
package struct SubscriptionReset: Sendable, Equatable, Codable {
  package var name: SubscriptionName
  package var after: Int64
  package init(name: SubscriptionName, after: Int64) { (self.name, self.after) = (name, after) }
}

package struct SubscriptionDeleted: Sendable, Equatable, Codable {
  package var name: SubscriptionName
  package init(name: SubscriptionName) { self.name = name }
}

/// Events that a subscription had, or did not want, are to be delivered to it again.
package struct ReplayRequested: Sendable, Equatable, Codable {
  package var name: SubscriptionName
  /// Events behind `after`, up to and with `through`.
  package var after: Int64
  package var through: Int64
  /// A CESQL expression beside the subscription's own.
  package var `where`: String?
  /// How many events it were when it was asked for.
  package var count: Int
  package var because: String?

  package init(
    name: SubscriptionName, after: Int64, through: Int64, where expression: String?, count: Int, because: String?
  ) {
    (self.name, self.after, self.through, self.where) = (name, after, through, expression)
    (self.count, self.because) = (count, because)
  }
}
