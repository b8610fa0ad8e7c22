import ArgumentParser
import Glibc
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import SluiceAdapters
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceServer
import SluiceStorage
import UnixSignals

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Log, views, store, workers and web page in one process.",
    discussion: """
      EXAMPLE: sluice serve --data show-data --workers 4
      EXAMPLE: sluice serve --data show-data --root /mnt/scans --root /mnt/caches
      """)

  @Option(help: "The folder that everything is kept in.") var data = "sluice-data"
  @Option(help: "Address and port; other addresses than loopback want a token first.") var listen = "127.0.0.1:7733"
  @Option(
    help: ArgumentHelp(
      "Cores of this machine for tasks, 0 for agents alone; all of them where it is not said.",
      discussion: "With --farm command: cores of the queue manager that tasks may have at once, 1000 where not said."))
  var workers: Int?
  @OptionGroup var farm: FarmOptions
  @OptionGroup var outputs: OutputOptions
  @Option(
    help: ArgumentHelp(
      "A folder whose files may be recorded where they lie (publish --in-place); may be given several times.",
      valueName: "dir"))
  var root: [String] = []
  @Option(help: "This site's short name; it is part of version ids.") var site = "main"
  @Option(
    help: ArgumentHelp(
      "A program that subscriptions may send events to, by its name; may be given several times.",
      discussion: "It gets CloudEvents as JSON on its standard input, one a line, and exits with 0 when they are done.",
      valueName: "name=program"))
  var subscriberCommand: [String] = []
  @Option(
    help: ArgumentHelp(
      "Where webhooks may go beside public addresses; may be given several times.",
      discussion: """
        HOST, HOST:PORT, an address, or a network such as 10.20.0.0/16. This machine itself is allowed while the server
        listens on loopback only.
        """,
      valueName: "host"))
  var webhookAllow: [String] = []
  @Option(help: "A PEM file of certificate authorities that webhooks trust beside the system's.")
  var webhookAuthorities: String?
  @Flag(help: "Build the views anew from the log first.") var rebuild = false
  @Option(help: "trace, debug, info, warning or error.") var logLevel = "info"
  @Flag(help: .hidden) var json = false
  @Option(help: .hidden) var server: String?

  func validate() throws {
    if let workers, !(0...100_000).contains(workers) { throw ValidationError("--workers takes 0 to 100000.") }
    if let problem = NameRule.problem(in: site) ?? (site.contains("-") ? "it has '-'" : nil) {
      throw ValidationError("'\(site)' cannot be a site's name: \(problem).")
    }
    for command in subscriberCommand where Serve.named(command) == nil {
      throw ValidationError("--subscriber-command takes NAME=PROGRAM, not '\(command)'.")
    }
    if Logger.Level(rawValue: logLevel) == nil { throw ValidationError("There is no log level '\(logLevel)'.") }
  }

  func run() async throws {
    LoggingSystem.bootstrap(StreamLogHandler.standardError)
    let logger = Serve.logger(Logger.Level(rawValue: logLevel) ?? .info)
    let (host, port) = try address()
    let folder = try DataFolder(Machine.absolute(data), syncs: Serve.syncs, owner: try outputs.owner())
    let registry = try await folder.open(site: site, rebuild: rebuild, logger: logger)
    let isLoopback = ["127.0.0.1", "::1", "localhost"].contains(host)
    guard isLoopback || !registry.tokens.isEmpty else {
      throw SluiceError(
        .listenRefused, what: "without tokens everybody who reaches \(host) could run commands here",
        at: "--listen \(listen)",
        fix: "make a token first (sluice token create NAME --data \(data)), or listen on 127.0.0.1")
    }
    let site = try Site(
      folder: folder, registry: registry, roots: root, workers: workers ?? farm.queueManager.defaultWorkers,
      farm: try farm.settings(probe: Site.probe(in: folder)),
      limits: farm.limitPrograms,
      commands: Dictionary(subscriberCommand.compactMap(Serve.named), uniquingKeysWith: { _, last in last }),
      webhooks: HTTPWebhookSender.Settings(
        allowed: try Serve.allowances(webhookAllow), listensOnLoopback: isLoopback,
        authorities: try Serve.readable(webhookAuthorities)),
      queueManager: try farm.queueManager.queueManager(), logger: logger)
    let services = site.services(
      version: Sluice.version, serve: Array(CommandLine.arguments.dropFirst(2)), listensOnLoopback: isLoopback)
    let application = Application(
      router: API(services).router(),
      configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: nil),
      onServerRunning: { channel in
        let bound = channel.localAddress?.port ?? port
        logger.info(
          """
          Sluice \(Sluice.version), site \(site.writer.site), listens on http://\(host):\(bound)/, \
          data in \(folder.path)
          """
        )
      },
      logger: Serve.quiet(logger))
    // Stopped from the last to the first: readers go, requests end, tasks end, the log closes.
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          site.writer, site.runner, site.reactor, site.subscriptions, site.inPlace, application,
          FeedCloser(feed: site.feed, runner: site.runner),
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: Serve.quiet(logger)))
    do {
      try await group.run()
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw SluiceError(
        .listenRefused, what: "port \(port) of \(host) is taken", at: "--listen \(listen)",
        fix: "stop what listens there, or name another port with --listen \(host):\(port + 1)")
    }
  }

  /// `NAME=PROGRAM`, taken apart.
  private static func named(_ text: String) -> (String, String)? {
    guard let equals = text.firstIndex(of: "="), NameRule.problem(in: text[..<equals]) == nil else { return nil }
    let program = text[text.index(after: equals)...]
    return program.isEmpty ? nil : (String(text[..<equals]), String(program))
  }

  private static func allowances(_ texts: [String]) throws(SluiceError) -> [WebhookAllowance] {
    var allowances: [WebhookAllowance] = []
    for text in texts { allowances.append(try WebhookAllowance(text)) }
    return allowances
  }

  /// The path of a file that can be read.
  private static func readable(_ file: String?) throws(SluiceError) -> String? {
    guard let file else { return nil }
    guard access(Machine.absolute(file), R_OK) == 0 else {
      throw SluiceError(
        .usage, what: "the file '\(file)' cannot be read", at: "--webhook-authorities", fix: "look at the path")
    }
    return Machine.absolute(file)
  }

  private static func logger(_ level: Logger.Level) -> Logger {
    var logger = Logger(label: "sluice")
    logger.logLevel = level
    return logger
  }

  /// The frameworks' own words are for their authors; ours are for the people who run a server.
  private static func quiet(_ logger: Logger) -> Logger {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    return quiet
  }

  private func address() throws -> (String, Int) {
    guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
      (0...65_535).contains(port)
    else { throw ValidationError("--listen takes ADDRESS:PORT, for example 127.0.0.1:7733.") }
    let host = listen[..<colon].filter { $0 != "[" && $0 != "]" }
    return (host.isEmpty ? "127.0.0.1" : String(host), port)
  }

  /// In debug builds a test can leave one sync out, to show that it would be noticed.
  private static var syncs: SyncSwitch {
    var syncs = SyncSwitch.all
    #if DEBUG
      switch Machine.environment["SLUICE_TEST_LEAVE_OUT_SYNC"] {
      case "file": syncs.file = false
      case "folder": syncs.folder = false
      case "log": syncs.log = false
      default: break
      }
    #endif
    return syncs
  }
}

/// Ends live streams and the polls of agents when the server stops: they would hold it up.
private struct FeedCloser: Service {
  let feed: Feed
  let runner: Runner

  func run() async throws {
    try? await gracefulShutdown()
    feed.close()
    await runner.sendAgentsAway()
  }
}
