import ArgumentParser
import SluiceModel

struct TaskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task", abstract: "Look at tasks, read what they print, end them, start them again.",
    discussion: "EXAMPLE: sluice task log r-84d2c6e01b5f.1012 --follow",
    subcommands: [List.self, Show.self, Log.self, Retry.self, Cancel.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List tasks: of what goes now, of a project, of a plan or job, or of one run.",
      discussion: """
        EXAMPLE: sluice task list --watch
        EXAMPLE: sluice task list r-84d2c6e01b5f --status failed
        """)
    @Argument(help: "A project, a plan or job, or a run.") var about: String?
    @OptionGroup var list: WorkListOptions

    func run() async throws {
      let query = list.query(about, limit: 200)
      try await list.repeated.show(list.options) { () async throws -> TasksAnswer in
        try await list.options.client.get("tasks", query)
      } tell: { answer in
        if answer.tasks.isEmpty { print("There is no such task: those of a run are known once it has begun.") }
        Console.table(
          answer.tasks.map { TaskCommand.row($0) + ["\($0.step) \($0.project)/\($0.folder)"] })
        if answer.more > 0 { print("… and \(answer.more) more (--limit \(answer.tasks.count + answer.more))") }
      }
    }
  }

  /// Without what its run says of it.
  static func row(_ task: TaskAnswer) -> [String] {
    let percent = task.progress.map { "\(Int($0)) % " } ?? ""
    let place = task.agent.map { "on \($0)" } ?? task.seconds.map(Console.duration) ?? ""
    return [
      "\(task.task)", task.status.rawValue, task.frames.map { "frames \($0)" } ?? "", place,
      percent + (task.message ?? task.failure?.what ?? ""),
    ]
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a task: where it runs, why it waits, how it ended; with --watch to its end.",
      discussion: "EXAMPLE: sluice task show r-84d2c6e01b5f.1012 --watch")
    @Argument(help: "The task: its run, a dot and the first frame.") var id: String
    @OptionGroup var repeated: Repeated
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let last: TaskAnswer = try await repeated.show(
        options, ask: { try await options.client.get("tasks/\(Client.escaped(id))") }, isOver: \.isOver,
        tell: Show.tell)
      if repeated.watch, last.status != .succeeded { throw ExitCode(1) }
    }

    private static func tell(_ task: TaskAnswer) {
      print("\(task.task) \(task.step) of \(task.project)/\(task.folder), plan \(task.plan): \(task.status.rawValue)")
      let words = TaskCommand.row(task).dropFirst(2).filter { !$0.isEmpty }.joined(separator: ", ")
      if !words.isEmpty { print("  \(words)") }
      if let why = task.why { print("  \(why)") }
      if let fix = task.failure?.fix { print("  \(fix)") }
    }
  }

  struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print what a task wrote to stdout and stderr; with --follow as it comes, to its end.",
      discussion: "EXAMPLE: sluice task log r-84d2c6e01b5f.1012 --follow")
    @Argument(help: "The task: its run, a dot and the first frame.") var id: String
    @OptionGroup var log: LogOptions
    func run() async throws { try await log.print(id) }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Start a task again: one that runs is ended first, one that failed begins again with its run.",
      discussion: "EXAMPLE: sluice task retry r-84d2c6e01b5f.1012")
    @Argument(help: "The task.") var id: String
    @OptionGroup var options: ServerOptions
    func run() async throws { try await WorkVerbs.retry(id, options) }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "End a task. Its run cannot become whole without it, and ends when its other tasks that run have ended.",
      discussion: "EXAMPLE: sluice task cancel r-84d2c6e01b5f.1012")
    @Argument(help: "The task.") var id: String
    @OptionGroup var options: ServerOptions
    func run() async throws { try await WorkVerbs.cancel(id, options) }
  }
}
