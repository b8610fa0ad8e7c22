import Dispatch
package import FoundationEssentials
package import SluiceModel

/// The log of one site in files of this machine: a folder of segments (ADR 0012).
///
/// Appends are made one after another on a thread of their own, each with one sync; readers have threads too and never
/// wait for a sync.
package final class SegmentedLog: EventLog {
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
  /// - Throws: `log.damaged` where nothing can be read; `log.failed`, `log.full`.
  package init(
    folder: String, ambient: Ambient, files: any LogFiles = DiskLogFiles(),
    settings: SegmentEngine.Settings = SegmentEngine.Settings()
  ) throws(SluiceError) {
    self.ambient = ambient
    (engine, opening) = try SegmentEngine.open(
      folder, files, settings, now: ambient.milliseconds, chance: ambient.random)
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

  package func head() async throws(SluiceError) -> Int64 { engine.head() }

  package func blob(_ digest: Digest) throws(SluiceError) -> [UInt8]? { try engine.blob(digest) }

  /// Walks over everything and says what is damaged; writers and readers go on meanwhile.
  package func verify(
    _ tell: @escaping @Sendable (LogProgress) -> Void = { _ in }
  ) async throws(SluiceError) -> LogReport {
    try await tending.run { [engine] () throws(SluiceError) in try engine.verify(tell) }
  }

  /// The last event that was recorded before a moment, to the millisecond; 0 where all are later.
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
