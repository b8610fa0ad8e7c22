import ArgumentParser
import SluiceModel

struct SavingsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "savings",
    abstract: "Say what work was not necessary: inputs that came out the same, known recipes, frames that were kept.",
    discussion: """
      EXAMPLE: sluice savings demo
      EXAMPLE: sluice savings demo --since 7d
      """)
  @Argument(help: "The project.") var project: String
  @Option(help: "From when on: 2h, 7d, 2026-11-01, a time or a position; all that the log has where it is not said.")
  var since: String?
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: SavingsAnswer = try await options.client.get("savings", [("project", project), ("since", since)])
    if options.json { return Console.json(answer) }
    SavingsText.tell(answer)
  }
}

/// Savings in words.
enum SavingsText {
  static func tell(_ answer: SavingsAnswer) {
    print("\(answer.project), \(answer.since.map { "since \($0)" } ?? "since the log began"):")
    Console.table([
      [
        "  done", "\(answer.spent.tasks) tasks", "\(Console.duration(answer.spent.seconds)) of one core", "",
        "in \(answer.spent.runs) runs",
      ],
      row("  not necessary", answer.total, "in all"),
      row("    cut-off", answer.cutOff, "\(answer.cutOff.runs) runs whose inputs came out the same"),
      row("    reuse", answer.reuse, "in \(answer.reuse.runs) runs whose recipe was known"),
      row("    frames", answer.frames, "\(answer.frames.frames) frames kept in \(answer.frames.runs) runs"),
    ])
    print("")
    print("Tasks and bytes are counted. Seconds of work that was not done are estimated from what a task of the")
    print("step took when it was last measured (docs/explanation/savings.md).")
    if answer.total.tasksWithoutSeconds > 0 {
      print("Of \(answer.total.tasksWithoutSeconds) tasks nobody knows the seconds: their steps were never measured.")
    }
    if answer.unmeasuredRuns > 0 {
      print("\(answer.unmeasuredRuns) runs are from before this was counted, and not in it.")
    }
  }

  private static func row(_ name: String, _ spared: SavingsAnswer.Spared, _ words: String) -> [String] {
    [
      name, "\(spared.tasks) tasks", "about \(Console.duration(spared.seconds)) of one core",
      Console.bytes(spared.bytes), words,
    ]
  }
}
