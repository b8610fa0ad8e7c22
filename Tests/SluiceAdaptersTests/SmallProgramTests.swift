import Foundation
import SluiceModel
import Testing

@testable import SluiceAdapters

/// Programs that are asked for a number, or whether somebody is there.
@Suite(.timeLimit(.minutes(1)), .serialized) struct `A program that is asked` {
  private let ambient = Ambient(
    now: { Date(timeIntervalSince1970: 1_800_000_000) }, uptime: { .zero }, random: { 7 },
    sleep: { try await Task.sleep(for: $0) })

  private func program(_ script: String) throws -> String {
    let path = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: path))
    chmod(path, 0o755)
    return path
  }

  private func ask(_ script: String) async throws -> LimitReply {
    let path = try program(script)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return await LimitPrograms(["nuke": path], environment: ["PATH": "/usr/bin:/bin"], ambient: ambient)
      .ask("nuke", used: 3)
  }

  @Test func `says how many there are, and is told what tasks have`() async throws {
    #expect(try await ask("echo 20") == .counted(LimitCount(count: 20)))
    #expect(try await ask("echo asking; echo 20 7") == .counted(LimitCount(count: 20, taken: 7)))
    #expect(
      try await ask("test $SLUICE_LIMIT = nuke && echo 9 $SLUICE_LIMIT_USED")
        == .counted(LimitCount(count: 9, taken: 3)))
  }

  @Test func `and fails, or says nothing of use, is quoted`() async throws {
    for (script, words) in [
      ("echo no server >&2; exit 3", "failed and said 'no server"), ("echo many", "said 'many"), ("true", "said ''"),
    ] {
      guard case .failed(let said) = try await ask(script) else {
        Issue.record("\(script) was believed")
        continue
      }
      #expect(said.contains(words), "\(said)")
    }
    let away = LimitPrograms(["nuke": "/nowhere/at-all"], environment: [:], ambient: ambient)
    guard case .failed = await away.ask("nuke", used: 0) else {
      Issue.record("a program that is not there was believed")
      return
    }
  }

  @Test func `leaves the machine to its user unless it says that nobody is there`() async throws {
    for (script, isInUse) in [("exit 0", false), ("exit 1", true)] {
      let path = try program(script)
      defer { try? FileManager.default.removeItem(atPath: path) }
      let presence = Presence(idle: .zero, program: path, environment: ["PATH": "/usr/bin:/bin"], ambient: ambient)
      #expect(await presence.isInUse() == isInUse)
    }
    let lost = Presence(idle: .zero, program: "/nowhere/at-all", environment: [:], ambient: ambient)
    #expect(await lost.isInUse())
  }

  @Test func `is not needed where terminals say it`() async {
    #expect(await Presence(idle: .seconds(60), program: nil, environment: [:], ambient: ambient).isInUse() == false)
    let always = Presence(idle: .seconds(2_000_000_000), program: nil, environment: [:], ambient: ambient)
    #expect(await always.isInUse())
  }
}

@Suite struct `How many there are of a limit` {
  @Test(arguments: [
    ("20", 20, 0), (" 20\t7 \n", 20, 7), ("checking\n20 7\n\n", 20, 7), ("0", 0, 0),
  ])
  func `stands in the last line that says anything`(text: String, count: Int, taken: Int) {
    #expect(LimitCount(text) == LimitCount(count: count, taken: taken))
  }

  @Test(arguments: ["", "\n", "many", "-1", "20 7 3", "20\nunknown", "1.5", "99999999999999999999", "20 x"])
  func `is not read from anything else`(text: String) { #expect(LimitCount(text) == nil) }
}
