import Foundation
import SluiceGraph
import SluiceModel
import SluiceStorage

/// A show as a server's data: its facts in the log, and the views of them.
///
/// The store is empty, and of sequences neither the lists of files are there nor what the views say of each file: a
/// hundred million rows. A plan asks for none of them, as far as steps take whole sequences.
enum StudioData {
  static func write(_ folder: String, units: Int, affected: Int) async throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let log = try SegmentedLog(folder: folder + "/log", ambient: ambient)
    _ = try await log.append([], blobs: [Blob(StudioManifests.file)])
    let show = try await StudioShow(units: units, affected: affected) { events in
      _ = try await log.append(events.map { try EncodedRecord(Record(events: [$0])) }, blobs: [])
    }
    let views = try SQLiteViews(
      path: folder + "/views.sqlite", reducer: Registry.reducer, manifests: show.manifests)
    try await views.save(show.rows, index: ContentIndex(), head: show.head)
  }

  private static let start = ContinuousClock.now
  private static let ambient = Ambient(
    now: { Date() }, uptime: { start.duration(to: .now) }, random: { UInt64.random(in: .min ... .max) },
    sleep: { try await Task.sleep(for: $0) })
}
