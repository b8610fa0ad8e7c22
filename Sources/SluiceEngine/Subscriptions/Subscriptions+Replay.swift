import SluiceGraph
package import SluiceModel

extension Subscriptions {
  /// Counts what would be delivered again and, unless it is only asked for, has it delivered to this subscription
  /// alone.
  /// - Throws: `replay.nothing`, `event.unknown`, `filter.syntax`, `usage`.
  package func replay(
    _ name: SubscriptionName, _ request: ReplayRequest, origin: Origin
  ) async throws(SluiceError) -> ReplayAnswer {
    let subscription = try parts.writer.current.subscription(name)
    let (after, through) = try await range(of: request)
    let filters = [
      try EventFilter(types: subscription.created.types, expression: subscription.created.where),
      try EventFilter(types: [], expression: request.where),
    ]
    let count = Int(try await wanted.count(after: after, through: through, filters: filters).events)
    var answer = ReplayAnswer(
      subscription: name, count: count, from: parts.writer.position(after), to: parts.writer.position(through),
      replay: nil)
    if request.dryRun == true { return answer }
    guard count > 0 else {
      throw SluiceError(
        .replayNothing, what: "there is nothing that '\(name)' could be sent again", at: "subscription '\(name)'",
        fix: "look at its types and filter (`sluice subscription show \(name)`), or take a wider range")
    }
    let fact = ReplayRequested(
      name: name, after: after, through: through, where: request.where, count: count, because: request.because)
    answer.replay = try await turns.one { () throws(SluiceError) in
      guard try await subscriber(name).openReplays.count < Limits.replaysPerSubscription else {
        throw Subscriptions.wrong(
          "\(Limits.replaysPerSubscription) replays of '\(name)' wait already, and no more are taken", at: "replay")
      }
      try await parts.writer.submit(origin) { registry throws(SluiceError) in
        _ = try registry.subscription(name)
        return [Draft(project: nil, fact: .replayRequested(fact))]
      }
      let replay = parts.writer.current.subscriptions[name]?.replays.last { $0.request == fact }?.id
      try await subscriber(name).refresh()
      return replay
    }
    return answer
  }

  /// Behind which event it begins, and with which it ends.
  private func range(of request: ReplayRequest) async throws(SluiceError) -> (after: Int64, through: Int64) {
    let head = parts.writer.current.sequence
    if let id = request.event {
      guard request.from == nil, request.to == nil, request.where == nil else {
        throw Subscriptions.wrong("an event is one event, and takes no from, to or where beside it", at: "replay")
      }
      let sequence = try await sequence(ofEvent: id, head: head)
      return (sequence - 1, sequence)
    }
    guard request.from != nil || request.where != nil else {
      throw Subscriptions.wrong("a replay needs from, event or where", at: "replay")
    }
    var (after, through) = (Int64(0), head)
    if let from = request.from { after = try await place(from) ?? head }
    if let to = request.to { through = min(head, try await place(to, isEnd: true) ?? head) }
    return (after, through)
  }

  /// The place of one event, by its position or its id.
  private func sequence(ofEvent id: String, head: Int64) async throws(SluiceError) -> Int64 {
    if let position = Position(id), position.site == parts.writer.site, (1...max(1, head)).contains(position.sequence) {
      return position.sequence
    }
    if let found = try await wanted.event(id: id, through: head) { return found.sequence }
    throw SluiceError(
      .eventUnknown, what: "there is no event '\(NameRule.printable(id))'", at: "event",
      fix: "`sluice events` prints events with their ids")
  }
}
