/// One decision: 1 to n events, whole or not at all.
package struct Record: Sendable, Equatable {
  package var command: CommandID?
  /// When it was decided, in a way that sites can compare; nil in records from before there were several.
  package var clock: HybridTime?
  /// What its writer had seen of other sites.
  package var seen: Frontier
  package var events: [Event]

  package init(
    command: CommandID? = nil, clock: HybridTime? = nil, seen: Frontier = Frontier(), events: [Event]
  ) {
    (self.command, self.clock, self.seen, self.events) = (command, clock, seen, events)
  }
}

/// A record with its place: `last` is the sequence of its last event.
package struct StoredRecord: Sendable, Equatable {
  package let last: Int64
  package let record: Record

  package init(last: Int64, record: Record) { (self.last, self.record) = (last, record) }
  package var first: Int64 { last - Int64(record.events.count) + 1 }
  package func sequence(ofEvent index: Int) -> Int64 { first + Int64(index) }
}

extension Record {
  /// The record as it is stored: one JSON object with sorted members.
  package var json: [UInt8] {
    var writer = JSONWriter(capacity: 640 * events.count)
    writer.open()
    writer.member("clock", clock?.description)
    writer.member("command", command?.description)
    writer.openArray("events")
    for event in events {
      writer.element()
      event.write(to: &writer)
    }
    writer.closeArray()
    if !seen.isEmpty { writer.member("seen", raw: StableJSON.encode(seen)) }
    writer.close()
    return writer.bytes
  }

  /// - Throws: `EnvelopeProblem` or a decoding error, for what `json` did not write.
  package init(json bytes: [UInt8]) throws {
    let layout = try RecordLayout(bytes)
    self.init(
      command: layout.command.map { CommandID(JSONScanner.text(bytes, $0)) },
      clock: try layout.clock.map { place in
        let text = JSONScanner.text(bytes, place)
        guard let time = HybridTime(text) else { throw EnvelopeProblem("'\(text)' is no hybrid time") }
        return time
      },
      seen: try layout.seen.map { try StableJSON.decode(Frontier.self, from: bytes[$0]) } ?? Frontier(),
      events: try layout.events.map { try Event(Envelope(Array(bytes[$0]))) })
  }
}

extension LoggedRecord {
  /// The record's events, undecoded.
  /// - Throws: `log.damaged`.
  package func envelopes() throws(SluiceError) -> [Envelope] {
    var found: [Envelope] = []
    try eachEnvelope { (_, envelope) throws(SluiceError) in
      found.append(envelope)
      return true
    }
    return found
  }

  /// Shows the record's events one by one, undecoded, until `visit` says that it has enough.
  /// - Parameter first: the index of the first event that is wanted.
  /// - Throws: `log.damaged`, and what `visit` throws.
  package func eachEnvelope(
    from first: Int = 0, _ visit: (Int, Envelope) throws(SluiceError) -> Bool
  ) throws(SluiceError) {
    let layout: RecordLayout
    do throws(EnvelopeProblem) { layout = try RecordLayout(bytes) } catch { throw damaged(error) }
    for (index, place) in layout.events.enumerated().dropFirst(first) {
      let envelope: Envelope
      do throws(EnvelopeProblem) { envelope = try Envelope(Array(bytes[place])) } catch { throw damaged(error) }
      guard try visit(index, envelope) else { return }
    }
  }

  /// - Throws: `log.damaged`.
  package func decoded() throws(SluiceError) -> StoredRecord {
    do {
      return StoredRecord(last: last, record: try Record(json: bytes))
    } catch {
      throw damaged(error)
    }
  }

  /// The sequence of the event at an index.
  package func sequence(ofEvent index: Int) -> Int64 { last - Int64(count - 1 - index) }

  private func damaged(_ error: any Error) -> SluiceError {
    SluiceError(
      .logDamaged, what: "a record cannot be read: \(error)", at: "the log, record \(last)",
      fix: "`sluice log verify` says what else is damaged; restore the log from a backup")
  }
}

/// Where the parts of a record's JSON lie.
private struct RecordLayout {
  var command: Range<Int>?
  var clock: Range<Int>?
  var seen: Range<Int>?
  var events: [Range<Int>] = []

  init(_ bytes: [UInt8]) throws(EnvelopeProblem) {
    var scanner = JSONScanner(bytes)
    do throws(JSONScanner.Problem) {
      try scanner.object { (name, value) throws(JSONScanner.Problem) in
        switch JSONScanner.text(bytes, name) {
        case "command": command = value
        case "clock": clock = value
        case "seen": seen = value
        case "events":
          var inner = JSONScanner(bytes, from: value.lowerBound, to: value.upperBound)
          try inner.array { (event) throws(JSONScanner.Problem) in events.append(event) }
        default: return
        }
      }
    } catch {
      throw EnvelopeProblem(error.description)
    }
  }
}
