import Foundation
import SluiceModel
import Synchronization
import SystemPackage
import Testing

@testable import SluiceAdapters

/// A folder that goes with the value.
private final class Scratch: Sendable {
  let path: String
  init() throws {
    path = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: path + "/" + name).map { String(decoding: $0, as: UTF8.self) }
  }
}

@Suite(.timeLimit(.minutes(1)), .serialized) struct `A task's process` {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// - Parameter wait: what stands for the time that a task may take; nobody looks at its memory.
  private func launcher(
    usesGroups: Bool = true, _ wait: @escaping @Sendable () async throws -> Void = { try await forever() }
  ) -> ProcessLauncher {
    ProcessLauncher(
      mark: scratch.path, usesGroups: usesGroups,
      ambient: Ambient(
        now: { Date(timeIntervalSince1970: 0) }, uptime: { .zero }, random: { 7 },
        sleep: {
          if $0 == .milliseconds(Limits.memoryFirstLookMilliseconds) { return try await Self.forever() }
          // What it does again within moments it may do sooner, but the kernel wants its time, too.
          if $0 < .seconds(1) { try await Task.sleep(for: min($0, .milliseconds(2))) } else { try await wait() }
        }))
  }

  private static func forever() async throws {
    let (silence, _) = AsyncStream<Void>.makeStream()
    for await _ in silence {}
    try Task.checkCancellation()
  }

  private func order(_ arguments: [String], environment: [String: String] = [:]) -> TaskOrder {
    TaskOrder(
      task: TaskID("r-1.1"), arguments: arguments,
      environment: ["PATH": "/usr/bin:/bin"].merging(environment) { _, new in new }, directory: scratch.path,
      log: scratch.path + "/logs/deep/task.log", timeoutSeconds: 60)
  }

  private func shell(_ script: String) -> TaskOrder { order(["sh", "-c", script]) }

  /// Whether a process is there and is no zombie.
  private func isAlive(_ process: String) -> Bool {
    guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.split(separator: ")").last.map { !$0.hasPrefix(" Z") && !$0.hasPrefix(" X") } ?? false
  }

  /// The kernel ends a process a little after it was told to.
  private func end(of process: String) async {
    while isAlive(process) { await Task.yield() }
  }

  @Test func `that ends well is exited with 0`() async {
    #expect(await launcher().launch(shell("exit 0")) == .exited(0))
  }

  @Test func `that ends badly keeps its exit code`() async {
    #expect(await launcher().launch(shell("exit 37")) == .exited(37))
  }

  @Test func `that is ended by a signal says which`() async {
    #expect(await launcher().launch(shell("kill -9 $$")) == .signaled(9))
  }

  @Test(arguments: ["no-such-program", "/no/such/program"])
  func `of a program that is not there is not found`(program: String) async {
    #expect(await launcher().launch(order([program])) == .notFound)
  }

  @Test func `writes what it says on both channels into its log`() async {
    _ = await launcher().launch(shell("echo one; echo two >&2; echo three"))
    #expect(scratch.text("logs/deep/task.log") == "one\ntwo\nthree\n")
  }

  @Test func `adds to the log of an earlier attempt`() async {
    _ = await launcher().launch(shell("echo one"))
    _ = await launcher().launch(shell("echo two"))
    #expect(scratch.text("logs/deep/task.log") == "one\ntwo\n")
  }

  @Test func `works in its folder`() async {
    _ = await launcher().launch(shell("pwd -P"))
    #expect(
      scratch.text("logs/deep/task.log")?.hasSuffix(scratch.path.split(separator: "/").last.map { "\($0)\n" } ?? "-")
        == true)
  }

  @Test(arguments: [true, false], [[:], ["PWD": "/nowhere"]])
  func `sees the environment that it is given, and no other`(usesGroups: Bool, more: [String: String]) async {
    let environment = ["SHOW": "demo"].merging(more) { $1 }
    _ = await launcher(usesGroups: usesGroups).launch(order(["env"], environment: environment))
    let lines = Set(scratch.text("logs/deep/task.log")?.split(separator: "\n").map(String.init) ?? [])
    let marks = ["SLUICE_TASK_OF=\(scratch.path)", "SLUICE_TASK_AT=\(scratch.path)/1"]
    #expect(lines == Set(["PATH=/usr/bin:/bin", "SHOW=demo"] + marks + more.map { "\($0)=\($1)" }))
  }

  @Test func `takes its arguments as they are`() async {
    _ = await launcher().launch(order(["printf", "%s|", "a b", "$HOME", "*", "'", ""]))
    #expect(scratch.text("logs/deep/task.log") == "a b|$HOME|*|'||")
  }

  @Test func `has nothing to read`() async {
    #expect(await launcher().launch(shell("read line && exit 1; exit 0")) == .exited(0))
  }

  @Test func `of an earlier server is ended with its children`() async throws {
    let pipe = scratch.path + "/ready"
    #expect(mkfifo(pipe, 0o600) == 0)
    let (earlier, order) = (launcher(), shell("sleep 1000 & echo $! > ready; wait"))
    async let end = earlier.launch(order)
    let process = await Self.line(of: pipe)
    await launcher {}.endOrphans()
    #expect(await end == .signaled(9))
    await self.end(of: process)
  }

  @Test func `of another server's mark is left alone`() async throws {
    let pipe = scratch.path + "/ready"
    #expect(mkfifo(pipe, 0o600) == 0)
    let (other, order) = (launcher(), shell("echo ready > ready; read line < go; exit 5"))
    #expect(mkfifo(scratch.path + "/go", 0o600) == 0)
    async let end = other.launch(order)
    _ = await Self.line(of: pipe)
    let mine = ProcessLauncher(
      mark: scratch.path + "-other",
      ambient: Ambient(
        now: { Date(timeIntervalSince1970: 0) }, uptime: { .zero }, random: { 7 }, sleep: { _ in }))
    await mine.endOrphans()
    FileHandle(forWritingAtPath: scratch.path + "/go")?.write(Data("go\n".utf8))
    #expect(await end == .exited(5))
  }

  /// The child writes who its grandchild is into a pipe: only then does its time run out.
  @Test func `that takes too long is ended with its grandchildren`() async throws {
    let pipe = scratch.path + "/ready"
    #expect(mkfifo(pipe, 0o600) == 0)
    let grandchild = Mutex("")
    let once = Mutex(true)
    let end = await launcher {
      guard
        once.withLock({ isFirst in
          defer { isFirst = false }
          return isFirst
        })
      else { return try await Self.forever() }
      let name = await Self.line(of: pipe)
      grandchild.withLock { $0 = name }
    }.launch(shell("sleep 1000 & echo $! > ready; wait"))
    #expect(end == .timedOut)
    let process = grandchild.withLock { $0 }
    #expect(!process.isEmpty)
    await self.end(of: process)
  }

  @Test func `that is cancelled is ended with its grandchildren`() async throws {
    let pipe = scratch.path + "/ready"
    #expect(mkfifo(pipe, 0o600) == 0)
    let (launcher, order) = (launcher(), shell("sleep 1000 & echo $! > ready; wait"))
    let task = Task { await launcher.launch(order) }
    let process = await Self.line(of: pipe)
    task.cancel()
    #expect(await task.value == .cancelled)
    #expect(!process.isEmpty)
    await self.end(of: process)
  }

  @Test(arguments: [true, false]) func `that ended leaves no child behind`(usesGroups: Bool) async {
    let end = await launcher(usesGroups: usesGroups).launch(shell("sleep 1000 >/dev/null 2>&1 & echo $!"))
    #expect(end == .exited(0))
    let process = scratch.text("logs/deep/task.log")?.split(separator: "\n").first.map(String.init) ?? ""
    #expect(!process.isEmpty)
    await self.end(of: process)
  }

  @Test(arguments: [true, false])
  func `that ended leaves no daemon behind, which is in a session of its own`(usesGroups: Bool) async {
    let daemon = "mkfifo up; setsid sh -c 'echo $$ > up; exec sleep 1000' >/dev/null 2>&1 & read pid < up; echo $pid"
    #expect(await launcher(usesGroups: usesGroups).launch(shell(daemon)) == .exited(0))
    let process = scratch.text("logs/deep/task.log")?.split(separator: "\n").first.map(String.init) ?? ""
    #expect(!process.isEmpty)
    await self.end(of: process)
  }

  /// A process with nothing in its environment and in a session of its own, whose parent has ended.
  private static let hidden = "env -i setsid sh -c 'echo $$ > up; exec sleep 1000' >/dev/null 2>&1 &"

  @Test(arguments: [true, false]) func `that ended leaves nothing behind that hides from it`(usesGroups: Bool) async {
    let end = await launcher(usesGroups: usesGroups).launch(
      shell("mkfifo up; (\(Self.hidden)) & read pid < up; echo $pid"))
    #expect(end == .exited(0))
    let process = scratch.text("logs/deep/task.log")?.split(separator: "\n").first.map(String.init) ?? ""
    #expect(!process.isEmpty)
    await self.end(of: process)
  }

  @Test(.enabled(if: ControlGroupTests.isThere, "no writable cgroup v2"))
  func `of an earlier server is ended with what hides from it, and its groups are gone`() async throws {
    let pipe = scratch.path + "/ready"
    #expect(mkfifo(pipe, 0o600) == 0)
    let earlier = launcher()
    let order = shell("mkfifo up; (\(Self.hidden)) & read pid < up; echo $pid > ready; sleep 1000")
    async let end = earlier.launch(order)
    let process = await Self.line(of: pipe)
    let folder = try #require(earlier.groupFolder)
    await launcher {}.endOrphans()
    #expect(await end == .signaled(9))
    await self.end(of: process)
    while FileManager.default.fileExists(atPath: folder) {
      await Task.yield()
      await launcher {}.endOrphans()
    }
  }

  @Test func `of an earlier server is ended with what hides from it, by its mark alone`() async throws {
    let pipe = scratch.path + "/ready"
    #expect(mkfifo(pipe, 0o600) == 0)
    let order = shell("mkfifo up; (\(Self.hidden)) & read pid < up; echo $pid > ready; sleep 1000")
    async let end = launcher(usesGroups: false).launch(order)
    let process = await Self.line(of: pipe)
    let other = ProcessLauncher(
      mark: "another", usesGroups: false,
      ambient: Ambient(
        now: { Date(timeIntervalSince1970: 0) }, uptime: { .zero }, random: { 7 }, sleep: { _ in await Task.yield() }))
    await other.endOrphans()
    #expect(isAlive(process))
    await launcher(usesGroups: false) {}.endOrphans()
    #expect(await end == .signaled(9))
    await self.end(of: process)
  }

  @Test func `hands its mark on to what hides, and another task has another`() async throws {
    let marks = ProcessMarks(scratch.path)
    for mark in [marks.next(), marks.next()] {
      var process = LocalProcess(
        arguments: ["sh", "-c", "env -i setsid /bin/cat /proc/self/limits"], environment: ["PATH": "/usr/bin:/bin"],
        directory: scratch.path)
      process.mark = mark
      let heard = Mutex<[UInt8]>([])
      let child = await Child.start(process, .heard { some in heard.withLock { $0 += some } }, patience: 0)
      #expect(await child.wait() == .exited(0))
      let text = heard.withLock { String(decoding: $0, as: UTF8.self) }
      #expect(ProcessMark(in: text) == mark && mark.belongs(to: marks.family))
    }
    #expect(marks.next() != marks.next() && ProcessMark(of: getpid()) == nil)
    #expect(!marks.next().belongs(to: ProcessMark.Family("another")))
  }

  @Test(.enabled(if: ControlGroupTests.isThere, "no writable cgroup v2"))
  func `is told by its group how long all that it started took, though nobody looked`() async throws {
    let group = try #require(ControlGroups(mark: scratch.path)?.make())
    #expect(!group.hasRun)
    var process = LocalProcess(
      arguments: ["sh", "-c", "(setsid sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done')"],
      environment: ["PATH": "/usr/bin:/bin"], directory: scratch.path)
    process.group = group
    let end = await process.run(output: try FileDescriptor.open("/dev/null", .writeOnly), grace: .zero).end
    #expect(end == .exited(0) && group.hasRun)
    let used = try #require(group.use(TaskUse(memoryBytes: 1, cpuSeconds: 0)))
    #expect(used.cpuSeconds > 0.001 && used.memoryBytes >= 1)
    await group.end { _ in await Task.yield() }
    #expect(!FileManager.default.fileExists(atPath: group.path))
  }

  @Test(arguments: [true, false]) func `has a log with a bound`(usesGroups: Bool) async {
    let end = await launcher(usesGroups: usesGroups).launch(
      shell("echo first; head -c 80000000 /dev/zero | tr '\\0' x; echo; echo last"))
    #expect(end == .exited(0))
    let log = scratch.text("logs/deep/task.log") ?? ""
    #expect(log.hasPrefix("first\nxxx") && log.hasSuffix("x\nlast\n"))
    #expect(log.contains("this log has 64.0 MiB") && log.contains("are left out here"))
    let size = log.utf8.count
    #expect((Limits.taskLogBytes...(Limits.taskLogBytes + Limits.taskLogEndBytes + 1_000)).contains(size), "\(size)")
  }

  /// Waits for a line in a pipe, on a thread of its own.
  private static func line(of pipe: String) async -> String {
    await withCheckedContinuation { done in
      Thread.detachNewThread {
        let file = FileHandle(forReadingAtPath: pipe)
        let text = String(decoding: file?.readDataToEndOfFile() ?? Data(), as: UTF8.self)
        done.resume(returning: text.split(separator: "\n").first.map(String.init) ?? "")
      }
    }
  }
}

@Suite struct `What oiiotool says of pictures` {
  private let text = """
    Reading a.png
    a.png                :  960 x  540, 3 channel, uint8 png
        SHA-1: 2F9A0B
        channel list: R, G, B
        DateTime: "2026:11:22 14:23:01"
        Software: "OpenImageIO 2.4 : oiiotool -o a.png"
    Reading b.png
    b.png                :  960 x  540, 3 channel, uint8 png
        SHA-1: 2F9A0B
        channel list: R, G, B
        DateTime: "2027:01:01 00:00:00"
    """

  @Test func `gives the same digest for the same picture, whatever its header`() {
    let digests = OpenImageIO.pixelDigests(text)
    #expect(digests.count == 2 && digests[0] != nil && digests[0] == digests[1])
  }

  @Test(arguments: [
    ("SHA-1: 2F9A0B", "SHA-1: 2F9A0C"), ("960 x  540", "961 x  540"), ("R, G, B", "B, G, R"), ("uint8", "half"),
  ])
  func `gives another digest for other pixels, size, channels or depth`(from: String, to: String) throws {
    let changed = text.replacingOccurrences(of: "Reading b.png", with: "#").components(separatedBy: "#")
    let other = changed[0] + "Reading b.png" + changed[1].replacingOccurrences(of: from, with: to)
    let digests = OpenImageIO.pixelDigests(other)
    #expect(digests.count == 2 && digests[0] != digests[1])
  }

  @Test func `gives none for a picture without a hash`() {
    #expect(OpenImageIO.pixelDigests("Reading a.png\na.png : 1 x 1, 3 channel, uint8 png\n") == [nil])
  }

  @Test func `gives nothing for nothing`() {
    #expect(OpenImageIO.pixelDigests("") == [] && OpenImageIO.pixelDigests("oiiotool ERROR: could not open\n") == [])
  }
}
