import ArgumentParser
import SluiceModel

struct QueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue", abstract: "What waits for a machine, why, and in which order.",
    discussion: """
      EXAMPLE: sluice queue --watch
      EXAMPLE: sluice queue why r-84d2c6e01b5f.1012
      """,
    subcommands: [WhyTask.self, Priority.self, Pause.self, Resume.self, Pass.self])

  @Flag(help: "Stay, and show it again as it changes.") var watch = false
  @OptionGroup var options: ServerOptions

  func run() async throws {
    var last = ""
    repeat {
      let answer: QueueAnswer = try await options.client.get("queue")
      let text = StableJSON.text(answer)
      if text != last { QueueCommand.tell(answer, json: options.json) }
      last = text
      flushOutput()
      if watch { try await Machine.ambient.sleep(.seconds(1)) }
    } while watch
  }

  fileprivate static func tell(_ answer: QueueAnswer, json: Bool) {
    if json { return Console.json(answer) }
    if answer.runs.isEmpty { print("Nothing waits and nothing runs.") }
    for (place, run) in answer.runs.enumerated() {
      let unit = "\(Console.place(run.project, run.folder)) \(run.step)"
      print("\(place + 1). \(run.run) \(unit): \(run.tier), \(run.waiting) wait, \(run.running) run")
      if let why = run.why { print("   The next one: \(why)") }
    }
    for limit in answer.limits {
      let others = limit.taken > 0 ? ", \(limit.taken) by others" : ""
      print("\(limit.name): \(limit.used + limit.taken) of \(limit.count) in use\(others)")
      if let trouble = limit.trouble { print("   This is the last value that is known: \(trouble)") }
    }
  }

  fileprivate struct Nothing: Encodable {}

  struct WhyTask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "why", abstract: "Say in one sentence why a task waits, and what is ahead of it.",
      discussion: "EXAMPLE: sluice queue why r-84d2c6e01b5f.1012")
    @Argument(help: "The task: its run, a dot and the first frame.") var task: String
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let answer: WaitingAnswer = try await options.client.get("queue/\(Client.escaped(task))")
      if options.json { return Console.json(answer) }
      print(answer.text)
    }
  }

  struct Priority: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Move a run to another tier; shows first whom that delays.",
      discussion: """
        Tiers: critical, high, normal, low, background. Without --yes nothing is changed.
        EXAMPLE: sluice queue priority r-84d2c6e01b5f high --yes
        """)
    @Argument(help: ArgumentHelp("The run.", valueName: "run")) var id: String
    @Argument(help: "critical, high, normal, low or background.") var tier: String
    @Flag(help: "Do it.") var yes = false
    @OptionGroup var options: ServerOptions

    private struct Body: Encodable {
      var tier: String
      var apply: Bool
    }

    func run() async throws {
      let answer: PriorityAnswer = try await options.client.post(
        "queue/\(Client.escaped(id))/priority", Body(tier: tier, apply: yes))
      if options.json { return Console.json(answer) }
      if answer.delayed.isEmpty { print("It delays nobody.") }
      for run in answer.delayed {
        print(
          "It delays \(run.run): \(Console.place(run.project, run.folder)) \(run.step), \(run.tier), "
            + "\(Console.count(run.waiting, "task"))")
      }
      print(
        answer.applied
          ? "\(answer.run) is \(answer.to) now; it was \(answer.from)."
          : "Nothing is changed. To do it: sluice queue priority \(id) \(tier) --yes")
    }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Start nothing more of a run for now.", discussion: "EXAMPLE: sluice queue pause r-84d2c6e01b5f")
    @Argument(help: ArgumentHelp("The run.", valueName: "run")) var id: String
    @OptionGroup var options: ServerOptions
    func run() async throws { try await QueueCommand.change("pause", id, options) }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Go on with a run that was paused.", discussion: "EXAMPLE: sluice queue resume r-84d2c6e01b5f")
    @Argument(help: ArgumentHelp("The run.", valueName: "run")) var id: String
    @OptionGroup var options: ServerOptions
    func run() async throws { try await QueueCommand.change("resume", id, options) }
  }

  struct Pass: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that the test frames of a run look right, so that the rest is made.",
      discussion: "EXAMPLE: sluice queue pass r-84d2c6e01b5f")
    @Argument(help: ArgumentHelp("The run.", valueName: "run")) var id: String
    @OptionGroup var options: ServerOptions
    func run() async throws { try await QueueCommand.change("pass", id, options) }
  }

  private static func change(_ verb: String, _ run: String, _ options: ServerOptions) async throws {
    tell(
      try await options.client.post("queue/\(Client.escaped(run))/\(verb)", Nothing()), json: options.json)
  }
}
