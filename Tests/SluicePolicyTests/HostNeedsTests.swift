import SluiceModel
import SluicePolicy
import SluiceTestKit
import Testing

@Suite struct `What a template asks of machines` {
  private let one = AgentID("one")
  private let run = RunID("r")

  private func farm(_ traits: HostTraits = HostTraits(), cores: Int = 8) -> Scheduler {
    var scheduler = Scheduler(Scheduler.Rules())
    _ = scheduler.join(
      one, host: "h", has: Amounts(cores: cores, memory: 8_192, gpus: 1), labels: [:], traits: traits, now: .zero)
    return scheduler
  }

  private func need(_ asked: HostNeeds, limits: Set<String> = []) -> Need {
    var need = Need(Amounts(cores: 1, memory: 0))
    need.take(asked, isLimit: limits.contains)
    return need
  }

  private func asked(_ name: String, min: Double? = nil, max: Double? = nil) -> HostNeeds {
    HostNeeds(amounts: [.init(name: name, min: min, max: max)])
  }

  private static let linux = HostTraits(
    labels: ["pool": "hair,CFX", "vendor:attr.room": "b"], amounts: ["tapes": 2.5],
    attributes: ["attr.worker.os.family": "linux"])

  @Test(
    arguments: [
      ("attr.worker.os.family", ["windows", "linux"], nil, true), ("attr.worker.os.family", ["windows"], nil, false),
      ("attr.pool", nil, ["hair", "cfx"], true), ("attr.pool", nil, ["hair", "fx"], false),
      ("attr.pool", ["fx"], ["hair"], false), ("attr.none", ["x"], nil, false), ("vendor:attr.room", ["b"], nil, true),
    ] as [(String, [String]?, [String]?, Bool)])
  func `is an attribute with any or all of some values`(name: String, anyOf: [String]?, allOf: [String]?, fits: Bool) {
    var scheduler = farm(Self.linux)
    let asked = HostNeeds(attributes: [.init(name: name, anyOf: anyOf, allOf: allOf)])
    scheduler.add(run, tasks: 1, need: need(asked), tier: .normal)
    #expect((scheduler.why(run, task: 0, now: .zero)?.reason == .next) == fits)
    #expect(scheduler.poll(one, now: .zero).isEmpty != fits)
  }

  @Test(
    arguments: [
      ("amount.tapes", 2.5, nil, true), ("amount.tapes", 2.6, nil, false), ("amount.tapes", nil, 2.0, false),
      ("amount.none", nil, 3.0, true), ("amount.none", 0.0, nil, true), ("amount.none", 1.0, nil, false),
      ("amount.worker.vcpu", 2.0, 8.0, true), ("amount.worker.vcpu", nil, 4.0, false),
      ("amount.worker.memory", 1.0, 4_096.0, false), ("amount.worker.gpu", nil, 1.0, true),
    ] as [(String, Double?, Double?, Bool)])
  func `is an amount of at least so much, on machines of at most so much`(
    name: String, min: Double?, max: Double?, fits: Bool
  ) {
    var scheduler = farm(Self.linux)
    scheduler.add(run, tasks: 1, need: need(asked(name, min: min, max: max)), tier: .normal)
    #expect(scheduler.poll(one, now: .zero).isEmpty != fits)
  }

  @Test func `is whole cores, MiB and GPUs, and more memory than that stops nothing`() {
    var need = need(
      HostNeeds(amounts: [
        .init(name: "amount.worker.vcpu", min: 2.25), .init(name: "amount.worker.memory", min: 1_000),
        .init(name: "amount.worker.gpu", min: 1),
      ]))
    #expect(need.amounts == Amounts(cores: 3, memory: 1_000, gpus: 1))
    #expect(need.hosts == nil && !need.isKeptToMemory)
    need = Need(Amounts(cores: 4, memory: 500))
    need.take(asked("amount.worker.memory", min: 1_000), isLimit: { _ in false })
    #expect(need.amounts == Amounts(cores: 4, memory: 1_000))
    #expect(need.isKeptToMemory)
  }

  @Test func `is a counted limit where one has its name`() {
    let need = need(asked("amount.nuke", min: 2), limits: ["nuke"])
    #expect(need.limits == ["nuke": 2])
    #expect(need.hosts == nil)
  }

  @Test func `is given to no more tasks at once than it is enough for`() throws {
    var scheduler = farm(HostTraits(amounts: ["tapes": 0.3]))
    scheduler.add(run, tasks: 4, need: need(asked("amount.tapes", min: 0.1)), tier: .normal)
    let leases = scheduler.poll(one, now: .zero)
    #expect(leases.count == 3)
    let waiting = try #require((0..<4).first { scheduler.why(run, task: $0, now: .zero) != nil })
    #expect(scheduler.why(run, task: waiting, now: .zero)?.reason == .amounts(["amount.tapes of at least 0.1"]))
    _ = scheduler.finish(leases[0].token, by: one, .succeeded)
    #expect(scheduler.poll(one, now: .zero).count == 1)
  }

  @Test func `is one of a label's values, in a step's needs too`() {
    var scheduler = Scheduler(Scheduler.Rules())
    _ = scheduler.join(
      one, host: "h", has: Amounts(cores: 9, memory: 1), labels: ["pool": "hair,cfx"], now: .zero)
    for (value, fits) in [("cfx", true), ("hair,cfx", true), ("fx", false)] {
      let run = RunID(value)
      scheduler.add(
        run, tasks: 1, need: Need(Amounts(cores: 1, memory: 0), labels: ["pool": value]), tier: .normal)
      #expect(scheduler.poll(one, now: .zero).contains { $0.run == run } == fits)
    }
  }

  @Test func `is told where no agent has it`() {
    var scheduler = farm(Self.linux)
    let windows = HostNeeds.Attribute(name: "attr.worker.os.family", anyOf: ["windows"])
    let hair = HostNeeds.Attribute(name: "attr.pool", anyOf: ["hair"])
    scheduler.add(run, tasks: 1, need: need(HostNeeds(attributes: [windows, hair])), tier: .normal)
    #expect(scheduler.why(run, task: 0, now: .zero)?.reason == .hosts(["attr.worker.os.family windows"]))
    let traits = HostTraits(attributes: ["attr.worker.os.family": "windows"])
    _ = scheduler.join(
      AgentID("two"), host: "i", has: Amounts(cores: 1, memory: 1), labels: [:], traits: traits, now: .zero)
    // Each is somewhere, and nowhere both.
    #expect(
      scheduler.why(run, task: 0, now: .zero)?.reason == .hosts(["attr.worker.os.family windows", "attr.pool hair"]))
  }
}

@Suite struct `Tasks that wait for others of their run` {
  private let one = AgentID("one")
  private let run = RunID("r")
  private let need = Need(Amounts(cores: 1, memory: 0))

  /// `a` before `b` and `c`, and these before `d`.
  private func diamond(cores: Int = 9) -> Scheduler {
    var scheduler = Scheduler(Scheduler.Rules())
    _ = scheduler.join(
      one, host: "h", has: Amounts(cores: cores, memory: 1), labels: [:], now: .zero, isOwn: true)
    scheduler.add(
      run,
      parts: [
        .init(name: "a", tasks: 0..<2, need: need, after: []), .init(name: "b", tasks: 2..<4, need: need, after: [0]),
        .init(name: "c", tasks: 4..<5, need: need, after: [0]),
        .init(name: "d", tasks: 5..<6, need: need, after: [1, 2]),
      ], tier: .normal)
    return scheduler
  }

  private func finish(_ leases: [Lease], _ scheduler: inout Scheduler) {
    for lease in leases { _ = scheduler.finish(lease.token, by: one, .succeeded) }
  }

  @Test func `begin when all of those have succeeded, and not before`() {
    var scheduler = diamond()
    let first = scheduler.poll(one, now: .zero)
    #expect(first.map(\.task) == [0, 1])
    #expect(scheduler.queue.first?.waiting == 4)
    #expect(scheduler.why(run, task: 2, now: .zero)?.reason == .steps(["a"]))
    #expect(scheduler.why(run, task: 5, now: .zero)?.reason == .steps(["b", "c"]))
    #expect(scheduler.why(run, task: 5, now: .zero)?.ahead == 3)
    finish([first[0]], &scheduler)
    #expect(scheduler.poll(one, now: .zero) == [])
    finish([first[1]], &scheduler)
    let second = scheduler.poll(one, now: .zero)
    #expect(second.map(\.task) == [2, 3, 4])
    finish([second[0], second[2]], &scheduler)
    #expect(scheduler.why(run, task: 5, now: .zero)?.reason == .steps(["b"]))
    finish([second[1]], &scheduler)
    #expect(scheduler.poll(one, now: .zero).map(\.task) == [5])
  }

  @Test func `wait on when one of those is given back or lost`() {
    var scheduler = diamond()
    let first = scheduler.poll(one, now: .zero)
    _ = scheduler.finish(first[0].token, by: one, .returned)
    finish([first[1]], &scheduler)
    let again = scheduler.poll(one, now: .zero)
    #expect(again.map(\.task) == [0])
    finish(again, &scheduler)
    #expect(scheduler.poll(one, now: .zero).count == 3)
  }

  @Test func `go to agents that see their bench alone`() {
    var scheduler = Scheduler(Scheduler.Rules())
    _ = scheduler.join(one, host: "h", has: Amounts(cores: 1, memory: 1), labels: [:], now: .zero)
    var need = need
    need.sharesBench = true
    scheduler.add(run, parts: [.init(name: "a", tasks: 0..<1, need: need, after: [])], tier: .normal)
    #expect(scheduler.poll(one, now: .zero) == [])
    #expect(scheduler.why(run, task: 0, now: .zero)?.reason == .bench)
    scheduler.setSeesBenches(true, one)
    #expect(scheduler.poll(one, now: .zero).count == 1)
  }

  /// Seeds 0..<500: parts at random, ended in any order; a follower is only ever seen after all before it.
  @Test func `are never begun early, whatever the order of ends`() {
    for seed in UInt64(0)..<500 {
      let chance = Seeded(seed: seed)
      var scheduler = Scheduler(Scheduler.Rules())
      _ = scheduler.join(one, host: "h", has: Amounts(cores: 3, memory: 1), labels: [:], now: .zero, isOwn: true)
      var (parts, next) = ([Scheduler.Part](), 0)
      for index in 0..<(1 + chance.below(6)) {
        let count = chance.below(4)
        let after = (0..<index).filter { _ in chance.below(3) == 0 }
        parts.append(.init(name: "\(index)", tasks: next..<(next + count), need: need, after: after))
        next += count
      }
      scheduler.add(run, parts: parts, tier: .normal, attempts: 3)
      var (running, done, failed): ([Lease], Set<Int>, Int) = (scheduler.poll(one, now: .zero), [], 0)
      while !running.isEmpty {
        for lease in running {
          let part = parts.first { $0.tasks.contains(lease.task) }
          let early = part?.after.contains { !done.isSuperset(of: parts[$0].tasks) } ?? true
          #expect(!early, "seed \(seed): task \(lease.task)")
        }
        let lease = running.remove(at: chance.below(running.count))
        let fails = chance.below(5) == 0 && failed < 2
        if fails { failed += 1 } else { done.insert(lease.task) }
        _ = scheduler.finish(lease.token, by: one, fails ? .failed : .succeeded)
        running += scheduler.poll(one, now: .zero)
      }
      #expect(done.count == next, "seed \(seed)")
    }
  }
}
