import ArgumentParser
import Logging
import SluiceAdapters
import SluiceModel

/// What `serve` takes about a queue manager that a studio has.
struct QueueManagerOptions: ParsableArguments {
  enum Farm: String, ExpressibleByArgument, CaseIterable {
    /// This machine, and agents that join.
    case agents
    /// Scripts of the studio.
    case command
  }

  @Option(help: "Where tasks run: agents (this machine and those that join), or command (a queue manager).")
  var farm = Farm.agents
  @Option(
    help: ArgumentHelp(
      "With --farm command: the folder with the scripts submit, poll and cancel.",
      discussion: "docs/howto/queue-manager.md says what they get and print; sluice farm check tries them.",
      valueName: "dir"))
  var farmScripts: String?
  @Option(help: "With --farm command: seconds between two questions how jobs stand.") var farmPoll = 5.0
  @Option(
    help: ArgumentHelp(
      "With --farm command: a label that the queue manager has machines for; may be given several times.",
      valueName: "key=value"))
  var farmLabel: [String] = []

  func validate() throws {
    guard farm == .command else {
      if farmScripts != nil || !farmLabel.isEmpty {
        throw ValidationError("--farm-scripts and --farm-label go with --farm command.")
      }
      return
    }
    if farmScripts == nil { throw ValidationError("--farm command wants --farm-scripts DIR.") }
    guard (0.1...3_600).contains(farmPoll) else { throw ValidationError("--farm-poll takes 0.1 to 3600 seconds.") }
    for text in farmLabel where QueueManagerOptions.pair(text) == nil {
      throw ValidationError("--farm-label takes KEY=VALUE, not '\(text)'.")
    }
  }

  private static func pair(_ text: String) -> (String, String)? {
    guard let equals = text.firstIndex(of: "="), NameRule.problem(in: text[..<equals]) == nil else { return nil }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }

  /// Labels of the queue manager's machines; nil where there is none.
  var labels: [String: String]? {
    guard farm == .command else { return nil }
    return Dictionary(farmLabel.compactMap(QueueManagerOptions.pair), uniquingKeysWith: { _, last in last })
  }

  var defaultWorkers: Int { farm == .command ? 1_000 : Machine.cores }

  /// - Throws: `farm.scripts`.
  func queueManager() throws(SluiceError) -> StudioFarm? {
    guard farm == .command, let farmScripts else { return nil }
    let folder = Machine.absolute(farmScripts)
    try StudioFarm.check(FarmScripts(folder: folder, environment: [:], ambient: Machine.ambient))
    return StudioFarm(scripts: folder, pollEvery: .milliseconds(Int(farmPoll * 1_000)))
  }
}

/// A queue manager behind scripts.
struct StudioFarm: Sendable {
  let scripts: String
  let pollEvery: Duration

  /// - Throws: `farm.scripts` where one cannot be run.
  static func check(_ scripts: FarmScripts) throws(SluiceError) {
    guard let missing = scripts.missing else { return }
    throw SluiceError(
      .farmScripts, what: "the script '\(missing)' is not there, or cannot be run", at: scripts.folder,
      fix: "a queue manager wants the programs \(FarmScripts.names.joined(separator: ", ")) in one folder; see "
        + "docs/howto/queue-manager.md and examples/farm")
  }

  func launcher(dataFolder: String, environment: [String: String], logger: Logger) -> any TaskLauncher {
    CommandFarm(
      FarmScripts(folder: scripts, environment: environment, ambient: Machine.ambient),
      CommandFarm.Settings(root: dataFolder + "/farm", program: Machine.program, pollEvery: pollEvery),
      ambient: Machine.ambient
    ) { words in logger.warning("\(words)") }
  }
}
