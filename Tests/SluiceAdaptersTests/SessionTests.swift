import FoundationEssentials
import Glibc
import SluiceAdapters
import SluiceModel
import Testing

/// Sessions of real processes.
@Suite struct `A session` {
  private let folder: String
  private let launcher: ProcessLauncher

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/sluice-session-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let start = ContinuousClock.now
    launcher = ProcessLauncher(
      mark: folder,
      ambient: Ambient(
        now: { Date() }, uptime: { ContinuousClock.now - start }, random: { .random(in: 0 ... .max) },
        sleep: { try await Task.sleep(for: $0) }))
  }

  private func order(_ steps: String, environments: String = "[]", key: String = "k", extensions: String = "[]") throws
    -> TaskOrder
  {
    let text = """
      {"specificationVersion": "jobtemplate-2023-09", "name": "J", "jobEnvironments": \(environments),
      "extensions": \(extensions),
      "steps": [\(steps)]}
      """.replacing("\"jobEnvironments\": [],", with: "").replacing("\"extensions\": [],", with: "")
    guard case .job(let template) = try TemplateFile.read(json: text).template else { throw Unexpected() }
    let job = try template.job([:], folders: .init(template: folder, working: folder))
    let session = job.session(
      key: key, directory: folder + "/sessions", tasks: job.order.map { name in (name, [[:]]) })
    return TaskOrder(
      task: TaskID("r-1.1"), arguments: [], environment: ["PATH": "/usr/bin:/bin"], directory: folder,
      log: folder + "/log", timeoutSeconds: 60, session: session)
  }

  private struct Unexpected: Error {}

  private func step(_ script: String, name: String = "S", more: String = "") throws -> String {
    let words = StableJSON.text(script)
    return
      #"{"name": "\#(name)", "script": {"actions": {"onRun": {"command": "sh", "args": ["-c", \#(words)]\#(more)}}}}"#
  }

  private func environment(_ enter: String, _ exit: String) -> String {
    let action = { (script: String) in #"{"command": "sh", "args": ["-c", \#(StableJSON.text(script))]}"# }
    return #"[{"name": "E", "script": {"actions": {"onEnter": \#(action(enter)), "onExit": \#(action(exit))}}}]"#
  }

  private var log: [String] {
    let bytes = FileManager.default.contents(atPath: folder + "/log") ?? Data()
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func tidy() { try? FileManager.default.removeItem(atPath: folder) }

  @Test func `serves orders of its key, one after the other, and is left when they have ended`() async throws {
    defer { tidy() }
    let order = try order(
      step("echo task $A"), environments: environment("echo in; echo openjd_env: A=1", "echo out $A"))
    #expect(await launcher.launch(order) == .exited(0))
    #expect(await launcher.launch(order) == .exited(0))
    #expect(log == ["sluice: entering the environment 'E'", "in", "openjd_env: A=1", "task 1", "task 1"])
    await launcher.endSessions(of: "another")
    #expect(log.count == 5)
    await launcher.endSessions(of: "k")
    #expect(log.suffix(2) == ["sluice: leaving the environment 'E'", "out 1"])
    #expect(!FileManager.default.fileExists(atPath: folder + "/sessions/1"))
  }

  @Test func `ends what hides from it, when it ends`() async throws {
    defer { tidy() }
    let start = ContinuousClock.now
    let launcher = ProcessLauncher(
      mark: folder, usesGroups: false,
      ambient: Ambient(
        now: { Date() }, uptime: { ContinuousClock.now - start }, random: { .random(in: 0 ... .max) },
        sleep: { try await Task.sleep(for: $0) }))
    let pipe = folder + "/up"
    let hidden = "(env -i setsid sh -c 'echo $$ > \(pipe); exec sleep 1000' >/dev/null 2>&1 &)"
    let hide = "mkfifo \(pipe); \(hidden); read pid < \(pipe); echo $pid"
    #expect(await launcher.launch(try order(step(hide))) == .exited(0))
    let number = try #require(log.last.flatMap { Int32($0) })
    #expect(kill(number, 0) == 0)
    await launcher.endSessions(of: "k")
    while kill(number, 0) == 0, !(Self.state(of: number).map { "ZX".contains($0) } ?? true) { await Task.yield() }
  }

  private static func state(of process: Int32) -> Character? {
    FileManager.default.contents(atPath: "/proc/\(process)/stat")
      .flatMap { String(decoding: $0, as: UTF8.self).split(separator: ")").last?.dropFirst().first }
  }

  @Test func `that waits too long is left, too`() async throws {
    defer { tidy() }
    _ = await launcher.launch(try order(step("true"), environments: environment("true", "echo out")))
    await launcher.endSessions(idleFor: .seconds(3_600))
    #expect(log.last != "out")
    await launcher.endSessions(idleFor: .zero)
    #expect(log.last == "out")
  }

  @Test func `ends with its first action that does not succeed, and leaves its environments`() async throws {
    defer { tidy() }
    let order = try order(
      step("echo openjd_fail: no; exit 2") + ","
        + step("echo never", name: "T").replacing(
          #""script""#, with: #""dependencies": [{"dependsOn": "S"}], "script""#),
      environments: environment("true", "echo out"))
    #expect(await launcher.launch(order) == .actionFailed("S: 'sh' ended with exit code 2 and said: no"))
    #expect(log.last == "out")
    #expect(!log.contains("never"))
  }

  @Test func `takes any output, and ends with its action whoever keeps the output open`() async throws {
    defer { tidy() }
    let order = try order(
      step("sleep 600 & head -c 3000000 /dev/zero | tr '\\\\0' x; echo; echo openjd_fail: late; exit 1"))
    guard case .actionFailed(let words) = await launcher.launch(order) else {
      Issue.record("it fails")
      return
    }
    #expect(words.hasSuffix("said: late"))
    let size = (FileManager.default.contents(atPath: folder + "/log") ?? Data()).count
    #expect(size > 3_000_000)
  }

  @Test func `that is cancelled notifies its action, and terminates one that goes on`() async throws {
    defer { tidy() }
    let more = #", "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 1}"#
    let order = try order(
      step("trap 'echo told' TERM; echo started; while true; do sleep 0.05; done", more: more),
      environments: environment("true", "echo out"))
    let end = await withTaskGroup(of: TaskEnd?.self) { group in
      group.addTask { [launcher] in await launcher.launch(order) }
      while !log.contains("started") { try? await Task.sleep(for: .milliseconds(10)) }
      group.cancelAll()
      return await group.next() ?? nil
    }
    #expect(end == .cancelled)
    #expect(log.contains("told"))
    #expect(log.last == "out")
  }

  @Test func `works out expressions where they have values, and runs an environment's actions in place of others`()
    async throws
  {
    defer { tidy() }
    let hook = { (word: String) in
      #"{"command": "echo", "args": ["\#(word)", "{{mark}}", "{{WrappedAction.Args}}", "{{WrappedAction.Timeout}}"]}"#
    }
    let environments = #"""
      [{"name": "W", "script": {"let": ["mark = '#' * 2"], "actions": {"onWrapEnvEnter": \#(hook("enter")),
      "onWrapTaskRun": \#(hook("task")), "onWrapEnvExit": \#(hook("exit"))}}},
      {"name": "E", "script": {"actions": {"onEnter": {"command": "a", "args": ["{{[1, 2]}}", "{{null}}"]},
      "onExit": {"command": "b", "timeout": 9}}}}]
      """#
    let order = try order(
      #"{"name": "S", "let": ["n = 3"], "script": {"actions": {"onRun": "#
        + #"{"command": "c", "args": ["{{n / 2}} {{n}}"]}}}}"#,
      environments: environments, extensions: #"["EXPR", "WRAP_ACTIONS"]"#)
    let bytes = StableJSON.encode(order)
    #expect(try StableJSON.decode(TaskOrder.self, from: bytes) == order)
    #expect(await launcher.launch(order) == .exited(0))
    await launcher.endSessions(of: "k")
    #expect(log.filter { !$0.hasPrefix("sluice: ") } == ["enter ## 1 2", "task ## 1.5 3", "exit ## 9"])
  }

  @Test func `says which expression had no value`() async throws {
    defer { tidy() }
    let order = try order(
      #"{"name": "S", "script": {"let": ["a = 0"], "actions": {"onRun": {"command": "c", "args": ["{{1 // a}}"]}}}}"#,
      extensions: #"["EXPR"]"#)
    let end = await launcher.launch(order)
    #expect(
      end == .actionFailed("S: 'c' cannot be started: in {{1 // a}} at character 1: a division by zero"), "\(end)")
  }

  @Test func `that is hurried lets no template take its time`() async throws {
    defer { tidy() }
    let more = #", "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 600}"#
    let order = try order(step("trap '' TERM; echo started; while true; do sleep 0.05; done", more: more))
    let end = await withTaskGroup(of: TaskEnd?.self) { group in
      group.addTask { [launcher] in await launcher.launch(order) }
      while !log.contains("started") { try? await Task.sleep(for: .milliseconds(10)) }
      await launcher.hurry()
      return await group.next() ?? nil
    }
    #expect(end == .cancelled)
  }
}
