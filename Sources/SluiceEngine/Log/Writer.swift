import FoundationEssentials
package import Logging
import ServiceLifecycle
package import SluiceGraph
package import SluiceModel
import Synchronization

/// The one writer of a site: decides, appends, applies, answers.
///
/// It decides on the registry plus its own not yet confirmed facts. Many decisions share one commit of the log.
/// Acknowledged means durable and applied: readers see `current`, which never holds what is not on disk.
package actor Writer: Service {
  private struct Pending {
    var encoded: EncodedRecord
    var blobs: [Blob]
    /// The registry with this record and all before it.
    var after: Registry
    var rows: [RowKey]
    var done: CheckedContinuation<Result<Int64, SluiceError>, Never>
  }

  package nonisolated let site: String
  private let log: any EventLog
  private let views: any ViewStore
  private let feed: Feed
  private let ambient: Ambient
  private let logger: Logger
  private nonisolated let confirmed: Mutex<Registry>
  private var decided: Registry
  private var pending: [Pending] = []
  private var lastVersions: [ProductRef: VersionID] = [:]
  private var lastTime = Date(timeIntervalSince1970: 0)
  private var unsaved = ContentIndex()
  private var unsavedRows: Set<RowKey> = []
  private var commands: [CommandID: Int64] = [:]
  private var inFlight: [CommandID: [CheckedContinuation<Result<Int64, SluiceError>, Never>]] = [:]
  private let wakeups: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation

  package init(
    site: String, registry: Registry, log: any EventLog, views: any ViewStore, feed: Feed, ambient: Ambient,
    logger: Logger
  ) {
    (self.site, self.log, self.views, self.feed) = (site, log, views, feed)
    (self.ambient, self.logger) = (ambient, logger)
    confirmed = Mutex(registry)
    decided = registry
    (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
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
    if let command = origin.command {
      if let last = try await record(of: command) ?? commands[command] { return position(last) }
      // The same command is on its way to the log: its answer is this one's too.
      if inFlight[command] != nil {
        let result = await withCheckedContinuation { inFlight[command]?.append($0) }
        return position(try result.get())
      }
    }
    let drafts = try decide(decided)
    guard !drafts.isEmpty else { return position(current.sequence) }
    let encoded = try EncodedRecord(Record(command: origin.command, events: stamp(drafts, origin)))
    var after = decided
    let rows = try after.apply(encoded.record.events, at: after.sequence + 1)
    decided = after
    if let command = origin.command { inFlight[command] = [] }
    let result = await withCheckedContinuation { done in
      pending.append(Pending(encoded: encoded, blobs: blobs, after: after, rows: rows, done: done))
      wake.yield()
    }
    return position(try result.get())
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

  private func stamp(_ drafts: [Draft], _ origin: Origin) -> [Event] {
    let now = max(Timestamp.rounded(ambient.now()), lastTime)
    lastTime = now
    return drafts.map { draft in
      Event(
        id: ambient.makeEventID(), time: now, site: site, actor: origin.actor, cause: origin.cause,
        project: draft.project, folder: draft.folder, product: draft.product, fact: draft.fact)
    }
  }

  /// The next version id of a product; given once, whether or not it is used.
  package func reserveVersion(of product: ProductRef) -> VersionID {
    let known = decided.projects[product.project]?.products[product]?.latest
    let last = [known, lastVersions[product]].compactMap { $0 }.max()
    let next = VersionID.next(after: last, now: ambient.now(), site: site)
    lastVersions[product] = next
    if lastVersions.count > 10_000 { lastVersions = [product: next] }
    return next
  }

  /// The record that a command led to before.
  package func record(of command: CommandID) async throws(SluiceError) -> Int64? {
    if let last = commands[command] { return last }
    return try await views.record(ofCommand: command)
  }

  // MARK: The loop

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      for await _ in self.wakeups { await self.flush() }
    }
    await flush()
  }

  private func flush() async {
    while !pending.isEmpty {
      let batch = Array(pending.prefix(Limits.recordsPerCommit))
      pending.removeFirst(batch.count)
      do throws(SluiceError) {
        let places = try await log.append(batch.map(\.encoded), blobs: batch.flatMap(\.blobs))
        confirm(batch, places)
      } catch {
        refuse(batch, error)
      }
      await saveViews()
    }
  }

  private func confirm(_ batch: [Pending], _ places: [Int64]) {
    var messages: [LiveMessage] = []
    for (entry, last) in zip(batch, places) {
      let stored = StoredRecord(last: last, record: entry.encoded.record)
      for (index, event) in stored.record.events.enumerated() {
        messages.append(.fact(event, position(stored.sequence(ofEvent: index))))
      }
      unsaved.add(stored)
      unsavedRows.formUnion(entry.rows)
      if let command = stored.record.command {
        if commands.count > 10_000 { commands.removeAll() }
        commands[command] = last
      }
    }
    if let newest = batch.last?.after { confirmed.withLock { $0 = newest } }
    for (entry, last) in zip(batch, places) { answer(entry, .success(last)) }
    feed.send(messages)
  }

  /// Nothing of a failed commit is there, so nothing that was decided on top of it may stay either.
  private func refuse(_ batch: [Pending], _ error: SluiceError) {
    logger.error(
      "the log refused \(batch.count) decisions: \(error.what)", metadata: ["code": "\(error.code.rawValue)"])
    let dropped = batch + pending
    pending = []
    decided = current
    for entry in dropped { answer(entry, .failure(error)) }
  }

  private func answer(_ entry: Pending, _ result: Result<Int64, SluiceError>) {
    entry.done.resume(returning: result)
    guard let command = entry.encoded.record.command else { return }
    for repeated in inFlight.removeValue(forKey: command) ?? [] { repeated.resume(returning: result) }
  }

  /// Views follow the log; what could not be written now is written with the next facts, or rebuilt at the start.
  private func saveViews() async {
    guard !unsavedRows.isEmpty || !unsaved.published.isEmpty else { return }
    let registry = current
    let (rows, index) = (unsavedRows, unsaved)
    do throws(SluiceError) {
      try await views.save(rows.map { registry.row($0) }, index: index, position: registry.sequence)
      unsavedRows = []
      unsaved = ContentIndex()
    } catch {
      logger.warning("the views could not be written: \(error.what)", metadata: ["code": "\(error.code.rawValue)"])
    }
  }
}

extension ContentIndex {
  /// What a record adds to the indexes.
  package mutating func add(_ stored: StoredRecord) {
    for event in stored.record.events {
      if case .versionPublished(let fact) = event.fact, let product = event.product {
        published.append((VersionAddress(product: product, version: fact.version), fact.manifest))
      }
    }
    if let command = stored.record.command { commands.append((command, stored.last)) }
  }
}
