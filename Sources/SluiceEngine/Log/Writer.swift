package import FoundationEssentials
package import Logging
import ServiceLifecycle
package import SluiceGraph
package import SluiceModel
import Synchronization

/// The one writer of a site: decides, appends, applies, answers.
///
/// Many decisions share one commit of the log. Acknowledged means durable and applied: readers see `current`, which
/// never holds what is not on disk. The rules are `WriterState`'s; here they meet the log, the views and the callers.
package actor Writer: Service {
  private enum Caller {
    case one(CheckedContinuation<Result<Int64, SluiceError>, Never>)
    case part(Gathering, Int)
  }

  package nonisolated let site: String
  private let log: any EventLog
  private let views: any ViewStore
  private let names: any PersonNames
  private let feed: Feed
  private let ambient: Ambient
  private let logger: Logger
  private struct Confirmed {
    var registry: Registry
    var changes = Changes()
  }
  private nonisolated let confirmed: Mutex<Confirmed>
  private var state: WriterState
  private var callers: [WriterState.Ticket: [Caller]] = [:]
  private let wakeups: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation
  private let saves: AsyncStream<Void>
  private let save: AsyncStream<Void>.Continuation
  /// Commands that the views are to be asked for next, in one look, and who waits for it.
  private var asked: [CommandID] = []
  private var askers: [CheckedContinuation<Result<[CommandID: Int64], SluiceError>, Never>] = []
  private let looks: AsyncStream<Void>
  private let look: AsyncStream<Void>.Continuation
  /// Who brings decisions to the log now: one commit at a time.
  private var committing: Committing = .nobody
  private enum Committing { case nobody, caller, loop }
  /// Waits for the caller who commits, at the end.
  private var ending: CheckedContinuation<Void, Never>?
  private let viewsRest: Duration
  private var isSaving = false
  /// They wait for the views that are being written.
  private var followers: [CheckedContinuation<Void, Never>] = []

  /// - Parameter viewsRest: how long views are left alone after they were written, so that many commits share one write
  ///   of them.
  package init(
    registry: Registry, log: any EventLog, views: any ViewStore, names: any PersonNames, feed: Feed, ambient: Ambient,
    viewsRest: Duration = .zero, logger: Logger
  ) {
    (site, self.log, self.views, self.names, self.feed) = (registry.site, log, views, names, feed)
    (self.ambient, self.viewsRest, self.logger) = (ambient, viewsRest, logger)
    confirmed = Mutex(Confirmed(registry: registry))
    state = WriterState(registry: registry, names: names)
    (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    (saves, save) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    (looks, look) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Everything that is known and durable.
  package nonisolated var current: Registry { confirmed.withLock { $0.registry } }
  /// The same, with what is different since this was asked last; for one follower.
  nonisolated func takeChanges() -> (registry: Registry, changes: Changes) {
    confirmed.withLock { confirmed in
      defer { confirmed.changes = Changes() }
      return (confirmed.registry, confirmed.changes)
    }
  }
  package nonisolated var now: Date { ambient.now() }
  /// Somebody under the alias that the log has for them: for words that will be kept.
  /// - Throws: `person.limit`.
  package nonisolated func aliased(_ actor: Actor) throws(SluiceError) -> Actor {
    actor.trust == .system ? actor : Actor(name: try names.alias(of: actor.name).description, trust: actor.trust)
  }

  package nonisolated func position(_ sequence: Int64) -> Position { Position(site: site, sequence: sequence) }

  // MARK: Writing

  /// Decides on everything known, appends, and returns when it is durable and applied.
  /// - Returns: the position of the record; where the decision is that nothing is to be recorded, the current one.
  /// - Throws: what `decide` throws, or what the log could not do; then nothing was recorded.
  @discardableResult
  package func submit(
    _ origin: Origin, blobs: [Blob] = [], decide: (Registry) throws(SluiceError) -> [Draft]
  ) async throws(SluiceError) -> Position {
    if let command = origin.command, let last = try await record(of: command) { return position(last) }
    switch try state.submit(origin, blobs: blobs, ambient: ambient, decide: decide) {
    case .known(let last): return position(last)
    case .waiting(let ticket):
      if committing == .nobody {
        return position(try await lead(for: ticket)?.get() ?? confirmedSequence)
      }
      let result = await withCheckedContinuation { callers[ticket, default: []].append(.one($0)) }
      return position(try result.get())
    }
  }

  /// Facts that need no decision, each a record of its own, in this order. One that cannot be recorded fails no other.
  /// - Returns: an answer for each, in their order, when all are durable and applied. Errors: `record.tooLarge`, and
  ///   what the log could not do.
  package func submit(_ facts: [PlainFact]) async -> [Result<Receipt, SluiceError>] {
    let commands = facts.compactMap(\.origin.command)
    let known: [CommandID: Int64]
    do throws(SluiceError) {
      known = try await records(of: commands)
    } catch {
      return facts.map { _ in .failure(error) }
    }
    let gathering = Gathering(count: facts.count)
    for (index, fact) in facts.enumerated() {
      let command = fact.origin.command
      if let last = command.flatMap({ known[$0] }) {
        gathering.put(.success(Receipt(position: position(last), isRepeated: true)), at: index)
        continue
      }
      let isInFlight = command.map(state.isInFlight) ?? false
      do throws(SluiceError) {
        switch try state.submit(fact.origin, blobs: [], ambient: ambient, decide: { _ in [fact.draft] }) {
        case .known(let last): gathering.put(.success(Receipt(position: position(last), isRepeated: true)), at: index)
        case .waiting(let ticket):
          gathering.isRepeated[index] = isInFlight
          callers[ticket, default: []].append(.part(gathering, index))
        }
      } catch {
        gathering.put(.failure(error), at: index)
      }
    }
    if committing == .nobody { _ = await lead() }
    return await withCheckedContinuation { gathering.wait($0) }
  }

  /// Like `submit`, for what has happened and must be recorded: waits for a full disk to be mended.
  @discardableResult
  package func submitWhenPossible(
    _ origin: Origin, blobs: [Blob] = [], decide: (Registry) throws(SluiceError) -> [Draft]
  ) async throws(SluiceError) -> Position {
    while true {
      do throws(SluiceError) {
        return try await submit(origin, blobs: blobs, decide: decide)
      } catch {
        guard error.code == .logFull || error.code == .logFailed, !Task.isShuttingDownGracefully else { throw error }
        do { try await ambient.sleep(.seconds(1)) } catch { throw SluiceError.stopping }
      }
    }
  }

  /// The next version id of a product; given once, whether or not it is used.
  package func reserveVersion(of product: ProductRef) -> VersionID {
    state.reserveVersion(of: product, ambient: ambient)
  }

  /// The record that a command led to before.
  package func record(of command: CommandID) async throws(SluiceError) -> Int64? {
    try await records(of: [command])[command]
  }

  /// The records that commands led to before; who asks meanwhile shares one look into the views.
  private func records(of commands: [CommandID]) async throws(SluiceError) -> [CommandID: Int64] {
    var known: [CommandID: Int64] = [:]
    var others: [CommandID] = []
    for command in commands {
      if let last = state.record(of: command) {
        known[command] = last
      } else if !state.isInFlight(command) {
        others.append(command)
      }
    }
    guard !others.isEmpty else { return known }
    // What is recorded while the views are read must not be forgotten before the answer is there.
    state.hold(others)
    defer { state.release(others) }
    let found = await withCheckedContinuation { asker in
      asked += others
      askers.append(asker)
      look.yield()
    }
    let all = try found.get()
    for command in others { known[command] = all[command] }
    return known
  }

  // MARK: The loop

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { for await _ in self.wakeups { await self.flush() } }
        group.addTask {
          for await _ in self.saves {
            await self.settleViews()
            if self.viewsRest > .zero { try? await self.ambient.sleep(self.viewsRest) }
          }
        }
        group.addTask { for await _ in self.looks { await self.lookUp() } }
      }
    }
    await lookUp()
    if committing == .caller { await withCheckedContinuation { ending = $0 } }
    await flush()
    await settleViews()
  }

  private var confirmedSequence: Int64 { state.confirmed.sequence }

  private func lookUp() async {
    while !asked.isEmpty {
      let (commands, waiting) = (asked, askers)
      (asked, askers) = ([], [])
      let found: Result<[CommandID: Int64], SluiceError>
      do throws(SluiceError) {
        found = .success(try await views.records(ofCommands: commands))
      } catch {
        found = .failure(error)
      }
      for asker in waiting { asker.resume(returning: found) }
    }
  }

  /// Commits what waits, in the task of whoever decided it: a decision alone is not handed from task to task. What was
  /// decided meanwhile goes to the loop, so that nobody works for others for long.
  private func lead(for ticket: WriterState.Ticket? = nil) async -> Result<Int64, SluiceError>? {
    committing = .caller
    let result = await commit(state.nextBatch(), own: ticket)
    if state.isWaiting {
      committing = .loop
      wake.yield()
    } else {
      committing = .nobody
    }
    ending?.resume()
    ending = nil
    return result
  }

  /// Commits until nothing waits.
  private func flush() async {
    guard committing != .caller else { return }
    committing = .loop
    while true {
      let batch = state.nextBatch()
      guard !batch.isEmpty else { break }
      _ = await commit(batch)
    }
    committing = .nobody
  }

  private func commit(
    _ batch: [WriterState.Pending], own: WriterState.Ticket? = nil
  ) async -> Result<Int64, SluiceError>? {
    guard !batch.isEmpty else { return nil }
    let result: Result<Int64, SluiceError>?
    do throws(SluiceError) {
      // An alias in the log whose name a crash took away would be nobody for ever.
      try await names.settle()
      let places = try await log.append(batch.map(\.encoded), blobs: batch.flatMap(\.blobs))
      result = confirm(places, own: own)
    } catch {
      refuse(error)
      result = .failure(error)
    }
    // Views may lag behind the log, but not without bound.
    if state.unsavedCount > Limits.unsavedRows { await settleViews() } else { save.yield() }
    return result
  }

  /// - Returns: the place of `own`.
  private func confirm(_ places: [Int64], own: WriterState.Ticket?) -> Result<Int64, SluiceError>? {
    let records = state.confirm(places)
    let changes = state.takeChanges()
    confirmed.withLock { confirmed in
      confirmed.registry = state.confirmed
      confirmed.changes.add(changes)
    }
    for (ticket, stored) in records { answer(ticket, .success(stored.last)) }
    feed.pulse()
    feed.tell(records.map(\.stored))
    if feed.hasReaders { send(records.map(\.stored)) }
    return own.flatMap { own in records.first { $0.ticket == own }.map { .success($0.stored.last) } }
  }

  private func send(_ records: [StoredRecord]) {
    feed.send(
      records.flatMap { stored in
        stored.record.events.enumerated().compactMap { index, event in
          let envelope = try? Envelope(event.json)
          let place = position(stored.sequence(ofEvent: index))
          return envelope.map { .fact(LiveFact(event: event, envelope: $0, position: place)) }
        }
      })
  }

  private func refuse(_ error: SluiceError) {
    let dropped = state.refuse()
    logger.error(
      "the log refused \(dropped.count) decisions: \(error.what)", metadata: ["code": "\(error.code.rawValue)"])
    for ticket in dropped { answer(ticket, .failure(error)) }
  }

  private func answer(_ ticket: WriterState.Ticket, _ result: Result<Int64, SluiceError>) {
    for caller in callers.removeValue(forKey: ticket) ?? [] {
      switch caller {
      case .one(let continuation): continuation.resume(returning: result)
      case .part(let gathering, let index):
        let isRepeated = gathering.isRepeated[index]
        gathering.put(result.map { Receipt(position: position($0), isRepeated: isRepeated) }, at: index)
      }
    }
  }

  /// Views follow the log; what could not be written now is written with the next facts, or rebuilt at the start.
  private func saveViews() async {
    guard !isSaving, let unsaved = state.takeUnsaved() else { return }
    isSaving = true
    do throws(SluiceError) {
      try await views.save(unsaved.rows, index: unsaved.index, head: unsaved.head)
      state.saved(unsaved)
    } catch {
      state.failed(unsaved)
      logger.warning("the views could not be written: \(error.what)", metadata: ["code": "\(error.code.rawValue)"])
    }
    isSaving = false
    for follower in followers { follower.resume() }
    followers = []
  }

  /// Waits until the views hold all that was acknowledged before, for who asks them and not `current`. Where they
  /// cannot be written, they say less.
  package func settleViews() async {
    while isSaving { await withCheckedContinuation { followers.append($0) } }
    // Whoever asks may be cancelled; what others wait for is not.
    await Task { await saveViews() }.value
  }
}

/// A fact from outside, about which nothing is to be decided.
package struct PlainFact: Sendable {
  package let origin: Origin
  package let draft: Draft
  package init(origin: Origin, draft: Draft) { (self.origin, self.draft) = (origin, draft) }
}

/// Where a fact is now.
package struct Receipt: Sendable, Equatable {
  package let position: Position
  /// Whether its command was carried out, or was under way, before.
  package let isRepeated: Bool
}

/// Answers that come one by one and are handed over together; only the writer touches it.
private final class Gathering {
  var isRepeated: [Bool]
  private var answers: [Result<Receipt, SluiceError>?]
  private var missing: Int
  private var continuation: CheckedContinuation<[Result<Receipt, SluiceError>], Never>?

  init(count: Int) {
    (isRepeated, answers) = (Array(repeating: false, count: count), Array(repeating: nil, count: count))
    missing = count
  }

  func put(_ answer: Result<Receipt, SluiceError>, at index: Int) {
    answers[index] = answer
    missing -= 1
    finish()
  }

  func wait(_ continuation: CheckedContinuation<[Result<Receipt, SluiceError>], Never>) {
    self.continuation = continuation
    finish()
  }

  private func finish() {
    guard missing == 0, let continuation else { return }
    self.continuation = nil
    continuation.resume(returning: answers.compactMap { $0 })
  }
}
