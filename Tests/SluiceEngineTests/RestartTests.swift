import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

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
      #expect(later.disk.paths(below: "/benches") == [], "after record \(crash.records)")
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
