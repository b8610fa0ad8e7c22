import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `A shot that is omitted while a plan goes` {
  /// One task stands at a door, and everything else waits behind it.
  private struct Scene {
    let site: MemorySite
    let door: Latch
    let plan: Plan
    /// The run of the task at the door, and a shot that nothing runs on.
    let running: RunProgress
    let other: FolderPath
  }

  private func live(_ body: (Scene) async throws -> Void) async throws {
    let door = Latch()
    let site = try await MemorySite(workers: 1) { order, disk in
      await door.pass()
      return await ScriptedLauncher.work(order, disk)
    }
    try await site.live { try await body(try await begun(site, door)) }
  }

  private func begun(_ site: MemorySite, _ door: Latch) async throws -> Scene {
    try await site.applyDemo(sequences: ["sq010"])
    try await site.publishSources()
    let plan = try await site.apply()
    await door.arrivals(1)
    while true {
      guard let running = await site.runner.progress(of: plan.id)?.runs.first(where: { $0.status == .running }) else {
        await Task.yield()
        continue
      }
      let shots = try ["sq010/sh0010", "sq010/sh0020"].map { try FolderPath($0) }
      return Scene(
        site: site, door: door, plan: plan, running: running, other: running.folder == shots[0] ? shots[1] : shots[0])
    }
  }

  private func omit(
    _ shot: FolderPath, _ site: MemorySite, omitted: Bool = true, isHeard: Bool = true
  ) async throws {
    let project = try ProjectName("demo")
    site.seeded.advance(by: 60)
    try await site.writer.submit(MemorySite.ada) { registry throws(SluiceError) in
      try Decisions.changeFolder(
        project, shot, type: nil, set: [:], omitted: omitted, mustBeNew: false, in: registry, site: "main")
    }
    if isHeard { try await site.reactor.catchUp() }
  }

  /// Waits until every run of a shot but one is cancelled.
  private func isCancelled(_ shot: FolderPath, but run: RunID? = nil, _ scene: Scene) async {
    while true {
      let runs = await scene.site.runner.progress(of: scene.plan.id)?.runs ?? []
      if runs.allSatisfy({ $0.folder != shot || $0.id == run || $0.status == .cancelled }) { return }
      await Task.yield()
    }
  }

  private func ends(_ site: MemorySite, of shot: FolderPath) async throws -> [RunFinished] {
    try await site.events().compactMap { event in
      if case .runFinished(let fact) = event.fact, event.folder == shot { fact } else { nil }
    }
  }

  @Test func `has its queued runs cancelled at once, by who omitted it and when`() async throws {
    try await live { scene in
      try await omit(scene.other, scene.site)
      await isCancelled(scene.other, scene)
      scene.door.open()
      let state = await scene.site.end(of: scene.plan.id)
      #expect(state.status == .cancelled && state.counts.short == [7, 0, 0, 0, 3])
      let failures = try await ends(scene.site, of: scene.other).map(\.failure)
      #expect(failures.count == 3)
      for failure in failures {
        #expect(failure?.code == "folder.omitted")
        let words = "not run, because \(scene.other) was omitted (\(scene.site.adaInFacts.name), "
        #expect(failure?.what.hasPrefix(words) == true)
      }
    }
  }

  @Test func `is left out of what gathers it in the same plan`() async throws {
    try await live { scene in
      try await omit(scene.other, scene.site)
      scene.door.open()
      _ = await scene.site.end(of: scene.plan.id)
      let used = try scene.site.latest("sq010/contact").published.madeFrom
      #expect(used.count == 2 && !used.contains { $0.product.folder == scene.other })
      let isCurrent = try await scene.site.isCurrent()
      #expect(isCurrent)
    }
  }

  @Test func `has tasks that run go on to their ends, and no other begun`() async throws {
    try await live { scene in
      let run = scene.running
      try await omit(run.folder, scene.site)
      await isCancelled(run.folder, but: run.id, scene)
      scene.door.open()
      let state = await scene.site.end(of: scene.plan.id)
      #expect(state.counts.short == [7, 0, 0, 0, 3])
      let end = try #require(try await ends(scene.site, of: run.folder).first { $0.run == run.id })
      #expect(end.outcome == .cancelled && end.executed == 1 && end.failure?.code == "folder.omitted")
      let tasks = try await scene.site.events().compactMap { event -> TaskOutcome? in
        guard case .taskFinished(let fact) = event.fact, fact.task.run == run.id else { return nil }
        return fact.outcome
      }
      #expect(tasks == [.succeeded])
    }
  }

  @Test func `has its products told as omitted, and not drawn`() async throws {
    try await live { scene in
      try await omit(scene.other, scene.site)
      scene.door.open()
      _ = await scene.site.end(of: scene.plan.id)
      let products = try await scene.site.queries.status("demo", onlyStale: false).products
      #expect(products.contains { $0.folder == scene.other })
      #expect(products.allSatisfy { $0.omitted == ($0.folder == scene.other ? true : nil) })
      let (graph, _) = try await scene.site.queries.graph(
        try ProjectName("demo"), select: nil, question: Drawing.Question(collapse: .none))
      #expect(graph.nodes.flatMap(\.refs).allSatisfy { $0.folder != scene.other })
      #expect(graph.notes == ["one product of an omitted folder is not drawn"])
    }
  }

  @Test func `is made when it is taken back`() async throws {
    try await live { scene in
      try await omit(scene.other, scene.site)
      scene.door.open()
      _ = await scene.site.end(of: scene.plan.id)
      try await omit(scene.other, scene.site, omitted: false)
      let counts = try await scene.site.runAll()
      #expect(counts.short == [4, 0, 0, 0, 0])
      #expect(try scene.site.latest("sq010/contact").published.madeFrom.count == 3)
    }
  }

  @Test func `has its runs cancelled after a restart, where the server ended before`() async throws {
    let door = Latch()
    let site = try await MemorySite(workers: 1) { _, _ in
      await door.pass()
      return .cancelled
    }
    let scene = try await site.live {
      let scene = try await begun(site, door)
      try await omit(scene.other, site, isHeard: false)
      return scene
    }
    let again = try await MemorySite(log: site.log, disk: site.disk, names: site.names)
    try await again.live {
      let state = await again.end(of: scene.plan.id)
      #expect(state.counts.short == [7, 0, 0, 0, 3])
      let codes = try await ends(again, of: scene.other).map(\.failure?.code)
      #expect(codes == ["folder.omitted", "folder.omitted", "folder.omitted"])
    }
  }
}
