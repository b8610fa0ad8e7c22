import Glibc
import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

@Suite struct `The log in segments` {
  @Test(arguments: EventLogConformance.facts)
  func `does what every log must, on files`(fact: EventLogFact) async throws {
    let folder = try TemporaryFolder()
    @Sendable func open() throws -> SegmentedLog {
      try SegmentedLog(folder: folder.path + "/log", ambient: Seeded(seed: 1).ambient)
    }
    #expect(try await fact.holds(try open(), open), "\(fact)")
  }

  @Test(arguments: EventLogConformance.facts)
  func `does what every log must, on a simulated disk with small segments`(fact: EventLogFact) async throws {
    let disk = SimulatedLogDisk()
    @Sendable func open() throws -> SegmentedLog {
      try SegmentedLog(
        folder: SegmentLab.folder, ambient: Seeded(seed: 1).ambient, files: disk, settings: SegmentLab.settings())
    }
    #expect(try await fact.holds(try open(), open), "\(fact)")
  }

  @Test(arguments: EventLogConformance.failures)
  func `fails as every log must, on files`(fact: EventLogFailure) async throws {
    let (folder, files) = (try TemporaryFolder(), FailingLogFiles())
    @Sendable func open() throws -> SegmentedLog {
      try SegmentedLog(folder: folder.path + "/log", ambient: Seeded(seed: 1).ambient, files: files)
    }
    #expect(try await fact.holds(try open(), files.refuse, open), "\(fact)")
  }

  @Test(arguments: EventLogConformance.failures, [SimulatedLogDisk.Call.write, .sync])
  func `fails as every log must, on a simulated disk`(fact: EventLogFailure, call: SimulatedLogDisk.Call) async throws {
    let disk = SimulatedLogDisk()
    @Sendable func open() throws -> SegmentedLog {
      try SegmentedLog(folder: SegmentLab.folder, ambient: Seeded(seed: 1).ambient, files: disk)
    }
    #expect(try await fact.holds(try open(), { disk.fail(call) }, open), "\(fact)")
  }

  @Test(arguments: EventLogConformance.damages)
  func `tells damage as every log must, on files`(fact: EventLogDamage) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/log/00000000000000000001.seg"
    let log = try SegmentedLog(folder: folder.path + "/log", ambient: Seeded(seed: 1).ambient)
    let holds = try await fact.holds(log) {
      let descriptor = open(path, O_RDWR)
      defer { close(descriptor) }
      var bytes = [UInt8](repeating: 0, count: 64 * 1024)
      let count = pread(descriptor, &bytes, bytes.count, 0)
      let place = try #require(SegmentedLogConformance.place(of: "damaged", in: Array(bytes.prefix(count))))
      #expect(pwrite(descriptor, "D", 1, off_t(place)) == 1)
    }
    #expect(holds, "\(fact)")
  }

  @Test(arguments: EventLogConformance.damages)
  func `tells damage as every log must, on a simulated disk`(fact: EventLogDamage) async throws {
    let disk = SimulatedLogDisk()
    let log = try SegmentedLog(folder: SegmentLab.folder, ambient: Seeded(seed: 1).ambient, files: disk)
    let holds = try await fact.holds(log) {
      let bytes = try #require(disk.contents(SegmentLab.first))
      let place = try #require(SegmentedLogConformance.place(of: "damaged", in: bytes))
      disk.flip(bit: 3, ofByte: place, in: SegmentLab.first)
    }
    #expect(holds, "\(fact)")
  }

  @Test func `in a folder that cannot be made is refused by its code`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a file", to: "log")
    let error = #expect(throws: SluiceError.self) {
      try SegmentedLog(folder: folder.path + "/log", ambient: Seeded(seed: 1).ambient)
    }
    #expect(error?.code == .logFailed)
  }
}

private enum SegmentedLogConformance {
  static func place(of word: String, in bytes: [UInt8]) -> Int? {
    let word = Array(word.utf8)
    return bytes.indices.first { bytes[$0...].starts(with: word) }
  }
}
