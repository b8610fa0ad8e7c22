import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// An agent of a test: it works on the site's own disk.
private struct HandAgent {
  let site: MemorySite
  let name: String
  let session: String

  init(_ name: String, _ site: MemorySite) async throws {
    (self.site, self.name) = (site, name)
    session = try await site.runner.join(
      AgentJoin(name: name, host: name, cores: 4, memory: 1_024, gpus: 0, labels: [:], version: "test")
    ).session
  }

  func poll(working: [UInt64] = [], wait: Double = 50) async throws -> AgentPolled {
    try await site.runner.poll(
      name, AgentPoll(session: session, working: working, probe: "secret", waitSeconds: wait))
  }

  func work(on task: AgentTask) async throws -> AgentFinished.Receipt {
    let end = await ScriptedLauncher.work(task.order, site.disk)
    return try await say(task, end)
  }

  func say(_ task: AgentTask, _ end: TaskEnd?) async throws -> AgentFinished.Receipt {
    try await site.runner.finish(name, AgentFinish(session: session, lease: task.lease, end: end)).receipt
  }

  /// Works until nothing more comes at once.
  func workOn(_ first: [AgentTask]) async throws {
    var tasks = first
    while !tasks.isEmpty {
      for task in tasks { #expect(try await work(on: task) == .taken) }
      if await site.runner.queue().runs.isEmpty { return }
      tasks = try await poll().tasks
    }
  }
}

@Suite(.timeLimit(.minutes(2))) struct `A run on agents` {
  private func live(_ body: (MemorySite, Plan) async throws -> Void) async throws {
    let site = try await MemorySite(
      workers: 0, farm: FarmSettings(probe: FarmSettings.Probe(file: "/probe", secret: "secret")))
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await site.publishSources()
      try await body(site, try await site.apply("sq010/sh0010 step:review"))
    }
  }

  private func published(_ site: MemorySite) async throws -> Int {
    try await site.events().count { event in
      if case .versionPublished(let fact) = event.fact { fact.made?.step == "review" } else { false }
    }
  }

  @Test func `is published when they have done its tasks`() async throws {
    try await live { site, plan in
      let agent = try await HandAgent("one", site)
      try await agent.workOn(try await agent.poll().tasks)
      #expect(await site.end(of: plan.id).status == .succeeded)
      #expect(try await published(site) == 1)
    }
  }

  @Test func `goes on elsewhere when nothing is heard of one for a lease, whose word then counts for nothing`()
    async throws
  {
    try await live { site, plan in
      let (slow, fast) = (try await HandAgent("slow", site), try await HandAgent("fast", site))
      let kept = try await slow.poll().tasks
      #expect(!kept.isEmpty)
      site.seeded.advance(by: 31)
      // Whoever asks counts as heard; the other was silent for longer than a lease.
      var tasks: [AgentTask] = []
      while !Set(tasks.map(\.order.task)).isSuperset(of: kept.map(\.order.task)) {
        tasks += try await fast.poll(working: tasks.map(\.lease)).tasks
      }
      for task in kept { #expect(try await slow.work(on: task) == .givenAway) }
      try await fast.workOn(tasks)
      #expect(await site.end(of: plan.id).status == .succeeded)
      #expect(try await published(site) == 1)
    }
  }

  @Test func `gives a task again whose news was lost on the way`() async throws {
    try await live { site, plan in
      let agent = try await HandAgent("one", site)
      let lost = try await agent.poll().tasks
      var tasks: [AgentTask] = []
      while !Set(tasks.map(\.order.task)).isSuperset(of: lost.map(\.order.task)) {
        tasks += try await agent.poll(working: tasks.map(\.lease)).tasks
      }
      #expect(Set(tasks.map(\.lease)).isDisjoint(with: lost.map(\.lease)))
      #expect(try await agent.say(lost[0], .exited(0)) == .givenAway)
      try await agent.workOn(tasks)
      #expect(await site.end(of: plan.id).status == .succeeded)
    }
  }

  @Test func `waits again for what an agent gives back`() async throws {
    try await live { site, plan in
      let agent = try await HandAgent("one", site)
      for task in try await agent.poll().tasks { #expect(try await agent.say(task, nil) == .retried) }
      try await agent.workOn(try await agent.poll().tasks)
      #expect(await site.end(of: plan.id).status == .succeeded)
    }
  }

  @Test func `is cancelled when its agent has ended what it is told to end`() async throws {
    try await live { site, plan in
      let agent = try await HandAgent("one", site)
      var tasks = try await agent.poll().tasks
      while tasks.count < 2 { tasks += try await agent.poll(working: tasks.map(\.lease)).tasks }
      _ = try await site.plans.cancel("\(plan.id)")
      var ended: Set<UInt64> = []
      while ended.count < 2 { ended.formUnion(try await agent.poll(working: tasks.map(\.lease)).end) }
      #expect(ended == Set(tasks.map(\.lease)))
      for task in tasks { _ = try await agent.say(task, nil) }
      #expect(await site.end(of: plan.id).status == .cancelled)
      #expect(try await published(site) == 0)
    }
  }

  @Test func `is not reached by an agent whose name another has taken`() async throws {
    try await live { site, _ in
      let first = try await HandAgent("one", site)
      _ = try await HandAgent("one", site)
      let replaced = await #expect(throws: SluiceError.self) { try await first.poll(wait: 0) }
      #expect(replaced?.code == .agentReplaced)
      let reserved = await #expect(throws: SluiceError.self) { try await HandAgent("server", site) }
      #expect(reserved?.code == .agentName)
    }
  }
}
