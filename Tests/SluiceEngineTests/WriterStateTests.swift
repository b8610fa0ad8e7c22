import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// A writer with its log in an array: every step of it by hand.
private struct Bench {
  var state: WriterState
  var log: [StoredRecord] = []
  let seeded = Seeded(seed: 1)

  init(_ site: String = "lon") { state = WriterState(registry: Registry(site: site), names: MemoryPersonNames()) }

  mutating func submit(
    _ command: String? = nil, decide: (Registry) throws(SluiceError) -> [Draft]
  ) throws -> WriterState.Answer {
    var origin = MemorySite.ada
    origin.command = command.map(CommandID.init)
    return try state.submit(origin, blobs: [], ambient: seeded.ambient, decide: decide)
  }

  /// Makes a folder; nothing where it is there.
  mutating func folder(_ name: String, _ command: String? = nil) throws -> WriterState.Answer {
    try submit(command) { registry throws(SluiceError) in try makeFolder(name, in: registry) }
  }

  mutating func unsaved() throws -> WriterState.Unsaved {
    let unsaved = state.takeUnsaved()
    return try #require(unsaved)
  }

  /// One commit of the log.
  @discardableResult
  mutating func commit() -> [(ticket: WriterState.Ticket, stored: StoredRecord)] {
    var last = log.last?.last ?? 0
    let places = state.nextBatch().map { entry in
      last += Int64(entry.encoded.record.events.count)
      return last
    }
    let records = state.confirm(places)
    log += records.map(\.stored)
    return records
  }
}

private func makeFolder(_ name: String, in registry: Registry) throws(SluiceError) -> [Draft] {
  let project: ProjectName = try ProjectName("demo")
  return try Decisions.changeFolder(
    project, try FolderPath(name), type: "shot", set: [:], omitted: nil,
    mustBeNew: registry.projects[project]?.folders[try FolderPath(name)] == nil, in: registry, site: registry.site)
}

extension Registry {
  fileprivate var folderNames: [String] {
    projects.values.flatMap { $0.folders.keys.filter { !$0.isRoot }.map(\.description) }.sorted()
  }
}

private let wall = Date(timeIntervalSince1970: 1_795_000_000)

@Suite struct `A writer's rules` {
  @Test func `know what is decided before it is durable, and show it after`() throws {
    var bench = Bench()
    _ = try bench.folder("a")
    #expect(bench.state.confirmed.folderNames == [])
    _ = try bench.submit { registry in
      #expect(registry.folderNames == ["a"])
      return []
    }
    bench.commit()
    #expect(bench.state.confirmed.folderNames == ["a"])
  }

  @Test func `say of a decision of nothing that it holds once that is durable which it relied on`() throws {
    var bench = Bench()
    guard case .waiting(let first) = try bench.folder("a"), case .waiting(let second) = try bench.folder("a") else {
      Issue.record("the folder was told to be there before it was durable")
      return
    }
    #expect(first == second)
    #expect(bench.commit().map(\.stored.last) == [2])
    #expect(bench.state.refuse().isEmpty)
  }

  @Test func `refuse a decision of nothing together with what it relied on`() throws {
    var bench = Bench()
    _ = try bench.folder("a")
    let batch = bench.state.nextBatch()
    guard case .waiting(let ticket) = try bench.folder("a") else {
      Issue.record("the folder was told to be there before it was durable")
      return
    }
    #expect(bench.state.refuse() == batch.map(\.ticket) && batch.map(\.ticket) == [ticket])
  }

  @Test func `answer a decision of nothing at once when nothing is under way`() throws {
    var bench = Bench()
    _ = try bench.folder("a")
    bench.commit()
    guard case .known(2) = try bench.folder("a") else {
      Issue.record("waits for nothing")
      return
    }
  }

  @Test func `answer a command that led to nothing the same way when it comes again`() throws {
    var bench = Bench()
    _ = try bench.folder("a")
    bench.commit()
    _ = try bench.folder("a", "c-1")
    _ = try bench.folder("b")
    bench.commit()
    guard case .known(2) = try bench.submit("c-1", decide: { _ throws(SluiceError) in throw SluiceError.stopping })
    else {
      Issue.record("decided anew")
      return
    }
  }

  @Test func `drop what was decided on top of a refused decision`() throws {
    var bench = Bench()
    _ = try bench.folder("a")
    _ = bench.state.nextBatch()
    _ = try bench.folder("b")
    #expect(bench.state.refuse().count == 2)
    _ = try bench.submit { registry in
      #expect(registry.folderNames == [])
      return []
    }
  }

  @Test func `write of other sites only what was taken in before the decision`() throws {
    var (bench, other) = (Bench("lon"), Bench("nyc"))
    _ = try other.folder("n")
    other.commit()
    _ = try bench.folder("before")
    try bench.state.take(other.log, from: "nyc", wall: wall)
    _ = try bench.folder("after")
    bench.commit()
    #expect(bench.log.map(\.record.seen) == [Frontier(), Frontier(["nyc": 2])])
  }

  @Test func `remember the newest commands, and leave the old ones to the views`() throws {
    var bench = Bench()
    let count = Limits.recentCommands + 500
    for number in 0..<count {
      _ = try bench.submit("c-\(number)") { _ throws(SluiceError) in
        [Draft(project: nil, fact: .unknown(type: "x", critical: false, content: .none))]
      }
      if number % 500 == 499 {
        bench.commit()
        if let unsaved = bench.state.takeUnsaved() { bench.state.saved(unsaved) }
      }
    }
    #expect(bench.state.record(of: CommandID("c-\(count - 1)")) == Int64(count))
    #expect(bench.state.record(of: CommandID("c-0")) == nil)
  }

  @Test func `never forget a command that the views have not got`() throws {
    var bench = Bench()
    for number in 0...(Limits.recentCommands + 10) {
      _ = try bench.submit("c-\(number)") { _ throws(SluiceError) in
        [Draft(project: nil, fact: .unknown(type: "x", critical: false, content: .none))]
      }
      if number % 1_000 == 0 { bench.commit() }
    }
    bench.commit()
    #expect(bench.state.record(of: CommandID("c-0")) == 1)
  }
}

@Suite struct `Facts of another site` {
  private func others(_ names: String...) throws -> [StoredRecord] {
    var other = Bench("nyc")
    for name in names {
      _ = try other.folder(name)
      other.commit()
    }
    return other.log
  }

  @Test func `are taken in while decisions of our own are on their way, and both stay`() throws {
    var bench = Bench()
    _ = try bench.folder("appending")
    _ = bench.state.nextBatch()
    _ = try bench.folder("waiting")
    try bench.state.take(try others("n"), from: "nyc", wall: wall)
    #expect(bench.state.confirmed.folderNames == ["n"])
    _ = bench.state.confirm([2])
    #expect(bench.state.confirmed.folderNames == ["appending", "n"])
    bench.log = [StoredRecord(last: 2, record: Record(events: []))]
    bench.commit()
    #expect(bench.state.confirmed.folderNames == ["appending", "n", "waiting"])
    #expect(bench.state.confirmed.head.frontier == Frontier(["lon": 3, "nyc": 2]))
  }

  @Test func `stay when our own decisions are refused`() throws {
    var bench = Bench()
    _ = try bench.folder("a")
    _ = bench.state.nextBatch()
    try bench.state.take(try others("n"), from: "nyc", wall: wall)
    _ = bench.state.refuse()
    #expect(bench.state.confirmed.folderNames == ["n"])
  }

  @Test func `are not taken in by half`() throws {
    var bench = Bench()
    let event = Event(
      id: EventID("e"), time: wall, site: "nyc", actor: .system, project: try ProjectName("demo"),
      fact: .unknown(type: "sluice.lock.taken.v1", critical: true, content: .none))
    var record = try others("n")[0].record
    record.events.append(event)
    #expect(throws: SluiceError.self) {
      try bench.state.take([StoredRecord(last: 3, record: record)], from: "nyc", wall: wall)
    }
    #expect(bench.state.confirmed.allRows.isEmpty && bench.state.confirmed.head.frontier == Frontier())
  }

  @Test func `do not answer for commands that were given there`() throws {
    var (bench, other) = (Bench(), Bench("nyc"))
    _ = try other.folder("n", "c-1")
    other.commit()
    try bench.state.take(other.log, from: "nyc", wall: wall)
    #expect(bench.state.record(of: CommandID("c-1")) == nil)
    #expect(try bench.unsaved().index.commands.isEmpty)
  }

  @Test func `move our clock, so that a later decision of ours shows`() throws {
    var (bench, other) = (Bench(), Bench("nyc"))
    other.seeded.advance(by: 30)
    _ = try other.folder("n")
    other.commit()
    try bench.state.take(other.log, from: "nyc", wall: bench.seeded.ambient.now())
    _ = try bench.folder("a")
    bench.commit()
    let (theirs, ours) = (try #require(other.log[0].record.clock), try #require(bench.log[0].record.clock))
    #expect(theirs < ours)
  }

  @Test func `that change no row move the views on all the same`() throws {
    var bench = Bench()
    let event = Event(
      id: EventID("e"), time: wall, site: "nyc", actor: .system,
      fact: .unknown(type: "sluice.note.v1", critical: false, content: .none))
    try bench.state.take([StoredRecord(last: 1, record: Record(events: [event]))], from: "nyc", wall: wall)
    let unsaved = try bench.unsaved()
    #expect(unsaved.head.frontier == Frontier(["nyc": 1]))
    bench.state.saved(unsaved)
    let rest = bench.state.takeUnsaved()
    #expect(rest?.rows.count == nil)
  }
}

@Suite struct `What the views have not got` {
  @Test func `comes again when they could not be written`() throws {
    var bench = Bench()
    _ = try bench.folder("a", "c-1")
    bench.commit()
    let first = try bench.unsaved()
    bench.state.failed(first)
    _ = try bench.folder("b", "c-2")
    bench.commit()
    let second = try bench.unsaved()
    #expect(Set(second.rows.map(\.key)).isSuperset(of: first.rows.map(\.key)))
    #expect(second.index.commands.map(\.command) == [CommandID("c-1"), CommandID("c-2")])
    #expect(second.head == bench.state.confirmed.head)
  }

  @Test func `says no more than what is durable`() throws {
    var bench = Bench()
    _ = try bench.folder("a")
    bench.commit()
    _ = try bench.folder("b")
    let unsaved = try bench.unsaved()
    #expect(unsaved.head.frontier == Frontier(["lon": 2]))
    #expect(!unsaved.rows.contains { $0.key == "demo/b" })
  }
}
