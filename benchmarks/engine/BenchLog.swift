import ArgumentParser
import Foundation
import Logging
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceStorage

/// Drives the engine and its log without a server, for `benchmarks/log`; prints one JSON line.
@main struct BenchLog: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench-log", abstract: "Measures the engine and its log without a server.",
    subcommands: [Write.self, Replay.self, Rebuild.self, Memory.self])

  struct Options: ParsableArguments {
    @Option(help: "A folder on the disk that is measured.") var folder: String
    @Option(help: "How many events.") var events: Int
  }

  static func print(_ values: [String: Double]) {
    Swift.print(StableJSON.text(values))
  }

  static func names(_ folder: String) throws -> NamesFile {
    try NamesFile(path: folder + "/names.jsonl", ambient: ambient)
  }

  static let ambient = Ambient(
    now: { Date() }, uptime: { start.duration(to: .now) }, random: { UInt64.random(in: .min ... .max) },
    sleep: { try await Task.sleep(for: $0) })
  private static let start = ContinuousClock.now

  private static let content = Array(#"{"frame":1001,"padding":"\#(String(repeating: "x", count: 300))"}"#.utf8)

  /// Each event has 500 bytes as its sender would send it.
  static func draft(_ number: Int) -> Draft {
    Draft(
      project: nil,
      fact: .unknown(
        type: "com.studio.render.complete", critical: false,
        content: .json(content)),
      outside: Draft.Outside(
        id: EventID("bench-\(String(number + 1_000_000_000))"), cause: nil,
        attributes: Event.Outside(source: "//farm.studio.example/bench", contentType: "application/json"),
        extensions: [:]))
  }

  /// Events laid into the log in large commits, as quickly as it takes them.
  static func fill(_ log: SegmentedLog, _ events: Int, _ make: (Int) -> [Draft]) async throws {
    var done = Int(try await log.head())
    while done < events {
      var records: [EncodedRecord] = []
      while records.count < 1_000, done < events {
        let drafts = make(done)
        let now = Date()
        records.append(
          try EncodedRecord(
            Record(
              events: drafts.map { draft in
                Event(
                  id: draft.outside?.id ?? ambient.makeEventID(), time: now, site: "main", actor: .system,
                  project: draft.project, folder: draft.folder, product: draft.product,
                  outside: draft.outside?.attributes, fact: draft.fact)
              })))
        done += drafts.count
      }
      _ = try await log.append(records, blobs: [])
    }
  }
}

/// Writers that each send one event, wait until it is durable, and send the next.
struct Write: AsyncParsableCommand {
  @OptionGroup var options: BenchLog.Options
  @Option var writers = 1

  func run() async throws {
    var logger = Logger(label: "bench")
    logger.logLevel = .error
    let log = try SegmentedLog(folder: options.folder + "/log", ambient: BenchLog.ambient)
    let views = try SQLiteViews(
      path: options.folder + "/views.sqlite", reducer: Registry.reducer, manifests: BlobManifests(log: log))
    let registry = try await Recovery.registry(site: "main", log: log, views: views, anew: false, logger: logger)
    let writer = Writer(
      registry: registry, log: log, views: views, names: try BenchLog.names(options.folder), feed: Feed(),
      ambient: BenchLog.ambient, viewsRest: Limits.viewsRest, logger: logger)
    let running = Task { try await writer.run() }
    let (each, writers) = (max(1, options.events / self.writers), self.writers)
    let start = ContinuousClock.now
    let latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
      for number in 0..<writers {
        group.addTask {
          var waits: [Double] = []
          for index in 0..<each {
            let began = ContinuousClock.now
            try await writer.submit(.system) { _ in [BenchLog.draft(number * each + index)] }
            waits.append(Self.seconds(began.duration(to: .now)) * 1_000)
          }
          return waits
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    let seconds = Self.seconds(start.duration(to: .now))
    running.cancel()
    let sorted = latencies.sorted()
    BenchLog.print([
      "events": Double(each * writers), "seconds": seconds, "perSecond": Double(each * writers) / seconds,
      "p50ms": sorted[sorted.count / 2], "p99ms": sorted[min(sorted.count - 1, sorted.count * 99 / 100)],
    ])
  }

  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }
}

/// One subscriber's way through the whole log: read, found, filtered, marked, ready to be sent.
struct Replay: AsyncParsableCommand {
  @OptionGroup var options: BenchLog.Options

  func run() async throws {
    let log = try SegmentedLog(folder: options.folder + "/log", ambient: BenchLog.ambient)
    try await BenchLog.fill(log, options.events) { [BenchLog.draft($0)] }
    let wanted = WantedEvents(log: log, names: try BenchLog.names(options.folder))
    let filter = try EventFilter(types: ["com.studio.*"], expression: nil)
    let start = ContinuousClock.now
    var (place, count, bytes) = (Int64(0), 0, 0)
    let head = try await log.head()
    while place < head {
      let page = try await wanted.page(after: place, through: head, limit: 1_000, filters: [filter])
      for event in page.events {
        bytes += event.envelope.adding([("position", .string("main:\(event.sequence)"))]).count
      }
      (place, count) = (page.scanned, count + page.events.count)
    }
    let seconds = Write.seconds(start.duration(to: .now))
    guard count == options.events else { throw ExitCode(1) }
    BenchLog.print([
      "events": Double(count), "seconds": seconds, "perSecond": Double(count) / seconds, "bytes": Double(bytes),
    ])
  }
}

/// The views made anew from the log, beside the plain insertion of the same rows.
struct Rebuild: AsyncParsableCommand {
  @OptionGroup var options: BenchLog.Options

  func run() async throws {
    var logger = Logger(label: "bench")
    logger.logLevel = .error
    let log = try SegmentedLog(folder: options.folder + "/log", ambient: BenchLog.ambient)
    let project = try ProjectName("bench")
    try await BenchLog.fill(log, options.events) { Self.drafts($0, project) }
    let manifests = BlobManifests(log: log)
    let views = try SQLiteViews(
      path: options.folder + "/views.sqlite", reducer: Registry.reducer, manifests: manifests)
    var start = ContinuousClock.now
    let registry = try await Recovery.registry(site: "main", log: log, views: views, anew: true, logger: logger)
    let rebuild = Write.seconds(start.duration(to: .now))
    guard let rows = try await views.load()?.rows else { throw ExitCode(1) }
    let plain = try SQLiteViews(
      path: options.folder + "/plain.sqlite", reducer: Registry.reducer, manifests: manifests)
    start = .now
    for from in stride(from: 0, to: rows.count, by: 1_000) {
      try await plain.save(
        Array(rows[from..<min(rows.count, from + 1_000)]), index: ContentIndex(), head: registry.head)
    }
    let insert = Write.seconds(start.duration(to: .now))
    BenchLog.print([
      "events": Double(options.events), "seconds": rebuild, "perSecond": Double(options.events) / rebuild,
      "rows": Double(rows.count), "rowsPerSecond": Double(rows.count) / rebuild,
      "insertsPerSecond": Double(rows.count) / insert,
    ])
  }

  /// A folder, then versions in it, each one row or two of a view; about 500 bytes an event.
  private static func drafts(_ number: Int, _ project: ProjectName) -> [Draft] {
    guard number > 0 else { return [Draft(project: project, fact: .projectCreated(ProjectCreated(home: "main")))] }
    let folder = try? FolderPath("sq\(number / 1_000)/sh\(number)")
    let attributes = Dictionary(
      uniqueKeysWithValues: (0..<6).map { ("attribute\($0)", "value \(number) of attribute \($0)") })
    return [
      Draft(
        project: project, folder: folder, fact: .folderChanged(FolderChanged(type: "shot", set: attributes)))
    ]
  }
}

/// Memory of a process that has opened the log, built what it keeps of it, and read all of it once.
struct Memory: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "rss")
  @OptionGroup var options: BenchLog.Options

  func run() async throws {
    let path = options.folder + "/log"
    do {
      let log = try SegmentedLog(folder: path, ambient: BenchLog.ambient)
      if try await log.head() < Int64(options.events) {
        // Filled by another process, whose memory is not this one's.
        let filler = Process()
        filler.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        filler.arguments = ["replay", "--folder", options.folder, "--events", "\(options.events)"]
        filler.standardOutput = FileHandle.nullDevice
        try filler.run()
        filler.waitUntilExit()
      }
    }
    var logger = Logger(label: "bench")
    logger.logLevel = .error
    let log = try SegmentedLog(folder: path, ambient: BenchLog.ambient)
    let views = try SQLiteViews(
      path: options.folder + "/views.sqlite", reducer: Registry.reducer, manifests: BlobManifests(log: log))
    let registry = try await Recovery.registry(site: "main", log: log, views: views, anew: true, logger: logger)
    guard registry.sequence >= Int64(options.events) else { throw ExitCode(1) }
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    func kilobytes(_ field: String) -> Double {
      status.split(separator: "\n").first { $0.hasPrefix(field) }?.split(separator: " ")
        .compactMap { Double($0) }.first ?? 0
    }
    BenchLog.print([
      "events": Double(options.events), "rssBytes": kilobytes("VmRSS:") * 1_024,
      "peakBytes": kilobytes("VmHWM:") * 1_024,
    ])
  }
}
