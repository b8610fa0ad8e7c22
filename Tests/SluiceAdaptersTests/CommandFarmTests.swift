import Foundation
import SluiceModel
import Synchronization
import Testing

@testable import SluiceAdapters

@Suite struct `What a queue manager's scripts print` {
  @Test func `an id is the last line`() throws {
    #expect(try FarmReply.id("connecting\nsubmitted\n  job-17 \n\n") == "job-17")
  }

  @Test(arguments: ["", "\n \n", "job 17", String(repeating: "x", count: 201)])
  func `and nothing else is an id`(output: String) {
    #expect(throws: FarmReply.Problem.self) { try FarmReply.id(output) }
  }

  @Test func `states are a line each`() throws {
    let states = try FarmReply.states(
      "a waiting\nb running\n\nc\tsucceeded\nd failed 3\ne failed -9\nf failed - the host is gone  \ng failed\r\n"
        + "h cancelled\ni unknown"
    )
    #expect(
      states == [
        "a": .waiting, "b": .running, "c": .succeeded, "d": .failed(code: 3, words: ""),
        "e": .failed(code: -9, words: ""),
        "f": .failed(code: nil, words: "the host is gone"), "g": .failed(code: nil, words: ""), "h": .cancelled,
        "i": .unknown,
      ])
  }

  @Test(arguments: ["a", "a done", "a failed three", "Traceback (most recent call last):"])
  func `any other line is refused with itself`(line: String) throws {
    let problem = #expect(throws: FarmReply.Problem.self) { try FarmReply.states("b running\n\(line)\n") }
    #expect(problem?.words.contains(line) == true)
  }
}

@Suite(.timeLimit(.minutes(2)), .serialized) struct `A task for a queue manager` {
  private let home: String
  private let ambient = Ambient(
    now: { Date() }, uptime: { Duration.nanoseconds(Int64(DispatchTime.now().uptimeNanoseconds)) },
    random: { .random(in: .min ... .max) }, sleep: { try await Task.sleep(for: $0) })

  init() throws {
    home = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: home + "/bench", withIntermediateDirectories: true)
    try script(
      "submit",
      "setsid \"$SLUICE_FARM_SCRIPT\" >/dev/null 2>&1 & echo $SLUICE_FARM_KEY"
    )
    try script("poll", "for id; do echo $id running; done")
    try script("cancel", "echo \"$@\" >> \(home)/cancelled")
  }

  private func script(_ name: String, _ text: String) throws {
    try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(filePath: "\(home)/\(name)"))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(home)/\(name)")
  }

  private func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: "\(home)/\(name)").map { String(decoding: $0, as: UTF8.self) }
  }

  private func farm(_ tell: @escaping @Sendable (String) -> Void = { _ in }) -> CommandFarm {
    CommandFarm(
      FarmScripts(folder: home, environment: ["PATH": "/usr/bin:/bin"], ambient: ambient),
      CommandFarm.Settings(root: home + "/farm", program: "/bin/false", pollEvery: .milliseconds(30)),
      ambient: ambient, tell: tell)
  }

  private func order(_ arguments: String..., timeout: Int = 600) -> TaskOrder {
    TaskOrder(
      task: TaskID("r-1.7"), arguments: arguments, environment: [:], directory: home + "/bench",
      log: home + "/logs/task.log", timeoutSeconds: timeout, needs: TaskNeeds(cores: 4, memoryMebibytes: 512))
  }

  private var folders: [String] { (try? FileManager.default.contentsOfDirectory(atPath: home + "/farm")) ?? [] }

  @Test func `ends as its program says, whatever poll says`() async {
    #expect(await farm().launch(order("sh", "-c", "echo printed; pwd > place")) == .exited(0))
    #expect(await farm().launch(order("sh", "-c", "exit 9")) == .exited(9))
    #expect(text("logs/task.log") == "printed\n")
    #expect(text("bench/place") == home + "/bench\n")
    #expect(folders.isEmpty)
  }

  @Test func `is told as JSON and in variables`() async throws {
    try script("submit", "cat > \(home)/task; env > \(home)/env; exit 4")
    #expect(
      await farm().launch(order("render", "a b"))
        == .failed("the queue manager did not take it: 'submit' ended with exit code 4"))
    let told = try StableJSON.decode(FarmOrder.Told.self, from: try #require(text("task")).utf8)
    #expect(told.command == ["render", "a b"] && told.needs.cores == 4 && told.directory == home + "/bench")
    let variables = try #require(text("env"))
    for line in [
      "SLUICE_FARM_KEY=\(told.key)", "SLUICE_FARM_SCRIPT=\(told.script)", "SLUICE_FARM_CORES=4",
      "SLUICE_FARM_MEMORY=512",
    ] {
      #expect(variables.contains(line + "\n"))
    }
    #expect(folders.isEmpty)
  }

  @Test func `is submitted again while the queue manager is away`() async throws {
    let said = Mutex<[String]>([])
    try script(
      "submit",
      "[ -e \(home)/tried ] || { touch \(home)/tried; echo busy >&2; exit 75; }\n"
        + "setsid \"$SLUICE_FARM_SCRIPT\" >/dev/null 2>&1 & echo x"
    )
    let end = await farm { words in said.withLock { $0.append(words) } }.launch(order("true"))
    #expect(end == .exited(0))
    #expect(said.withLock { $0 }.first?.contains("exit code 75: busy") == true)
  }

  @Test func `that is lost says so`() async throws {
    try script("submit", "echo x")
    try script("poll", "exit 0")
    #expect(await farm().launch(order("true")) == .failed("the queue manager does not know its job any more"))
  }

  @Test func `that failed before its program began says what the queue manager says`() async throws {
    try script("submit", "echo x")
    try script("poll", "echo x failed - no licence")
    #expect(await farm().launch(order("true")) == .failed("the queue manager says that it failed: no licence"))
    try script("poll", "echo x failed -9")
    #expect(await farm().launch(order("true")) == .signaled(9))
    try script("poll", "echo x cancelled")
    #expect(await farm().launch(order("true")) == .failed("somebody ended it in the queue manager"))
  }

  @Test func `is no worse for a poll that fails`() async throws {
    try script("poll", "[ -e \(home)/tried ] && echo x succeeded || { touch \(home)/tried; exit 1; }")
    try script("submit", "echo x")
    #expect(await farm().launch(order("true")) == .exited(0))
  }

  @Test func `runs once, however often it is started`() async throws {
    try script(
      "submit", "for i in 1 2 3 4 5 6 7 8; do \"$SLUICE_FARM_SCRIPT\" & done >/dev/null 2>&1; wait; echo x")
    #expect(await farm().launch(order("sh", "-c", "echo once >> ran")) == .exited(0))
    #expect(text("bench/ran") == "once\n")
  }

  @Test func `that has not begun is taken back, and never begins`() async throws {
    try script(
      "submit",
      "cp -r $(dirname \"$SLUICE_FARM_SCRIPT\") \(home)/kept; touch \(home)/there; echo x"
    )
    try script("poll", "echo x waiting")
    let farm = farm()
    await withTaskGroup(of: TaskEnd.self) { group in
      group.addTask { await farm.launch(order("touch", "began")) }
      while text("there") == nil { await Task.yield() }
      group.cancelAll()
      #expect(await group.next() == .cancelled)
    }
    #expect(text("cancelled") == "x\n")
    #expect(folders.isEmpty)
    // The queue manager starts it all the same, from a copy of the program.
    let late = Process()
    late.executableURL = URL(filePath: "\(home)/kept/run")
    try late.run()
    late.waitUntilExit()
    #expect(late.terminationStatus == 75)
    #expect(text("bench/began") == nil)
  }

  @Test func `over its time is cancelled, and is over when poll says so`() async throws {
    try script("poll", "[ -e \(home)/cancelled ] && echo x cancelled || echo x running")
    try script(
      "submit", "touch $(dirname \"$SLUICE_FARM_SCRIPT\")/began; rm $(dirname \"$SLUICE_FARM_SCRIPT\")/go; echo x")
    #expect(await farm().launch(order("sleep", "600", timeout: 0)) == .timedOut)
    #expect(text("cancelled") == "x\n")
  }

  @Test func `of an earlier server is taken back or ended before anything begins`() async throws {
    try script("poll", "for id; do [ -e \(home)/cancelled ] && echo $id unknown || echo $id running; done")
    for (name, files) in [("waits", ["go", "id"]), ("runs", ["began", "id"]), ("ended", ["began", "id", "end"])] {
      let folder = "\(home)/farm/\(name)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for file in files {
        try Data((file == "id" ? "job-\(name)" : file == "end" ? "0" : "").utf8).write(
          to: URL(filePath: "\(folder)/\(file)"))
      }
    }
    await farm().endOrphans()
    #expect(text("cancelled") == "job-waits job-runs\n")
    #expect(folders.isEmpty)
  }

  @Test func `does not hold up a server that stops where a script hangs`() async throws {
    try script("cancel", "sleep 600")
    let farm = farm()
    await withTaskGroup(of: TaskEnd.self) { group in
      group.addTask { await farm.launch(order("sh", "-c", "echo $$ > process; sleep 600")) }
      while text("bench/process")?.hasSuffix("\n") != true { await Task.yield() }
      group.cancelAll()
      await farm.hurry()
      #expect(await group.next() == .cancelled)
    }
    // What it could not end is there for the next server.
    #expect(folders.count == 1)
    if let process = text("bench/process")?.trimmingCharacters(in: .whitespacesAndNewlines), let number = Int32(process)
    {
      kill(-getsid(number), SIGKILL)
    }
  }

  @Test func `is cancelled together with others`() async throws {
    try script("submit", "echo $SLUICE_FARM_KEY")
    try script("poll", "for id; do echo $id waiting; done")
    let farm = farm()
    await withTaskGroup(of: TaskEnd.self) { group in
      for _ in 0..<20 { group.addTask { await farm.launch(order("true")) } }
      while folders.filter({ text("farm/\($0)/id") != nil }).count < 20 { await Task.yield() }
      group.cancelAll()
      for await end in group { #expect(end == .cancelled) }
    }
    let calls = (text("cancelled") ?? "").split(separator: "\n")
    #expect(calls.flatMap { $0.split(separator: " ") }.count == 20)
    #expect(calls.count < 20)
  }

  @Test(arguments: ["plain", "a b", "it's", "$HOME `ls` \"x\"", "new\nline", "", "ü*", "-n"])
  func `has words that a shell takes as they are`(word: String) async {
    let end = await farm().launch(order("sh", "-c", "printf %s \"$1\" > word", "sh", word))
    #expect(end == .exited(0))
    #expect(text("bench/word") == word)
  }
}
