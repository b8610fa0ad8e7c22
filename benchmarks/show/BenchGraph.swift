import ArgumentParser
import Foundation
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceStorage

/// Measures the graph of a large show without a server, for `benchmarks/graph`; prints one JSON line.
@main struct BenchGraph: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench-graph", abstract: "Measures the graph of a large show without a server.")

  @Option(help: "How many units the show has.") var units: Int
  @Option(help: "How many of them one change affects.") var affected: Int
  @Option(help: "How often the change is made, each time from where everything is current.") var repeats = 9
  @Option(help: "A folder with a file for each product, all of which are looked at.") var files: String?
  @Option(help: "Measure nothing, but leave the show here as a server's data.") var data: String?

  func run() async throws {
    if let data { return try await StudioData.write(data, units: units, affected: affected) }
    var figures: [String: Double] = [:]
    let (heap, begun) = (Meter.resident(), Meter.seconds())
    var show = try await StudioShow(units: units, affected: affected)
    figures["fillSeconds"] = Meter.seconds() - begun
    let withShow = Meter.resident()
    guard let pipeline = show.project.pipeline?.pipeline else { throw ExitCode(1) }
    let folders = Array(show.project.folders.values)
    let (graph, laid) = Meter.measure { StepGraph(pipeline: pipeline, folders: folders) }
    figures["layMilliseconds"] = laid * 1_000
    let graphBytes = Meter.resident() - withShow
    let products = graph.products.count
    let edges = Self.links(of: graph)
    figures["units"] = Double(graph.units.count)
    figures["products"] = Double(products)
    figures["edges"] = Double(edges)
    figures["graphBytesPerEdge"] = graphBytes / Double(edges)
    figures["registryBytesPerProduct"] = (withShow - heap - graphBytes) / Double(products)

    guard let laidGraph = show.project.graph else { throw ExitCode(1) }
    func assessor() -> Assessor {
      Assessor(
        project: show.project, graph: laidGraph, manifests: show.manifests, tools: [:],
        now: Date(timeIntervalSince1970: 1_795_000_000))
    }
    let (assessments, assessed) = try Meter.measure { try Assessments(assessor()) }
    guard assessments.needingWork.isEmpty else { throw ExitCode(1) }
    figures["scratchSeconds"] = assessed

    if let files {
      let (found, looked) = Meter.measure { Meter.filesThere(of: graph, below: files) }
      guard found * 10 > products * 9 else { throw ExitCode(1) }
      figures["filesMilliseconds"] = looked * 1_000
    }
    try await Self.measureOpening(of: show, &figures)

    try Self.measureSmall(&show, assessments, &figures)

    try Self.measureLarge(&show, assessments, repeats: repeats, &figures)
    figures["peakBytes"] = Meter.peak()
    print(StableJSON.text(figures))
  }

  /// What a server does before its first answer, beside laying the graph and assessing everything.
  private static func measureOpening(of show: StudioShow, _ figures: inout [String: Double]) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bench-graph-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("views.db").path
    let views = { try SQLiteViews(path: path, reducer: Registry.reducer, manifests: show.manifests) }
    let rows = show.rows
    figures["rows"] = Double(rows.count)
    figures["rowBytes"] = rows.reduce(0) { $0 + Double($1.body?.count ?? 0) }
    try await views().save(rows, index: ContentIndex(), head: show.head)

    let (cpu, begun) = (Meter.seconds(), ContinuousClock.now)
    let stored = try views()
    guard let head = try await stored.head() else { throw ExitCode(1) }
    let known = try await Recovery.reading(stored, site: "main", head: head)
    figures["readSeconds"] = Meter.seconds() - cpu
    figures["readWallSeconds"] = (ContinuousClock.now - begun) / .seconds(1)
    guard let project = known.projects[show.name], let graph = project.graph else { throw ExitCode(1) }
    let assessor = Assessor(
      project: project, graph: graph, manifests: show.manifests, tools: [:],
      now: Date(timeIntervalSince1970: 1_795_000_000))
    let assessments = try await Assessments.made(by: assessor)
    figures["openSeconds"] = Meter.seconds() - cpu
    figures["openWallSeconds"] = (ContinuousClock.now - begun) / .seconds(1)
    guard assessments.needingWork.isEmpty else { throw ExitCode(1) }
    guard known.projects[show.name]?.products.count == show.project.products.count else { throw ExitCode(1) }
  }

  /// Publishes that reach ten units each, one after the other.
  private static func measureSmall(
    _ show: inout StudioShow, _ known: Assessments, _ figures: inout [String: Double]
  ) throws {
    for (name, kind, figure) in [
      ("lut", RepresentationKind.file, "smallFactMicroseconds"), ("plate0", .sequence, "smallFramesMicroseconds"),
    ] {
      var (assessments, times) = (known, [Double]())
      for _ in 0..<201 {
        let event = try show.source(ProductRef("studio/lab/\(name)"), kind: kind)
        let (changed, applied) = try Meter.measure { try show.apply([event]) }
        let next = Assessor(
          project: show.project, graph: known.assessor.graph, manifests: show.manifests, tools: [:],
          now: known.assessor.now)
        let (_, followed) = try Meter.measure { try assessments.follow(next, Set(changed)) }
        times.append(applied + followed)
      }
      guard assessments.needingWork.count == StudioShow.labSteps else { throw ExitCode(1) }
      figures[figure] = times.sorted()[times.count / 2] * 1_000_000
    }
  }

  /// A change that reaches many units, and the plan after it.
  private static func measureLarge(
    _ show: inout StudioShow, _ known: Assessments, repeats: Int, _ figures: inout [String: Double]
  ) throws {
    var times: [String: [Double]] = [:]
    for _ in 0..<repeats {
      let change = try show.source(ProductRef("studio/look/hero_lut"), kind: .file)
      let begun = ContinuousClock.now
      let (changed, applied) = try Meter.measure { try show.apply([change]) }
      let next = Assessor(
        project: show.project, graph: known.assessor.graph, manifests: show.manifests, tools: [:],
        now: known.assessor.now)
      var assessments = known
      let (_, followed) = try Meter.measure { try assessments.follow(next, Set(changed)) }
      let fact = ContinuousClock.now
      let (plan, planned) = try Meter.measure {
        try Planner(assessments).plan(.everything, products: nil, frames: nil)
      }
      times["planWallMilliseconds", default: []].append((ContinuousClock.now - fact) / .milliseconds(1))
      times["factWallMilliseconds", default: []].append((fact - begun) / .milliseconds(1))
      times["applyMilliseconds", default: []].append(applied * 1_000)
      times["followMilliseconds", default: []].append(followed * 1_000)
      times["planMilliseconds", default: []].append(planned * 1_000)
      figures["runs"] = Double(plan.runs.count)
    }
    for (figure, all) in times { figures[figure] = all.sorted()[all.count / 2] }
  }

  private static func links(of graph: StepGraph) -> Int {
    var count = 0
    for unit in graph.units {
      count += unit.outputs.count
      for input in unit.inputs { count += input.products.count }
    }
    return count
  }
}

/// Time of the processor and memory of this process.
enum Meter {
  static func measure<Value>(_ work: () throws -> Value) rethrows -> (Value, seconds: Double) {
    let start = seconds()
    let value = try work()
    return (value, seconds() - start)
  }

  /// Looks up the state of every product's file, folder by folder.
  static func filesThere(of graph: StepGraph, below root: String) -> Int {
    var (found, last, folder): (Int, FolderPath?, Int32) = (0, nil, -1)
    for product in graph.products {
      if product.folder != last {
        if folder >= 0 { close(folder) }
        (folder, last) = (open("\(root)/\(product.folder)", O_RDONLY | O_DIRECTORY), product.folder)
      }
      var state = stat()
      if folder >= 0, fstatat(folder, product.name, &state, 0) == 0 { found += 1 }
    }
    if folder >= 0 { close(folder) }
    return found
  }

  /// Of the processor: others use the machine too.
  static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Resident bytes now, and the most that there were.
  static func resident() -> Double { status("VmRSS:") }
  static func peak() -> Double { status("VmHWM:") }

  private static func status(_ field: String) -> Double {
    let lines = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8))?.split(separator: "\n") ?? []
    return (lines.first { $0.hasPrefix(field) }?.split(separator: " ").compactMap { Double($0) }.first ?? 0) * 1_024
  }
}
