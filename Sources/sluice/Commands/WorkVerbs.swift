import ArgumentParser
import SluiceModel

/// What jobs, plans, runs and tasks have in common: one way to end them, to take them up again, and to read their logs.
enum WorkVerbs {
  static func cancel(_ id: String, _ options: ServerOptions) async throws {
    let answer: [String: Int] = try await options.client.post("cancel", ["id": id])
    if options.json { return Console.json(answer) }
    let count = answer["cancelled"] ?? 0
    if id.contains(".") {
      return print(count == 0 ? "\(id) is over already." : "\(id) ends, and its run with it.")
    }
    print(count == 0 ? "Nothing of \(id) waits or runs." : "\(count) run\(count == 1 ? " ends" : "s end").")
  }

  static func retry(_ id: String, _ options: ServerOptions) async throws {
    let answer: [String: Int] = try await options.client.post("retry", ["id": id])
    if options.json { return Console.json(answer) }
    let count = answer["runs"] ?? 0
    print(count == 0 ? "\(id) is ended and starts again." : "\(count) run\(count == 1 ? " begins" : "s begin") again.")
  }
}

struct Cancel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End a plan, a job, a run or a task with everything it started.",
    discussion: "EXAMPLE: sluice cancel p-0f3a9c21be77")
  @Argument(help: "A plan, a job, a run or a task.") var id: String
  @OptionGroup var options: ServerOptions

  func run() async throws { try await WorkVerbs.cancel(id, options) }
}

struct Retry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take up a run that failed or was cancelled, and what waited for it.",
    discussion: """
      EXAMPLE: sluice retry r-84d2c6e01b5f
      EXAMPLE: sluice retry r-84d2c6e01b5f.1012
      """)
  @Argument(help: "A run, a plan or job for all that did not finish, or a task that hangs.") var id: String
  @OptionGroup var options: ServerOptions

  func run() async throws { try await WorkVerbs.retry(id, options) }
}

/// Which log is wanted.
struct LogOptions: ParsableArguments {
  @Flag(help: "Stay, and print what comes, to the end.") var follow = false
  @OptionGroup var options: ServerOptions

  func print(_ id: String) async throws { try await TaskLogs(options: options, isFollowing: follow).print(id) }
}

/// Which runs or tasks a list has.
struct WorkListOptions: ParsableArguments {
  @Option(help: "Only these: waiting, queued, running, succeeded, unchanged, failed or cancelled.") var status: String?
  @Option(help: "So many at most.") var limit: Int?
  @OptionGroup var repeated: Repeated
  @OptionGroup var options: ServerOptions

  /// - Parameter id: a plan, a run or a project; everything where it is nil.
  func query(_ id: String?, limit default: Int) -> [(String, String?)] {
    let isPlan = id?.hasPrefix("p-") == true
    let isRun = id?.hasPrefix("r-") == true
    return [
      ("plan", isPlan ? id : nil), ("run", isRun ? id : nil), ("project", isPlan || isRun ? nil : id),
      ("status", status), ("limit", "\(limit ?? `default`)"),
    ]
  }
}

extension [(String, String?)] {
  /// Whether only some are asked for.
  var isFiltered: Bool { contains { $0.0 != "limit" && $0.1 != nil } }
}
