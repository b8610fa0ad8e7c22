import FoundationEssentials
import Logging
package import SluiceEngine
import SluiceGraph
package import SluiceModel

/// A whole site in memory: the real engine between in-memory ports, time and chance from a seed.
package final class MemorySite: Sendable {
  package let log: MemoryEventLog
  package let views: MemoryViews
  package let names: MemoryPersonNames
  package let disk: MemoryDisk
  package let store: MemoryStore
  package let tools: FixedTools
  package let seeded: Seeded
  package let feed = Feed()
  package let writer: Writer
  package let runner: Runner
  package let queries: Queries
  package let plans: Plans
  package let reactor: Reactor
  package let publisher: Publisher
  package let purger: Purger
  package let outside = MemoryOutside()
  package let inPlace: InPlaceCare

  /// - Parameters:
  ///   - log: what an earlier process left; it is read as after a restart.
  ///   - disk: its files.
  ///   - names: who stands in the log.
  ///   - farm: where agents are to come; time passes for its leases only when it is moved on.
  package init(
    log: MemoryEventLog = MemoryEventLog(), disk: MemoryDisk = MemoryDisk(),
    names: MemoryPersonNames = MemoryPersonNames(), seed: UInt64 = 0, workers: Int = 3,
    tools: FixedTools = FixedTools(["oiiotool": "oiiotool 2.4", "ffmpeg": "ffmpeg 5"]),
    script: @escaping ScriptedLauncher.Script = ScriptedLauncher.work, farm: FarmSettings? = nil
  ) async throws(SluiceError) {
    (self.log, self.disk, self.names, self.tools) = (log, disk, names, tools)
    seeded = Seeded(seed: seed)
    let manifests = LogManifests(log: log)
    views = MemoryViews(manifests: manifests)
    store = MemoryStore(disk: disk)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let registry = try await Recovery.registry(
      site: "main", log: log, views: views, anew: false, logger: logger)
    if let latest = registry.projects.values.flatMap({ $0.versions.values.map(\.time) }).max() {
      seeded.advance(by: max(0, latest.timeIntervalSince(seeded.ambient.now())) + 1)
    }
    writer = Writer(
      registry: registry, log: log, views: views, names: names, feed: feed, ambient: seeded.ambient, logger: logger)
    inPlace = InPlaceCare(
      writer: writer, outside: outside, manifests: manifests, ambient: seeded.patient, logger: logger)
    var parts = Runner.Parts(
      writer: writer, log: log, store: store, manifests: manifests, views: views,
      workshop: MemoryWorkshop(disk: disk), launcher: ScriptedLauncher(disk: disk, script), tools: tools, feed: feed,
      ambient: farm == nil ? seeded.ambient : seeded.patient, logger: logger,
      settings: Runner.Settings(
        workers: workers, environment: [:], programFolder: "/show", dataFolder: "/data",
        farm: farm ?? FarmSettings()))
    parts.inPlace = inPlace
    runner = Runner(parts)
    let bodies = PlanBodies(log: log)
    queries = Queries(
      writer: writer, manifests: manifests, tools: tools, runner: runner, store: store, bodies: bodies)
    plans = Plans(writer: writer, bodies: bodies, queries: queries, runner: runner)
    reactor = Reactor(
      Reactor.Parts(
        writer: writer, log: log, feed: feed, queries: queries, runner: runner, bodies: bodies,
        ambient: seeded.patient, logger: logger))
    publisher = Publisher(writer: writer, log: log, store: store, manifests: manifests, outside: outside)
    purger = Purger(
      writer: writer, queries: queries, runner: runner, store: store, bodies: bodies, ambient: seeded.ambient)
    try await store.purge(registry.purged)
  }

  /// Runs writer and runner while `body` lasts, then ends them as a server does: tasks first, the log last.
  /// - Parameter reacting: whether Sluice reacts by itself, as time is moved on.
  @discardableResult
  package func live<Value>(reacting: Bool = false, _ body: () async throws -> Value) async throws -> Value {
    let writing = Task { try? await writer.run() }
    let running = Task { try? await runner.run() }
    let reactions = Task { if reacting { try? await reactor.run() } }
    let result: Result<Value, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    reactions.cancel()
    await reactions.value
    running.cancel()
    await running.value
    writing.cancel()
    await writing.value
    return try result.get()
  }

  // MARK: What people do

  package static let ada = Origin(actor: Actor(name: "ada", trust: .claimed))

  /// Applies the demo's steps on some of its folders.
  package func applyDemo(sequences: [String] = ["sq010", "sq020"]) async throws {
    let folders = try Show.demoFolders().filter { folder in
      sequences.contains { folder.path.description == $0 || folder.path.description.hasPrefix($0 + "/") }
    }
    try await apply(
      Pipeline(project: try ProjectName("demo"), folders: folders, steps: try Show.demoSteps()))
  }

  package func apply(_ pipeline: Pipeline) async throws(SluiceError) {
    try await writer.submit(Self.ada) { registry throws(SluiceError) in
      try Decisions.applyPipeline(pipeline, source: Digest.of("\(pipeline)"), in: registry, site: "main")
    }
  }

  /// Publishes small files; several that differ in a number are a sequence.
  @discardableResult
  package func publish(
    _ spoken: String, _ files: [(String, String)], patch: Bool = false, origin: Origin = MemorySite.ada,
    _ change: (inout ProductPublish) -> Void = { _ in }
  ) async throws(SluiceError) -> PublishAnswer {
    seeded.advance(by: 1)
    var product = ProductPublish(
      ref: "demo/\(spoken)",
      representations: [
        RepresentationPublish(files: files.map { FilePublish(path: $0.0, content: Data($0.1.utf8)) })
      ], patch: patch)
    change(&product)
    return try await publisher.publish(PublishRequest(products: [product]), origin: origin).published[0]
  }

  /// The demo's sources: a plate of some frames for each shot, and both LUTs.
  package func publishSources(frames: ClosedRange<Int> = 1001...1002) async throws {
    for folder in writer.current.projects[try ProjectName("demo")]?.folders.values.sorted(by: { $0.path < $1.path })
      ?? []
    where folder.type == "shot" {
      try await publish("\(folder.path)/plate", frames.map { ("plate.\($0).exr", "\(folder.path) \($0)") })
    }
    try await publish("look/show_lut", [("show.cube", "warm")])
    try await publish("look/neutral_lut", [("neutral.cube", "none")])
  }

  package func plan(_ select: String = "") async throws(SluiceError) -> Plan {
    let project: ProjectName = try ProjectName("demo")
    return try await plans.compute(project, select: select, frames: nil)
  }

  package func apply(_ select: String = "", expected: PlanID? = nil) async throws(SluiceError) -> Plan {
    let project: ProjectName = try ProjectName("demo")
    return try await plans.apply(project, select: select, frames: nil, expected: expected, origin: Self.ada)
  }

  /// Applies what is selected and waits for the end.
  @discardableResult
  package func runAll(_ select: String = "") async throws -> RunCounts {
    let plan = try await apply(select)
    return plan.runs.isEmpty ? RunCounts() : await end(of: plan.id).counts
  }

  /// The plan as it stands when it has ended.
  package func end(of plan: PlanID) async -> PlanState {
    while true {
      let messages = feed.subscribe()
      if let state = writer.current.plans[plan], state.status != .running { return state }
      for await message in messages {
        if case .fact(let live) = message, case .planFinished(let fact) = live.event.fact, fact.plan == plan { break }
      }
    }
  }

  /// Every event of the log, in order.
  package func events() async throws(SluiceError) -> [Event] {
    var (events, place): ([Event], Int64) = ([], 0)
    while true {
      let page = try await log.read(after: place, limit: .max)
      guard let last = page.last?.last else { return events }
      events += page.flatMap(\.record.events)
      place = last
    }
  }
}
