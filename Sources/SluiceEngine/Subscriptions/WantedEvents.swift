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

  package struct Count: Sendable, Equatable {
    package var events: Int64 = 0
    /// When the first of them came into the log.
    package var oldest: Date?
    package var scanned: Int64

    /// What was counted behind `scanned`.
    mutating func add(_ later: Count) {
      (events, oldest, scanned) = (events + later.events, oldest ?? later.oldest, later.scanned)
    }
  }

  private let log: any EventLog

  package init(log: any EventLog) { self.log = log }

  /// At most `limit` events behind `after`, up to and with `through`, that all filters admit; fewer where they are
  /// large, about `Limits.scanBytes` in all.
  /// - Parameter scanLimit: how many events are looked at, about.
  /// - Throws: `log.damaged` and what else reading throws.
  package func page(
    after: Int64, through: Int64, limit: Int, scanLimit: Int64 = .max, filters: [EventFilter]
  ) async throws(SluiceError) -> Page {
    var page = Page(scanned: after)
    var bytes = 0
    page.scanned = try await walk(after: after, through: through, scanLimit: scanLimit, chunk: limit) { event in
      if filters.allSatisfy({ $0.admits(event.envelope) }) {
        page.events.append(event)
        bytes += event.envelope.bytes.count
      }
      return page.events.count < limit && bytes < Limits.scanBytes
    }
    return page
  }

  /// How many they are, without holding them.
  package func count(
    after: Int64, through: Int64, scanLimit: Int64 = .max, filters: [EventFilter]
  ) async throws(SluiceError) -> Count {
    var count = Count(scanned: after)
    count.scanned = try await walk(after: after, through: through, scanLimit: scanLimit, chunk: .max) { event in
      if filters.allSatisfy({ $0.admits(event.envelope) }) {
        if count.events == 0 { count.oldest = event.envelope.recorded }
        count.events += 1
      }
      return true
    }
    return count
  }

  /// The event at a sequence; nil where the log does not reach that far.
  package func event(at sequence: Int64) async throws(SluiceError) -> Positioned? {
    try await page(after: sequence - 1, through: sequence, limit: 1, filters: []).events.first
  }

  /// The event of an id; nil where there is none.
  /// - Complexity: O(log).
  package func event(id: String, through head: Int64) async throws(SluiceError) -> Positioned? {
    var found: Positioned?
    _ = try await walk(after: 0, through: head, chunk: .max) { event in
      if event.envelope.text("id") == id { found = event }
      return found == nil
    }
    return found
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

  private static let largestChunk = 500

  /// Shows the events behind `after`, up to and with `through`, until `visit` says that it has enough.
  /// - Parameter chunk: how many records are read at first; more each time, so that who wants one event reads one.
  /// - Returns: everything up to and with it was shown.
  private func walk(
    after: Int64, through: Int64, scanLimit: Int64 = .max, chunk: Int,
    visit: (Positioned) throws(SluiceError) -> Bool
  ) async throws(SluiceError) -> Int64 {
    var (place, size, isDone) = (after, min(chunk, WantedEvents.largestChunk), false)
    while place < through, place - after < scanLimit {
      let records = try await log.scan(after: place, limit: Int(min(Int64(size), through - place)))
      if records.isEmpty { break }
      for record in records {
        let first = record.sequence(ofEvent: 0)
        try record.eachEnvelope(from: Int(max(0, place + 1 - first))) { (index, envelope) throws(SluiceError) in
          let sequence = record.sequence(ofEvent: index)
          guard sequence <= through else {
            isDone = true
            return false
          }
          place = sequence
          isDone = try !visit(Positioned(sequence: sequence, envelope: envelope))
          return !isDone
        }
        if isDone { return place }
      }
      size = min(WantedEvents.largestChunk, size * 2)
    }
    return place
  }
}

extension Envelope {
  /// When the event came into the log.
  package var recorded: Date? { (text("recordedtime") ?? text("time")).flatMap(Timestamp.date) }
}
