import FoundationEssentials
import SluiceEngine
package import SluiceModel

/// What every event log must do. A fact is checked on a new, empty log each time.
package struct EventLogFact: Sendable, CustomStringConvertible {
  package let description: String
  /// - Parameter reopen: the same log as a later process finds it.
  package let holds: @Sendable (_ log: any EventLog, _ reopen: @Sendable () throws -> any EventLog) async throws -> Bool

  package init(
    _ description: String,
    _ holds: @escaping @Sendable (any EventLog, @Sendable () throws -> any EventLog) async throws -> Bool
  ) {
    (self.description, self.holds) = (description, holds)
  }
}

/// Like `EventLogFact`, for a log whose next append can be made to fail.
package struct EventLogFailure: Sendable, CustomStringConvertible {
  package let description: String
  package let holds:
    @Sendable (
      _ log: any EventLog, _ refuse: @Sendable () -> Void, _ reopen: @Sendable () throws -> any EventLog
    ) async throws -> Bool

  init(
    _ description: String,
    _ holds:
      @escaping @Sendable (
        any EventLog, @Sendable () -> Void, @Sendable () throws -> any EventLog
      ) async throws -> Bool
  ) {
    (self.description, self.holds) = (description, holds)
  }
}

/// Like `EventLogFact`, for a log whose bytes somebody can change.
package struct EventLogDamage: Sendable, CustomStringConvertible {
  package let description: String
  package let holds: @Sendable (_ log: any EventLog, _ damage: @Sendable () throws -> Void) async throws -> Bool

  init(
    _ description: String,
    _ holds: @escaping @Sendable (any EventLog, @Sendable () throws -> Void) async throws -> Bool
  ) {
    (self.description, self.holds) = (description, holds)
  }
}

package enum EventLogConformance {
  package static let facts: [EventLogFact] = [
    EventLogFact("an empty log has its head at 0") { log, _ in try await log.head() == 0 },
    EventLogFact("nothing is read from an empty log") { log, _ in try await log.read(after: 0, limit: 10).isEmpty },
    EventLogFact("an append answers the sequence of each record's last event") { log, _ in
      try await log.append([record(1), record(3), record(2)], blobs: []) == [1, 4, 6]
    },
    EventLogFact("many who read records and blobs at once do not wait for each other for ever") { log, _ in
      let blob = Blob(Array("kept".utf8))
      for _ in 0..<50 { _ = try await log.append([record(2)], blobs: [blob]) }
      return try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<64 {
          group.addTask {
            var isWhole = true
            for _ in 0..<10 {
              let records = try await log.scan(after: 0, limit: 100)
              isWhole = try log.blob(blob.digest) == blob.bytes && records.count == 50 && isWhole
            }
            return isWhole
          }
        }
        return try await group.allSatisfy { $0 }
      }
    },
    EventLogFact("a later append goes on where the last one ended") { log, _ in
      _ = try await log.append([record(2)], blobs: [])
      return try await log.append([record(1)], blobs: []) == [3]
    },
    EventLogFact("an append of nothing changes nothing") { log, _ in
      let places = try await log.append([], blobs: [])
      let head = try await log.head()
      return places.isEmpty && head == 0
    },
    EventLogFact("the head is the sequence of the last event") { log, _ in
      _ = try await log.append([record(2), record(3)], blobs: [])
      return try await log.head() == 5
    },
    EventLogFact("records are read back as they were written, oldest first") { log, _ in
      let written = [record(1, "a"), record(2, "b"), record(1, "c")]
      _ = try await log.append(written, blobs: [])
      return try await log.read(after: 0, limit: 10).map(\.record) == written.map(\.record)
    },
    EventLogFact("reading after a sequence leaves out what ended there or before") { log, _ in
      _ = try await log.append([record(2), record(2), record(2)], blobs: [])
      return try await log.read(after: 2, limit: 10).map(\.last) == [4, 6]
    },
    EventLogFact("a record that began before the place but ends behind it is read whole") { log, _ in
      _ = try await log.append([record(1), record(3)], blobs: [])
      let found = try await log.read(after: 2, limit: 10)
      return found.map(\.last) == [4] && found[0].record.events.count == 3
    },
    EventLogFact("at most as many records are read as were asked for") { log, _ in
      _ = try await log.append([record(1), record(1), record(1)], blobs: [])
      return try await log.read(after: 0, limit: 2).map(\.last) == [1, 2]
    },
    EventLogFact("nothing is read behind the head") { log, _ in
      _ = try await log.append([record(1)], blobs: [])
      return try await log.read(after: 1, limit: 10).isEmpty
    },
    EventLogFact("each event of a record has a sequence of its own") { log, _ in
      _ = try await log.append([record(1), record(3)], blobs: [])
      let stored = try await log.read(after: 1, limit: 1)[0]
      return (0..<3).map { stored.sequence(ofEvent: $0) } == [2, 3, 4]
    },
    EventLogFact("a blob is read back by its digest") { log, _ in
      let blob = Blob([1, 2, 3] as [UInt8])
      _ = try await log.append([record(1)], blobs: [blob])
      return try log.blob(blob.digest) == [1, 2, 3]
    },
    EventLogFact("an empty blob is a blob") { log, _ in
      let blob = Blob([UInt8]())
      _ = try await log.append([record(1)], blobs: [blob])
      return try log.blob(blob.digest) == []
    },
    EventLogFact("the same blob may be brought twice") { log, _ in
      let blob = Blob([7] as [UInt8])
      _ = try await log.append([record(1)], blobs: [blob, blob])
      _ = try await log.append([record(1)], blobs: [blob])
      return try log.blob(blob.digest) == [7]
    },
    EventLogFact("a blob that nobody brought is not there") { log, _ in try log.blob(Digest.of("nobody")) == nil },
    EventLogFact("a record of the largest size is taken") { log, _ in
      let largest = try record(bytes: Limits.recordBytes)
      let places = try await log.append([largest], blobs: [])
      let found = try await log.read(after: 0, limit: 1).map(\.record)
      return places == [1] && found == [largest.record]
    },
    EventLogFact("a later process reads the same records and blobs, and goes on behind them") { log, reopen in
      let blob = Blob([9] as [UInt8])
      _ = try await log.append([record(2, "a"), record(1, "b")], blobs: [blob])
      let later = try reopen()
      let (before, after) = (try await log.read(after: 0, limit: 9), try await later.read(after: 0, limit: 9))
      let same = before == after
      let bytes = try later.blob(blob.digest)
      let places = try await later.append([record(1)], blobs: [])
      return same && bytes == [9] && places == [4]
    },
    EventLogFact("many writers at once lose nothing and share no place") { log, _ in
      let places = try await withThrowingTaskGroup(of: [Int64].self) { group in
        for writer in 0..<20 { group.addTask { try await log.append([record(2, "w\(writer)")], blobs: []) } }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      let head = try await log.head()
      return places.sorted() == (1...20).map { $0 * 2 } && head == 40
    },
    EventLogFact("after its first record a page has no more bytes than a page may have") { log, _ in
      let large = try record(bytes: Limits.recordBytes)
      let fitting = Limits.scanBytes / Limits.recordBytes
      _ = try await log.append(Array(repeating: large, count: fitting + 2), blobs: [])
      let pages = [try await log.scan(after: 0, limit: 99), try await log.scan(after: Int64(fitting), limit: 99)]
      return pages.map(\.count) == [fitting, 2]
    },
    EventLogFact("who reads while others write sees a beginning of the log, whole records in order") { log, _ in
      let writer = Task {
        for round in 0..<40 { _ = try await log.append([record(1, "a\(round)"), record(2, "b\(round)")], blobs: []) }
      }
      var seen: [LoggedRecord] = []
      while seen.count < 80 { seen += try await log.scan(after: seen.last?.last ?? 0, limit: 7) }
      try await writer.value
      let all = try await log.scan(after: 0, limit: 99)
      let places = (1...120).filter { $0 % 3 != 2 }.map(Int64.init)
      return seen == all && seen.map(\.last) == places
    },
  ]

  /// What a log must do whose appends can be made to fail.
  package static let failures: [EventLogFailure] = [
    EventLogFailure("an append that failed has left no record") { log, refuse, _ in
      _ = try await log.append([record(2, "kept")], blobs: [])
      refuse()
      let failed = await fails { _ = try await log.append([record(1), record(3)], blobs: []) }
      let (head, found) = (try await log.head(), try await log.read(after: 0, limit: 9))
      return failed && head == 2 && found.map(\.record) == [record(2, "kept").record]
    },
    EventLogFailure("an append that failed has left no blob") { log, refuse, _ in
      refuse()
      let blob = Blob([4, 2] as [UInt8])
      let failed = await fails { _ = try await log.append([record(1)], blobs: [blob]) }
      let there = try log.blob(blob.digest)
      return failed && there == nil
    },
    EventLogFailure("the append after one that failed takes its places") { log, refuse, _ in
      _ = try await log.append([record(2)], blobs: [])
      refuse()
      let failed = await fails { _ = try await log.append([record(5)], blobs: []) }
      let places = try await log.append([record(1)], blobs: [])
      return failed && places == [3]
    },
    EventLogFailure("a later process finds nothing of an append that failed") { log, refuse, reopen in
      let blob = Blob([4, 2] as [UInt8])
      _ = try await log.append([record(1, "a")], blobs: [])
      refuse()
      let failed = await fails { _ = try await log.append([record(3, "b")], blobs: [blob]) }
      _ = try await log.append([record(1, "c")], blobs: [])
      let later = try reopen()
      let (found, there) = (try await later.read(after: 0, limit: 9), try later.blob(blob.digest))
      return failed && found.map(\.record.command?.description) == ["a", "c"] && there == nil
    },
  ]

  /// What a log must do whose bytes can be damaged: one in the first record that holds the text "damaged".
  package static let damages: [EventLogDamage] = [
    EventLogDamage("a record with a damaged byte is not read, and its error says so") { log, damage in
      _ = try await log.append([record(1, "a"), record(2, "damaged"), record(1, "c")], blobs: [])
      try damage()
      let before = try await log.scan(after: 0, limit: 9)
      let code = await code { _ = try await log.scan(after: 1, limit: 9) }
      let behind = try await log.scan(after: 3, limit: 9)
      return before.map(\.last) == [1] && code == .logDamaged && behind.map(\.last) == [4]
    },
    EventLogDamage("a blob with a damaged byte is not read, and its error says so") { log, damage in
      let (whole, damaged) = (Blob("whole"), Blob("damaged"))
      _ = try await log.append([record(1)], blobs: [whole, damaged])
      try damage()
      let code = await code { _ = try log.blob(damaged.digest) }
      let other = try log.blob(whole.digest)
      return code == .logDamaged && other == whole.bytes
    },
  ]

  private static func fails(_ work: () async throws -> Void) async -> Bool { await code(work) != nil }

  /// The code of the error that is thrown.
  private static func code(_ work: () async throws -> Void) async -> ErrorCode? {
    do {
      try await work()
      return nil
    } catch {
      return (error as? SluiceError)?.code ?? .internalError
    }
  }

  /// A record of so many events.
  package static func record(_ events: Int, _ name: String = "note") -> EncodedRecord {
    let all = (0..<events).map { index in event("\(name)-\(index)", text: "x") }
    do {
      return try EncodedRecord(Record(command: CommandID(name), events: all))
    } catch {
      preconditionFailure("a small record is never too large: \(error)")
    }
  }

  /// A record of exactly so many bytes.
  package static func record(bytes: Int) throws(SluiceError) -> EncodedRecord {
    let empty = try EncodedRecord(Record(events: [event("large", text: "")]))
    return try EncodedRecord(
      Record(events: [event("large", text: String(repeating: "x", count: bytes - empty.bytes.count))]))
  }

  private static func event(_ id: String, text: String) -> Event {
    Event(
      id: EventID(id), time: .init(timeIntervalSince1970: 1_795_000_000), site: "main", actor: .system,
      fact: .unknown(type: "sluice.note.v1", critical: false, content: .json(.object(["text": .string(text)]))))
  }
}
