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
  private typealias Caller = CheckedContinuation<Result<Int64, SluiceError>, Never>

  package nonisolated let site: String
  private let log: any EventLog
  private let views: any ViewStore
  private let feed: Feed
  private let ambient: Ambient
  private let logger: Logger
  private nonisolated let confirmed: Mutex<Registry>
  private var state: WriterState
  private var callers: [WriterState.Ticket: [Caller]] = [:]
  private let wakeups: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation
  private let saves: AsyncStream<Void>
  private let save: AsyncStream<Void>.Continuation

  package init(
    registry: Registry, log: any EventLog, views: any ViewStore, feed: Feed, ambient: Ambient, logger: Logger
  ) {
    (site, self.log, self.views, self.feed) = (registry.site, log, views, feed)
    (self.ambient, self.logger) = (ambient, logger)
    confirmed = Mutex(registry)
    state = WriterState(registry: registry)
    (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    (saves, save) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Everything that is known and durable.
  package nonisolated var current: Registry { confirmed.withLock { $0 } }
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
      let result = await withCheckedContinuation { caller in
        callers[ticket, default: []].append(caller)
        wake.yield()
      }
      return position(try result.get())
    }
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
    if let last = state.record(of: command) { return last }
    if state.isInFlight(command) { return nil }
    return try await views.record(ofCommand: command)
  }

  // MARK: The loop

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { for await _ in self.wakeups { await self.flush() } }
        group.addTask { for await _ in self.saves { await self.saveViews() } }
      }
    }
    await flush()
    await saveViews()
  }

  private func flush() async {
    while true {
      let batch = state.nextBatch()
      guard !batch.isEmpty else { return }
      do throws(SluiceError) {
        let places = try await log.append(batch.map(\.encoded), blobs: batch.flatMap(\.blobs))
        confirm(places)
      } catch {
        refuse(error)
      }
      // Views may lag behind the log, but not without bound.
      if state.unsavedCount > Limits.unsavedRows { await saveViews() } else { save.yield() }
    }
  }

  private func confirm(_ places: [Int64]) {
    let records = state.confirm(places)
    confirmed.withLock { $0 = state.confirmed }
    for (ticket, stored) in records { answer(ticket, .success(stored.last)) }
    feed.pulse()
    guard feed.hasReaders else { return }
    feed.send(
      records.flatMap { _, stored in
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
    for caller in callers.removeValue(forKey: ticket) ?? [] { caller.resume(returning: result) }
  }

  private var isSaving = false

  /// Views follow the log; what could not be written now is written with the next facts, or rebuilt at the start.
  private func saveViews() async {
    guard !isSaving, let unsaved = state.takeUnsaved() else { return }
    isSaving = true
    defer { isSaving = false }
    do throws(SluiceError) {
      try await views.save(unsaved.rows, index: unsaved.index, head: unsaved.head)
      state.saved(unsaved)
    } catch {
      state.failed(unsaved)
      logger.warning("the views could not be written: \(error.what)", metadata: ["code": "\(error.code.rawValue)"])
    }
  }
}
