import SluiceEngine
import SluiceGraph
import SluiceModel

/// A simulation under way: sites, the network between them, those who ask, and virtual time.
///
/// There is no thread, no task and no clock in here. The next thing that is due happens, then the next one; the same
/// scenario gives the same course, step by step.
package struct World: Sendable {
  enum Happening: Sendable {
    case step(Int)
    case arrives(Letter)
    case timer(site: Int, life: Int, SimulatedSite.Timer)
    case askAgain(errand: Int, CommandID, tries: Int)
    case starts(site: Int, life: Int)
    case restores(site: Int)
    case ends(Fault, site: Int, other: Int)
    case heal
    case look
  }

  let scenario: Scenario
  var now = 0
  var queue = EventQueue<Happening>()
  var sites: [SimulatedSite]
  var network: SimulatedNetwork
  var errands: [Errand] = []
  var subscribers: [SimulatedSubscriber]
  var surroundings: Surroundings
  /// Sites that an outage keeps down.
  var out: Set<Int> = []
  /// Sites whose disk may be damaged without anybody knowing: damage is found when a log is read again.
  var unread: Set<Int> = []
  /// Sites whose log a person makes anew.
  var restoring: Set<Int> = []
  var isHealed = false
  var isSettled = false
  var contestedAtEnd = 0
  var faults: [Fault: Int] = [:]
  private var actions = 0

  init(_ scenario: Scenario, isTraced: Bool) {
    self.scenario = scenario
    var dice = Dice(seed: scenario.seed ^ 0x5A17)
    network = SimulatedNetwork(dice: dice.fork())
    let names = Scenario.sites
    sites = names.indices.map { SimulatedSite(index: $0, sites: names, seed: scenario.seed &* 31 &+ UInt64($0)) }
    subscribers = names.map { _ in SimulatedSubscriber() }
    surroundings = Surroundings(
      now: 0, dice: dice, witness: Witness(sites: names), pool: RecordPool(isOff: scenario.seed % 16 == 0))
    surroundings.trace = isTraced ? [] : nil
    for site in names.indices {
      queue.plan(.starts(site: site, life: 0), at: site)
      sites[site].clock.jump(by: dice.within(-2_000_000...2_000_000))
    }
    for (index, step) in scenario.steps.enumerated() { queue.plan(.step(index), at: step.at) }
    queue.plan(.heal, at: Scenario.end)
  }

  /// Lets everything happen, until all is at rest or something is wrong.
  mutating func run() -> Violation? {
    while surroundings.witness.violation == nil, let (at, happening) = queue.next() {
      (now, surroundings.now) = (at, at)
      actions += 1
      if at > Scenario.end + 240_000_000 || actions > 400_000 {
        let unrest = unrest.joined(separator: "; ")
        surroundings.witness.fail(.rest, unrest)
      }
      happen(happening)
      if isOver { break }
    }
    return surroundings.witness.violation
  }

  var isOver = false

  private mutating func happen(_ happening: Happening) {
    switch happening {
    case .step(let index): begin(scenario.steps[index])
    case .arrives(let letter): arrive(letter)
    case .timer(let site, let life, let timer):
      guard sites[site].life == life else { return }
      sites[site].ring(timer, &surroundings)
      settle(site)
    case .askAgain(let errand, let command, let tries):
      guard errands[errand].command == command, errands[errand].tries == tries, !errands[errand].isDone else { return }
      ask(errand)
    case .starts(let site, let life):
      guard sites[site].life == life, !sites[site].isUp, !out.contains(site) else { return }
      surroundings.say("\(sites[site].name) starts")
      sites[site].start(&surroundings)
      settle(site)
    case .restores(let site): restore(site)
    case .ends(let fault, let site, let other): end(fault, site, other)
    case .heal: heal()
    case .look: look()
    }
  }

  private mutating func begin(_ step: Scenario.Step) {
    surroundings.say("\(step.deed)")
    switch step.deed {
    case .errand(let site, let purpose): start(purpose, at: site)
    case .fault(let fault, let site, let dice): strike(fault, site, dice)
    }
  }

  mutating func start(_ purpose: Errand.Purpose, at site: Int) {
    errands.append(Errand(number: errands.count, site: site, purpose: purpose))
    ask(errands.count - 1)
  }

  /// Asks, and asks again when no answer comes.
  private mutating func ask(_ number: Int) {
    guard let order = errands[number].order else { return }
    errands[number].sent()
    let errand = errands[number]
    post(
      Letter(from: .errand(number), to: .site(errand.site), body: .command(errand.command, order)))
    let pause = isHealed ? 300_000 : 250_000 * (1 + min(errand.tries, 8)) + surroundings.dice.below(100_000)
    queue.plan(.askAgain(errand: number, errand.command, tries: errand.tries), at: now + pause)
  }

  private mutating func post(_ letter: Letter) {
    for arrival in network.arrivals(of: letter, sent: now) { queue.plan(.arrives(letter), at: arrival) }
  }

  private mutating func arrive(_ letter: Letter) {
    switch letter.to {
    case .site(let site):
      sites[site].hear(letter, &surroundings)
      settle(site)
    case .errand(let number):
      guard case .answer(let command, let reply) = letter.body, errands[number].command == command,
        !errands[number].isDone
      else { return }
      switch errands[number].hear(reply, sites: Scenario.sites) {
      case .askNow: ask(number)
      case .askLater:
        queue.plan(
          .askAgain(errand: number, errands[number].command, tries: errands[number].tries), at: now + 400_000)
      case .finished: return
      }
    case .subscriber(let number):
      guard case .events(let sequences, let attempt) = letter.body else { return }
      let (taken, answer, pause) = subscribers[number].take(sequences, attempt, &surroundings.dice)
      surroundings.witness.received(taken, of: sequences, number: attempt, at: number)
      if let answer {
        let reply = Letter(from: letter.to, to: letter.from, body: answer)
        for arrival in network.arrivals(of: reply, sent: now + pause) { queue.plan(.arrives(reply), at: arrival) }
      }
    }
  }

  /// Carries out what a site wants of the world, and what became of it.
  mutating func settle(_ site: Int) {
    for letter in surroundings.letters { post(letter) }
    for (after, timer) in surroundings.timers {
      queue.plan(.timer(site: site, life: sites[site].life, timer), at: now + after)
    }
    surroundings.letters.removeAll(keepingCapacity: true)
    surroundings.timers.removeAll(keepingCapacity: true)
    if surroundings.hasCrashed {
      surroundings.hasCrashed = false
      crash(site)
    }
    if surroundings.needsRestore {
      surroundings.needsRestore = false
      surroundings.say("\(sites[site].name) does not start: its log is damaged")
      if restoring.insert(site).inserted { queue.plan(.restores(site: site), at: now + 500_000) }
    }
  }

  mutating func crash(_ site: Int) {
    surroundings.say("\(sites[site].name) crashes")
    sites[site].crash(&surroundings.dice)
    let pause = surroundings.dice.within(100_000...2_500_000)
    if !out.contains(site) { queue.plan(.starts(site: site, life: sites[site].life), at: now + pause) }
  }
}

/// Where a subscription delivers to.
struct SimulatedSubscriber: Sendable {
  var isDown = false
  var isSlow = false

  /// - Returns: how many events it took, what it answers, and after how long.
  mutating func take(
    _ sequences: [Int64], _ attempt: Int, _ dice: inout Dice
  ) -> (taken: Int, answer: Letter.Body?, pause: Int) {
    guard !isDown else { return (0, nil, 0) }
    let pause = isSlow ? dice.within(300_000...900_000) : dice.within(500...20_000)
    guard dice.percent(6) else { return (sequences.count, .received(attempt: attempt), pause) }
    let taken = dice.below(sequences.count)
    return (taken, .refused(delivered: taken, attempt: attempt), pause)
  }
}
