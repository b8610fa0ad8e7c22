import SluiceModel
import SluicePolicy
import SluiceTestKit

/// A farm and its history, drawn from a seed, with everything that a scheduler must not get wrong followed by hand.
struct FarmHistory {
  struct Task: Hashable {
    let run: RunID
    let place: Int
  }
  var scheduler: Scheduler
  private(set) var happened: [String] = []
  private(set) var faults: [String] = []
  /// What each feature was met with.
  private(set) var met: Set<String> = []
  let chance: Seeded
  var now = Duration.zero
  private var made = 0
  private(set) var needs: [RunID: Need] = [:]
  private(set) var holds: [RunID: Set<Int>] = [:]
  private(set) var passed: [RunID: Set<Int>] = [:]
  private(set) var looked: Set<RunID> = []
  private(set) var places: [RunID: (tier: Tier, turn: Int)] = [:]
  private(set) var sizes: [Task: Amounts] = [:]
  /// Where a task failed last.
  private(set) var avoided: [Task: AgentID] = [:]
  /// How often tasks failed without having failed for good, and how often those of a run may.
  private(set) var failures: [Task: Int] = [:]
  private(set) var attempts: [RunID: Int] = [:]
  var waiting: Set<Task> = []
  /// Places of a run's tasks as a scheduler that was made anew knows them; absent where they are as they were.
  var renamed: [RunID: [Int]] = [:]
  private(set) var ended: [Task: Int] = [:]
  private(set) var paused: Set<RunID> = []
  private(set) var limits: [String: CountedLimit] = [:]
  private(set) var known: [AgentID: (host: String, has: Amounts, labels: [String: String])] = [:]
  /// How many tapes each has, and in which room it stands.
  private(set) var traits: [AgentID: (tapes: Double, room: String)] = [:]
  var running: [LeaseToken: Lease] = [:]
  /// Tokens that agents still believe in although their tasks were given away.
  var stray: [Lease] = []
  private let isPatient: Bool
  private let hasBroken: Bool

  static let sizes = [
    Amounts(cores: 1, memory: 2), Amounts(cores: 2, memory: 4), Amounts(cores: 4, memory: 8),
    Amounts(cores: 8, memory: 16),
  ]

  init(seed: UInt64) {
    chance = Seeded(seed: seed)
    isPatient = seed % 2 == 0
    hasBroken = seed % 3 == 0
    scheduler = Scheduler(
      Scheduler.Rules(
        lease: .seconds(30), patience: isPatient ? .seconds(1_000_000) : .seconds(60), failuresInARow: 2,
        sizes: Self.sizes))
    for name in ["nuke", "host"] {
      limits[name] = CountedLimit(count: 1 + chance.below(4), unit: name == "host" ? .host : .seat)
      scheduler.setLimit(name, limits[name])
    }
    for number in 0..<(1 + chance.below(5)) { join(AgentID("a\(number)")) }
  }

  mutating func fault(_ text: String) { faults.append(text) }

  mutating func happen() {
    now += .milliseconds(chance.below(8_000))
    switch chance.below(17) {
    case 0, 1, 2: add()
    case 3, 4, 5, 6, 7: pollSome()
    case 8, 9, 10: endOne()
    case 11: hearAll(except: chance.below(4) == 0 ? known.keys.sorted().randomElement(chance) : nil)
    case 12: stray.isEmpty ? pollSome() : endStray()
    case 13: changeRun()
    case 14: changeAgent()
    case 15: if chance.below(3) == 0 { restart() }
    default: changeLimit()
    }
    take(scheduler.tick(now: now))
    check()
  }

  // MARK: What can happen

  private mutating func add() {
    made += 1
    let run = RunID("r\(made)")
    var need = Need(Self.sizes[chance.below(Self.sizes.count)])
    if chance.below(6) == 0 { need.isExclusive = true }
    if chance.below(5) == 0 { need.labels = ["os": chance.below(2) == 0 ? "linux" : "mac"] }
    if chance.below(4) == 0 { need.limits = [["nuke", "host"][chance.below(2)]: 1 + chance.below(2)] }
    if chance.below(5) == 0 { need.amounts.gpus = 1 }
    if chance.below(8) == 0 { need.ramp = .seconds(3) }
    if chance.below(5) == 0 {
      let room = HostNeeds.Attribute(name: "attr.room", anyOf: ["a", "c"])
      need.take(
        HostNeeds(
          amounts: [.init(name: "amount.tapes", min: 0.1)], attributes: chance.below(3) == 0 ? [room] : []),
        isLimit: { _ in false })
    }
    let count = 1 + chance.below(9)
    let tests = TestFrames.places(of: count)
    let (hasTests, isLookedAt) = (chance.below(2) == 0 && !tests.isEmpty, chance.below(4) == 0)
    let tier = Tier.allCases[chance.below(Tier.allCases.count)]
    let attempts = 1 + chance.below(3)
    scheduler.add(
      run, tasks: count, need: need, tier: tier, hold: hasTests ? .on(tests, isLookedAt: isLookedAt) : .off,
      attempts: attempts)
    self.attempts[run] = attempts
    if hasTests {
      holds[run] = Set(tests)
      if !isLookedAt { looked.insert(run) }
    }
    (needs[run], places[run]) = (need, (tier, made))
    for place in 0..<count {
      waiting.insert(Task(run: run, place: place))
      sizes[Task(run: run, place: place)] = need.amounts
    }
    happened.append("\(run): \(count) tasks, \(need.amounts), tier \(tier)\(hasTests ? ", tests \(tests)" : "")")
  }

  private mutating func join(_ id: AgentID) {
    let has = Amounts(cores: 2 + chance.below(8), memory: 4 + chance.below(20), gpus: chance.below(3))
    let labels = ["os": chance.below(3) == 0 ? "mac" : "linux"]
    let host = "h\(chance.below(3))"
    known[id] = (host, has, labels)
    traits[id] = ([0, 0.1, 0.3][chance.below(3)], ["a", "b"][chance.below(2)])
    take(scheduler.join(id, host: host, has: has, labels: labels, traits: hostTraits(id), now: now))
    happened.append("\(id) joins with \(has)")
  }

  func hostTraits(_ id: AgentID) -> HostTraits {
    guard let own = traits[id] else { return HostTraits() }
    return HostTraits(amounts: ["tapes": own.tapes], attributes: ["room": own.room])
  }

  /// Whether an agent stands where a task wants it, with so many tapes when others on it have had theirs.
  private func hasTraits(_ id: AgentID, _ need: Need, besides: [Lease] = []) -> Bool {
    guard let hosts = need.hosts, let own = traits[id] else { return need.hosts == nil }
    let wanted = Double(1 + besides.count { $0.need.hosts != nil }) / 10
    return wanted <= own.tapes + 0.01 && (hosts.attributes.isEmpty || own.room == "a")
  }

  private mutating func pollSome() {
    for id in known.keys.sorted() where chance.below(2) == 0 {
      let expected = isPatient ? firstFitting(id) : nil
      let given = scheduler.poll(id, now: now)
      if let expected, expected != given.first.map(\.run) {
        let (was, should) = (given.first.map { "\($0.run)" } ?? "nothing", expected.map { "\($0)" } ?? "nothing")
        fault("\(id) was given \(was) and not \(should)")
      }
      for lease in given { begin(lease) }
    }
  }

  /// The task of a lease, by its first place.
  func task(of lease: Lease) -> Task { Task(run: lease.run, place: place(lease.task, in: lease.run)) }
  private func place(_ place: Int, in run: RunID) -> Int { renamed[run].map { $0[place] } ?? place }

  private mutating func begin(_ lease: Lease) {
    let task = task(of: lease)
    happened.append("\(lease.agent) starts \(lease.run).\(lease.task)")
    if waiting.remove(task) == nil { fault("\(task) was started although it did not wait") }
    if running.values.contains(where: { $0.run == lease.run && $0.task == lease.task }) {
      fault("\(task) runs twice at once")
    }
    if let tests = holds[lease.run], !tests.contains(task.place) {
      met.insert("opened by tests")
      if !tests.isSubset(of: passed[lease.run] ?? []) { fault("\(task) was begun before the tests passed") }
      if !looked.contains(lease.run) { fault("\(task) was begun before anybody looked") }
    }
    if paused.contains(lease.run) { fault("\(task) was begun although its run is paused") }
    if avoided[task] == lease.agent {
      met.insert("again where it failed")
      if hasOther(than: lease.agent, for: task) { fault("\(task) is again where it failed, and need not be") }
    } else if avoided[task] != nil {
      met.insert("elsewhere")
    }
    if sizes[task] != lease.need.amounts { fault("\(task) has \(lease.need.amounts) and not its size") }
    if lease.need.isExclusive { met.insert("exclusive") }
    if !lease.need.limits.isEmpty { met.insert("limits") }
    if !lease.gpus.isEmpty { met.insert("gpus") }
    if lease.need.hosts != nil { met.insert("hosts") }
    running[lease.token] = lease
  }

  private mutating func endOne() {
    guard let token = running.keys.sorted().randomElement(chance), let lease = running[token] else { return }
    let task = task(of: lease)
    // One machine in some farms fails everything.
    let outcome: Scheduler.Outcome =
      switch isBroken(lease.agent) ? 0 : chance.below(8) {
      case 0: .failed
      case 1: .overMemory
      case 2: .returned
      default: .succeeded
      }
    running[token] = nil
    let (receipt, notices) = scheduler.finish(token, by: lease.agent, outcome)
    happened.append("\(lease.run).\(lease.task) ends \(outcome): \(receipt)")
    let isKnown = needs[lease.run] != nil
    switch receipt {
    case .givenAway: fault("\(task) was given away under a token that counts")
    case .retried:
      if isKnown { waiting.insert(task) }
      if isKnown, outcome == .failed {
        avoided[task] = lease.agent
        failures[task, default: 0] += 1
        if failures[task] ?? 0 >= attempts[lease.run] ?? 1 { fault("\(task) is tried too often") }
      }
      if outcome == .succeeded { fault("\(task) succeeded and is made again") }
    case .taken:
      if isKnown { ended[task, default: 0] += 1 }
      if outcome == .succeeded { passed[lease.run, default: []].insert(task.place) }
      if isKnown, outcome == .failed, (failures[task] ?? 0) + 1 < attempts[lease.run] ?? 1 {
        fault("\(task) is given up too soon")
      }
    }
    take(notices)
  }

  private func isBroken(_ agent: AgentID) -> Bool { hasBroken && agent == AgentID("a0") }

  private mutating func endStray() {
    let lease = stray.remove(at: chance.below(stray.count))
    let (receipt, _) = scheduler.finish(lease.token, by: lease.agent, .succeeded)
    met.insert("late end")
    if receipt != .givenAway { fault("\(lease.run).\(lease.task) ended twice") }
  }

  private mutating func hearAll(except silent: AgentID?) {
    for id in known.keys.sorted() where id != silent {
      let tokens = running.values.filter { $0.agent == id }.map(\.token) + stray.filter { $0.agent == id }.map(\.token)
      let gone = Set(scheduler.hear(id, working: tokens, now: now))
      let expected = Set(stray.filter { $0.agent == id }.map(\.token))
      if gone != expected { fault("\(id) was told to end \(gone) and not \(expected)") }
      if chance.below(2) == 0 { stray.removeAll { gone.contains($0.token) } }
    }
  }

  private mutating func changeRun() {
    guard let run = needs.keys.sorted().randomElement(chance) else { return }
    switch chance.below(5) {
    case 0:
      let tier = Tier.allCases[chance.below(5)]
      scheduler.setTier(tier, of: run)
      places[run]?.tier = tier
      happened.append("\(run) to tier \(tier)")
    case 1:
      scheduler.setPaused(true, run)
      paused.insert(run)
      met.insert("paused")
      happened.append("\(run) paused")
    case 2:
      scheduler.setPaused(false, run)
      paused.remove(run)
      happened.append("\(run) goes on")
    case 3:
      if scheduler.pass(run) {
        looked.insert(run)
        met.insert("looked at")
        happened.append("\(run) was looked at")
      }
    default:
      guard chance.below(3) == 0 else { return }
      scheduler.remove(run)
      (needs[run], places[run]) = (nil, nil)
      waiting = waiting.filter { $0.run != run }
      met.insert("removed")
      happened.append("\(run) removed")
    }
  }

  private mutating func changeAgent() {
    let id = AgentID("a\(chance.below(6))")
    switch chance.below(6) {
    case 0: join(id)
    case 1: scheduler.setStanding(.draining, of: id)
    case 2: scheduler.setStanding(.paused, of: id)
    case 3:
      scheduler.setInUse(chance.below(2) == 0, id)
      if scheduler.agents[id]?.standing == .inUse { met.insert("in use") }
    default: if scheduler.agents[id]?.standing != .lost { scheduler.setStanding(.active, of: id) }
    }
    happened.append("\(id) is \(scheduler.agents[id].map { "\($0.standing)" } ?? "not there")")
  }

  private mutating func changeLimit() {
    let name = ["nuke", "host"][chance.below(2)]
    limits[name]?.taken = chance.below(3)
    scheduler.setLimit(name, limits[name])
    happened.append("\(name): \(limits[name]?.taken ?? 0) are taken")
  }

  mutating func note(_ feature: String, _ text: String) {
    met.insert(feature)
    happened.append(text)
  }

  mutating func take(_ notices: [Scheduler.Notice]) {
    for notice in notices {
      switch notice {
      case .lost(_, let tokens):
        met.insert("lost")
        for token in tokens {
          guard let lease = running.removeValue(forKey: token) else { continue }
          stray.append(lease)
          if needs[lease.run] != nil { waiting.insert(self.task(of: lease)) }
        }
      case .movedUp(let run, let task, let amounts):
        met.insert("moved up")
        sizes[Task(run: run, place: place(task, in: run))] = amounts
      case .testFailed(let run):
        met.insert("test failed")
        waiting = waiting.filter { $0.run != run }
        holds[run] = nil
        needs[run] = nil
        scheduler.remove(run)
      case .quarantined: met.insert("quarantined")
      case .acquitted: met.insert("acquitted")
      case .testsPassed: met.insert("tests passed")
      case .wantsLook: continue
      }
    }
  }

  // MARK: What must hold

  /// Which run an agent gets a task of next, found by looking at every waiting task.
  private func firstFitting(_ id: AgentID) -> RunID?? {
    guard let agent = scheduler.agents[id], let machine = known[id],
      // One that was lost is what it was before as soon as it asks.
      (agent.standing == .lost ? agent.standingBefore : agent.standing) == .active
    else { return .some(nil) }
    if ramping(id) { return nil }
    let mine = running.values.filter { $0.agent == id }
    let used = mine.reduce(Amounts.none) { $0 + $1.need.amounts }
    var best: (run: RunID, place: (tier: Tier, turn: Int))?
    for task in waiting where !paused.contains(task.run) {
      guard let need = needs[task.run], let size = sizes[task], let place = places[task.run] else { continue }
      if let tests = holds[task.run], !tests.contains(task.place),
        !(tests.isSubset(of: passed[task.run] ?? []) && looked.contains(task.run))
      {
        continue
      }
      guard (used + size).fits(in: machine.has), need.labels.allSatisfy({ machine.labels[$0.key] == $0.value }),
        !mine.contains(where: \.need.isExclusive), !need.isExclusive || mine.isEmpty,
        need.limits.allSatisfy({ isFree($0.key, $0.value, host: machine.host) }),
        hasTraits(id, need, besides: mine)
      else { continue }
      if avoided[task] == id, hasOther(than: id, for: task) { continue }
      if let known = best, (known.place.tier, known.place.turn) <= (place.tier, place.turn) { continue }
      best = (task.run, place)
    }
    return .some(best?.run)
  }

  /// Whether another machine than the one on which it failed could run a task.
  private func hasOther(than id: AgentID, for task: Task) -> Bool {
    guard let need = needs[task.run], let size = sizes[task] else { return false }
    return known.contains { other, machine in
      other != id && scheduler.agents[other]?.standing == .active && size.fits(in: machine.has)
        && need.labels.allSatisfy { machine.labels[$0.key] == $0.value } && hasTraits(other, need)
    }
  }

  private var rampedUntil: [AgentID: Duration] {
    running.values.reduce(into: [:]) { found, lease in
      if lease.need.ramp > .zero { found[lease.agent] = .zero }
    }
  }

  /// Whether an agent may still wait for a task's memory to show; then this list does not say what it gets.
  private func ramping(_ id: AgentID) -> Bool { rampedUntil[id] != nil || needs.values.contains { $0.ramp > .zero } }

  private func used(_ name: String) -> Int {
    let leases = running.values.filter { $0.need.limits[name] != nil }
    return limits[name]?.unit == .host
      ? Set(leases.compactMap { known[$0.agent]?.host }).count
      : leases.reduce(0) { $0 + ($1.need.limits[name] ?? 0) }
  }

  private func isFree(_ name: String, _ wanted: Int, host: String) -> Bool {
    guard let limit = limits[name] else { return false }
    if limit.unit == .host,
      running.values.contains(where: { $0.need.limits[name] != nil && known[$0.agent]?.host == host })
    {
      return true
    }
    return limit.count - limit.taken - used(name) >= (limit.unit == .host ? 1 : wanted)
  }

  private mutating func check() {
    for (id, machine) in known {
      let mine = running.values.filter { $0.agent == id }
      let used = mine.reduce(Amounts.none) { $0 + $1.need.amounts }
      if !used.fits(in: machine.has) { fault("\(id) has \(used) of \(machine.has)") }
      if mine.count > 1, mine.contains(where: \.need.isExclusive) { fault("\(id) shares what is exclusive") }
      let tapes = mine.count { $0.need.hosts != nil }
      if Double(tapes) / 10 > (traits[id]?.tapes ?? 0) + 0.01 { fault("\(id) gives \(tapes) tasks tapes") }
      if tapes > 1 { met.insert("tapes shared") }
      let gpus = mine.flatMap(\.gpus)
      if Set(gpus).count != gpus.count || gpus.contains(where: { $0 >= machine.has.gpus }) {
        fault("\(id) gives a GPU twice: \(gpus)")
      }
      guard !scheduler.mayFind(id) else { continue }
      met.insert("nothing new")
      var looking = scheduler
      if let lease = looking.give(to: id, now: now).first {
        fault("\(id) is not asked again, and could have \(lease.run)")
      }
    }
    for (name, limit) in limits where used(name) > limit.count { fault("\(used(name)) of \(limit.count) \(name)") }
    if Set(scheduler.leases.keys) != Set(running.keys) { fault("leases are not those that run") }
  }

  // MARK: The end

  /// Everything is let go, agents are many and large, and nothing may be left.
  mutating func settle() {
    for run in needs.keys.sorted() {
      scheduler.setPaused(false, run)
      paused.remove(run)
    }
    for name in limits.keys.sorted() {
      limits[name] = CountedLimit(count: 9, unit: limits[name]?.unit ?? .seat)
      scheduler.setLimit(name, limits[name])
    }
    for (number, os) in ["linux", "mac"].enumerated() {
      let id = AgentID("z\(number)")
      known[id] = ("z", Amounts(cores: 16, memory: 32, gpus: 2), ["os": os])
      traits[id] = (0.9, "a")
      take(
        scheduler.join(
          id, host: "z", has: Amounts(cores: 16, memory: 32, gpus: 2), labels: ["os": os], traits: hostTraits(id),
          now: now))
    }
    for _ in 0..<600 where !(waiting.isEmpty && running.isEmpty) {
      now += .seconds(5)
      for id in known.keys.sorted() where !stray.contains(where: { $0.agent == id }) || id.description.hasPrefix("z") {
        _ = scheduler.hear(id, working: running.values.filter { $0.agent == id }.map(\.token), now: now)
        for lease in scheduler.poll(id, now: now) { begin(lease) }
      }
      check()
      for token in running.keys.sorted() where chance.below(3) > 0 {
        guard let lease = running.removeValue(forKey: token) else { continue }
        let (receipt, notices) = scheduler.finish(token, by: lease.agent, .succeeded)
        if receipt == .taken, needs[lease.run] != nil {
          ended[task(of: lease), default: 0] += 1
          passed[lease.run, default: []].insert(task(of: lease).place)
        }
        take(notices)
      }
      for run in needs.keys.sorted() where scheduler.pass(run) {
        looked.insert(run)
        met.insert("looked at")
      }
    }
    if !waiting.isEmpty { fault("left waiting: \(waiting.map { "\($0.run).\($0.place)" }.sorted().prefix(5))") }
    for (task, times) in ended where times != 1 { fault("\(task) ended \(times) times") }
  }
}

extension Array {
  fileprivate func randomElement(_ chance: Seeded) -> Element? { isEmpty ? nil : self[chance.below(count)] }
}
