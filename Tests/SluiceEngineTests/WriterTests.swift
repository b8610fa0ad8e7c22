import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

private let refusal = SluiceError(.logFull, what: "the disk is full", at: "log", fix: "free some space")

private func folder(_ name: String) throws(SluiceError) -> [Draft] {
  [
    Draft(
      project: try ProjectName("demo"), folder: try FolderPath(name),
      fact: .folderChanged(FolderChanged(type: "shot")))
  ]
}

extension Registry {
  fileprivate var names: [String] {
    projects.values.flatMap { $0.folders.keys.map(\.description) }.filter { !$0.isEmpty }.sorted()
  }
}

@Suite(.timeLimit(.minutes(4))) struct `The writer` {
  @Test func `answers with the position of the record`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let found1 = try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in try folder("a") }.description
      #expect(found1 == "main:1")
      let next = try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in
        try folder("b") + folder("c")
      }
      #expect(next.description == "main:3")
    }
  }

  @Test func `shows nothing before it is durable`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.door.shut()
      async let submitted = site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in try folder("a") }
      await site.log.door.arrivals(1)
      #expect(site.writer.current.names == [])
      site.log.door.open()
      _ = try await submitted
      #expect(site.writer.current.names == ["a"])
    }
  }

  @Test func `decides on what is not yet durable too`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.door.shut()
      async let first = site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in try folder("a") }
      await site.log.door.arrivals(1)
      let seen = Mutex<[String]>([])
      async let second = site.writer.submit(MemorySite.ada) { registry throws(SluiceError) in
        seen.withLock { $0 = registry.names }
        site.log.door.open()
        return try folder("b")
      }
      _ = try await (first, second)
      #expect(seen.withLock { $0 } == ["a"])
    }
  }

  @Test func `puts decisions that wait into one commit`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.door.shut()
      let (decided, tell) = AsyncStream<Void>.makeStream()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<11 {
          group.addTask {
            try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in
              tell.yield()
              return try folder("f\(number)")
            }
          }
          if number == 0 { await site.log.door.arrivals(1) }
        }
        var count = 0
        for await _ in decided {
          count += 1
          if count == 11 { break }
        }
        site.log.door.open()
        try await group.waitForAll()
      }
      #expect(site.log.commits == 2 && site.log.recordCount == 11)
    }
  }

  @Test func `refuses everything of a commit that the log refused`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.refuse(refusal)
      let error = await #expect(throws: SluiceError.self) {
        try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in try folder("a") }
      }
      #expect(error == refusal)
      #expect(site.writer.current.names == [] && site.log.recordCount == 0)
    }
  }

  @Test func `refuses what was decided on top of a refused decision`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.door.shut()
      site.log.refuse(refusal)
      async let first = error(site, "a") {}
      await site.log.door.arrivals(1)
      async let second = error(site, "b") { site.log.door.open() }
      let errors = await [first, second]
      #expect(errors == [refusal, refusal])
      #expect(site.log.recordCount == 0)
    }
  }

  @Test func `goes on after a refusal as if it had never been decided`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.refuse(refusal)
      _ = try? await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in try folder("a") }
      try await site.writer.submit(MemorySite.ada) { registry throws(SluiceError) in
        registry.names.isEmpty ? try folder("b") : []
      }
      #expect(site.writer.current.names == ["b"])
    }
  }

  @Test func `records nothing for a decision of nothing`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let found2 = try await site.writer.submit(MemorySite.ada) { _ in [] }.sequence
      #expect(found2 == 0)
      #expect(site.log.commits == 0)
    }
  }

  @Test func `records nothing for a decision that throws`() async throws {
    let site = try await MemorySite()
    try await site.live {
      await #expect(throws: SluiceError.self) {
        try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in throw refusal }
      }
      #expect(site.log.commits == 0)
    }
  }

  @Test func `refuses a record that is too large, and keeps nothing of it`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let large = String(repeating: "x", count: Limits.recordBytes)
      let error = await #expect(throws: SluiceError.self) {
        try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in
          [
            Draft(
              project: try ProjectName("demo"), folder: try FolderPath("a"),
              fact: .folderChanged(FolderChanged(set: ["note": large])))
          ]
        }
      }
      #expect(error?.code == .recordTooLarge)
      try await site.writer.submit(MemorySite.ada) { registry throws(SluiceError) in
        registry.names.isEmpty ? try folder("b") : []
      }
      #expect(site.writer.current.names == ["b"])
    }
  }

  @Test func `stamps times that never go back`() async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in try folder("a") }
      site.seeded.advance(by: -500)
      try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in try folder("b") }
      let times = try await site.events().map(\.time)
      #expect(times[0] <= times[1])
    }
  }

  @Test func `gives each version id once, while the clock stands still or goes back`() async throws {
    let site = try await MemorySite()
    let product = try ProductRef("demo/a/plate")
    var given: [VersionID] = []
    for step in 0..<250 {
      if step % 50 == 0 { site.seeded.advance(by: -10) }
      given.append(await site.writer.reserveVersion(of: product))
    }
    #expect(given == given.sorted() && Set(given).count == 250)
  }

  @Test func `tells watchers what became durable, with its positions`() async throws {
    let site = try await MemorySite()
    let messages = site.feed.subscribe()
    try await site.live {
      try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in try folder("a") + folder("b") }
    }
    site.feed.close()
    var places: [String] = []
    for await case .fact(let fact) in messages { places.append("\(fact.event.folder ?? .root) \(fact.position)") }
    #expect(places == ["a main:1", "b main:2"])
  }
}

@Suite(.timeLimit(.minutes(4))) struct `A command that comes twice` {
  private func submit(_ site: MemorySite, _ name: String) async throws -> Position {
    var origin = MemorySite.ada
    origin.command = CommandID("c-1")
    return try await site.writer.submit(origin) { _ throws(SluiceError) in try folder(name) }
  }

  @Test func `gets the first answer`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let first = try await submit(site, "a")
      try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in try folder("other") }
      let found3 = try await submit(site, "b")
      #expect(found3 == first)
      #expect(site.writer.current.names == ["a", "other"])
    }
  }

  @Test func `gets the first answer after a restart`() async throws {
    let site = try await MemorySite()
    let first = try await site.live { try await submit(site, "a") }
    let later = try await MemorySite(log: site.log.prefix(site.log.recordCount))
    try await later.live {
      let found4 = try await submit(later, "b")
      #expect(found4 == first)
      #expect(later.log.recordCount == 1)
    }
  }

  @Test func `while the first is under way is carried out once`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.door.shut()
      async let first = submit(site, "a")
      await site.log.door.arrivals(1)
      async let second = submit(site, "b")
      site.log.door.open()
      let (one, two) = try await (first, second)
      #expect(one == two && site.log.recordCount == 1)
    }
  }

  @Test func `may come again after the log refused it`() async throws {
    let site = try await MemorySite()
    try await site.live {
      site.log.refuse(refusal)
      _ = try? await submit(site, "a")
      let found5 = try await submit(site, "a").sequence
      #expect(found5 == 1)
    }
  }
}

/// Why a folder could not be made; nil where it was.
private func error(_ site: MemorySite, _ name: String, _ onDecision: @Sendable () -> Void) async -> SluiceError? {
  do throws(SluiceError) {
    try await site.writer.submit(MemorySite.ada) { _ throws(SluiceError) in
      onDecision()
      return try folder(name)
    }
    return nil
  } catch {
    return error
  }
}
