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
        if answer.tasks.isEmpty {
          return print(
            query.isFiltered
              ? "There is no such task: those of a run are known once it has begun."
              : "Nothing goes on. Of what is over: sluice task list RUN")
        }
        TaskCommand.table(answer.tasks, withRun: true)
        if answer.more > 0 { print("… and \(answer.more) more (--limit \(answer.tasks.count + answer.more))") }
      }
    }
  }

  /// - Parameter withRun: with what its run says of it.
  static func table(_ tasks: [TaskAnswer], withRun: Bool = false, indent: String = "") {
    Console.table(
      tasks.map { task in
        let percent = task.progress.map { "\(Int($0)) % " } ?? ""
        return [
          indent + "\(task.task)", task.status.rawValue, task.frames.map { "\($0)" } ?? task.part ?? "",
          withRun ? task.step : "", withRun ? Console.place(task.project, task.folder) : "", task.agent ?? "",
          task.seconds.map(Console.duration) ?? "", task.used.map { Console.bytes($0.memoryBytes) } ?? "",
          percent + (task.message ?? task.failure?.what ?? ""),
        ]
      },
      header: [indent + "TASK", "STATUS", "FRAMES", "STEP", "FOLDER", "AGENT", "TIME", "MEMORY", "SAYS"],
      isSparse: true)
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
      print(
        "\(task.task) \(task.step) of \(Console.place(task.project, task.folder)), plan \(task.plan): "
          + task.status.rawValue)
      var words = task.part.map { ["step \($0) of its template"] } ?? []
      if let frames = task.frames { words.append(frames.count == 1 ? "frame \(frames)" : "frames \(frames)") }
      if let agent = task.agent { words.append("on \(agent)") }
      if let seconds = task.seconds { words.append(Console.duration(seconds)) }
      if let used = task.used {
        words.append("\(Console.bytes(used.memoryBytes)) of memory")
        words.append("\(Console.duration(used.cpuSeconds)) of processor time")
      }
      if let progress = task.progress { words.append("\(Int(progress)) %") }
      if let message = task.message { words.append(message) }
      if !words.isEmpty { print("  \(words.joined(separator: ", "))") }
      for (number, earlier) in (task.tries ?? []).enumerated() {
        let size = earlier.given.size.map { ", \($0.rawValue)" } ?? ""
        let place = "on \(earlier.agent)\(size), \(Console.duration(earlier.seconds))"
        print("  try \(number + 1) did not count (\(place)): \(earlier.failure.what)")
      }
      if let why = task.why { print("  \(why)") }
      if let failure = task.failure { print("  \(failure.what)\n  \(failure.fix)") }
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
