import ArgumentParser
import Glibc
import SluiceAdapters
import SluiceEngine
import SluiceModel
import SluiceStorage
import UnixSignals

struct FarmCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "farm", abstract: "Queue managers that a studio has: try their scripts.",
    discussion: "EXAMPLE: sluice farm check examples/farm/ssh --folder /mnt/show/try",
    subcommands: [Check.self, RunTask.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Try the scripts submit, poll and cancel with real tasks; exits with 1 where one breaks the contract.",
      discussion: """
        It gives small tasks to the queue manager, and makes its files below --folder, which hosts must see, too.
        EXAMPLE: sluice farm check examples/farm/ssh --folder /mnt/show/try
        """)
    @Argument(help: "The folder with the scripts.") var scripts: String
    @Option(help: "A folder that this machine and the queue manager's hosts see under one path.") var folder: String
    @Option(help: "How long a small task may take, in seconds, with its time in the queue.") var patience = 300.0
    @Option(help: "Seconds between two questions how jobs stand.") var poll = 1.0
    @Flag(help: "Print one JSON object for programs.") var json = false
    @Option(help: .hidden) var server: String?

    private struct Answer: Encodable {
      var ok: Bool
      var checks: [FarmCheck.Result]
    }

    func run() async throws {
      let environment = Machine.environment.filter { !$0.key.hasPrefix("SLUICE_FARM") }
      let scripts = FarmScripts(
        folder: Machine.absolute(scripts), environment: environment, ambient: Machine.ambient)
      try StudioFarm.check(scripts)
      let check = FarmCheck(
        scripts,
        FarmCheck.Settings(
          folder: Machine.absolute(folder), program: Machine.program, patience: .milliseconds(Int(patience * 1_000)),
          pollEvery: .milliseconds(Int(poll * 1_000))), ambient: Machine.ambient)
      let json = json
      let results = await check.run { result in
        guard !json else { return }
        print("\(result.ok ? "ok    " : "FAULTY") \(result.name)\(result.words.isEmpty ? "" : ": \(result.words)")")
        flushOutput()
      }
      let isFine = results.allSatisfy(\.ok)
      if json {
        Console.json(Answer(ok: isFine, checks: results))
      } else {
        print(isFine ? "The scripts keep the contract." : "The scripts do not keep the contract.")
      }
      if !isFine { throw ExitCode(1) }
    }
  }

  struct RunTask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "run", abstract: "Run a task of a template on a host of a queue manager; tasks say so themselves.",
      discussion: "EXAMPLE: sluice farm run /mnt/show/data/farm/r-84d2c6e01b5f.1-0f3a9c21/order.json")
    @Argument(help: "The order.") var file: String
    @Flag(help: "Print how it ended as one JSON object.") var json = false
    @Option(help: .hidden) var server: String?

    func run() async throws {
      let path = Machine.absolute(file)
      var bytes: [UInt8] = []
      do {
        try LocalFiles.read(path) { bytes += $0 }
      } catch {
        throw SluiceError(.usage, what: "the file '\(file)' cannot be read", at: file, fix: "look at the path")
      }
      guard let order = try? StableJSON.decode(TaskOrder.self, from: bytes) else {
        throw SluiceError(
          .usage, what: "'\(file)' is no order of a task", at: file, fix: "give the order.json that Sluice has made")
      }
      signal(SIGPIPE, SIG_IGN)
      let launcher = ProcessLauncher(mark: path, ambient: Machine.ambient)
      let own = Machine.environment.filter { !$0.key.hasPrefix("SLUICE_") || $0.key == "SLUICE_FARM_KEY" }
      let session = FarmSession(of: order, key: FileName.last(FileName.parent(path)))
      var seen = order
      if let session { seen.session?.directory = session.claim() }
      seen.environment = own.merging(order.environment) { $1 }
      let end = await FarmCommand.launch(seen, launcher)
      await launcher.endSessions(of: order.session?.key ?? "")
      session?.remove()
      try? FileWorkshop.leave(StableJSON.text(end), at: FileName.parent(path) + "/outcome.json")
      if json { Console.json(end) }
      if case .exited(let code) = end { throw ExitCode(Int32(code)) }
      throw ExitCode(1)
    }
  }

  /// Runs a task; SIGTERM and SIGINT end it in the way of its template.
  private static func launch(_ order: TaskOrder, _ launcher: ProcessLauncher) async -> TaskEnd {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    return await withTaskGroup(of: TaskEnd?.self) { group in
      group.addTask { await launcher.launch(order) }
      group.addTask {
        for await _ in signals { break }
        return nil
      }
      var end: TaskEnd?
      while end == nil, let next = await group.next() {
        if next == nil { group.cancelAll() }
        end = next
      }
      group.cancelAll()
      return end ?? .cancelled
    }
  }
}
