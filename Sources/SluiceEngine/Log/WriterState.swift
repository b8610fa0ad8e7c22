package import FoundationEssentials
package import SluiceGraph
package import SluiceModel

/// What a site has decided, what of it waits for the log, and what is known: pure, so that a simulation runs the same
/// rules as a server.
///
/// It decides on everything known plus its own facts that are not confirmed yet. `confirmed` never holds what is not on
/// disk; when an append fails, all that was decided on top of it is dropped.
package struct WriterState: Sendable {
  /// A decision on its way to the log.
  package struct Pending: Sendable {
    package let ticket: Ticket
    package let encoded: EncodedRecord
    package let blobs: [Blob]
    /// Where it will stand in the log.
    fileprivate let last: Int64
    fileprivate var rows: [RowKey]
    /// Its own, and those that found nothing left to do once it is there.
    fileprivate var commands: [CommandID]

    fileprivate var stored: StoredRecord { StoredRecord(last: last, record: encoded.record) }
  }

  /// Names an answer that is still to come.
  package struct Ticket: Sendable, Hashable {
    let number: Int
  }

  package enum Answer: Sendable {
    /// Nothing is to be recorded, or it was recorded before, at this sequence.
    case known(Int64)
    /// The log has to take it first; the same command sent twice gets the same ticket. Where nothing is to be recorded,
    /// it is what the decision relied on that has to become durable.
    case waiting(Ticket)
  }

  package let site: String
  private let names: any PersonNames
  package private(set) var confirmed: Registry
  private var decided: Registry
  private var waiting: [Pending] = []
  private var appending: [Pending] = []
  /// The registry with all that is being appended. None is kept for each decision: it would be copied with each.
  private var appended: Registry
  private var clock: HybridClock
  private var lastTime: Date
  private var tickets = 0
  private var inFlight: [CommandID: Ticket] = [:]
  /// Commands that were recorded: all that the views have not got yet, and the newest of the others. Those that led to
  /// nothing are known here alone: after a restart they are decided anew.
  private var recorded: [CommandID: Int64] = [:]
  /// Commands that somebody is looking up in the views, and how many.
  private var held: [CommandID: Int] = [:]
  /// Those of them that may be forgotten, the oldest first.
  private var forgettable: [CommandID] = []
  private var reserved: [ProductRef: VersionID] = [:]
  private var unsavedRows: Set<RowKey> = []
  private var unsavedIndex = ContentIndex()
  private var savedHead: ViewHead
  private var changes = Changes()

  /// - Parameter names: gives the aliases under which people stand in records.
  package init(registry: Registry, names: any PersonNames) {
    (site, confirmed, decided, appended) = (registry.site, registry, registry, registry)
    savedHead = registry.head
    self.names = names
    clock = HybridClock()
    lastTime = Date(timeIntervalSince1970: 0)
    if let written = registry.head.written {
      clock.resume(written.clock)
      lastTime = written.time
    }
  }

  // MARK: Deciding

  /// The sequence of the record that a command led to, as far as it is known without the views.
  package func record(of command: CommandID) -> Int64? { recorded[command] }
  package func isInFlight(_ command: CommandID) -> Bool { inFlight[command] != nil }

  /// Keeps what these commands lead to in memory while the views are asked for them.
  package mutating func hold(_ commands: [CommandID]) {
    for command in commands { held[command, default: 0] += 1 }
  }

  package mutating func release(_ commands: [CommandID]) {
    for command in commands {
      if let count = held[command], count > 1 { held[command] = count - 1 } else { held[command] = nil }
    }
  }

  /// The one door to the log: whoever comes here by name goes on by alias.
  /// - Parameter decide: what to record, from everything known.
  /// - Throws: what `decide` throws, `record.tooLarge`, `person.limit`; then nothing was decided.
  package mutating func submit(
    _ origin: Origin, blobs: [Blob], ambient: Ambient, decide: (Registry) throws(SluiceError) -> [Draft]
  ) throws(SluiceError) -> Answer {
    if let command = origin.command {
      if let last = recorded[command] { return .known(last) }
      if let ticket = inFlight[command] { return .waiting(ticket) }
    }
    let drafts = try decide(decided)
    guard !drafts.isEmpty else { return answerNothing(to: origin.command) }
    let actor = try alias(of: origin.actor)
    let wall = ambient.now()
    var clock = clock
    let time = clock.tick(wall: wall)
    let now = max(Timestamp.rounded(wall), lastTime)
    let record = Record(
      command: origin.command, clock: time, seen: decided.head.frontier.without(site),
      events: drafts.map { $0.event(at: now, site: site, actor: actor, origin: origin, ambient: ambient) })
    let encoded = try EncodedRecord(record)
    let last = decided.sequence + Int64(record.events.count)
    // It throws before anything is taken in.
    let rows = try decided.apply([StoredRecord(last: last, record: record)], from: site)
    tickets += 1
    let ticket = Ticket(number: tickets)
    (self.clock, lastTime) = (clock, now)
    if let command = origin.command { inFlight[command] = ticket }
    waiting.append(
      Pending(
        ticket: ticket, encoded: encoded, blobs: blobs, last: last, rows: rows,
        commands: origin.command.map { [$0] } ?? []))
    return .waiting(ticket)
  }

  private func alias(of actor: Actor) throws(SluiceError) -> Actor {
    actor.trust == .system
      ? actor : Actor(name: try names.alias(of: actor.name).description, trust: actor.trust)
  }

  /// There is nothing to do, as far as is decided; but what is decided may still be refused.
  private mutating func answerNothing(to command: CommandID?) -> Answer {
    guard let newest = waiting.last ?? appending.last else {
      if let command { remember(command, at: confirmed.sequence) }
      return .known(confirmed.sequence)
    }
    if let command {
      inFlight[command] = newest.ticket
      if waiting.isEmpty {
        appending[appending.count - 1].commands.append(command)
      } else {
        waiting[waiting.count - 1].commands.append(command)
      }
    }
    return .waiting(newest.ticket)
  }

  /// Keeps a command that nobody else remembers.
  private mutating func remember(_ command: CommandID, at last: Int64) {
    recorded[command] = last
    forgettable.append(command)
    forgetOld()
  }

  private mutating func forgetOld() {
    let old = min(recorded.count - Limits.recentCommands, forgettable.count)
    guard old > 0 else { return }
    var kept: [CommandID] = []
    for command in forgettable.prefix(old) {
      if held[command] == nil { recorded[command] = nil } else { kept.append(command) }
    }
    forgettable.replaceSubrange(..<old, with: kept)
  }

  /// The next version id of a product; given once, whether or not it is used.
  package mutating func reserveVersion(of product: ProductRef, ambient: Ambient) -> VersionID {
    let known = decided.projects[product.project]?.products[product]?.versions.last
    let last = [known, reserved[product]].compactMap { $0 }.max()
    let next = VersionID.next(after: last, now: ambient.now(), site: site)
    reserved[product] = next
    if reserved.count > 10_000 { reserved = [product: next] }
    return next
  }

  // MARK: Appending

  package var isWaiting: Bool { !waiting.isEmpty }

  /// The decisions that go to the log next, in one commit; empty while none waits.
  package mutating func nextBatch() -> [Pending] {
    precondition(appending.isEmpty, "one commit at a time")
    if waiting.count <= Limits.recordsPerCommit {
      (appending, waiting) = (waiting, [])
      appended = decided
    } else {
      appending = Array(waiting.prefix(Limits.recordsPerCommit))
      waiting.removeFirst(appending.count)
      appended = confirmed
      do throws(SluiceError) {
        _ = try appended.apply(appending.map(\.stored), from: site)
      } catch {
        preconditionFailure("what was decided can be applied: \(error.what)")
      }
    }
    return appending
  }

  /// The batch is durable.
  /// - Parameter places: the sequence of each record's last event, as the log said.
  /// - Returns: the answers to give, and the records for those who watch.
  package mutating func confirm(_ places: [Int64]) -> [(ticket: Ticket, stored: StoredRecord)] {
    let batch = appending
    precondition(places == batch.map(\.last), "nobody else writes this log")
    appending = []
    if !batch.isEmpty { confirmed = appended }
    return batch.map { entry in
      let stored = entry.stored
      unsavedIndex.add(stored)
      unsavedRows.formUnion(entry.rows)
      changes.add(entry.rows)
      for command in entry.commands {
        inFlight[command] = nil
        if command == stored.record.command {
          recorded[command] = entry.last
        } else {
          remember(command, at: entry.last)
        }
      }
      return (entry.ticket, stored)
    }
  }

  /// Nothing of the batch is in the log, so nothing that was decided on top of it may stay either.
  /// - Returns: who is to be told.
  package mutating func refuse() -> [Ticket] {
    let dropped = appending + waiting
    (appending, waiting, inFlight) = ([], [], [:])
    decided = confirmed
    return dropped.map(\.ticket)
  }

  // MARK: Other sites

  /// Takes in what another site wrote and this one has on disk; its causes are in here already. What of our own is on
  /// its way to the log stays as it was decided: it did not see these records, and says so.
  /// - Returns: the rows that are different now.
  /// - Throws: `log.damaged` for a critical event of a type that this Sluice does not know; then nothing was taken in.
  @discardableResult
  package mutating func take(
    _ records: [StoredRecord], from other: String, wall: Date
  ) throws(SluiceError) -> [RowKey] {
    precondition(other != site, "our own records come from the log")
    let rows = try confirmed.apply(records, from: other)
    unsavedRows.formUnion(rows)
    changes.add(rows)
    for stored in records {
      if let time = stored.record.clock { clock.witness(time, wall: wall) }
      unsavedIndex.addVersions(of: stored)
    }
    decided = confirmed
    try WriterState.rebase(&appending, on: &decided)
    appended = decided
    try WriterState.rebase(&waiting, on: &decided)
    return rows
  }

  private static func rebase(_ pending: inout [Pending], on registry: inout Registry) throws(SluiceError) {
    for index in pending.indices {
      pending[index].rows = try registry.apply([pending[index].stored], from: registry.site)
    }
  }

  // MARK: Followers

  /// Hands over what is different in `confirmed` since this was asked last.
  package mutating func takeChanges() -> Changes {
    defer { changes = Changes() }
    return changes
  }

  // MARK: Views

  /// What the views have not got yet; nil where they have all.
  package struct Unsaved: Sendable {
    package let keys: Set<RowKey>
    /// Where the rows are taken from.
    package let registry: Registry
    package let index: ContentIndex
    package var head: ViewHead { registry.head }
    /// - Complexity: O(rows), each written as JSON.
    package var rows: [ViewRow] { keys.map { registry.row($0) } }
  }

  package var unsavedCount: Int { unsavedRows.count + unsavedIndex.published.count + unsavedIndex.commands.count }

  /// Hands over what is to be written to the views; `failed` brings it back.
  package mutating func takeUnsaved() -> Unsaved? {
    guard unsavedCount > 0 || confirmed.head != savedHead else { return nil }
    let taken = Unsaved(keys: unsavedRows, registry: confirmed, index: unsavedIndex)
    (unsavedRows, unsavedIndex) = ([], ContentIndex())
    return taken
  }

  package mutating func saved(_ taken: Unsaved) {
    savedHead = taken.head
    forgettable += taken.index.commands.map(\.command)
    forgetOld()
  }

  package mutating func failed(_ taken: Unsaved) {
    unsavedRows.formUnion(taken.keys)
    var index = taken.index
    index.published += unsavedIndex.published
    index.commands += unsavedIndex.commands
    unsavedIndex = index
  }
}

extension Draft {
  fileprivate func event(at now: Date, site: String, actor: Actor, origin: Origin, ambient: Ambient) -> Event {
    Event(
      id: outside?.id ?? ambient.makeEventID(), time: now, site: site, actor: actor,
      cause: outside?.cause ?? origin.cause, project: project, folder: folder, product: product,
      extensions: outside?.extensions ?? origin.extensions, outside: outside?.attributes, fact: fact)
  }
}

extension ContentIndex {
  /// What a record of this site adds to the indexes.
  package mutating func add(_ stored: StoredRecord) {
    addVersions(of: stored)
    if let command = stored.record.command { commands.append((command, stored.last)) }
  }

  /// What a record of another site adds: its commands were given there, and are answered there.
  package mutating func addVersions(of stored: StoredRecord) {
    for event in stored.record.events {
      if case .versionPublished(let fact) = event.fact, let product = event.product {
        published.append((VersionAddress(product: product, version: fact.version), fact.manifest))
      }
      if case .versionHashed(let fact) = event.fact, let product = event.product {
        published.append((VersionAddress(product: product, version: fact.version), fact.manifest))
      }
      if case .versionRestored(let fact) = event.fact, let product = event.product, let manifest = fact.manifest {
        published.append((VersionAddress(product: product, version: fact.version), manifest))
      }
    }
  }
}
