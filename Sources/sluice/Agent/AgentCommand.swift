import ArgumentParser
import Glibc
import SluiceAdapters
import SluiceModel
import UnixSignals

struct AgentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent", abstract: "Run tasks of a server on this machine, until Ctrl-C.",
    discussion: """
      An agent that sees the server's data folder works in it; any other brings inputs and sends outputs over HTTP. On
      Ctrl-C it ends its tasks and gives them back. The token wants the right 'agent'.
      EXAMPLE: sluice agent --server http://farm:7733 --label os=linux --cores 16
      """,
    subcommands: [WardenCommand.self])

  @Option(help: "This agent's name, one of its own for each; the machine's where it is not said.") var name: String?
  @Option(help: ArgumentHelp("The token to show.", discussion: "Default: SLUICE_TOKEN.")) var token: String?
  @Option(help: "Cores for tasks; all of them where it is not said.") var cores: Int?
  @Option(help: "Memory for tasks, such as 64G; all of it where it is not said.") var memory: String?
  @Option(help: "How many GPUs tasks may have.") var gpus = 0
  @Option(help: ArgumentHelp("What steps may ask for; may be given several times.", valueName: "key=value"))
  var label: [String] = []
  @Option(
    help: ArgumentHelp(
      "How much of something it has that templates ask for as amount.NAME; may be given several times.",
      valueName: "name=count"))
  var amount: [String] = []
  @Option(
    help: ArgumentHelp(
      "Where it keeps what it brings, and works, where it does not see the server's data folder.",
      discussion: "Default: sluice-agent/NAME in the working folder. No two agents share one."))
  var cache: String?
  @Option(help: "How much of that it keeps, such as 100G.") var cacheSize = "20G"
  @Flag(help: "Bring and send files even where the server's data folder can be seen.") var stream = false
  @Option(
    help: ArgumentHelp(
      "Run tasks as this user; the agent itself is root.",
      discussion: "It brings and sends files then, and --cache has to be root's.", valueName: "user"))
  var runAs: String?
  @Flag(help: "Work only while nobody works at this machine, and leave at once when somebody comes.") var nimby = false
  @Option(help: "With --nimby: after so many minutes without input at a terminal nobody works here (default: 15).")
  var idleMinutes: Double?
  @Option(
    help: ArgumentHelp(
      "With --nimby: a program that says it instead: it exits with 0 when nobody works here.", valueName: "program"))
  var idleCommand: String?
  @OptionGroup var options: ServerOptions

  func validate() throws {
    if let idleMinutes, !(0...1_440).contains(idleMinutes) {
      throw ValidationError("--idle-minutes takes 0 to 1440.")
    }
    if idleCommand != nil || idleMinutes != nil, !nimby {
      throw ValidationError("--idle-command and --idle-minutes say something with --nimby alone.")
    }
    if idleCommand != nil, idleMinutes != nil {
      throw ValidationError("The program says when nobody works here: give --idle-command or --idle-minutes.")
    }
    if let cores, !(1...Limits.agentCores).contains(cores) {
      throw ValidationError("--cores takes 1 to \(Limits.agentCores).")
    }
    guard (0...Limits.agentGPUs).contains(gpus) else {
      throw ValidationError("--gpus takes 0 to \(Limits.agentGPUs).")
    }
    for text in [memory, cacheSize].compactMap({ $0 }) where MemorySize.mebibytes(text) == nil {
      throw ValidationError("'\(text)' is no amount: write 512M, 64G or a number of MiB.")
    }
    for text in label where HostOptions.pair(text) == nil {
      throw ValidationError("--label takes KEY=VALUE, not '\(text)'.")
    }
    for text in amount where HostOptions.amount(text) == nil {
      throw ValidationError("--amount takes NAME=COUNT, not '\(text)'.")
    }
    if let name, let problem = NameRule.problem(in: name) {
      throw ValidationError("'\(name)' cannot be an agent's name: \(problem).")
    }
  }

  func run() async throws {
    signal(SIGPIPE, SIG_IGN)
    let user = try runAs.map { try TaskUser.named($0) }
    var client = options.client
    client.token = token
    let name = name ?? AgentCommand.plain(Machine.host)
    let join = AgentJoin(
      name: name, host: Machine.host, cores: cores ?? Machine.cores,
      memory: memory.flatMap(MemorySize.mebibytes) ?? Machine.memory, gpus: gpus,
      labels: Dictionary(label.compactMap(HostOptions.pair), uniquingKeysWith: { _, last in last }),
      version: Sluice.version,
      amounts: Dictionary(amount.compactMap(HostOptions.amount), uniquingKeysWith: { _, last in last }),
      attributes: HostTraits.ofThisBuild)
    let worker = AgentWorker(
      client: client, join: join, doesStream: stream,
      shelf: Shelf(
        root: Machine.absolute(cache ?? "sluice-agent/\(name)"),
        bytes: Int64(MemorySize.mebibytes(cacheSize) ?? 0) * 1_024 * 1_024),
      voice: AgentVoice(isJSON: options.json), presence: nimby ? presence : nil, user: user)
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await worker.run() }
      group.addTask { for await _ in signals { await worker.leave() } }
      try await group.next()
      group.cancelAll()
    }
  }

  private var presence: Presence {
    Presence(
      idle: .seconds((idleMinutes ?? 15) * 60),
      program: idleCommand.map { $0.contains("/") ? Machine.absolute($0) : $0 },
      environment: Machine.environment, ambient: Machine.ambient)
  }

  /// A host's name as the name of an agent.
  private static func plain(_ host: String) -> String {
    String(host.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) ? $0 : "_" })
  }
}

/// The small process beside an agent; see `Warden`.
struct WardenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warden", abstract: "End an agent's tasks when nothing is heard of it; an agent starts it by itself.",
    discussion: "EXAMPLE: sluice agent warden --mark M --milliseconds 20000", shouldDisplay: false)
  @Option var mark: String
  @Option var milliseconds: Int

  func run() async throws {
    await Warden.watch(mark: mark, patience: .milliseconds(milliseconds), ambient: Machine.ambient)
  }
}

/// What an agent says of what it does: lines for people, or JSON objects for programs.
struct AgentVoice: Sendable {
  private struct Line: Encodable {
    var event: String
    var task: TaskID?
    var text: String
  }
  let isJSON: Bool

  func say(_ event: String, _ task: TaskID? = nil, _ text: String) {
    guard isJSON else { return Console.complain("sluice agent: \(text)") }
    Console.json(Line(event: event, task: task, text: text))
    flushOutput()
  }
}
