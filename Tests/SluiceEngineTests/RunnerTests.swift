import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

extension RunCounts {
  /// `succeeded failed unchanged reused cancelled`.
  fileprivate var short: [Int] { [succeeded, failed, unchanged, reused, cancelled] }
}

extension MemorySite {
  fileprivate func latest(_ spoken: String) throws -> Version {
    try writer.current.version(Reference("demo/\(spoken)"))
  }

  fileprivate func text(_ spoken: String, _ file: String) throws -> String? {
    let version = try latest(spoken)
    return disk.text(
      store.path(of: file, representation: version.published.representations[0].name, at: version.address))
  }

  fileprivate func isCurrent() async throws -> Bool {
    try await queries.status("demo", onlyStale: false).products.allSatisfy { $0.state == .current }
  }
}

/// The main job of `examples/demo`, with two frames a shot.
@Suite(.timeLimit(.minutes(2))) struct `The demo's story` {
  private func made(
    script: @escaping ScriptedLauncher.Script = ScriptedLauncher.work, then body: (MemorySite) async throws -> Void
  ) async throws {
    let site = try await MemorySite(script: script)
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources()
      let counts = try await site.runAll()
      #expect(counts.short == [20, 0, 0, 0, 0])
      site.seeded.advance(by: 60)
      try await body(site)
    }
  }

  @Test func `begins with everything made once and current`() async throws {
    try await made { site in
      let found1 = try await site.isCurrent()
      #expect(found1)
    }
  }

  @Test func `goes on with a new show LUT: reviews, movies and contact sheets are made anew`() async throws {
    try await made { site in
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      let plan = try await site.plan()
      #expect(plan.runs.count == 14 && plan.untouched == 14)
      let found2 = try await site.runAll().short
      #expect(found2 == [14, 0, 0, 0, 0])
      let found3 = try await site.isCurrent()
      #expect(found3)
    }
  }

  @Test func `leaves the neutrals as they are`() async throws {
    try await made { site in
      let before = try site.latest("sq010/sh0010/neutral_frames")
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.runAll()
      #expect(try site.latest("sq010/sh0010/neutral_frames") == before)
    }
  }

  @Test func `makes one frame when one plate frame was replaced`() async throws {
    let launched = Mutex<[String]>([])
    try await made(script: { order, disk in
      let outputs = order.arguments.filter { $0.contains("/out/") }.compactMap { $0.split(separator: "/").last }
      launched.withLock { $0 += outputs.map(String.init) }
      return await ScriptedLauncher.work(order, disk)
    }) { site in
      launched.withLock { $0 = [] }
      try await site.publish("sq010/sh0020/plate", [("plate.1002.exr", "repainted")], patch: true)
      let found4 = try await site.runAll().short
      #expect(found4 == [4, 0, 0, 0, 0])
      #expect(
        launched.withLock { $0.sorted() } == ["contact.jpg", "neutral.1002.png", "review.1002.png", "review.mp4"])
      let found5 = try await site.isCurrent()
      #expect(found5)
    }
  }

  @Test func `runs nothing when the LUT is published again with the same bytes`() async throws {
    try await made { site in
      try await site.publish("look/show_lut", [("show.cube", "warm")])
      let found6 = try await site.plan().runs
      #expect(found6 == [])
    }
  }

  @Test func `stops at identical pixels when only a comment of the LUT changed`() async throws {
    try await made { site in
      let movie = try site.latest("sq010/sh0010/review_movie")
      try await site.publish("look/show_lut", [("show.cube", "# new words\nwarm")])
      let found7 = try await site.runAll().short
      #expect(found7 == [6, 0, 8, 0, 0])
      #expect(try site.latest("sq010/sh0010/review_movie") == movie)
      let found8 = try await site.isCurrent()
      #expect(found8)
    }
  }

  @Test func `keeps the old file where the picture is the same`() async throws {
    try await made { site in
      let before = try site.text("sq010/sh0010/review_frames", "review.1001.png")
      try await site.publish("look/show_lut", [("show.cube", "# new words\nwarm")])
      try await site.runAll()
      #expect(try site.text("sq010/sh0010/review_frames", "review.1001.png") == before)
    }
  }

  @Test func `takes earlier results when the LUT goes back to what it was`() async throws {
    let launches = Mutex(0)
    try await made(script: { order, disk in
      launches.withLock { $0 += 1 }
      return await ScriptedLauncher.work(order, disk)
    }) { site in
      let first = try site.text("sq010/contact", "contact.jpg")
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.runAll()
      try await site.publish("look/show_lut", [("show.cube", "warm")])
      launches.withLock { $0 = 0 }
      let found9 = try await site.runAll().short
      #expect(found9 == [14, 0, 0, 14, 0])
      #expect(launches.withLock { $0 } == 0)
      #expect(try site.text("sq010/contact", "contact.jpg") == first)
      let found10 = try await site.isCurrent()
      #expect(found10)
    }
  }

  @Test func `leads from a contact sheet back to the person`() async throws {
    try await made { site in
      var bob = MemorySite.ada
      bob.actor.name = "bob"
      try await site.publish("look/show_lut", [("show.cube", "cold")], origin: bob)
      try await site.runAll()
      let chain = try await site.queries.why(Reference("demo/sq010/contact")).chain
      #expect(chain.first?.ref?.spoken == "sq010/contact")
      #expect(chain.last?.ref?.spoken == "look/show_lut" && chain.last?.actor == "bob")
    }
  }

  @Test func `records of every made version from what it was made`() async throws {
    try await made { site in
      let used = try site.latest("sq010/sh0010/review_frames").published.madeFrom
      #expect(used.map(\.product.spoken) == ["sq010/sh0010/plate", "look/show_lut"])
    }
  }

  @Test func `names the plan as the cause of what it made`() async throws {
    try await made { site in
      let events = try await site.events()
      let applied = events.first { if case .planApplied = $0.fact { true } else { false } }
      let products = events.filter { $0.product.map { $0.name != "plate" && $0.folder.name != "look" } ?? false }
      #expect(products.count == 20)
      #expect(products.allSatisfy { $0.cause == applied?.id && $0.actor.name == "ada" })
    }
  }
}

@Suite(.timeLimit(.minutes(2))) struct `A task that fails` {
  /// The review of sh0010 fails while this is true.
  private final class Fault: Sendable {
    let isThere = Mutex(true)
    var end: TaskEnd { isThere.withLock { $0 } ? .exited(1) : .exited(0) }
  }

  private func live(
    _ end: TaskEnd = .exited(1), _ body: (MemorySite, Fault, Plan) async throws -> Void
  ) async throws {
    let fault = Fault()
    let site = try await MemorySite(script: { order, disk in
      if order.directory.hasSuffix("/review/sq010+sh0010"), fault.isThere.withLock({ $0 }) { return end }
      return await ScriptedLauncher.work(order, disk)
    })
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources()
      let plan = try await site.apply()
      try await body(site, fault, plan)
    }
  }

  @Test func `fails its run and the plan, ends what waits for it, and stops nothing else`() async throws {
    try await live { site, _, plan in
      let state = await site.end(of: plan.id)
      #expect(state.status == .failed)
      #expect(state.counts.short == [17, 1, 0, 0, 2])
    }
  }

  @Test func `leaves no version`() async throws {
    try await live { site, _, plan in
      _ = await site.end(of: plan.id)
      #expect(throws: SluiceError.self) { try site.latest("sq010/sh0010/review_frames") }
      #expect(site.store.unsettled.isEmpty)
    }
  }

  @Test func `shows its state and its words`() async throws {
    try await live { site, _, plan in
      _ = await site.end(of: plan.id)
      let status = try await site.queries.status("demo/sq010/sh0010/review_frames", onlyStale: false).products[0]
      #expect(status.state == .failed)
      #expect(status.failure?.what == "oiiotool ended with exit code 1")
    }
  }

  @Test(arguments: [
    (TaskEnd.exited(3), ErrorCode.taskFailed), (.signaled(9), .taskFailed), (.timedOut, .taskTimedOut),
    (.notFound, .taskNotFound), (.failed("no room"), .taskFailed), (.exited(0), .taskOutputMissing),
  ])
  func `is told by a code of its own`(end: TaskEnd, code: ErrorCode) async throws {
    try await live(end) { site, _, plan in
      _ = await site.end(of: plan.id)
      let failed = try await site.events().compactMap { event -> RunFinished? in
        if case .runFinished(let fact) = event.fact, fact.outcome == .failed { fact } else { nil }
      }
      #expect(failed.map(\.failure?.code) == [code.rawValue])
    }
  }

  @Test func `is mended by a retry, which makes what waited for it too`() async throws {
    try await live { site, fault, plan in
      _ = await site.end(of: plan.id)
      fault.isThere.withLock { $0 = false }
      let found11 = try await site.plans.retry("\(plan.id)", origin: MemorySite.ada)
      #expect(found11 == 3)
      let state = await site.end(of: plan.id)
      #expect(state.status == .succeeded && state.counts.short == [20, 0, 0, 0, 0])
      let found12 = try await site.isCurrent()
      #expect(found12)
    }
  }

  @Test func `can be retried by its run alone`() async throws {
    try await live { site, fault, plan in
      _ = await site.end(of: plan.id)
      fault.isThere.withLock { $0 = false }
      let wanted = plan.runs.first { $0.step == "review" && $0.folder.name == "sh0010" }
      let run = try #require(wanted)
      let found13 = try await site.plans.retry("\(run.id)", origin: MemorySite.ada)
      #expect(found13 == 3)
      #expect(await site.end(of: plan.id).status == .succeeded)
    }
  }

  @Test func `fails again where nothing was mended`() async throws {
    try await live { site, _, plan in
      _ = await site.end(of: plan.id)
      _ = try await site.plans.retry("\(plan.id)", origin: MemorySite.ada)
      #expect(await site.end(of: plan.id).counts.short == [17, 1, 0, 0, 2])
    }
  }

  @Test func `is not retried where it did not fail`() async throws {
    try await live { site, _, plan in
      _ = await site.end(of: plan.id)
      let wanted = plan.runs.first { $0.step == "neutral" }
      let run = try #require(wanted)
      let error = await #expect(throws: SluiceError.self) {
        try await site.plans.retry("\(run.id)", origin: MemorySite.ada)
      }
      #expect(error?.code == .runActive)
    }
  }

  @Test func `repeats on retry only the frames that were not made`() async throws {
    let tries = Mutex<[String: Int]>([:])
    let site = try await MemorySite(workers: 1, script: { order, disk in
      guard let file = order.arguments.last, file.hasSuffix("png"), file.contains("sq010+sh0010") else {
        return await ScriptedLauncher.work(order, disk)
      }
      let count = tries.withLock { tries in
        tries[file, default: 0] += 1
        return tries[file] ?? 0
      }
      if file.hasSuffix("review.1002.png"), count == 1 { return .exited(1) }
      return await ScriptedLauncher.work(order, disk)
    })
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources(frames: 1001...1003)
      let plan = try await site.apply("step:review")
      _ = await site.end(of: plan.id)
      _ = try await site.plans.retry("\(plan.id)", origin: MemorySite.ada)
      #expect(await site.end(of: plan.id).status == .succeeded)
      let counts = tries.withLock { Dictionary(uniqueKeysWithValues: $0.map { (String($0.key.suffix(8)), $0.value) }) }
      #expect(counts == ["1001.png": 1, "1002.png": 2, "1003.png": 1])
    }
  }
}

@Suite(.timeLimit(.minutes(2))) struct `A cancelled plan` {
  private func live(_ body: (MemorySite, Latch, Plan) async throws -> Void) async throws {
    let door = Latch()
    let site = try await MemorySite(script: { order, disk in
      if order.directory.contains("/review/") { await door.pass() }
      return await ScriptedLauncher.work(order, disk)
    })
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources()
      let plan = try await site.apply("step:review step:contact")
      await door.arrivals(3)
      try await body(site, door, plan)
    }
  }

  @Test func `ends, and nothing of it was made`() async throws {
    try await live { site, _, plan in
      let found14 = try await site.plans.cancel("\(plan.id)")
      #expect(found14 == 8)
      let state = await site.end(of: plan.id)
      #expect(state.status == .cancelled && state.counts.short == [0, 0, 0, 0, 8])
    }
  }

  @Test func `leaves no activity behind`() async throws {
    try await live { site, _, plan in
      _ = try await site.plans.cancel("\(plan.id)")
      _ = await site.end(of: plan.id)
      let states = try await site.queries.status("demo", onlyStale: true).products.map(\.activity)
      #expect(states.allSatisfy { $0 == .idle })
    }
  }

  @Test func `can be taken up again`() async throws {
    try await live { site, door, plan in
      _ = try await site.plans.cancel("\(plan.id)")
      _ = await site.end(of: plan.id)
      door.open()
      _ = try await site.plans.retry("\(plan.id)", origin: MemorySite.ada)
      #expect(await site.end(of: plan.id).counts.short == [8, 0, 0, 0, 0])
    }
  }

  @Test func `in one run goes on with the others`() async throws {
    try await live { site, door, plan in
      let wanted = plan.runs.first { $0.folder.name == "sh0010" }
      let run = try #require(wanted)
      let found15 = try await site.plans.cancel("\(run.id)")
      #expect(found15 == 1)
      door.open()
      // The other five reviews and the other sequence's sheet are made.
      let state = await site.end(of: plan.id)
      #expect(state.counts.short == [6, 0, 0, 0, 2])
    }
  }

  @Test func `that nobody applied is not known`() async throws {
    let site = try await MemorySite()
    try await site.live {
      let error = await #expect(throws: SluiceError.self) { try await site.plans.cancel("p-none") }
      #expect(error?.code == .runUnknown)
    }
  }
}

@Suite(.timeLimit(.minutes(2))) struct `Applying a plan` {
  private func live(_ body: (MemorySite) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources()
      try await body(site)
    }
  }

  @Test func `that was looked at runs just that`() async throws {
    try await live { site in
      let seen = try await site.plan("step:review")
      let found16 = try await site.apply(expected: seen.id).id
      #expect(found16 == seen.id)
      #expect(await site.end(of: seen.id).counts.short == [6, 0, 0, 0, 0])
    }
  }

  @Test func `that is no longer the same is refused with the difference, and records nothing`() async throws {
    try await live { site in
      let seen = try await site.plan("step:review")
      try await site.runAll("sq010/sh0010/review_frames")
      let before = site.log.recordCount
      let error = await #expect(throws: SluiceError.self) { try await site.apply(expected: seen.id) }
      #expect(error?.code == .planChanged)
      #expect(error?.what == "the plan is not what it was: sq010/sh0010 review is no longer in it")
      #expect(site.log.recordCount == before)
    }
  }

  @Test func `that was never computed is refused`() async throws {
    try await live { site in
      let error = await #expect(throws: SluiceError.self) { try await site.apply(expected: PlanID("p-none")) }
      #expect(error?.code == .planUnknown)
    }
  }

  @Test func `that is empty records nothing`() async throws {
    try await live { site in
      try await site.runAll()
      let before = site.log.recordCount
      let found17 = try await site.apply().runs
      #expect(found17 == [])
      #expect(site.log.recordCount == before)
    }
  }

  @Test func `computes without recording`() async throws {
    try await live { site in
      let before = site.log.recordCount
      _ = try await site.plan()
      #expect(site.log.recordCount == before)
    }
  }

  @Test func `twice at once runs it once`() async throws {
    try await live { site in
      async let one = site.apply()
      async let two = site.apply()
      let (first, second) = try await (one, two)
      #expect(first.id == second.id)
      _ = await site.end(of: first.id)
      let started = try await site.events().filter { if case .runStarted = $0.fact { true } else { false } }
      #expect(started.count == 20)
    }
  }

  @Test func `of two overlapping selections makes every product once`() async throws {
    try await live { site in
      let one = try await site.apply("step:review")
      let two = try await site.apply("+step:contact")
      _ = await (site.end(of: one.id), site.end(of: two.id))
      let reviews = try site.writer.current.product(ProductRef("demo/sq010/sh0010/review_frames")).versions
      #expect(reviews.count == 1)
      let found18 = try await site.plan("+step:contact").runs
      #expect(found18 == [])
    }
  }
}

/// A process may end at any record; here it ends at every one of them.
@Suite(.timeLimit(.minutes(4))) struct `A restart` {
  private struct Crash: Sendable {
    var records: Int
    var disk: MemoryDisk
    /// Products whose new version lies in the store and is not yet recorded.
    var publishing: Set<ProductRef>
  }

  private func crashes(
    script: @escaping ScriptedLauncher.Script = ScriptedLauncher.work
  ) async throws -> (site: MemorySite, plan: Plan, crashes: [Crash]) {
    let site = try await MemorySite(script: script)
    let crashes = Mutex<[Crash]>([])
    let plan = try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await site.publishSources()
      site.log.witness { count in
        let publishing = Set(site.store.unsettled.map(\.product))
        let copy = site.disk.copy()
        crashes.withLock { $0.append(Crash(records: count, disk: copy, publishing: publishing)) }
      }
      let plan = try await site.apply()
      _ = await site.end(of: plan.id)
      return plan
    }
    return (site, plan, crashes.withLock { $0 })
  }

  private func finished(_ events: [Event]) -> [TaskID: Int] {
    events.reduce(into: [:]) { found, event in
      if case .taskFinished(let fact) = event.fact, fact.outcome == .succeeded { found[fact.task, default: 0] += 1 }
    }
  }

  @Test func `at any record goes on to the same end`() async throws {
    let (site, plan, crashes) = try await crashes()
    #expect(crashes.count > 10)
    for crash in crashes {
      let later = try await MemorySite(log: site.log.prefix(crash.records), disk: crash.disk)
      let state = try await later.live { await later.end(of: plan.id) }
      #expect(state.status == .succeeded, "after record \(crash.records)")
      #expect(state.counts.succeeded == 10, "after record \(crash.records)")
      for product in ["sq010/contact", "sq010/sh0010/review_movie"] {
        let file = product == "sq010/contact" ? "contact.jpg" : "review.mp4"
        #expect(try later.text(product, file) == site.text(product, file), "after record \(crash.records)")
      }
    }
  }

  /// A run whose files were just being moved into the store is made again: the store takes them away at the start.
  @Test func `at any record repeats no task that had finished, but of a run that was being published`() async throws {
    let (site, plan, crashes) = try await crashes()
    for crash in crashes {
      let later = try await MemorySite(log: site.log.prefix(crash.records), disk: crash.disk)
      _ = try await later.live { await later.end(of: plan.id) }
      let exempt = Set(plan.runs.filter { !crash.publishing.isDisjoint(with: $0.outputs) }.map(\.id))
      let repeated = finished(try await later.events()).filter { $0.value > 1 && !exempt.contains($0.key.run) }
      #expect(repeated == [:], "after record \(crash.records)")
    }
  }

  @Test func `at any record publishes nothing twice`() async throws {
    let (site, plan, crashes) = try await crashes()
    for crash in crashes {
      let later = try await MemorySite(log: site.log.prefix(crash.records), disk: crash.disk)
      _ = try await later.live { await later.end(of: plan.id) }
      let products = later.writer.current.projects.values.flatMap { $0.products.values }
      #expect(products.allSatisfy { $0.versions.count == 1 }, "after record \(crash.records)")
    }
  }

  @Test func `after a failure ends what waited for it, and the plan`() async throws {
    let failing: ScriptedLauncher.Script = { order, disk in
      order.directory.hasSuffix("/review/sq010+sh0010") ? .exited(1) : await ScriptedLauncher.work(order, disk)
    }
    let (site, plan, crashes) = try await crashes(script: failing)
    for crash in crashes {
      let later = try await MemorySite(log: site.log.prefix(crash.records), disk: crash.disk, script: failing)
      let state = try await later.live { await later.end(of: plan.id) }
      #expect(state.status == .failed && state.counts.short == [7, 1, 0, 0, 2], "after record \(crash.records)")
      let runs = later.writer.current.runs.values
      #expect(runs.count == 10 && runs.allSatisfy { $0.status != .running }, "after record \(crash.records)")
    }
  }

  @Test func `without the files of the benches makes them again`() async throws {
    let (site, plan, crashes) = try await crashes()
    let crash = crashes[crashes.count / 2]
    let disk = crash.disk.copy()
    disk.remove("/work")
    let later = try await MemorySite(log: site.log.prefix(crash.records), disk: disk)
    let found19 = try await later.live { await later.end(of: plan.id) }.status
    #expect(found19 == .succeeded)
  }

  @Test func `begins no plan that has ended`() async throws {
    let (site, _, _) = try await crashes()
    let later = try await MemorySite(log: site.log.prefix(site.log.recordCount), disk: site.disk.copy())
    try await later.live {
      let found20 = try await later.plan().runs
      #expect(found20 == [])
    }
    #expect(later.log.recordCount == site.log.recordCount)
  }
}
