import FoundationEssentials
import Logging
import ServiceLifecycle
import SluiceGraph
package import SluiceModel

/// All subscriptions of a site: made, changed and asked here; each delivers by itself, so that none slows another.
package actor Subscriptions: Service {
  let parts: Subscriber.Parts
  let wanted: WantedEvents
  /// Making, resetting and deleting come one after the other: they touch the log, the disk and those at work.
  let turns = Turns()
  private var subscribers: [SubscriptionName: Subscriber] = [:]
  /// Those whose last delivery may still be under way, for the next one of their name.
  private var deleted: [SubscriptionName: Subscriber] = [:]
  private let starts: AsyncStream<Subscriber>
  private let start: AsyncStream<Subscriber>.Continuation

  package init(parts: Subscriber.Parts) {
    self.parts = parts
    wanted = WantedEvents(log: parts.log, names: parts.names)
    (starts, start) = AsyncStream.makeStream()
  }

  package func run() async throws {
    await parts.commands.endOrphans()
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
        group.cancelAll()
      }
    } onGracefulShutdown: { [start] in
      start.finish()
    }
  }

  /// The one at work under a name, as the registry has it now.
  func subscriber(_ name: SubscriptionName) async throws(SluiceError) -> Subscriber {
    while true {
      let subscription = try parts.writer.current.subscription(name)
      if let known = subscribers[name], known.epoch == subscription.epoch { return known }
      let made = try await Subscriber(subscription, parts: parts)
      // Others may have been here meanwhile: from here on nothing waits, so that one and only one comes in.
      let now = try parts.writer.current.subscription(name)
      if let known = subscribers[name], known.epoch == now.epoch { return known }
      guard made.epoch == now.epoch else { continue }
      if let before = subscribers.updateValue(made, forKey: name) ?? deleted.removeValue(forKey: name) {
        await before.end()
        await made.follow(before)
      }
      if subscription.created.target != .pull { start.yield(made) }
      return made
    }
  }

  // MARK: Making and changing

  /// - Throws: `subscription.exists`, `filter.syntax`, `usage` and `subscription.command` for what cannot be.
  package func create(_ request: SubscriptionRequest, origin: Origin) async throws(SluiceError) -> SubscriptionAnswer {
    let name = try SubscriptionName(request.name)
    let target = try await target(of: request)
    let types = try Subscriptions.types(of: request)
    _ = try EventFilter(types: types, expression: request.where)
    let tries = request.tries ?? 10
    guard (1...Limits.deliveryTries).contains(tries) else {
      throw Subscriptions.wrong("tries are 1 to \(Limits.deliveryTries)", at: "tries")
    }
    let secret = try secret(of: request, target)
    let after = try await place(request.from ?? "now")
    let expression = try kept(request.where)
    try await turns.one { () throws(SluiceError) in
      _ = try Subscriptions.room(for: name, in: parts.writer.current)
      try await parts.cursors.save(
        [.forget(name)] + (secret.map { [.secret(name, $0)] } ?? []))
      try await parts.writer.submit(origin) { registry throws(SluiceError) in
        try Subscriptions.room(for: name, in: registry)
        let fact = SubscriptionCreated(
          name: name, types: types, where: expression, target: target, tries: tries,
          after: after ?? registry.sequence + 1)
        return [Draft(project: nil, fact: .subscriptionCreated(fact))]
      }
    }
    var answer = try await subscriber(name).answer()
    if request.secret == nil, let secret { answer.secret = WebhookSignature.text(of: secret) }
    return answer
  }

  /// The key that signs a webhook's requests: the one that was given, or a new one.
  private func secret(of request: SubscriptionRequest, _ target: SubscriptionTarget) throws(SluiceError) -> [UInt8]? {
    guard case .webhook = target else {
      guard request.secret == nil else { throw Subscriptions.wrong("a secret belongs to a webhook", at: "secret") }
      return nil
    }
    guard let text = request.secret else { return Array(parts.ambient.makeSecret(bytes: 24).utf8) }
    if let key = WebhookSignature.key(text) { return key }
    guard !text.hasPrefix(WebhookSignature.prefix), (24...64).contains(text.utf8.count) else {
      throw Subscriptions.wrong("a secret is text of 24 to 64 bytes, or whsec_ and such a key as Base64", at: "secret")
    }
    return Array(text.utf8)
  }

  private static func room(for name: SubscriptionName, in registry: Registry) throws(SluiceError) {
    guard registry.subscriptions[name] == nil else { throw Subscriptions.exists(name) }
    guard registry.subscriptions.count < Limits.subscriptions else {
      throw Subscriptions.wrong("there are \(Limits.subscriptions) subscriptions, and no more are allowed", at: "name")
    }
  }

  private static func types(of request: SubscriptionRequest) throws(SluiceError) -> [String] {
    guard let types = request.types, !types.isEmpty else { return ["*"] }
    guard types.count <= Limits.typesPerSubscription,
      types.allSatisfy({ (1...Limits.typeBytes).contains($0.utf8.count) })
    else {
      throw Subscriptions.wrong(
        "types are at most \(Limits.typesPerSubscription) globs of 1 to \(Limits.typeBytes) bytes", at: "types")
    }
    return types
  }

  /// A filter as it goes into the log: with aliases for the people that it names.
  func kept(_ expression: String?) throws(SluiceError) -> String? {
    guard let expression else { return nil }
    return try CESQL(CESQL.underAliases(expression, parts.names.alias)).description
  }

  private func target(of request: SubscriptionRequest) async throws(SluiceError) -> SubscriptionTarget {
    let kind = request.kind ?? (request.url != nil ? "webhook" : request.command != nil ? "command" : "pull")
    switch kind {
    case "pull":
      guard request.url == nil, request.command == nil else {
        throw Subscriptions.wrong("a pull subscription has no address and no command", at: "kind")
      }
      return .pull
    case "webhook":
      guard let url = request.url else { throw Subscriptions.wrong("a webhook has an address", at: "url") }
      if let problem = await parts.webhooks.refusal(of: url) {
        throw SluiceError(
          .webhookRefused, what: "nothing can be sent to '\(NameRule.printable(url))': \(problem)", at: "url",
          fix: "use an http or https address; a private one has to be allowed: sluice serve --webhook-allow HOST")
      }
      guard let mode = Webhook.Mode(rawValue: request.mode ?? "structured") else {
        throw Subscriptions.wrong("a webhook's mode is binary, structured or batch", at: "mode")
      }
      let timeout = request.timeout ?? 10
      guard (1...300).contains(timeout) else { throw Subscriptions.wrong("a timeout is 1 to 300 s", at: "timeout") }
      return .webhook(url: url, mode: mode, timeoutSeconds: timeout, isSigned: true)
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
    _ = try await turns.one { () throws(SluiceError) in
      try await parts.writer.submit(origin) { registry throws(SluiceError) in
        _ = try registry.subscription(name)
        return [
          Draft(
            project: nil,
            fact: .subscriptionReset(SubscriptionReset(name: name, after: after ?? registry.sequence + 1)))
        ]
      }
    }
    return try await refreshed(name)
  }

  package func delete(_ name: SubscriptionName, origin: Origin) async throws(SluiceError) {
    try await turns.one { () throws(SluiceError) in
      try await parts.writer.submit(origin) { registry throws(SluiceError) in
        _ = try registry.subscription(name)
        return [Draft(project: nil, fact: .subscriptionDeleted(SubscriptionDeleted(name: name)))]
      }
      deleted[name] = subscribers.removeValue(forKey: name)
      await deleted[name]?.end()
      do throws(SluiceError) { try await parts.cursors.save([.forget(name)]) } catch {
        // It is deleted all the same, and one that is made under its name forgets it again.
        parts.logger.warning("what is kept of subscription \(name) cannot be forgotten: \(error.what)")
      }
    }
  }

  func refreshed(_ name: SubscriptionName) async throws(SluiceError) -> SubscriptionAnswer {
    let subscriber = try await subscriber(name)
    try await subscriber.refresh()
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

  /// - Throws: `subscription.unknown`, also when it is deleted meanwhile; `subscription.kind`.
  package func pull(
    _ name: SubscriptionName, limit: Int, waitSeconds: Double
  ) async throws(SluiceError) -> PulledEvents {
    let deadline = parts.ambient.now().addingTimeInterval(waitSeconds)
    while true {
      if let pulled = try await subscriber(name).pull(limit: limit, until: deadline) { return pulled }
    }
  }

  package func acknowledge(
    _ name: SubscriptionName, batch: String, done: Int?, error: String?
  ) async throws(SluiceError) -> Acknowledged {
    try await subscriber(name).acknowledge(batch, done: done, error: error)
  }

  /// The first event that each subscription, or a replay of it, still needs.
  func needed() async throws(SluiceError) -> [(name: SubscriptionName, sequence: Int64)] {
    var needed: [(SubscriptionName, Int64)] = []
    for name in parts.writer.current.subscriptions.keys.sorted() {
      needed.append((name, await (try subscriber(name)).needed))
    }
    return needed
  }

  // MARK: Places

  /// The last event before a place; nil for "now".
  /// - Parameter isEnd: the place itself is included, where it is a time.
  func place(_ text: String, isEnd: Bool = false) async throws(SluiceError) -> Int64? {
    let head = parts.writer.current.sequence
    if text == "beginning" { return 0 }
    if text == "now" { return nil }
    // A number alone is a place of this site.
    let position = Position(text) ?? Int64(text).map(parts.writer.position)
    if let position, position.site == parts.writer.site, (0...head).contains(position.sequence) {
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

  static func wrong(_ what: String, at place: String) -> SluiceError {
    SluiceError(.usage, what: what, at: place, fix: "see sluice subscription create --help")
  }
}
