import Foundation
import SluiceModel
import SystemPackage
import Testing

@testable import SluiceAdapters

@Suite struct `What a process says of itself` {
  private static let line =
    "4242 (a (b) c) S 1 4240 4239 0 -1 4194304 100 0 0 0 7 5 3 2 20 0 1 0 12345 1000000 321 18446744073709551615 1 1"

  @Test func `is read whatever it is called`() throws {
    let stat = try #require(ProcessStat(Self.line))
    #expect((stat.process, stat.session) == (4_242, 4_239))
    #expect((stat.ticks, stat.residentPages) == (17, 321))
  }

  @Test(arguments: ["", "nonsense", "1 (x", "1 (x) S 1 2", line.replacingOccurrences(of: " S ", with: " Z ")])
  func `is nothing where it is cut off, or the process has ended`(text: String) {
    #expect(ProcessStat(text) == nil)
  }

  @Test func `has its figures in KiB`() {
    let text = "VmPeak:\t  9000 kB\nVmHWM:\t    1234 kB\nPss:   0 kB\n"
    #expect(ProcessStat.bytes("VmHWM", in: text) == Int64(1_263_616))
    #expect(ProcessStat.bytes("Pss", in: text) == 0)
    #expect(ProcessStat.bytes("Vm", in: text) == nil)
  }
}

/// Real processes.
@Suite(.timeLimit(.minutes(5)), .serialized) struct `A task's memory` {
  private let folder = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString

  private let ambient: Ambient = {
    let start = ContinuousClock.now
    return Ambient(
      now: { Date() }, uptime: { ContinuousClock.now - start }, random: { 7 }, sleep: { try await Task.sleep(for: $0) })
  }()

  private func launcher() -> ProcessLauncher { ProcessLauncher(mark: folder, ambient: ambient) }

  private func order(_ script: String, limit mebibytes: Int64?) throws -> TaskOrder {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var order = TaskOrder(
      task: TaskID("r-1.1"), arguments: ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"],
      directory: folder, log: folder + "/task.log", timeoutSeconds: 50)
    order.memoryLimit = mebibytes.map { $0 << 20 }
    return order
  }

  private func log() -> String {
    FileManager.default.contents(atPath: folder + "/task.log").map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Holds so many MiB for so many seconds.
  private static func holding(_ mebibytes: Int) -> String {
    "python3 -c 'import time; held = b\"x\" * (\(mebibytes) << 20); time.sleep(40)'"
  }

  /// Runs Python that holds something and then says so, looks at it once, and ends it.
  private func look(at python: String, limit mebibytes: Int64?) async throws -> (TaskEnd?, TaskUse?) {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (ready, log) = (folder + "/ready", folder + "/log")
    let gauge = MemoryGauge(limit: mebibytes.map { $0 << 20 }, census: Census(ambient: ambient))
    let process = LocalProcess(
      arguments: ["python3", "-c", python], environment: ["PATH": "/usr/bin:/bin", "READY": ready], directory: folder)
    let output = try FileDescriptor.open(
      FilePath(log), .writeOnly, options: [.create, .append], permissions: .ownerReadWrite)
    let (begun, begin) = AsyncStream<Void>.makeStream()
    async let ended = process.run(output: output, grace: .zero) {
      gauge.begin($0)
      begin.finish()
    }
    // On a busy machine the program may be ready before the gauge has heard of it.
    for await _ in begun {}
    while !FileManager.default.fileExists(atPath: ready) { try await ambient.sleep(.milliseconds(10)) }
    let end = gauge.look()
    if end == nil { gauge.stop() }
    let (how, number) = await ended
    #expect(how == .signaled(9), "\((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
    if let number { LocalProcess.endGroup(number) }
    return (end, gauge.used)
  }

  private static let says = "open(os.environ['READY'], 'w').close(); time.sleep(300)"

  @Test func `is the most that it had`() async throws {
    let (end, used) = try await look(
      at: "import os, time; held = b'x' * (120 << 20); del held; \(Self.says)", limit: nil)
    #expect(end == nil)
    let memory = try #require(used).memoryBytes
    #expect((120 << 20..<200 << 20).contains(memory))
  }

  @Test func `of pages that processes share is counted once`() async throws {
    let (end, used) = try await look(
      at: """
        import os, time
        held = b'x' * (90 << 20)
        for child in range(3):
          if os.fork() == 0: time.sleep(300)
        \(Self.says)
        """, limit: 200)
    #expect(end == nil)
    let memory = try #require(used).memoryBytes
    #expect((90 << 20..<200 << 20).contains(memory))
  }

  @Test func `of all its processes is more than its limit, although none of them has so much`() async throws {
    let (end, used) = try await look(
      at: """
        import os, time
        for child in range(2):
          (down, up) = os.pipe()
          if os.fork() == 0:
            held = b'x' * (70 << 20)
            os.write(up, b'.')
            time.sleep(300)
          os.read(down, 1)
        \(Self.says)
        """, limit: 120)
    guard case .overMemory(let had, let limit)? = end else {
      Issue.record("it may go on with \(String(describing: used))")
      return
    }
    #expect(had > 140 << 20 && limit == 120 << 20 && used?.memoryBytes == had)
  }

  @Test func `over its limit ends all its processes, and says so in its log`() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let script = "(" + Self.holding(70) + ") & " + Self.holding(70) + "; wait"
    let report = await launcher().report(try order(script, limit: 100))
    guard case .overMemory(let had, let limit) = report.end else {
      Issue.record("it ended so: \(report.end); \(log())")
      return
    }
    #expect(had > limit && limit == 100 << 20 && report.used?.memoryBytes == had)
    #expect(log().contains("\u{1B}[1;33msluice: stopped: it had"))
  }

  @Test func `begins with what is to be said of earlier tries`() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var order = try order("echo made", limit: nil)
    order.preface = "try 2"
    #expect(await launcher().report(order).end == .exited(0))
    #expect(log() == "\u{1B}[1;33msluice: try 2\u{1B}[0m\nmade\n")
  }
}
