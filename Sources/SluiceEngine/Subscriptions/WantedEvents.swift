package import FoundationEssentials
package import SluiceModel

/// Events of the log that filters admit, undecoded.
package struct WantedEvents: Sendable {
  package struct Positioned: Sendable {
    package let sequence: Int64
    package let envelope: Envelope
  }

  package struct Page: Sendable {
    package var events: [Positioned] = []
    /// Everything up to and with it was looked at.
    package var scanned: Int64
  }

  private let log: any EventLog

  package init(log: any EventLog) { self.log = log }

  /// At most `limit` events behind `after`, up to and with `through`, that all filters admit.
  /// - Parameter scanLimit: how many events are looked at, about.
  /// - Throws: `log.damaged` and what else reading throws.
  package func page(
    after: Int64, through: Int64, limit: Int, scanLimit: Int64 = .max, filters: [EventFilter]
  ) async throws(SluiceError) -> Page {
    var page = Page(scanned: after)
    while page.scanned < through, page.events.count < limit, page.scanned - after < scanLimit {
      let records = try await log.scan(after: page.scanned, limit: 500)
      if records.isEmpty { break }
      for record in records {
        let events = try record.envelopes()
        for (index, envelope) in events.enumerated() {
          let sequence = record.sequence(ofEvent: index)
          guard sequence > page.scanned else { continue }
          guard sequence <= through, page.events.count < limit else { return page }
          page.scanned = sequence
          if filters.allSatisfy({ $0.admits(envelope) }) {
            page.events.append(Positioned(sequence: sequence, envelope: envelope))
          }
        }
      }
    }
    return page
  }

  /// The event at a sequence; nil where the log does not reach that far.
  package func event(at sequence: Int64) async throws(SluiceError) -> Positioned? {
    try await page(after: sequence - 1, through: sequence, limit: 1, filters: []).events.first
  }

  /// The last event that was recorded before a time; 0 where none was.
  /// - Complexity: O(log n) reads, since recorded times never go back.
  package func sequence(before time: Date, head: Int64) async throws(SluiceError) -> Int64 {
    var (low, high) = (Int64(0), head)
    while low < high {
      let middle = (low + high + 1) / 2
      guard let event = try await event(at: middle) else {
        high = middle - 1
        continue
      }
      if let recorded = event.envelope.recorded, recorded < time { low = middle } else { high = middle - 1 }
    }
    return low
  }
}

extension Envelope {
  /// When the event came into the log.
  package var recorded: Date? { (text("recordedtime") ?? text("time")).flatMap(Timestamp.date) }
}
