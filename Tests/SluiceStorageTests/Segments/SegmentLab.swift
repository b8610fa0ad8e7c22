import SluiceModel
import SluiceStorage
import SluiceTestKit

/// Small segments on a simulated disk, and records to put there.
enum SegmentLab {
  static let folder = "/data/log"
  static let first = folder + "/00000000000000000001.seg"

  /// Segments of 8 KiB, so that a handful of batches fill one.
  static func settings(
    segment: Int = 8 * 1024, zeros: Int = 1_024, indexed: Int = 512
  ) -> SegmentEngine.Settings {
    var settings = SegmentEngine.Settings()
    (settings.segmentBytes, settings.zerosAheadBytes, settings.indexedBytes) = (segment, zeros, indexed)
    return settings
  }

  static func open(
    _ disk: SimulatedLogDisk, _ settings: SegmentEngine.Settings = settings(), cutsDamagedTail: Bool = false
  ) throws(SluiceError) -> (engine: SegmentEngine, found: LogOpening) {
    let chance = Seeded(seed: 7)
    return try SegmentEngine.open(
      folder, disk, settings, now: 1_000, chance: { chance.next() }, cutsDamagedTail: cutsDamagedTail)
  }

  /// Records of different sizes, made once: writing them as JSON takes longer than storing them.
  static let records: [EncodedRecord] = (0..<24).map { number in
    EventLogConformance.record(1 + number % 3, "r\(number)-" + String(repeating: "x", count: number * number * 2))
  }
  static let blobs: [Blob] = (0..<40).map { Blob([UInt8](repeating: UInt8($0 + 1), count: $0 * 20)) }

  static func batch(_ chance: Seeded) -> (records: [EncodedRecord], blobs: [Blob]) {
    (
      (0..<chance.below(4)).map { _ in records[chance.below(records.count)] },
      (0..<max(0, chance.below(5) - 2)).map { _ in blobs[chance.below(blobs.count)] }
    )
  }

  /// Everything that can be read, page by page.
  static func all(_ engine: SegmentEngine) throws(SluiceError) -> [LoggedRecord] {
    var all: [LoggedRecord] = []
    while true {
      let page = try engine.scan(after: all.last?.last ?? 0, limit: 50)
      if page.isEmpty { return all }
      all += page
    }
  }

  /// A log of so many batches of one record each.
  static func log(
    _ batches: Int, on disk: SimulatedLogDisk = SimulatedLogDisk(), _ settings: SegmentEngine.Settings = settings()
  ) throws(SluiceError) -> (disk: SimulatedLogDisk, engine: SegmentEngine) {
    let engine = try open(disk, settings).engine
    for number in 0..<batches {
      _ = try engine.append([records[number % records.count]], blobs: [], now: Int64(1_000 + number))
    }
    return (disk, engine)
  }
}
