import FoundationEssentials
import SluiceGraph
import SluiceModel
import SluiceTestKit

/// Facts of several sites that hear of one another late and in part, drawn from a seed. Anybody writes anything about
/// what is known to him: more than the decisions of a sound site would let through.
struct ManySites {
  static let names = ["lon", "nyc", "syd"]
  private(set) var streams: [String: [StoredRecord]] = [:]
  private(set) var registries: [String: Registry]
  private let chance: Seeded
  private var made = 0
  private let product: ProductRef
  private let folder: FolderPath

  init(seed: UInt64, steps: Int = 40) throws {
    chance = Seeded(seed: seed)
    product = try ProductRef("demo/look/lut")
    folder = try FolderPath("look")
    registries = Dictionary(uniqueKeysWithValues: Self.names.map { ($0, Registry(site: $0)) })
    for _ in 0..<steps {
      let site = Self.names[chance.below(3)]
      if chance.below(2) == 0 { try write(at: site) } else { try hear(at: site) }
    }
  }

  /// Every record, in some order that puts causes first.
  func order(_ chance: Seeded) -> [(site: String, record: StoredRecord)] {
    var frontier = Frontier()
    var order: [(String, StoredRecord)] = []
    var next = Dictionary(uniqueKeysWithValues: Self.names.map { ($0, 0) })
    while true {
      let ready = Self.names.filter { site in
        let index = next[site] ?? 0
        let stream = streams[site] ?? []
        return index < stream.count && frontier.covers(stream[index].record.seen)
      }
      guard !ready.isEmpty else { return order }
      let site = ready[chance.below(ready.count)]
      let record = (streams[site] ?? [])[next[site] ?? 0]
      next[site, default: 0] += 1
      frontier.advance(site, to: record.last)
      order.append((site, record))
    }
  }

  private mutating func hear(at site: String) throws {
    for other in Self.names where other != site {
      for record in streams[other] ?? [] {
        guard var registry = registries[site], chance.below(3) > 0 else { break }
        if record.last <= registry.head.frontier[other] { continue }
        guard registry.head.frontier.covers(record.record.seen) else { break }
        try registry.apply([record], from: other)
        registries[site] = registry
      }
    }
  }

  private mutating func write(at site: String) throws {
    guard var registry = registries[site] else { return }
    chance.advance(by: Double(chance.below(20)) - 8)
    let wall = chance.ambient.now()
    var facts: [Fact] = registry.projects.isEmpty ? [.projectCreated(ProjectCreated(home: site))] : []
    for _ in 0...chance.below(3) { facts.append(try fact(at: site, wall)) }
    let events = try facts.map { try event($0, at: site, wall) }
    let record = Record(
      clock: HybridTime(milliseconds: HybridTime(wall: wall).milliseconds, counter: Int(registry.sequence)),
      seen: registry.head.frontier.without(site), events: events)
    let stored = StoredRecord(last: registry.sequence + Int64(events.count), record: record)
    try registry.apply([stored], from: site)
    registries[site] = registry
    streams[site, default: []].append(stored)
  }

  private func event(_ fact: Fact, at site: String, _ wall: Date) throws -> Event {
    let isOfRun =
      switch fact {
      case .runStarted, .runFinished, .taskFinished, .taskRetried, .queueChanged: true
      default: false
      }
    return Event(
      id: chance.ambient.makeEventID(), time: Timestamp.rounded(wall), site: site,
      actor: Actor(name: site, trust: .claimed), project: try ProjectName("demo"),
      folder: !isOfRun && chance.below(4) == 0 ? .root : folder, product: product, fact: fact)
  }

  private mutating func fact(at site: String, _ wall: Date) throws -> Fact {
    let plan = PlanID("p-\(chance.below(2))")
    let run = RunID(plan: plan, step: "s", folder: folder)
    let digest = Digest.of("\(chance.below(9))")
    let registry = registries[site] ?? Registry(site: site)
    let versions = registry.projects[try ProjectName("demo")]?.products[product]?.versions ?? []
    let version = versions.isEmpty ? nil : versions[chance.below(versions.count)]
    if let version, chance.below(4) == 0 { return saying(version, digest) }
    switch chance.below(23) {
    case 0: return .projectCreated(ProjectCreated(home: site))
    case 1: return .folderChanged(FolderChanged(type: ["shot", "asset"][chance.below(2)]))
    case 2:
      return .folderChanged(FolderChanged(set: ["fps": "\(chance.below(3))", "range": ["1-2", ""][chance.below(2)]]))
    case 3: return .folderChanged(FolderChanged(omitted: chance.below(2) == 0))
    case 4:
      let pipeline = Pipeline(project: try ProjectName("demo"), folders: [], steps: [])
      return .pipelineApplied(PipelineApplied(revision: chance.below(4), pipeline: pipeline, source: digest))
    case 5, 6:
      guard let version else { fallthrough }
      return .tagMoved(TagMoved(tag: ["ok", "hold"][chance.below(2)], version: version))
    case 7:
      guard let version else { fallthrough }
      return .versionNumbered(VersionNumbered(version: version, number: 1 + chance.below(4)))
    case 8, 9:
      made += 1
      let id = VersionID(second: Int64(1_795_000_000 + chance.below(60)), site: site, counter: made)
      var fact = VersionPublished(
        version: id, number: chance.below(3) == 0 ? nil : 1 + chance.below(4), manifest: digest, representations: [],
        madeFrom: [])
      fact.inPlace = [nil, .unhashed, .unhashed, .hashed][chance.below(4)]
      return .versionPublished(fact)
    case 16:
      guard let version else { fallthrough }
      return .versionPurged(VersionPurged(version: version, bytes: 1, because: "\(chance.below(3))"))
    case 17:
      guard let version else { fallthrough }
      return .versionRestored(
        VersionRestored(
          version: version, run: run, plan: plan, bytes: 1, manifest: chance.below(2) == 0 ? digest : nil))
    case 10:
      return .planApplied(
        PlanApplied(plan: plan, body: digest, runs: 1, tasks: 3, only: chance.below(2) == 0 ? [run] : nil))
    case 11 where registry.plans[plan] != nil:
      return .planFinished(PlanFinished(plan: plan, outcome: .failed, counts: RunCounts()))
    case 12:
      return .runStarted(
        RunStarted(
          plan: plan, run: run, step: "s", attempt: chance.below(5), tasks: 3, chunk: [nil, 1, 2][chance.below(3)],
          probes: chance.below(2) == 0 ? nil : 1))
    case 13 where registry.runs[run] != nil, 14 where registry.runs[run] != nil:
      return .taskFinished(
        TaskFinished(
          task: TaskID(run: run, frame: chance.below(3)), attempt: chance.below(5), frames: nil,
          outcome: [.succeeded, .succeeded, .failed, .cancelled][chance.below(4)], seconds: 1, recipe: digest,
          log: "logs/x"))
    case 15:
      let assets = [try FolderPath("chair"), try FolderPath("tree")]
      return .castingChanged(
        CastingChanged(add: [assets[chance.below(2)]], remove: chance.below(2) == 0 ? [assets[chance.below(2)]] : nil))
    case 19 where registry.runs[run] != nil, 20 where registry.runs[run] != nil:
      return .taskRetried(tried(run))
    case 21 where registry.runs[run] != nil, 22 where registry.runs[run] != nil:
      return .queueChanged(
        QueueChanged(
          run: run, tier: [nil, .high, .low][chance.below(3)], paused: [nil, true, false][chance.below(3)],
          passed: [nil, true][chance.below(2)]))
    default:
      return .runFinished(
        RunFinished(
          plan: plan, run: run, step: "s", attempt: chance.below(5),
          outcome: [.succeeded, .unchanged, .failed, .cancelled][chance.below(4)], executed: chance.below(3), reused: 0,
          seconds: Double(chance.below(9)), recipe: digest))
    }
  }

  private func tried(_ run: RunID) -> TaskRetried {
    let failure = Failure(SluiceError(.taskFailed, what: "it broke", at: "x", fix: "mend it"))
    let share = TaskShare(cores: 1, memory: 0, gpus: 0)
    let tried = TaskTry(agent: "a\(chance.below(99))", given: share, seconds: 1, used: nil, failure: failure)
    return TaskRetried(TaskID(run: run, frame: chance.below(2)), attempt: chance.below(5), tried, next: nil)
  }

  private mutating func saying(_ version: VersionID, _ digest: Digest) -> Fact {
    switch chance.below(6) {
    case 4: return .versionHashed(VersionHashed(version: version, manifest: digest, representations: []))
    case 5:
      let place = FilePlace(path: "/scan", modified: 0, inode: 1)
      let file = StoredFile(path: "scan", frame: nil, size: 1, sha256: digest)
      let files = 1 + chance.below(3)
      return .versionDamaged(
        VersionDamaged(version: version, files: files, first: FileDifference(file, at: place, now: nil)))
    case 0:
      let verdict = [Verdict.approved, .rejected, .withdrawn][chance.below(3)]
      return .versionJudged(VersionJudged(version: version, verdict: verdict, because: "\(chance.below(2))"))
    case 1:
      let used = Used(input: "i", product: product, version: version, content: digest)
      return .versionVouched(
        VersionVouched(version: version, inputs: [used], core: chance.below(2) == 0 ? nil : digest, because: nil))
    case 2: return .productFrozen(ProductFrozen(at: chance.below(3) == 0 ? nil : version, because: "locked"))
    default: return .productHeld(ProductHeld(held: chance.below(2) == 0, because: "\(chance.below(2))"))
    }
  }
}
