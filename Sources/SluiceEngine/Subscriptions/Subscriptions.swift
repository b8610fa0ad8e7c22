import FoundationEssentials
import Logging
import ServiceLifecycle
import SluiceGraph
package import SluiceModel

/// All subscriptions of a site: made, changed and asked here; each delivers by itself, so that none slows another.
package actor Subscriptions: Service {
  private let parts: Subscriber.Parts
  private let wanted: WantedEvents
  private var subscribers: [SubscriptionName: Subscriber] = [:]
  private let starts: AsyncStream<Subscriber>
  private let start: AsyncStream<Subscriber>.Continuation

  package init(parts: Subscriber.Parts) {
    self.parts = parts
    wanted = WantedEvents(log: parts.log)
    (starts, start) = AsyncStream.makeStream()
  }

  package func run() async throws {
    for name in parts.writer.current.subscriptions.keys.sorted() {
      do throws(SluiceError) {
        _ = try await subscriber(name)
      } catch {
        parts.logger.error("subscription \(name) cannot start: \(error.what)")
      }
    }
    await withGracefulShutdownHandler {
      await withDiscardingTaskGroup { group in
        for await subscriber in starts {
          group.addTask { await subscriber.run() }
        }
        for subscriber in subscribers.values { await subscriber.end() }
        group.cancelAll()
      }
    } onGracefulShutdown: { [start] in
      start.finish()
    }
  }

  /// The one at work under a name, as the registry has it now.
  private func subscriber(_ name: SubscriptionName) async throws(SluiceError) -> Subscriber {
    let subscription = try parts.writer.current.subscription(name)
    if let known = subscribers[name] {
      if await known.epoch == subscription.epoch { return known }
      await known.end()
    }
    let subscriber = try await Subscriber(subscription, parts: parts)
    // Another caller may have been here meanwhile.
    if let known = subscribers[name], await known.epoch == subscription.epoch { return known }
    subscribers[name] = subscriber
    if subscription.created.target != .pull { start.yield(subscriber) }
    return subscriber
  }

  // MARK: Making and changing

  /// - Throws: `subscription.exists`, `filter.syntax`, `usage` and `subscription.command` for what cannot be.
  package func create(_ request: SubscriptionRequest, origin: Origin) async throws(SluiceError) -> SubscriptionAnswer {
    let name = try SubscriptionName(request.name)
    let target = try target(of: request)
    let types = request.types ?? ["*"]
    _ = try EventFilter(types: types, expression: request.where)
    let tries = request.tries ?? 10
    guard (1...Limits.deliveryTries).contains(tries) else {
      throw Subscriptions.wrong("tries are 1 to \(Limits.deliveryTries)", at: "tries")
    }
    let after = try await place(request.from ?? "now")
    if let secret = request.secret {
      guard case .webhook = target, secret.utf8.count >= 16 else {
        throw Subscriptions.wrong("a secret belongs to a webhook and has at least 16 bytes", at: "secret")
      }
    }
    let registry = parts.writer.current
    guard registry.subscriptions[name] == nil else { throw Subscriptions.exists(name) }
    guard registry.subscriptions.count < Limits.subscriptions else {
      throw Subscriptions.wrong("there are \(Limits.subscriptions) subscriptions, and no more are allowed", at: "name")
    }
    try await parts.cursors.save(
      [.forget(name)] + (request.secret.map { [.secret(name, Array($0.utf8))] } ?? []))
    try await parts.writer.submit(origin) { registry throws(SluiceError) in
      guard registry.subscriptions[name] == nil else { throw Subscriptions.exists(name) }
      let fact = SubscriptionCreated(
        name: name, types: types, where: request.where, target: target, tries: tries,
        after: after ?? registry.sequence + 1)
      return [Draft(project: nil, fact: .subscriptionCreated(fact))]
    }
    return try await subscriber(name).answer()
  }

  private func target(of request: SubscriptionRequest) throws(SluiceError) -> SubscriptionTarget {
    let kind = request.kind ?? (request.url != nil ? "webhook" : request.command != nil ? "command" : "pull")
    switch kind {
    case "pull": return .pull
    case "webhook":
      guard parts.webhooks != nil else {
        throw Subscriptions.wrong("this server sends no webhooks: take a pull or a command subscription", at: "kind")
      }
      guard let url = request.url, url.hasPrefix("http://") || url.hasPrefix("https://"), url.utf8.count <= 2_048 else {
        throw Subscriptions.wrong("a webhook has an http or https address", at: "url")
      }
      guard let mode = Webhook.Mode(rawValue: request.mode ?? "structured") else {
        throw Subscriptions.wrong("a webhook's mode is binary, structured or batch", at: "mode")
      }
      let timeout = request.timeout ?? 10
      guard (1...300).contains(timeout) else { throw Subscriptions.wrong("a timeout is 1 to 300 s", at: "timeout") }
      return .webhook(url: url, mode: mode, timeoutSeconds: timeout, isSigned: request.secret != nil)
    case "command":
      let name = request.command ?? ""
      guard parts.commands.names.contains(name) else {
        throw SluiceError(
          .subscriptionCommand, what: "the server's configuration has no command '\(NameRule.printable(name))'",
          at: "command",
          fix: parts.commands.names.isEmpty
            ? "start the server with --subscriber-command NAME=PROGRAM"
            : "use one of \(parts.commands.names.joined(separator: ", "))")
      }
      return .command(name)
    default: throw Subscriptions.wrong("a subscription is pull, webhook or command", at: "kind")
    }
  }

  package func setPaused(
    _ name: SubscriptionName, _ paused: Bool, origin: Origin
  ) async throws(SluiceError) -> SubscriptionAnswer {
    try await parts.writer.submit(origin) { registry throws(SluiceError) in
      guard try registry.subscription(name).isPaused != paused else { return [] }
      return [Draft(project: nil, fact: .subscriptionPaused(SubscriptionPaused(name: name, paused: paused)))]
    }
    return try await refreshed(name)
  }

  /// - Parameter place: a position, a time, `beginning` or `now`.
  package func reset(
    _ name: SubscriptionName, to place: String, origin: Origin
  ) async throws(SluiceError) -> SubscriptionAnswer {
    _ = try parts.writer.current.subscription(name)
    let after = try await self.place(place)
    try await parts.writer.submit(origin) { registry throws(SluiceError) in
      _ = try registry.subscription(name)
      return [
        Draft(
          project: nil,
          fact: .subscriptionReset(SubscriptionReset(name: name, after: after ?? registry.sequence + 1)))
      ]
    }
    return try await refreshed(name)
  }

  package func delete(_ name: SubscriptionName, origin: Origin) async throws(SluiceError) {
    try await parts.writer.submit(origin) { registry throws(SluiceError) in
      _ = try registry.subscription(name)
      return [Draft(project: nil, fact: .subscriptionDeleted(SubscriptionDeleted(name: name)))]
    }
    await subscribers.removeValue(forKey: name)?.end()
    try await parts.cursors.save([.forget(name)])
  }

  private func refreshed(_ name: SubscriptionName) async throws(SluiceError) -> SubscriptionAnswer {
    let subscriber = try await subscriber(name)
    try await subscriber.update(try parts.writer.current.subscription(name))
    return try await subscriber.answer()
  }

  // MARK: Asking

  package func list() async throws(SluiceError) -> [SubscriptionAnswer] {
    var answers: [SubscriptionAnswer] = []
    for name in parts.writer.current.subscriptions.keys.sorted() {
      answers.append(try await subscriber(name).answer())
    }
    return answers
  }

  package func show(_ name: SubscriptionName) async throws(SluiceError) -> SubscriptionAnswer {
    try await subscriber(name).answer()
  }

  package func pull(
    _ name: SubscriptionName, limit: Int, waitSeconds: Double
  ) async throws(SluiceError) -> PulledEvents {
    try await subscriber(name).pull(limit: limit, waitSeconds: waitSeconds)
  }

  package func acknowledge(
    _ name: SubscriptionName, batch: String, done: Int?, error: String?
  ) async throws(SluiceError) -> Acknowledged {
    try await subscriber(name).acknowledge(batch, done: done, error: error)
  }

  // MARK: Dead letters

  package func deadLetters(
    of name: SubscriptionName, after sequence: Int64
  ) async throws(SluiceError) -> [DeadLetterAnswer] {
    let retrying = Set(try await subscriber(name).retrying)
    var answers: [DeadLetterAnswer] = []
    for letter in try await parts.cursors.deadLetters(of: name, after: sequence, limit: Limits.eventsPerPage) {
      let event = try await wanted.event(at: letter.sequence)
      answers.append(
        DeadLetterAnswer(
          letter: letter, position: parts.writer.position(letter.sequence),
          isRetrying: retrying.contains(letter.sequence), event: event?.envelope.bytes))
    }
    return answers
  }

  /// Tries dead letters again, marked as such.
  /// - Parameter ids: of their events; empty for all.
  /// - Returns: how many.
  package func retry(_ name: SubscriptionName, events ids: [String]) async throws(SluiceError) -> Int {
    let subscriber = try await subscriber(name)
    var found: [Int64] = []
    var left = Set(ids)
    var place: Int64 = 0
    while true {
      let letters = try await deadLetters(of: name, after: place)
      guard let last = letters.last?.letter.sequence else { break }
      place = last
      for letter in letters {
        let id = letter.event.flatMap { try? Envelope($0) }?.text("id")
        if ids.isEmpty || id.map({ left.remove($0) != nil }) == true { found.append(letter.letter.sequence) }
      }
    }
    if let unknown = left.min() {
      throw SluiceError(
        .eventUnknown, what: "'\(NameRule.printable(unknown))' is not among the dead letters of '\(name)'",
        at: "event", fix: "`sluice subscription dead \(name)` lists them")
    }
    try await subscriber.retry(found)
    return found.count
  }

  // MARK: Replay

  /// Counts what would be delivered again and, unless it is only asked for, has it delivered to this subscription
  /// alone.
  package func replay(
    _ name: SubscriptionName, _ request: ReplayRequest, origin: Origin
  ) async throws(SluiceError) -> ReplayAnswer {
    let subscription = try parts.writer.current.subscription(name)
    let head = parts.writer.current.sequence
    var (after, through) = (Int64(0), head)
    if let id = request.event {
      (after, through) = try await self.place(ofEvent: id, through: head)
    } else {
      guard request.from != nil || request.where != nil else {
        throw Subscriptions.wrong("a replay needs --from, --event or --where", at: "replay")
      }
      if let from = request.from { after = try await place(from) ?? head }
      if let to = request.to { through = min(head, try await place(to, isEnd: true) ?? head) }
    }
    let filters = [
      try EventFilter(types: subscription.created.types, expression: subscription.created.where),
      try EventFilter(types: [], expression: request.where),
    ]
    var count = 0
    var place = after
    while place < through {
      let page = try await wanted.page(after: place, through: through, limit: 10_000, filters: filters)
      guard page.scanned > place else { break }
      (count, place) = (count + page.events.count, page.scanned)
    }
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
    try await parts.writer.submit(origin) { registry throws(SluiceError) in
      _ = try registry.subscription(name)
      return [Draft(project: nil, fact: .replayRequested(fact))]
    }
    _ = try await refreshed(name)
    answer.replay = parts.writer.current.subscriptions[name]?.replays.last { $0.request == fact }?.id
    return answer
  }

  /// The place of one event, by its id.
  private func place(ofEvent id: String, through head: Int64) async throws(SluiceError) -> (Int64, Int64) {
    if let position = Position(id), position.site == parts.writer.site, position.sequence > 0 {
      return (position.sequence - 1, position.sequence)
    }
    var place: Int64 = 0
    while place < head {
      let page = try await wanted.page(after: place, through: head, limit: 10_000, filters: [])
      guard page.scanned > place else { break }
      if let found = page.events.first(where: { $0.envelope.text("id") == id }) {
        return (found.sequence - 1, found.sequence)
      }
      place = page.scanned
    }
    throw SluiceError(
      .eventUnknown, what: "there is no event '\(NameRule.printable(id))'", at: "event",
      fix: "`sluice events` prints events with their ids")
  }

  /// The last event before a place; nil for "now".
  /// - Parameter isEnd: the place itself is included, where it is a time.
  private func place(_ text: String, isEnd: Bool = false) async throws(SluiceError) -> Int64? {
    let head = parts.writer.current.sequence
    if text == "beginning" { return 0 }
    if text == "now" { return nil }
    if let position = Position(text), position.site == parts.writer.site, position.sequence <= head {
      return position.sequence
    }
    if let time = Timestamp.date(text) {
      return try await wanted.sequence(before: isEnd ? time.addingTimeInterval(0.001) : time, head: head)
    }
    throw SluiceError(
      .usage, what: "'\(NameRule.printable(text))' is no place in the log", at: "position",
      fix: "use beginning, now, a time such as 2026-11-25T09:00:00Z, or a position such as \(parts.writer.site):0")
  }

  private static func exists(_ name: SubscriptionName) -> SluiceError {
    SluiceError(
      .subscriptionExists, what: "there is a subscription '\(name)' already", at: "subscription '\(name)'",
      fix: "use another name, or delete it first: sluice subscription delete \(name)")
  }

  private static func wrong(_ what: String, at place: String) -> SluiceError {
    SluiceError(.usage, what: what, at: place, fix: "see sluice subscription create --help")
  }
}
