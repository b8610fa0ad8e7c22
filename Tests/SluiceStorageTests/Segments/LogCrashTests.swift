import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

/// What a log must have: everything that was acknowledged, and of what was not, all of it or nothing.
private struct Expected {
  var acknowledged: [LoggedRecord] = []
  var inFlight: [LoggedRecord] = []
  var blobs: [Blob] = []
  private(set) var blobsInFlight: [Blob] = []
  private var head: Int64 { acknowledged.last?.last ?? 0 }

  mutating func begin(_ records: [EncodedRecord], _ brought: [Blob]) {
    var last = head
    inFlight = records.map { record in
      last += Int64(record.record.events.count)
      return LoggedRecord(last: last, count: record.record.events.count, bytes: record.bytes)
    }
    blobsInFlight = brought
  }

  mutating func acknowledge() {
    acknowledged += inFlight
    blobs += blobsInFlight
    (inFlight, blobsInFlight) = ([], [])
  }

  /// What is wrong with a log that was opened again; what is there of it counts from now on.
  mutating func problem(with engine: SegmentEngine, _ found: LogOpening) throws -> String? {
    let records = try SegmentLab.all(engine)
    guard records == acknowledged || records == acknowledged + inFlight else {
      return
        "\(acknowledged.count) records were acknowledged, \(inFlight.count) were under way, \(records.count) are there"
    }
    if records.count > acknowledged.count || inFlight.isEmpty {
      let whole = try blobsInFlight.filter { try engine.blob($0.digest) == $0.bytes }
      if !inFlight.isEmpty && whole.count != blobsInFlight.count { return "records are there without their blobs" }
      blobs += whole
    }
    acknowledged = records
    (inFlight, blobsInFlight) = ([], [])
    guard engine.head() == head else { return "the head is \(engine.head())" }
    for blob in blobs where try engine.blob(blob.digest) != blob.bytes { return "blob \(blob.digest) is not there" }
    guard found.damages.isEmpty else { return "damage: \(found.damages[0])" }
    return nil
  }
}

@Suite struct `After a power cut` {
  /// Opens, appends until the power goes, and looks at what is there when it is back, several times in a row.
  private func lives(seed: UInt64, cuts: Int) throws -> String? {
    let chance = Seeded(seed: seed)
    let settings = SegmentLab.settings(
      segment: 5_000 + chance.below(3) * 3_000, zeros: chance.below(3) * 1_500, indexed: 256 << chance.below(4))
    var disk = SimulatedLogDisk()
    var expected = Expected()
    for cut in 0...cuts {
      do throws(SluiceError) {
        // The last life has light all along.
        if cut < cuts { disk.losePower(in: 1 + chance.below(40), seed: seed + UInt64(cut)) }
        let (engine, found) = try SegmentLab.open(disk, settings)
        if let problem = try? expected.problem(with: engine, found), !disk.isOff { return "life \(cut): \(problem)" }
        for number in 0..<12 {
          let (records, blobs) = SegmentLab.batch(chance)
          expected.begin(records, blobs)
          _ = try engine.append(records, blobs: blobs, now: Int64(cut * 1_000 + number))
          expected.acknowledge()
        }
        if cut == cuts && seed % 8 == 0 {
          let report = try engine.verify()
          if !report.isSound || report.records != expected.acknowledged.count { return "verify: \(report)" }
        }
      } catch {
        if !disk.isOff { return "life \(cut): \(error)" }
      }
      disk = disk.crash(seed: seed &+ 77 &+ UInt64(cut))
    }
    return nil
  }

  @Test func `everything acknowledged is there, byte for byte, and nothing by half`() throws {
    for seed in 0..<1_000 as Range<UInt64> {
      let problem = try lives(seed: seed, cuts: 2)
      #expect(problem == nil, "seed \(seed)")
    }
  }
}
