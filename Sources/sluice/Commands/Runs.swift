import ArgumentParser
import SluiceModel

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Look at runs, read what they print, end them, take them up again.",
    discussion: "EXAMPLE: sluice run list demo --watch",
    subcommands: [List.self, Show.self, Log.self, Retry.self, Cancel.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List runs: what goes first, then what ended last; of a plan all, in its order.",
      discussion: """
        EXAMPLE: sluice run list
        EXAMPLE: sluice run list demo --status failed
        EXAMPLE: sluice run list p-0f3a9c21be77 --watch
        """)
    @Argument(help: "A project, or a plan or job.") var about: String?
    @OptionGroup var list: WorkListOptions

    func run() async throws {
      let query = list.query(about, limit: 50)
      try await list.repeated.show(list.options) { () async throws -> RunsAnswer in
        try await list.options.client.get("runs", query)
      } tell: { answer in
        if answer.runs.isEmpty {
          return print(query.isFiltered ? "There is no such run." : "No run yet: sluice apply PROJECT makes some.")
        }
        Console.table(
          answer.runs.map(RunCommand.row), header: ["RUN", "STATUS", "DONE", "STEP", "FOLDER", "PLAN", "SAYS"],
          isSparse: true)
        if answer.more > 0 { print("… and \(answer.more) more (--limit \(answer.runs.count + answer.more))") }
      }
    }
  }

  fileprivate static func row(_ run: RunAnswer) -> [String] {
    [
      "\(run.run)", run.status.rawValue, "\(run.tasksDone)/\(run.tasksTotal)", run.step,
      Console.place(run.project, run.folder),
      "\(run.plan)", run.failure?.what ?? "",
    ]
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a run and its tasks; with --watch to its end, exit 1 where it did not succeed.",
      discussion: "EXAMPLE: sluice run show r-84d2c6e01b5f --watch")
    @Argument(help: "The run.") var id: String
    @OptionGroup var repeated: Repeated
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let last: RunShown = try await repeated.show(
        options, ask: { try await options.client.get("runs/\(Client.escaped(id))") }, isOver: { $0.run.isOver },
        tell: Show.tell)
      if repeated.watch, last.run.status != .succeeded, last.run.status != .unchanged { throw ExitCode(1) }
    }

    private static func tell(_ shown: RunShown) {
      let run = shown.run
      print(
        "\(run.run) \(run.step) of \(Console.place(run.project, run.folder)), plan \(run.plan): "
          + "\(run.status.rawValue), \(run.tasksDone) of \(Console.count(run.tasksTotal, "task")) done")
      if let failure = run.failure { print("  \(failure.what)\n  \(failure.fix)") }
      TaskCommand.table(shown.tasks, indent: "  ")
      if shown.more > 0 { print("  … and \(shown.more) more: sluice task list \(run.run)") }
    }
  }

  struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print what the tasks of a run wrote; with --follow as it comes, each line with its task.",
      discussion: "EXAMPLE: sluice run log r-84d2c6e01b5f --follow")
    @Argument(help: "The run, or one task of it.") var id: String
    @OptionGroup var log: LogOptions
    func run() async throws { try await log.print(id) }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take up a run that failed or was cancelled, and what waited for it; what it has finished stays.",
      discussion: "EXAMPLE: sluice run retry r-84d2c6e01b5f")
    @Argument(help: "The run.") var id: String
    @OptionGroup var options: ServerOptions
    func run() async throws { try await WorkVerbs.retry(id, options) }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a run with everything it started.", discussion: "EXAMPLE: sluice run cancel r-84d2c6e01b5f")
    @Argument(help: "The run.") var id: String
    @OptionGroup var options: ServerOptions
    func run() async throws { try await WorkVerbs.cancel(id, options) }
  }
}
