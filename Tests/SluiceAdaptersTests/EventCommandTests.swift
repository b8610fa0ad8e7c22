import Foundation
import SluiceModel
import Testing

@testable import SluiceAdapters

@Suite(.timeLimit(.minutes(1)), .serialized) struct `A program that takes events` {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func send(_ script: String, _ events: [String], timeout: Duration = .seconds(50)) async throws -> WebhookEnd {
    let program = folder + "/program"
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: program))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    let commands = LocalEventCommands(
      ["mail": program], environment: ["PATH": "/usr/bin:/bin"], folder: folder, mark: folder,
      ambient: Ambient(
        now: { Date() }, uptime: { .zero }, random: { .random(in: .min ... .max) },
        sleep: { try await Task.sleep(for: $0) }),
      timeout: timeout)
    return await commands.send(try events.map { OutgoingEvent(envelope: try Envelope(Array($0.utf8))) }, to: "mail")
  }

  private func reason(_ end: WebhookEnd) -> String {
    if case .failed(0, let reason, nil) = end { reason } else { "\(end)" }
  }

  private func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: folder + "/" + name).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `gets one a line, in its folder`() async throws {
    #expect(try await send("cat > got", ["{\"n\":1}", "{\"n\":2}"]) == .delivered)
    #expect(text("got") == "{\"n\":1}\n{\"n\":2}\n")
  }

  @Test func `need not read them`() async throws {
    let large = #"{"text":"\#(String(repeating: "x", count: 300_000))"}"#
    for _ in 0..<10 { #expect(try await send("exec < /dev/null; exit 0", [large]) == .delivered) }
  }

  @Test func `that fails is quoted with its last words`() async throws {
    let end = try await send("for i in 1 2 3 4 5; do echo line $i >&2; done; exit 7", [])
    #expect(reason(end).hasSuffix("ended with exit code 7: line 3 / line 4 / line 5"))
  }

  @Test func `may say much`() async throws {
    let end = try await send("head -c 3000000 /dev/zero | tr '\\0' y >&2; head -c 3000000 /dev/zero; exit 4", [])
    #expect(reason(end).contains("exit code 4: yyy"))
    #expect(reason(end).count < 700)
  }

  @Test func `is ended with all that it started when it takes too long`() async throws {
    let end = try await send("sleep 300 & echo $! > child; wait", [], timeout: .milliseconds(300))
    #expect(reason(end).contains("did not end within"))
    let child = try #require(text("child")).trimmingCharacters(in: .whitespacesAndNewlines)
    while let stat = FileManager.default.contents(atPath: "/proc/\(child)/stat"),
      !String(decoding: stat, as: UTF8.self).contains(") Z")
    { await Task.yield() }
  }

  @Test func `is ended although it does not listen to SIGTERM`() async throws {
    let end = try await send("trap '' TERM; sleep 300 & wait; wait; sleep 300", [], timeout: .milliseconds(300))
    #expect(reason(end).contains("did not end within"))
  }

  @Test func `leaves no descriptor open`() async throws {
    let count = { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
    _ = try await send("exit 1", ["{}"])
    let before = try count()
    for _ in 0..<20 {
      _ = try await send("exit 1", ["{}"])
      _ = try await send("exec 2>&-; kill -9 $$", ["{}"])
    }
    // Other tests of this process open some meanwhile, and close them; forty that are left here stay.
    var looks = 0
    while try count() >= before + 20, looks < 200 {
      looks += 1
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(try count() < before + 20)
  }
}
