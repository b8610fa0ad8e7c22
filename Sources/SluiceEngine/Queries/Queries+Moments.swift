import FoundationEssentials
package import SluiceGraph
package import SluiceModel

/// Where to begin reading the log, and what still lies before that.
struct EventStart: Sendable {
  var sequence: Int64 = 0
  /// Events that were recorded before are passed over.
  var time: Date?

  func includes(_ envelope: Envelope) -> Bool {
    guard let time else { return true }
    return envelope.recorded.map { $0 >= time } ?? true
  }
}

extension SelectionMoment {
  /// - Throws: `usage` for a position that this server does not have, `log.failed`.
  func start(in queries: Queries, head: Int64) async throws(SluiceError) -> EventStart {
    if case .position(let position) = self {
      guard position.site == queries.writer.site, position.sequence <= head else {
        throw SluiceError(
          .usage, what: "'\(NameRule.printable(position.description))' is no position of this server", at: "position",
          fix: "use a position that an earlier answer carried, or a time such as 2h or 2026-11-01")
      }
      return EventStart(sequence: position.sequence)
    }
    let time = date(now: queries.runner.parts.ambient.now())
    guard let time else { return EventStart() }
    return EventStart(sequence: try await queries.runner.parts.log.sequence(before: time), time: time)
  }
}

extension Queries {
  /// Shows the events of the own log behind `start`, up to and with `end`, undecoded.
  func eachEvent(
    after start: Int64, through end: Int64, _ visit: (Envelope) throws(SluiceError) -> Void
  ) async throws(SluiceError) {
    var place = start
    while place < end {
      let records = try await runner.parts.log.scan(after: place, limit: 500)
      if records.isEmpty { return }
      for record in records {
        let first = record.last - Int64(record.count) + 1
        try record.eachEnvelope(from: 0) { (index, envelope) throws(SluiceError) in
          let sequence = first + Int64(index)
          if sequence > place, sequence <= end { try visit(envelope) }
          return true
        }
        place = record.last
      }
    }
  }

  /// What is newer than the moments that a selection names.
  /// - Throws: `usage` for a position that this server does not have, `log.damaged`.
  func history(of selection: Selection) async throws(SluiceError) -> SelectionHistory {
    var history = SelectionHistory(now: runner.parts.ambient.now())
    let head = writer.current.sequence
    for case .position(let position) in selection.expression?.moments ?? [] {
      let start = try await SelectionMoment.position(position).start(in: self, head: head)
      var found: Set<VersionAddress> = []
      try await eachEvent(after: start.sequence, through: head) { (envelope) throws(SluiceError) in
        guard envelope.text("type") == Fact.versionPublishedType, let event = try? Event(envelope),
          case .versionPublished(let fact) = event.fact, let product = event.product
        else { return }
        found.insert(VersionAddress(product: product, version: fact.version))
      }
      history.behind[position] = found
    }
    return history
  }

  /// The products of a survey that a selection means.
  /// - Throws: `selection.invalid`, `usage`.
  package func products(_ selection: Selection, in survey: Survey) async throws(SluiceError) -> Set<ProductRef> {
    let states = Dictionary(
      try await statuses(survey).map { ($0.ref, $0.state) }, uniquingKeysWith: { first, _ in first })
    return try selection.products(
      in: survey.project, graph: survey.graph, states: states, history: try await history(of: selection))
  }
}
