package import FoundationEssentials
package import SluiceModel

/// A subscription as the log tells of it; how far its delivery has come is not in the log.
package struct Subscription: Sendable, Equatable, Codable {
  package var created: SubscriptionCreated
  /// The site whose server delivers.
  package var site: String
  package var isPaused: Bool
  /// Where delivery began, at its creation or its last reset.
  package var after: Int64
  /// The event that set `after`: what was kept of an earlier one no longer counts.
  package var epoch: EventID
  package var actor: Actor
  package var time: Date
  /// Asked for since the last reset, oldest first, at most `Limits.replaysPerSubscription`.
  package var replays: [Replay]

  package var name: SubscriptionName { created.name }

  package struct Replay: Sendable, Equatable, Codable {
    /// The event that asked for it.
    package var id: EventID
    package var request: ReplayRequested
    package var actor: Actor
    package var time: Date
  }
}

extension Registry {
  mutating func takeSubscription(_ event: Event) -> [RowKey] {
    switch event.fact {
    case .subscriptionCreated(let fact):
      subscriptions[fact.name] = Subscription(
        created: fact, site: event.site, isPaused: false, after: fact.after, epoch: event.id, actor: event.actor,
        time: event.time, replays: [])
      return [.subscription(fact.name)]
    case .subscriptionPaused(let fact):
      subscriptions[fact.name]?.isPaused = fact.paused
      return [.subscription(fact.name)]
    case .subscriptionReset(let fact):
      subscriptions[fact.name]?.after = fact.after
      subscriptions[fact.name]?.epoch = event.id
      subscriptions[fact.name]?.replays = []
      return [.subscription(fact.name)]
    case .subscriptionDeleted(let fact):
      subscriptions[fact.name] = nil
      return [.subscription(fact.name)]
    case .replayRequested(let fact): return apply(fact, event)
    default: return []
    }
  }

  private mutating func apply(_ fact: ReplayRequested, _ event: Event) -> [RowKey] {
    guard var subscription = subscriptions[fact.name] else { return [] }
    subscription.replays.append(
      Subscription.Replay(id: event.id, request: fact, actor: event.actor, time: event.time))
    subscription.replays.removeFirst(max(0, subscription.replays.count - Limits.replaysPerSubscription))
    subscriptions[fact.name] = subscription
    return [.subscription(fact.name)]
  }

  /// - Throws: `subscription.unknown`.
  package func subscription(_ name: SubscriptionName) throws(SluiceError) -> Subscription {
    if let subscription = subscriptions[name] { return subscription }
    let meant = nearest(to: name.description, in: subscriptions.keys.map(\.description))
    throw SluiceError(
      .subscriptionUnknown, what: "there is no subscription '\(name)'", at: "subscription '\(name)'",
      fix: meant.map { "did you mean '\($0)'?" }
        ?? "`sluice subscription list` shows them; make one: sluice subscription create \(name) --types '*' --pull")
  }
}
