import Logging
import SluiceAdapters
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceServer
import SluiceStorage

/// Everything of a site in one process, wired.
struct Site: Sendable {
  let folder: DataFolder
  let writer: Writer
  let runner: Runner
  let reactor: Reactor
  let feed = Feed()
  let subscriptions: Subscriptions
  let inPlace: InPlaceCare
  private let outside: any OutsideFiles
  private let queries: Queries
  private let judgements: Judgements
  private let bodies: PlanBodies
  private let previews: OpenImageIO
  private let layouts: Graphviz
  private let workers: Int

  init(
    folder: DataFolder, registry: Registry, roots: [String], workers: Int, farm: FarmSettings,
    limits: [String: String], commands: [String: String],
    webhooks: HTTPWebhookSender.Settings, queueManager: StudioFarm? = nil, logger: Logger
  ) throws(SluiceError) {
    (self.folder, self.workers) = (folder, workers)
    let ambient = Machine.ambient
    let environment = Machine.environment.filter { !$0.key.hasPrefix("SLUICE_") }
    writer = Writer(
      registry: registry, log: folder.log, views: folder.views, names: folder.names, feed: feed, ambient: ambient,
      viewsRest: Limits.viewsRest, logger: logger)
    previews = OpenImageIO(environment: environment, previews: folder.path + "/previews", ambient: ambient)
    layouts = Graphviz(environment: environment, ambient: ambient)
    let tools = LocalToolProbe(environment: environment, folder: Machine.currentFolder, ambient: ambient)
    outside = try Roots(roots, except: folder.path)
    inPlace = InPlaceCare(
      writer: writer, outside: outside, manifests: folder.manifests, ambient: ambient, logger: logger)
    var parts = Runner.Parts(
      writer: writer, log: folder.log, store: folder.store, manifests: folder.manifests, views: folder.views,
      workshop: try FileWorkshop(root: folder.path + "/work", pixels: previews, syncs: folder.syncs),
      launcher: queueManager?.launcher(dataFolder: folder.path, environment: environment, logger: logger)
        ?? ProcessLauncher(mark: folder.path, ambient: ambient), tools: tools, feed: feed,
      ambient: ambient, logger: logger,
      settings: Runner.Settings(
        // A queue manager's hosts have an environment of their own.
        workers: workers, environment: queueManager == nil ? environment : [:], programFolder: Machine.currentFolder,
        dataFolder: folder.path,
        farm: farm), dock: FileDock())
    parts.inPlace = inPlace
    if !limits.isEmpty { parts.limits = LimitPrograms(limits, environment: environment, ambient: ambient) }
    runner = Runner(parts)
    subscriptions = Subscriptions(
      parts: Subscriber.Parts(
        writer: writer, log: folder.log, names: folder.names, cursors: folder.cursors,
        webhooks: HTTPWebhookSender(settings: webhooks, ambient: ambient),
        commands: LocalEventCommands(
          commands, environment: environment, folder: Machine.currentFolder, mark: folder.path, ambient: ambient),
        feed: feed, ambient: ambient, logger: logger))
    bodies = PlanBodies(log: folder.log)
    queries = Queries(
      writer: writer, manifests: folder.manifests, tools: tools, runner: runner, store: folder.store, bodies: bodies)
    judgements = Judgements(writer: writer, manifests: folder.manifests, tools: tools)
    reactor = Reactor(
      Reactor.Parts(
        writer: writer, log: folder.log, feed: feed, queries: queries, runner: runner, bodies: bodies, ambient: ambient,
        logger: logger))
  }

  /// A file with a secret of this start of the server, for agents that see the data folder.
  static func probe(in folder: DataFolder) throws(SluiceError) -> FarmSettings.Probe {
    let secret = Machine.ambient.makeSecret(bytes: 16)
    let file = folder.path + "/work" + "/agents.probe"
    try FileWorkshop.leave(secret, at: file)
    return FarmSettings.Probe(file: file, secret: secret)
  }

  /// - Parameter serve: the options of `serve`, kept in backups.
  func services(version: String, serve: [String], listensOnLoopback: Bool) -> Services {
    let backups = SiteBackups(
      log: folder.log, cursors: folder.cursors, names: folder.names,
      configuration: SiteBackups.Configuration(site: writer.site, version: version, serve: serve),
      ambient: Machine.ambient, syncs: folder.syncs)
    var services = Services(
      writer: writer, log: folder.log, views: folder.views, store: folder.store,
      publisher: Publisher(
        writer: writer, log: folder.log, store: folder.store, manifests: folder.manifests, outside: outside),
      intake: Intake(writer: writer), queries: queries,
      plans: Plans(writer: writer, bodies: bodies, queries: queries, runner: runner),
      judgements: judgements,
      purger: Purger(
        writer: writer, queries: queries, runner: runner, store: folder.store, bodies: bodies,
        ambient: Machine.ambient),
      outside: outside, inPlace: inPlace, runner: runner,
      subscriptions: subscriptions, people: People(writer: writer, log: folder.log, names: folder.names),
      names: folder.names,
      upkeep: Upkeep(writer: writer, log: folder.log, backups: backups, subscriptions: subscriptions),
      previews: previews, layouts: layouts, feed: feed, ambient: Machine.ambient,
      readPipeline: PipelineFile.read,
      settings: Services.Settings(
        version: version, storePath: folder.path + "/store", dataFolder: folder.path, workers: workers,
        listensOnLoopback: listensOnLoopback))
    services.readTail = LocalFiles.tail
    return services
  }
}
