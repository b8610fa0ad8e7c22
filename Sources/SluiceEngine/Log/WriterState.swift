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
    /// The registry with this record and all before it.
    fileprivate let after: Registry
    fileprivate let rows: [RowKey]
  }

  /// Names an answer that is still to come.
  package struct Ticket: Sendable, Hashable {
    let number: Int
  }

  package enum Answer: Sendable {
    /// Nothing is to be recorded, or it was recorded before, at this sequence.
    case known(Int64)
    /// The log has to take it first; the same command sent twice gets the same ticket.
    case waiting(Ticket)
  }

  package let site: String
  private let names: any PersonNames
  package private(set) var confirmed: Registry
  private var decided: Registry
  private var waiting: [Pending] = []
  private var appending: [Pending] = []
  private var clock: HybridClock
  private var lastTime: Date
  private var tickets = 0
  private var inFlight: [CommandID: Ticket] = [:]
  /// Commands that were recorded: all that the views have not got yet, and some more.
  private var recorded: [CommandID: Int64] = [:]
  /// Commands that somebody is looking up in the views, and how many.
  private var held: [CommandID: Int] = [:]
  private var reserved: [ProductRef: VersionID] = [:]
  private var unsavedRows: Set<RowKey> = []
  private var unsavedIndex = ContentIndex()

  /// - Parameter names: gives the aliases under which people stand in records.
  package init(registry: Registry, names: any PersonNames) {
    (site, confirmed, decided) = (registry.site, registry, registry)
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
    guard !drafts.isEmpty else { return .known(confirmed.sequence) }
    let actor = try alias(of: origin.actor)
    let wall = ambient.now()
    var (clock, after) = (clock, decided)
    let time = clock.tick(wall: wall)
    let now = max(Timestamp.rounded(wall), lastTime)
    let record = Record(
      command: origin.command, clock: time, seen: decided.head.frontier.without(site),
      events: drafts.map { $0.event(at: now, site: site, actor: actor, origin: origin, ambient: ambient) })
    let encoded = try EncodedRecord(record)
    let stored = StoredRecord(last: decided.sequence + Int64(record.events.count), record: record)
    let rows = try after.apply([stored], from: site)
    tickets += 1
    let ticket = Ticket(number: tickets)
    (self.clock, lastTime, decided) = (clock, now, after)
    if let command = origin.command { inFlight[command] = ticket }
    waiting.append(Pending(ticket: ticket, encoded: encoded, blobs: blobs, after: after, rows: rows))
    return .waiting(ticket)
  }

  private func alias(of actor: Actor) throws(SluiceError) -> Actor {
    actor.trust == .system
      ? actor : Actor(name: try names.alias(of: actor.name).description, trust: actor.trust)
  }

  /// The next version id of a product; given once, whether or not it is used.
  package mutating func reserveVersion(of product: ProductRef, ambient: Ambient) -> VersionID {
    let known = decided.projects[product.project]?.products[product]?.latest
    let last = [known, reserved[product]].compactMap { $0 }.max()
    let next = VersionID.next(after: last, now: ambient.now(), site: site)
    reserved[product] = next
    if reserved.count > 10_000 { reserved = [product: next] }
    return next
  }

  // MARK: Appending

  /// The decisions that go to the log next, in one commit; empty while none waits.
  package mutating func nextBatch() -> [Pending] {
    precondition(appending.isEmpty, "one commit at a time")
    if waiting.count <= Limits.recordsPerCommit {
      (appending, waiting) = (waiting, [])
    } else {
      appending = Array(waiting.prefix(Limits.recordsPerCommit))
      waiting.removeFirst(appending.count)
    }
    return appending
  }

  /// The batch is durable.
  /// - Parameter places: the sequence of each record's last event, as the log said.
  /// - Returns: the answers to give, and the records for those who watch.
  package mutating func confirm(_ places: [Int64]) -> [(ticket: Ticket, stored: StoredRecord)] {
    let batch = appending
    appending = []
    if let newest = batch.last { confirmed = newest.after }
    return zip(batch, places).map { entry, last in
      let stored = StoredRecord(last: last, record: entry.encoded.record)
      unsavedIndex.add(stored)
      unsavedRows.formUnion(entry.rows)
      if let command = stored.record.command {
        recorded[command] = last
        inFlight[command] = nil
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

  /// Takes in what another site wrote and this one has on disk; its causes are in here already.
  package mutating func take(
    _ records: [StoredRecord], from other: String, wall: Date
  ) throws(SluiceError) {
    precondition(other != site && waiting.isEmpty && appending.isEmpty, "between two of our own commits")
    for time in records.compactMap(\.record.clock) { clock.witness(time, wall: wall) }
    unsavedRows.formUnion(try confirmed.apply(records, from: other))
    for stored in records { unsavedIndex.add(stored) }
    decided = confirmed
  }

  // MARK: Views

  /// What the views have not got yet; nil where they have all.
  package struct Unsaved: Sendable {
    package let rows: [ViewRow]
    package let index: ContentIndex
    package let head: ViewHead
    fileprivate let keys: Set<RowKey>
  }

  package var unsavedCount: Int { unsavedRows.count + unsavedIndex.published.count + unsavedIndex.commands.count }

  /// Hands over what is to be written to the views; `failed` brings it back.
  package mutating func takeUnsaved() -> Unsaved? {
    guard unsavedCount > 0 else { return nil }
    let taken = Unsaved(
      rows: unsavedRows.map { confirmed.row($0) }, index: unsavedIndex, head: confirmed.head,
      keys: unsavedRows)
    (unsavedRows, unsavedIndex) = ([], ContentIndex())
    return taken
  }

  package mutating func saved(_ taken: Unsaved) {
    guard recorded.count > Limits.recentCommands else { return }
    for entry in taken.index.commands where held[entry.command] == nil { recorded[entry.command] = nil }
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
