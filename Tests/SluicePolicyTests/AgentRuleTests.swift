import SluiceModel
import SluicePolicy
import Testing

@Suite struct `An agent's rules` {
  private let one = AgentID("one")
  private let two = AgentID("two")
  private let small = Need(Amounts(cores: 1, memory: 0))

  private func farm(_ runs: Int = 1, tasks: Int = 1) -> Scheduler {
    var scheduler = Scheduler(Scheduler.Rules(lease: .seconds(30), failuresInARow: 3))
    for run in 0..<runs { scheduler.add(RunID("r\(run)"), tasks: tasks, need: small, tier: .normal) }
    return scheduler
  }

  private func join(_ id: AgentID, _ scheduler: inout Scheduler, cores: Int = 1, isOwn: Bool = false) {
    _ = scheduler.join(
      id, host: "\(id)", has: Amounts(cores: cores, memory: 100), labels: [:], now: .zero, isOwn: isOwn)
  }

  @Test func `what was kept for a run is free for others once the run is paused`() throws {
    let rules = Scheduler.Rules(lease: .seconds(30), failuresInARow: 3)
    var scheduler = farm()
    join(one, &scheduler, cores: 2)
    #expect(scheduler.poll(one, now: .zero).count == 1)
    scheduler.add(RunID("wide"), tasks: 1, need: Need(Amounts(cores: 2, memory: 0)), tier: .high)
    _ = scheduler.give(to: one, now: .zero)
    scheduler.add(RunID("narrow"), tasks: 1, need: small, tier: .low)
    #expect(scheduler.poll(one, now: rules.patience + .seconds(1)) == [])
    #expect(!scheduler.mayFind(one))
    scheduler.setPaused(true, RunID("wide"))
    #expect(scheduler.mayFind(one))
    #expect(scheduler.give(to: one, now: rules.patience + .seconds(2)).map(\.run) == [RunID("narrow")])
  }

  @Test func `what it has released is not lost with it, and frees it`() throws {
    var scheduler = farm(2)
    join(one, &scheduler)
    let lease = try #require(scheduler.poll(one, now: .zero).first)
    #expect(scheduler.poll(one, now: .zero) == [])
    let released = [one, one, two].map { scheduler.release(lease.token, by: $0) }
    #expect(released == [true, false, false])
    #expect(scheduler.agents[one]?.free.cores == 1)
    let next = try #require(scheduler.poll(one, now: .zero).first)
    #expect(scheduler.tick(now: .seconds(31)) == [.lost(one, [next.token])])
    #expect(scheduler.finish(lease.token, by: one, .succeeded).receipt == .taken)
    #expect(scheduler.finish(next.token, by: one, .succeeded).receipt == .givenAway)
    #expect(scheduler.agents[one]?.free.cores == 1)
  }

  @Test func `it comes back as what it was before it was lost`() {
    for standing in [FarmAgent.Standing.active, .draining, .paused, .quarantined] {
      var scheduler = farm()
      join(one, &scheduler)
      scheduler.setStanding(standing, of: one)
      _ = scheduler.tick(now: .seconds(31))
      #expect(scheduler.agents[one]?.standing == .lost)
      _ = scheduler.hear(one, working: [], now: .seconds(32))
      #expect(scheduler.agents[one]?.standing == standing)
    }
  }

  @Test func `the server's own is never lost and never in quarantine`() throws {
    var scheduler = farm(9)
    join(one, &scheduler, isOwn: true)
    for _ in 0..<9 {
      let lease = try #require(scheduler.poll(one, now: .zero).first)
      _ = scheduler.finish(lease.token, by: one, .failed)
    }
    #expect(scheduler.agents[one]?.standing == .active)
    #expect(scheduler.tick(now: .seconds(1_000)) == [])
  }

  @Test func `its user comes first, and people's word before that`() throws {
    var scheduler = farm(2)
    join(one, &scheduler)
    scheduler.setInUse(true, one)
    #expect(scheduler.agents[one]?.standing == .inUse)
    #expect(scheduler.poll(one, now: .zero) == [])
    #expect(scheduler.why(RunID("r0"), task: 0, now: .zero)?.reason == .noAgent)
    scheduler.setStanding(.paused, of: one)
    for isInUse in [false, true] {
      scheduler.setInUse(isInUse, one)
      #expect(scheduler.agents[one]?.standing == .paused)
    }
    scheduler.setStanding(.active, of: one)
    scheduler.setInUse(true, one)
    _ = scheduler.tick(now: .seconds(31))
    #expect(scheduler.agents[one]?.standing == .lost)
    _ = scheduler.hear(one, working: [], now: .seconds(32))
    #expect(scheduler.agents[one]?.standing == .inUse)
    scheduler.setInUse(false, one)
    #expect(scheduler.poll(one, now: .seconds(33)).count == 1)
  }

  @Test func `what it had when it left is another one's`() throws {
    var scheduler = farm()
    join(one, &scheduler)
    join(two, &scheduler)
    let lease = try #require(scheduler.poll(one, now: .zero).first)
    #expect(scheduler.leave(one) == [.lost(one, [lease.token])])
    #expect(scheduler.agents[one] == nil)
    #expect(scheduler.poll(two, now: .zero).first?.task == lease.task)
  }

  @Test func `a run with an earlier turn comes first, whenever it was added`() {
    var scheduler = farm(0)
    scheduler.add(RunID("late"), tasks: 1, need: small, tier: .normal, turn: 20)
    scheduler.add(RunID("early"), tasks: 1, need: small, tier: .normal, turn: 10)
    scheduler.add(RunID("behind"), tasks: 1, need: small, tier: .normal)
    #expect(scheduler.queue.map(\.run.description) == ["early", "late", "behind"])
  }

  @Test func `needs come from the size, and what is said beside it comes first`() {
    let sizes = Sizes([.m: Amounts(cores: 6, memory: 600)])
    #expect(Need(nil, sizes).amounts == Amounts(cores: 1, memory: 0))
    #expect(Need(StepNeeds(size: .m), sizes).amounts == Amounts(cores: 6, memory: 600))
    #expect(Need(StepNeeds(size: .m, cores: 2, gpus: 1), sizes).amounts == Amounts(cores: 2, memory: 600, gpus: 1))
    #expect(sizes.all.map(\.memory) == [600, 2_048, 8_192, 32_768, 65_536])
  }

  @Test func `memory is written as people do`() {
    #expect(["512", "512M", "2G", "2GiB", "3MiB"].map(MemorySize.mebibytes) == [512, 512, 2_048, 2_048, 3])
    #expect(["", "G", "-1", "1.5G", "2T", "99999999999G"].allSatisfy { MemorySize.mebibytes($0) == nil })
  }

  @Test func `it gets nothing by a question of long ago, and is not heard of by it`() throws {
    var scheduler = farm(0)
    join(one, &scheduler)
    #expect(scheduler.poll(one, now: .seconds(1)) == [])
    scheduler.add(RunID("late"), tasks: 1, need: small, tier: .normal)
    #expect(scheduler.give(to: one, now: .seconds(17)) == [])
    #expect(scheduler.tick(now: .seconds(32)) == [.lost(one, [])])
    #expect(scheduler.give(to: one, now: .seconds(32)) == [])
    #expect(scheduler.agents[one]?.standing == .lost)
    _ = scheduler.hear(one, working: [], now: .seconds(33))
    #expect(scheduler.give(to: one, now: .seconds(48)).count == 1)
  }
}
