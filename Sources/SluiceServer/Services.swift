package import SluiceEngine
package import SluiceModel

/// Everything the HTTP interface speaks to.
package struct Services: Sendable {
  package var writer: Writer
  package var log: any EventLog
  package var views: any ViewStore
  package var store: any VersionStore
  package var publisher: Publisher
  package var intake: Intake
  package var queries: Queries
  package var plans: Plans
  package var judgements: Judgements
  package var purger: Purger
  package var outside: any OutsideFiles
  package var inPlace: InPlaceCare
  package var runner: Runner
  package var subscriptions: Subscriptions
  package var people: People
  package var names: any PersonNames
  package var upkeep: Upkeep
  package var previews: any PreviewMaker
  package var layouts: any GraphLayouts
  package var feed: Feed
  package var ambient: Ambient
  package var readPipeline: @Sendable (String) -> (pipeline: Pipeline?, problems: [PipelineProblem])
  package var settings: Settings
  /// The last bytes of a file of the data folder; none where it is not there.
  package var readTail: @Sendable (String, Int) -> [UInt8] = { _, _ in [] }

  package struct Settings: Sendable {
    package var version: String
    package var storePath: String
    package var dataFolder: String
    package var workers: Int
    package var listensOnLoopback: Bool
    package init(version: String, storePath: String, dataFolder: String, workers: Int, listensOnLoopback: Bool) {
      (self.version, self.storePath, self.dataFolder) = (version, storePath, dataFolder)
      (self.workers, self.listensOnLoopback) = (workers, listensOnLoopback)
    }
  }

  package init(
    writer: Writer, log: any EventLog, views: any ViewStore, store: any VersionStore, publisher: Publisher,
    intake: Intake, queries: Queries, plans: Plans, judgements: Judgements, purger: Purger,
    outside: any OutsideFiles, inPlace: InPlaceCare, runner: Runner,
    subscriptions: Subscriptions, people: People, names: any PersonNames, upkeep: Upkeep,
    previews: any PreviewMaker, layouts: any GraphLayouts, feed: Feed, ambient: Ambient,
    readPipeline: @escaping @Sendable (String) -> (pipeline: Pipeline?, problems: [PipelineProblem]),
    settings: Settings
  ) {
    (self.writer, self.log, self.views, self.store) = (writer, log, views, store)
    (self.publisher, self.intake, self.queries) = (publisher, intake, queries)
    (self.plans, self.runner, self.subscriptions) = (plans, runner, subscriptions)
    (self.judgements, self.purger) = (judgements, purger)
    (self.outside, self.inPlace) = (outside, inPlace)
    (self.people, self.names, self.upkeep) = (people, names, upkeep)
    (self.previews, self.layouts, self.feed, self.ambient) = (previews, layouts, feed, ambient)
    (self.readPipeline, self.settings) = (readPipeline, settings)
  }
}
