import ArgumentParser
import FoundationEssentials
import SluiceModel

/// Which part of a project a question is about.
struct SelectOptions: ParsableArguments {
  @Option(help: "What is meant: references and globs, +x, x+, step:, state: … (docs/reference/selection.md).")
  var select: String?
  @Option(help: "What of it is not meant, in the same words.") var exclude: String?

  var isEmpty: Bool { select == nil && exclude == nil }
  var query: [(String, String?)] { [("select", select), ("exclude", exclude)] }
}

/// Which part of a project a plan is about, and how far it goes.
struct SelectionOptions: ParsableArguments {
  @OptionGroup var selection: SelectOptions
  @Option(help: "Nothing that is made from what this step makes.") var until: String?
  @Option(help: "Only these frames, such as 1001-1010,1020.") var frames: String?
  @Flag(help: "Make anew what is selected, current or not.") var force = false

  var isEmpty: Bool {
    selection.isEmpty && until == nil && frames == nil && !force
  }

  func body(
    _ project: String, changed: [ChangedProduct]? = nil, limit: Int? = nil, plan: String? = nil, command: String? = nil
  ) -> PlanBody {
    PlanBody(
      project: project, select: selection.select, exclude: selection.exclude, until: until, frames: frames,
      force: force ? true : nil, changed: changed, limit: limit, plan: plan, command: command)
  }
}

struct PlanBody: Encodable {
  var project: String
  var select: String?
  var exclude: String?
  var until: String?
  var frames: String?
  var force: Bool?
  var changed: [ChangedProduct]?
  var limit: Int?
  var plan: String?
  var command: String?
}

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Compute and show what must run, and record nothing; show a plan again; decline a proposal.",
    usage: """
      sluice plan PROJECT [--select EXPR] [--exclude EXPR] [--until STEP] [--frames RANGE] [--force] [--limit N]
      sluice plan PROJECT --changed REF[=FILE]… [--allow-missing]
      sluice plan show ID
      sluice plan decline ID [--because TEXT]
      """,
    discussion: """
      EXAMPLE: sluice plan demo --select "sq010 step:review"
      EXAMPLE: sluice plan demo --changed demo/look/show_lut=fixed/show_lut.cube
      EXAMPLE: sluice plan show p-0f3a9c21be77
      EXAMPLE: sluice plan decline p-0f3a9c21be77 --because "the look is not final"
      """)

  private static let verbs = ["show", "decline"]

  @Argument(help: ArgumentHelp("The project, or 'show' or 'decline' and a plan's id.", valueName: "project"))
  var words: [String]
  @OptionGroup var selection: SelectionOptions
  @Option(
    help: ArgumentHelp(
      "What if this were published? Nothing is: shows what it would reach.", valueName: "ref[=file]"))
  var changed: [String] = []
  @Flag(help: "With --changed: the sequence may lack frames.") var allowMissing = false
  @Option(help: "Show so many runs at most; 100 in words, and all with --json, where it is not said.")
  var limit: Int?
  @Option(help: "With decline: why.") var because: String?
  @OptionGroup var options: ServerOptions

  /// In words: enough to see what a plan is about.
  private static let runsInWords = 100

  /// What to do with one plan; nil where a project is meant.
  private var verb: String? { words.count == 2 && Self.verbs.contains(words[0]) ? words[0] : nil }

  func validate() throws {
    guard words.count == 1 || verb != nil else {
      throw ValidationError(
        "Name one project (sluice plan demo), or a plan (sluice plan show p-…, sluice plan decline p-…).")
    }
    if verb != nil, !selection.isEmpty || !changed.isEmpty || limit != nil {
      throw ValidationError("A plan brings its own selection: leave out --select, --frames and the like.")
    }
    if limit.map({ $0 < 0 }) == true { throw ValidationError("--limit is a number of runs, 0 or more.") }
    if allowMissing, changed.isEmpty { throw ValidationError("--allow-missing goes with --changed.") }
    if selection.force, !changed.isEmpty { throw ValidationError("--force and --changed do not go together.") }
    if verb != "decline", because != nil { throw ValidationError("--because goes with sluice plan decline p-….") }
  }

  func run() async throws {
    switch verb {
    case "show": return try await show(words[1])
    case "decline": return try await decline(words[1])
    default: break
    }
    let products = try changed.isEmpty ? nil : ChangedProducts.read(changed, allowMissing: allowMissing)
    let limit = limit ?? (options.json ? nil : Self.runsInWords)
    let plan: Plan = try await options.client.post(
      "plan", selection.body(words[0], changed: products, limit: limit))
    if options.json { return Console.json(plan) }
    PlanText.tell(plan)
  }

  private func show(_ id: String) async throws {
    let shown: PlanShown = try await options.client.get("plans/\(Client.escaped(id))")
    if options.json { return Console.json(shown) }
    PlanText.tell(shown.plan)
    guard let progress = shown.progress else { return print(shown.state.map(PlanText.fate) ?? "It was not applied.") }
    print("\nIt is \(progress.status.rawValue): \(progress.tasksDone) of \(progress.tasksTotal) tasks done.")
    PlanText.tellRuns(progress)
  }
}

extension PlanCommand {
  private struct DeclineBody: Encodable { var because: String? }

  private func decline(_ id: String) async throws {
    let state: PlanState = try await options.client.post(
      "plans/\(Client.escaped(id))/decline", DeclineBody(because: because))
    if options.json { return Console.json(state) }
    print("\(PlanText.fate(state)) Its \(state.runs) runs are proposed again when an input of theirs changes.")
  }
}

struct PlanShown: Codable {
  var plan: Plan
  var state: PlanState?
  var progress: PlanProgress?
}

struct PlansCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plans", abstract: "List the plans that were proposed or applied, newest first.",
    discussion: "EXAMPLE: sluice plans demo")
  @Argument(help: "The project.") var project: String
  @OptionGroup var options: ServerOptions

  private struct Answer: Codable { var plans: [PlanState] }

  func run() async throws {
    let answer: Answer = try await options.client.get("plans", [("project", project)])
    if options.json { return Console.json(answer) }
    if answer.plans.isEmpty { print("No plan was proposed or applied yet.") }
    Console.table(
      answer.plans.map { plan in
        [
          "\(plan.id)", plan.status.rawValue, "\(plan.runs) runs", Timestamp.text(plan.applied), plan.actor.name,
          plan.isOnlyProposed ? PlanText.fate(plan) : PlanText.counts(plan.counts),
        ]
      })
  }
}

struct Apply: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Record a plan as a fact and run it.",
    discussion: """
      EXAMPLE: sluice apply demo --watch
      EXAMPLE: sluice apply demo --plan p-0f3a9c21be77 --watch
      EXAMPLE: sluice apply demo --select sq010/sh0010 --until review --force
      """)
  @Argument(help: "The project.") var project: String
  @OptionGroup var selection: SelectionOptions
  @Option(help: "The plan that was looked at; refused where the runs would differ now.") var plan: String?
  @Flag(help: "Stay until it ends, and show progress.") var watch = false
  @OptionGroup var options: ServerOptions

  func validate() throws {
    if plan != nil, !selection.isEmpty {
      throw ValidationError("--plan brings its own selection: leave out --select, --frames and the like.")
    }
  }

  func run() async throws {
    let plan: Plan = try await options.client.post(
      "apply",
      selection.body(project, plan: self.plan, command: Machine.ambient.makeEventID().description))
    guard watch, !plan.runs.isEmpty else {
      if options.json {
        return watch ? Console.json(AppliedPlan(plan: plan, counts: RunCounts())) : Console.json(plan)
      }
      PlanText.tell(plan)
      if !plan.runs.isEmpty { print("It is running: sluice plan show \(plan.id)") }
      return
    }
    if !options.json { PlanText.tell(plan) }
    let end = try await Watch(client: options.client).watch(plan.id)
    if options.json {
      Console.json(AppliedPlan(plan: plan, counts: end.counts))
    } else {
      PlanText.tellFailures(end)
      print("\(end.status.rawValue): \(PlanText.counts(end.counts))")
    }
    if end.status != .succeeded { throw ExitCode(1) }
  }
}

/// A plan with how its runs ended.
struct AppliedPlan: Encodable {
  let plan: Plan
  let counts: RunCounts

  private enum Key: String, CodingKey { case succeeded, failed, unchanged, reused, cancelled }

  func encode(to encoder: any Encoder) throws {
    try plan.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(counts.succeeded, forKey: .succeeded)
    try container.encode(counts.failed, forKey: .failed)
    try container.encode(counts.unchanged, forKey: .unchanged)
    try container.encode(counts.reused, forKey: .reused)
    try container.encode(counts.cancelled, forKey: .cancelled)
  }
}
