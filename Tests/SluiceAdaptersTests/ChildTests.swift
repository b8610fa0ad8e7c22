import CSluiceProcess
import Foundation
import SluiceModel
import Synchronization
import Testing

@testable import SluiceAdapters

/// Real processes.
@Suite(.timeLimit(.minutes(5))) struct `A child` {
  private static func process(_ script: String, folder: String = "/") -> LocalProcess {
    LocalProcess(arguments: ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], directory: folder)
  }

  private final class Ear: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    var output: Child.Output { .heard { some in self.bytes.withLock { $0 += some } } }
  }

  @Test func `that is over within moments has ended when it is there`() async {
    let ear = Ear()
    let child = await Child.start(Self.process("echo said; exit 3"), ear.output, patience: 60_000)
    #expect(child.end == .exited(3) && ear.text == "said\n")
  }

  @Test func `that takes longer is there while it runs, and is heard to its end`() async {
    let (ear, pipe) = (Ear(), NSTemporaryDirectory() + "sluice-child-" + UUID().uuidString)
    #expect(mkfifo(pipe, 0o600) == 0)
    defer { unlink(pipe) }
    let child = await Child.start(Self.process("read line < \(pipe); echo last"), ear.output, patience: 1)
    #expect(child.end == nil && child.number != nil)
    FileHandle(forWritingAtPath: pipe)?.write(Data("go\n".utf8))
    #expect(await child.wait() == .exited(0))
    #expect(ear.text == "last\n")
  }

  @Test func `that writes all the time is not waited for to its end`() async {
    let child = await Child.start(Self.process("exec yes"), .heard { _ in }, patience: 20)
    #expect(child.end == nil)
    child.endGroup()
    #expect(await child.wait() == .signaled(9))
  }

  @Test(arguments: [ENOSYS, EPERM, EACCES, EINVAL, E2BIG, EOPNOTSUPP])
  func `is forked where the kernel, or who filters its calls, has no clone3`(error: Int32) {
    #expect(csluice_may_fork(error))
  }

  @Test(arguments: [0, EAGAIN, ENOMEM, EBUSY, EINTR, ENOENT, EBADF])
  func `is not started another way where a fork would be refused as well`(error: Int32) {
    #expect(!csluice_may_fork(error))
  }

  @Test func `leads a session of its own, with its three channels and no other`() async {
    let ear = Ear()
    let own = open("/dev/null", O_RDONLY)
    defer { close(own) }
    let child = await Child.start(
      Self.process("cut -d' ' -f6 /proc/self/stat; echo $$; ls /proc/$$/fd; readlink /proc/$$/fd/0"), ear.output,
      patience: 60_000)
    let lines = ear.text.split(separator: "\n").map(String.init)
    let number = child.number.map { "\($0)" } ?? "-"
    #expect(lines == [number, number, "0", "1", "2", "/dev/null"])
  }

  @Test func `has no signal that is ignored or blocked`() async {
    let before = Glibc.signal(SIGUSR2, SIG_IGN)
    defer { _ = Glibc.signal(SIGUSR2, before) }
    let ear = Ear()
    _ = await Child.start(Self.process("grep -E 'SigIgn|SigBlk' /proc/self/status"), ear.output, patience: 60_000)
    let masks = ear.text.split(whereSeparator: \.isWhitespace).compactMap { UInt64($0, radix: 16) }
    // Those above are the C library's own.
    #expect(masks.count == 2 && masks.allSatisfy { $0 & 0x7FFF_FFFF == 0 })
  }

  @Test func `whose folder or program is not there never was`() async {
    let none = await Child.start(Self.process("true", folder: "/no/such/folder"), .heard { _ in }, patience: 60_000)
    guard case .failed(let words)? = none.end else {
      Issue.record("it ended so: \(String(describing: none.end))")
      return
    }
    #expect(words.contains("'/no/such/folder' cannot be entered") && none.number == nil)
    let other = LocalProcess(arguments: ["/etc/hostname"], environment: [:], directory: "/")
    guard case .failed(let why)? = await Child.start(other, .heard { _ in }, patience: 60_000).end else {
      Issue.record("a file that is no program was run")
      return
    }
    #expect(why.contains("'/etc/hostname' cannot be run"))
  }

  @Test func `that does not listen is ended after its grace`() async {
    let ear = Ear()
    let child = await Child.start(
      Self.process("trap 'echo asked' TERM; echo; while :; do sleep 0.01; done"), ear.output, patience: 0)
    while ear.text.isEmpty { await Task.yield() }
    child.terminate(within: .milliseconds(200))
    #expect(await child.wait() == .signaled(9))
    #expect(ear.text.contains("asked"))
  }

  @Test(.enabled(if: ControlGroupTests.isThere, "no writable cgroup v2"))
  func `is in its control group from its first instruction on`() async throws {
    let group = try #require(ControlGroups(mark: "children \(getpid())")?.make())
    let ear = Ear()
    var process = LocalProcess(arguments: ["cat", "/proc/self/cgroup"], environment: ["PATH": "/bin"], directory: "/")
    process.group = group
    #expect(await Child.start(process, ear.output, patience: 60_000).end == .exited(0))
    let name = try #require(group.path.split(separator: "/").suffix(2).joined(separator: "/") as String?)
    #expect(ear.text.split(separator: "\n").contains { $0.hasPrefix("0::/") && $0.hasSuffix(name) })
    await group.end { _ in await Task.yield() }
  }

  @Test(.enabled(if: ControlGroupTests.isThere, "no writable cgroup v2"))
  func `whose control group is gone runs all the same`() async throws {
    let group = try #require(ControlGroups(mark: "children gone \(getpid())")?.make())
    await group.end { _ in await Task.yield() }
    let ear = Ear()
    var process = LocalProcess(arguments: ["echo", "here"], environment: ["PATH": "/bin"], directory: "/")
    process.group = group
    #expect(await Child.start(process, ear.output, patience: 60_000).end == .exited(0) && ear.text == "here\n")
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A thread that may be held up` {
  @Test func `starts a child and waits for it itself`() async throws {
    let slot = try #require(WaitingThread.take())
    defer { slot.rest() }
    let places = Mutex<[Bool]>([])
    let ends = await withTaskExecutorPreference(slot) { () -> [LocalProcess.End?] in
      var ends: [LocalProcess.End?] = []
      for code in 0..<3 {
        let process = LocalProcess(
          arguments: ["/bin/sh", "-c", "echo; exit \(code)"], environment: [:], directory: "/")
        let child = await Child.start(
          process, .heard { _ in places.withLock { $0.append(WaitingThread.current === slot) } }, patience: 60_000)
        ends.append(child.end)
      }
      return ends
    }
    #expect(ends == [.exited(0), .exited(1), .exited(2)] && places.withLock { $0 } == [true, true, true])
  }

  @Test func `lets another wait for one that takes longer, whose grace counts there`() async throws {
    let slot = try #require(WaitingThread.take())
    defer { slot.rest() }
    let process = LocalProcess(
      arguments: ["/bin/sh", "-c", "trap '' TERM; echo; while :; do sleep 0.01; done"],
      environment: ["PATH": "/usr/bin:/bin"], directory: "/")
    let end = await withTaskExecutorPreference(slot) {
      let child = await Child.start(process, .heard { _ in }, patience: 1)
      #expect(child.end == nil)
      child.terminate(within: .milliseconds(50))
      return await child.wait()
    }
    #expect(end == .signaled(9) || end == .signaled(15))
  }
}
