import SluiceModel

/// In how many simulations what happened: a fault that never strikes proves nothing.
package struct Coverage: Sendable {
  /// Less than so many of a hundred simulations are too few.
  package static let leastPercent = 5
  package private(set) var simulations = 0
  package private(set) var facts = 0
  package private(set) var fewestFacts = Int.max
  package private(set) var fewestFaults = Int.max
  private var seeds: [String: Int] = [:]
  private var times: [String: Int] = [:]

  package init() {}

  init(of world: World) {
    simulations = 1
    for fault in Fault.allCases { count("fault: \(fault.rawValue)", world.faults[fault] ?? 0) }
    fewestFaults = world.faults.values.reduce(0, +)
    let events = world.surroundings.witness.truth.flatMap { $0 }.flatMap(\.record.events)
    facts = events.count
    fewestFacts = facts
    var types: [String: Int] = [:]
    for event in events {
      if case .unknown = event.fact {
        types["of another tool", default: 0] += 1
      } else {
        types[event.fact.type, default: 0] += 1
      }
    }
    for type in Coverage.types { count("fact: \(type)", types[type] ?? 0) }
    let witness = world.surroundings.witness
    count("network: a message is lost", world.network.lost)
    count("network: a message comes twice", world.network.doubled)
    count("network: a message is overtaken", world.network.overtaken)
    count("a command gets its answer again", witness.repeatedAnswers)
    count("the log refuses a commit", witness.refusals)
    count("a torn tail is cut off", witness.tornTails)
    count("a damaged mirror is thrown away", witness.damagedMirrors)
    count("a start waits for what it lost", witness.waitingStarts)
    count("a delivery fails", witness.failedDeliveries)
    count("an event is delivered again", witness.redelivered)
    count("two versions got one number", Coverage.numbersGivenTwice(in: events))
    count("registers are contested at the end", world.contestedAtEnd)
  }

  private static let types =
    Fact.types.filter {
      // Of subscriptions only what delivery depends on.
      ![Fact.subscriptionPausedType, Fact.subscriptionResetType, Fact.subscriptionDeletedType].contains($0)
    } + ["of another tool"]

  private static func numbersGivenTwice(in events: [Event]) -> Int {
    var first: [String: VersionID] = [:]
    return events.count { event in
      let given: (number: Int, version: VersionID)? =
        switch event.fact {
        case .versionPublished(let fact): fact.number.map { ($0, fact.version) }
        case .versionNumbered(let fact): (fact.number, fact.version)
        default: nil
        }
      guard let given, let product = event.product else { return false }
      let key = "\(product) \(given.number)"
      defer { first[key] = first[key] ?? given.version }
      return first[key].map { $0 != given.version } ?? false
    }
  }

  private mutating func count(_ what: String, _ number: Int) {
    seeds[what, default: 0] += number > 0 ? 1 : 0
    times[what, default: 0] += number
  }

  package mutating func add(_ other: Coverage) {
    simulations += other.simulations
    facts += other.facts
    fewestFacts = min(fewestFacts, other.fewestFacts)
    fewestFaults = min(fewestFaults, other.fewestFaults)
    seeds.merge(other.seeds, uniquingKeysWith: +)
    times.merge(other.times, uniquingKeysWith: +)
  }

  /// What happened in too few simulations.
  package var lacking: [String] {
    seeds.filter { $0.value * 100 < simulations * Coverage.leastPercent }.keys.sorted()
  }

  package var lines: [String] {
    seeds.keys.sorted().map { what in
      let share = (seeds[what] ?? 0) * 100 / max(1, simulations)
      let shown = String(share)
      return "\(String(repeating: " ", count: 3 - shown.count))\(shown) %  \(what) (\(times[what] ?? 0) times)"
    }
  }
}
