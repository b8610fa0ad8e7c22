import Dispatch
package import FoundationEssentials
package import SluiceModel

/// The log of one site in files of this machine: a folder of segments (ADR 0012).
///
/// Appends are made one after another on a thread of their own, each with one sync; readers have threads too and never
/// wait for a sync.
package final class SegmentedLog: EventLog, LogCare {
  /// What was found when it was opened.
  package let opening: LogOpening
  let engine: SegmentEngine
  private let ambient: Ambient
  private let appending = DispatchQueue(label: "log.append")
  /// For what reads or moves whole segments; one at a time.
  private let tending = BlockingQueue("log.tend", width: 1)
  private let reading = BlockingQueue("log.read", width: Limits.logReaders)

  /// Opens the log in a folder, or makes it there.
  ///
  /// - Parameter importing: a log in SQLite that this one takes over first, where there is one and no segments yet.
  /// - Throws: `log.damaged` where nothing can be read; `log.failed`, `log.full`.
  package init(
    folder: String, importing old: String? = nil, ambient: Ambient, files: any LogFiles = DiskLogFiles(),
    settings: SegmentEngine.Settings = SegmentEngine.Settings()
  ) throws(SluiceError) {
    self.ambient = ambient
    var imported: Int64?
    if let old { imported = try SQLiteImport.run(from: old, to: folder, ambient: ambient) }
    var found: LogOpening
    (engine, found) = try SegmentEngine.open(
      folder, files, settings, now: ambient.milliseconds, chance: ambient.random)
    found.imported = imported
    opening = found
  }

  package func append(_ records: [EncodedRecord], blobs: [Blob]) async throws(SluiceError) -> [Int64] {
    let result: Result<[Int64], SluiceError> = await withCheckedContinuation { continuation in
      appending.async { [engine, ambient] in
        do throws(SluiceError) {
          continuation.resume(
            returning: .success(try engine.append(records, blobs: blobs, now: ambient.milliseconds)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  package func scan(after sequence: Int64, limit: Int) async throws(SluiceError) -> [LoggedRecord] {
    try await reading.run { [engine] () throws(SluiceError) in try engine.scan(after: sequence, limit: limit) }
  }

  package func head() async throws(SluiceError) -> Int64 { try engine.head() }

  package func blob(_ digest: Digest) throws(SluiceError) -> [UInt8]? { try engine.blob(digest) }

  /// Walks over everything and says what is damaged; writers and readers go on meanwhile.
  package func verify(
    _ tell: @escaping @Sendable (LogProgress) -> Void = { _ in }
  ) async throws(SluiceError) -> LogReport {
    try await tending.run { [engine] () throws(SluiceError) in try engine.verify(tell) }
  }

  /// Moves whole sealed segments that end before an event to another folder; their blobs stay.
  package func archive(before position: Int64, to target: String) async throws(SluiceError) -> [ArchivedSegment] {
    try await tending.run { [engine] () throws(SluiceError) in try engine.archive(before: position, to: target) }
  }

  /// Copies the log up to its head into an empty folder, while writers go on.
  package func backup(
    to target: String, _ tell: @escaping @Sendable (LogProgress) -> Void = { _ in }
  ) async throws(SluiceError) -> LogBackup {
    try await tending.run { [engine] () throws(SluiceError) in try engine.backup(to: target, tell) }
  }

  /// Brings a backup into an empty folder and looks at everything in it; blocks until that is done.
  package static func restore(
    from backup: String, to folder: String, files: any LogFiles = DiskLogFiles()
  ) throws(SluiceError) -> (backup: LogBackup, report: LogReport) {
    try SegmentEngine.restore(from: backup, to: folder, files)
  }

  /// The last event of what was committed before a moment; where that is in an archive, its end.
  package func sequence(before moment: Date) async throws(SluiceError) -> Int64 {
    try await reading.run { [engine] () throws(SluiceError) in try engine.sequence(before: moment.milliseconds) }
  }
}

extension Ambient {
  /// Milliseconds since 1970.
  var milliseconds: Int64 { now().milliseconds }
}

extension Date {
  /// Since 1970.
  var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1_000).rounded()) }
}
