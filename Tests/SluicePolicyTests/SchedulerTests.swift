import SluiceModel
import SluicePolicy
import Testing

@Suite struct `A scheduler` {
  static let seeds = UInt64(0)..<2_000

  @Test func `over-commits nothing, loses nothing and runs nothing twice, whatever happens`() {
    var met: [String: Int] = [:]
    for seed in Self.seeds {
      var history = FarmHistory(seed: seed)
      for _ in 0..<60 { history.happen() }
      history.settle()
      #expect(
        history.faults.isEmpty, "seed \(seed): \(history.faults.prefix(3)), after \(history.happened.suffix(30))")
      for feature in history.met { met[feature, default: 0] += 1 }
    }
    let features = [
      "nothing new", "exclusive", "limits", "gpus", "lost", "late end", "moved up", "test failed", "tests passed",
      "opened by tests",
      "looked at", "paused", "removed", "quarantined", "elsewhere", "in use", "hosts", "tapes shared", "restarted",
      "said before", "tried before", "paused before",
    ]
    for feature in features {
      #expect((met[feature] ?? 0) * 20 >= Self.seeds.count, "\(feature) in \(met[feature] ?? 0) of the seeds")
    }
    #expect((met["looked at later"] ?? 0) * 200 >= Self.seeds.count)
    // Only where no other machine could take it.
    #expect((met["again where it failed"] ?? 0) * 40 >= Self.seeds.count)
  }

  private static let small = Amounts(cores: 1, memory: 1)

  private func farm(_ rules: Scheduler.Rules = .init(), agents: Int = 1, cores: Int = 4) -> Scheduler {
    var scheduler = Scheduler(rules)
    for number in 0..<agents {
      _ = scheduler.join(
        AgentID("a\(number)"), host: "h\(number)", has: Amounts(cores: cores, memory: cores), labels: [:], now: .zero)
    }
    return scheduler
  }

  @Test func `begins with the first, the middle and the last frame, and holds the rest until they have passed`() {
    var scheduler = farm(cores: 9)
    scheduler.add(RunID("r"), tasks: 9, need: Need(Self.small), tier: .normal, hold: .on([0, 4, 8], isLookedAt: false))
    let tests = scheduler.poll(AgentID("a0"), now: .zero)
    #expect(tests.map(\.task) == [0, 8, 4])
    #expect(scheduler.why(RunID("r"), task: 1, now: .zero)?.reason == .tests(left: [0, 4, 8]))
    #expect(scheduler.poll(AgentID("a0"), now: .zero) == [])
    for lease in tests.dropLast() {
      #expect(scheduler.finish(lease.token, by: AgentID("a0"), .succeeded).notices == [])
    }
    #expect(scheduler.finish(tests[2].token, by: AgentID("a0"), .succeeded).notices == [.testsPassed(RunID("r"))])
    #expect(scheduler.poll(AgentID("a0"), now: .zero).map(\.task) == [2, 6, 1, 3, 5, 7])
  }

  @Test func `begins no more of a run of which a test failed`() {
    var scheduler = farm()
    scheduler.add(RunID("r"), tasks: 9, need: Need(Self.small), tier: .normal, hold: .on([0, 4, 8], isLookedAt: false))
    let tests = scheduler.poll(AgentID("a0"), now: .zero)
    #expect(scheduler.finish(tests[0].token, by: AgentID("a0"), .failed).notices == [.testFailed(RunID("r"))])
    #expect(scheduler.why(RunID("r"), task: 1, now: .zero)?.reason == .testFailed)
    #expect(scheduler.poll(AgentID("a0"), now: .zero) == [])
  }

  @Test func `keeps a machine free for a large task that small ones would never let in`() {
    var scheduler = farm(.init(patience: .seconds(60)))
    scheduler.add(RunID("large"), tasks: 1, need: Need(Amounts(cores: 4, memory: 4)), tier: .normal)
    scheduler.add(RunID("small"), tasks: 1_000, need: Need(Self.small), tier: .normal)
    var now = Duration.zero
    var running = scheduler.poll(AgentID("a0"), now: now).filter { $0.run != RunID("large") }
    #expect(running.isEmpty)
    var other = farm(.init(patience: .seconds(60)))
    other.add(RunID("small"), tasks: 1_000, need: Need(Self.small), tier: .normal)
    running = other.poll(AgentID("a0"), now: now)
    other.add(RunID("large"), tasks: 1, need: Need(Amounts(cores: 4, memory: 4)), tier: .high)
    var isThere = false
    for _ in 0..<100 where !isThere {
      now += .seconds(5)
      _ = other.finish(running.removeFirst().token, by: AgentID("a0"), .succeeded)
      running += other.poll(AgentID("a0"), now: now)
      isThere = running.contains { $0.run == RunID("large") }
    }
    #expect(isThere)
    #expect(now <= .seconds(60 + 5 * 6))
  }

  @Test func `tells a late agent that its work was given away`() {
    var scheduler = farm(agents: 2)
    scheduler.add(RunID("r"), tasks: 1, need: Need(Self.small), tier: .normal)
    let first = scheduler.poll(AgentID("a0"), now: .zero)[0]
    _ = scheduler.hear(AgentID("a1"), working: [], now: .seconds(31))
    #expect(scheduler.tick(now: .seconds(31)) == [.lost(AgentID("a0"), [first.token])])
    let second = scheduler.poll(AgentID("a1"), now: .seconds(31))[0]
    #expect(second.token > first.token)
    #expect(scheduler.hear(AgentID("a0"), working: [first.token], now: .seconds(40)) == [first.token])
    #expect(scheduler.finish(first.token, by: AgentID("a0"), .succeeded).receipt == .givenAway)
    #expect(scheduler.finish(second.token, by: AgentID("a0"), .succeeded).receipt == .givenAway)
    #expect(scheduler.finish(second.token, by: AgentID("a1"), .succeeded).receipt == .taken)
  }

  @Test func `moves a task that needs more memory up one size, once`() {
    let sizes = [Self.small, Amounts(cores: 2, memory: 2), Amounts(cores: 4, memory: 4)]
    var scheduler = farm(.init(sizes: sizes))
    scheduler.add(RunID("r"), tasks: 1, need: Need(Self.small), tier: .normal)
    let first = scheduler.poll(AgentID("a0"), now: .zero)[0]
    #expect(
      scheduler.finish(first.token, by: AgentID("a0"), .overMemory).notices
        == [.movedUp(RunID("r"), task: 0, to: Amounts(cores: 2, memory: 2))])
    let second = scheduler.poll(AgentID("a0"), now: .zero)[0]
    #expect(second.need.amounts == Amounts(cores: 2, memory: 2))
    let end = scheduler.finish(second.token, by: AgentID("a0"), .overMemory)
    #expect(end.receipt == .taken && end.notices == [])
  }

  @Test func `moves each task up for itself, and leaves it its tries`() {
    var scheduler = farm(.init(sizes: [Self.small, Amounts(cores: 2, memory: 2)]))
    scheduler.add(RunID("r"), tasks: 2, need: Need(Self.small), tier: .normal, attempts: 2)
    var receipts: [Scheduler.Receipt] = []
    for outcome in [Scheduler.Outcome.overMemory, .failed, .overMemory, .overMemory, .failed, .failed] {
      guard let lease = scheduler.poll(AgentID("a0"), now: .zero).min(by: { $0.task < $1.task }) else { break }
      receipts.append(scheduler.finish(lease.token, by: AgentID("a0"), outcome).receipt)
      for other in scheduler.leases.values.sorted(by: { $0.token < $1.token }) {
        _ = scheduler.finish(other.token, by: AgentID("a0"), .returned)
      }
    }
    #expect(receipts == [.retried, .retried, .taken, .retried, .retried, .taken])
  }

  @Test func `moves nothing up to a size that no machine has, but gives it the memory where that is there`() {
    for (cores, memory, expected) in [
      (8, 99, nil), (8, 3, Amounts(cores: 1, memory: 3)), (3, 3, Amounts(cores: 3, memory: 3)),
    ] {
      var scheduler = farm(.init(sizes: [Self.small, Amounts(cores: cores, memory: memory)]))
      scheduler.add(RunID("r"), tasks: 1, need: Need(Self.small), tier: .normal)
      let lease = scheduler.poll(AgentID("a0"), now: .zero)[0]
      let notices = scheduler.finish(lease.token, by: AgentID("a0"), .overMemory).notices
      #expect(notices == (expected.map { [.movedUp(RunID("r"), task: 0, to: $0)] } ?? []))
    }
  }

  @Test func `tries what failed on another machine, where there is one`() {
    var scheduler = farm(agents: 2)
    scheduler.add(RunID("r"), tasks: 1, need: Need(Self.small), tier: .normal, attempts: 4)
    let (one, two) = (AgentID("a0"), AgentID("a1"))
    var lease = scheduler.poll(one, now: .zero)[0]
    #expect(scheduler.finish(lease.token, by: one, .failed).receipt == .retried)
    #expect(scheduler.poll(one, now: .zero) == [])
    lease = scheduler.poll(two, now: .zero)[0]
    #expect(scheduler.finish(lease.token, by: two, .failed).receipt == .retried)
    scheduler.setStanding(.paused, of: one)
    lease = scheduler.poll(two, now: .zero)[0]
    #expect(scheduler.finish(lease.token, by: two, .failed).receipt == .retried)
    scheduler.setStanding(.active, of: one)
    #expect(scheduler.poll(two, now: .zero) == [])
    #expect(scheduler.poll(one, now: .zero).count == 1)
  }

  @Test func `lets others of the same need pass what is to go elsewhere`() {
    var scheduler = farm(agents: 2)
    scheduler.add(
      RunID("r"), tasks: 2, need: Need(Self.small), tier: .normal,
      tried: [0: EarlierTries(failedOn: AgentID("a0"))])
    #expect(scheduler.poll(AgentID("a0"), now: .zero).map(\.task) == [1])
    #expect(scheduler.why(RunID("r"), task: 0, now: .zero)?.reason == .next)
    #expect(scheduler.poll(AgentID("a1"), now: .zero).map(\.task) == [0])
  }

  @Test func `lets what is shared by a host count once there`() {
    var scheduler = farm(agents: 2)
    scheduler.setLimit("arnold", CountedLimit(count: 1, unit: .host))
    scheduler.add(RunID("r"), tasks: 8, need: Need(Self.small, limits: ["arnold": 1]), tier: .normal)
    #expect(scheduler.poll(AgentID("a0"), now: .zero).count == 4)
    #expect(scheduler.poll(AgentID("a1"), now: .zero).count == 0)
    #expect(scheduler.why(RunID("r"), task: 6, now: .zero)?.reason == .limit("arnold", used: 1, of: 1, wanted: 1))
  }

  @Test func `counts the seats that artists have`() {
    var scheduler = farm()
    scheduler.setLimit("nuke", CountedLimit(count: 3, taken: 2))
    scheduler.add(RunID("r"), tasks: 8, need: Need(Self.small, limits: ["nuke": 1]), tier: .normal)
    #expect(scheduler.poll(AgentID("a0"), now: .zero).count == 1)
    #expect(scheduler.why(RunID("r"), task: 6, now: .zero)?.reason == .limit("nuke", used: 3, of: 3, wanted: 1))
  }

  @Test func `lets a machine rest after a task whose memory nobody knows`() {
    var scheduler = farm()
    scheduler.add(RunID("r"), tasks: 8, need: Need(Self.small, ramp: .seconds(5)), tier: .normal)
    #expect(scheduler.poll(AgentID("a0"), now: .zero).count == 1)
    #expect(scheduler.poll(AgentID("a0"), now: .seconds(4)).count == 0)
    let second = scheduler.poll(AgentID("a0"), now: .seconds(5))
    #expect(second.count == 1)
    #expect(scheduler.finish(second[0].token, by: AgentID("a0"), .succeeded).receipt == .taken)
    #expect(scheduler.poll(AgentID("a0"), now: .seconds(6)).count == 3)
  }

  @Test func `says that a machine rests, until the task it rests for has ended`() {
    var scheduler = farm()
    scheduler.add(RunID("r"), tasks: 8, need: Need(Self.small, ramp: .seconds(5)), tier: .normal)
    let first = scheduler.poll(AgentID("a0"), now: .seconds(1))
    #expect(scheduler.why(RunID("r"), task: 6, now: .seconds(3))?.reason == .ramp(.seconds(3)))
    #expect(scheduler.why(RunID("r"), task: 6, now: .seconds(6))?.reason == .next)
    #expect(scheduler.finish(first[0].token, by: AgentID("a0"), .returned).receipt == .retried)
    #expect(scheduler.why(RunID("r"), task: 6, now: .seconds(3))?.reason == .next)
    #expect(scheduler.poll(AgentID("a0"), now: .seconds(3)).count == 1)
  }

  @Test func `says that a task wants a machine for itself, and which is kept free for it`() {
    var scheduler = farm()
    scheduler.add(RunID("small"), tasks: 40, need: Need(Self.small), tier: .normal)
    #expect(scheduler.poll(AgentID("a0"), now: .zero).count == 4)
    scheduler.add(RunID("whole"), tasks: 1, need: Need(Self.small, isExclusive: true), tier: .high)
    #expect(scheduler.poll(AgentID("a0"), now: .seconds(1)).isEmpty)
    let before = scheduler.why(RunID("whole"), task: 0, now: .seconds(2))
    #expect(before?.reason == .machine && before?.keptFree == nil)
    let lease = scheduler.leases.values.first { $0.run == RunID("small") }
    if let lease { _ = scheduler.finish(lease.token, by: AgentID("a0"), .succeeded) }
    #expect(scheduler.poll(AgentID("a0"), now: .seconds(600)).isEmpty)
    let after = scheduler.why(RunID("whole"), task: 0, now: .seconds(600))
    #expect(after?.reason == .machine && after?.keptFree == AgentID("a0"))
  }

  @Test func `says that more of a limit is wanted than there is`() {
    var scheduler = farm()
    scheduler.setLimit("nuke", CountedLimit(count: 2))
    scheduler.add(RunID("r"), tasks: 1, need: Need(Self.small, limits: ["nuke": 5]), tier: .normal)
    #expect(scheduler.why(RunID("r"), task: 0, now: .zero)?.reason == .limit("nuke", used: 0, of: 2, wanted: 5))
  }

  @Test func `says what stands before a task, and whom a higher tier delays`() {
    var scheduler = farm(cores: 1)
    scheduler.add(RunID("old"), tasks: 3, need: Need(Self.small), tier: .normal)
    scheduler.add(RunID("urgent"), tasks: 2, need: Need(Self.small), tier: .high)
    scheduler.add(RunID("mine"), tasks: 2, need: Need(Self.small), tier: .normal)
    let waiting = scheduler.why(RunID("mine"), task: 0, now: .zero)
    #expect(waiting?.ahead == 5)
    #expect(waiting?.runsAhead == [RunID("urgent"), RunID("old")])
    #expect(waiting?.reason == .ahead)
    #expect(scheduler.delayed(by: RunID("mine"), to: .high) == [RunID("old")])
    #expect(scheduler.delayed(by: RunID("mine"), to: .critical) == [RunID("urgent"), RunID("old")])
  }

  @Test func `puts an agent that fails everything into quarantine, and not for one bad run`() {
    var scheduler = farm(.init(failuresInARow: 4))
    scheduler.add(RunID("bad"), tasks: 6, need: Need(Amounts(cores: 4, memory: 4)), tier: .normal)
    for _ in 0..<6 {
      let lease = scheduler.poll(AgentID("a0"), now: .zero)[0]
      #expect(scheduler.finish(lease.token, by: AgentID("a0"), .failed).notices == [])
    }
    scheduler.add(RunID("other"), tasks: 2, need: Need(Self.small), tier: .normal)
    let lease = scheduler.poll(AgentID("a0"), now: .zero)[0]
    #expect(scheduler.finish(lease.token, by: AgentID("a0"), .failed).notices == [.quarantined(AgentID("a0"))])
    #expect(scheduler.poll(AgentID("a0"), now: .zero) == [])
  }

  @Test(arguments: [0, 1, 2, 3, 4, 7, 24, 1_000]) func `fills a range in evenly`(count: Int) {
    let order = TestFrames.halving(count)
    #expect(order.sorted() == Array(0..<count))
    guard count > 8 else { return }
    let early = order.prefix(count / 2).sorted()
    #expect(zip(early, early.dropFirst()).allSatisfy { $1 - $0 <= 4 })
  }
}
