import SluiceEngine
import SluiceGraph
import SluiceModel

/// What must hold, whatever happens.
package enum Invariant: String, Sendable, CaseIterable {
  case durability = "what was acknowledged is never lost"
  case answers = "a command that comes again gets the first answer and is carried out once"
  case causality = "no effect comes before its cause"
  case streams = "everybody has the streams as they were written"
  case convergence = "all sites show the same rows"
  case rebuilding = "views built anew from the logs are the views"
  case publication = "a run is published once"
  case numbers = "the home site alone gives numbers, each once"
  case registers = "a contested register is settled by the next write"
  case clocks = "a site's times only go forward"
  case delivery = "a subscriber gets every event at least once and in order"
  case rest = "everything comes to rest once nothing fails any more"
}

package struct Violation: Sendable, Equatable, CustomStringConvertible {
  package let invariant: Invariant
  package let text: String
  package var description: String { "\(invariant.rawValue): \(text)" }
}

/// Sees everything that happens and knows what is true, beside the sites and without their rules.
package struct Witness: Sendable {
  /// The first thing that was wrong.
  package private(set) var violation: Violation?
  /// The streams as they were written: every durable record of each site, and what its writer had really seen.
  private(set) var truth: [[StoredRecord]]
  private var seen: [[Frontier]]
  private var places: [EventID: (site: Int, sequence: Int64)] = [:]
  /// Decisions on their way to each site's log, the oldest first.
  private var deciding: [[Frontier]]
  private var answers: [String: (reply: Reply, life: Int)] = [:]
  private var told: [Frontier]
  private var excused: Set<[Int]> = []
  private var delivered: [Int64?]
  private var liveSends: Set<[Int]> = []
  private(set) var followed: [Frontier]
  private let sites: [String]

  /// What happened, for the coverage.
  var refusals = 0
  var tornTails = 0
  var damagedMirrors = 0
  var waitingStarts = 0
  var failedDeliveries = 0
  var repeatedAnswers = 0
  var redelivered = 0

  init(sites: [String]) {
    self.sites = sites
    truth = sites.map { _ in [] }
    seen = sites.map { _ in [] }
    deciding = sites.map { _ in [] }
    delivered = sites.map { _ in nil }
    told = sites.map { _ in Frontier() }
    followed = told
  }

  mutating func fail(_ invariant: Invariant, _ text: String) {
    if violation == nil { violation = Violation(invariant: invariant, text: text) }
  }

  // MARK: Writing

  /// - Parameter frontier: what the registry that the decision was made on held.
  mutating func decided(_ command: CommandID?, at site: Int, seen frontier: Frontier) {
    deciding[site].append(frontier)
  }

  mutating func refused(at site: Int) { deciding[site] = [] }

  mutating func confirmed(_ records: [StoredRecord], at site: Int) {
    for record in records { write(record, at: site) }
  }

  private mutating func write(_ stored: StoredRecord, at site: Int) {
    let last = truth[site].last
    if stored.first != (last?.last ?? 0) + 1 {
      fail(.durability, "\(sites[site]) wrote record \(stored.last) behind \(last?.last ?? 0)")
    }
    if let clock = stored.record.clock, let before = last?.record.clock, clock <= before {
      fail(.clocks, "\(sites[site]):\(stored.last) is of \(clock), not later than \(before)")
    }
    if let time = stored.record.events.first?.time, let before = last?.record.events.last?.time, time < before {
      fail(.clocks, "\(sites[site]):\(stored.last) was written before the record before it")
    }
    truth[site].append(stored)
    seen[site].append(deciding[site].isEmpty ? stored.record.seen : deciding[site].removeFirst())
    for (index, event) in stored.record.events.enumerated() {
      places[event.id] = places[event.id] ?? (site, stored.sequence(ofEvent: index))
    }
  }

  mutating func answered(_ command: CommandID, _ reply: Reply, at site: Int, life: Int) {
    guard case .done(let last, let record) = reply else { return }
    let key = "\(sites[site]) \(command)"
    if let first = answers[key] {
      repeatedAnswers += 1
      guard case .done(_, let before) = first.reply else { return }
      // What led to nothing is remembered in memory only.
      if before == nil, first.life != life {
        answers[key] = (reply, life)
      } else if first.reply != reply {
        fail(
          .answers,
          "\(command) was answered \(Witness.spoken(first.reply)) and then \(Witness.spoken(reply)) at \(sites[site])")
      }
    } else {
      answers[key] = (reply, life)
    }
    if last > (truth[site].last?.last ?? 0) {
      fail(.durability, "\(sites[site]) acknowledged \(command) at \(last), which is not durable")
    }
    if let record, !truth[site].contains(where: { $0.last == record.last && $0.record.command == command }) {
      fail(.durability, "\(sites[site]) acknowledged \(command), which is not in its log")
    }
  }

  static func spoken(_ reply: Reply) -> String {
    switch reply {
    case .done(let last, let record): "\(last)\(record == nil ? " with nothing to do" : "")"
    case .refused(let code, _): code.rawValue
    }
  }

  // MARK: Taking in

  /// A site is about to apply records.
  mutating func takes(_ run: [StoredRecord], of stream: String, into registry: Registry, at site: Int) {
    guard let origin = sites.firstIndex(of: stream) else { return }
    var frontier = registry.head.frontier
    let sites = sites
    for stored in run {
      var place: String { "\(sites[site]) applies \(stream):\(stored.last)" }
      if stored.first != frontier[stream] + 1 { fail(.streams, "\(place) behind \(frontier[stream])") }
      let index = truth[origin].partitioning { $0.last >= stored.last }
      guard index < truth[origin].count, truth[origin][index] == stored else {
        fail(.streams, "\(place), which \(stream) does not have")
        return
      }
      if let missing = seen[origin][index].sites.first(where: { !frontier.covers($0, seen[origin][index][$0]) }) {
        fail(.causality, "\(place) before \(missing):\(seen[origin][index][missing]), which its writer had seen")
      }
      for event in stored.record.events {
        guard let cause = event.cause, let found = places[cause], sites[found.site] != stream else { continue }
        if !frontier.covers(sites[found.site], found.sequence) {
          fail(.causality, "\(place) before its cause \(sites[found.site]):\(found.sequence)")
        }
      }
      frontier.advance(stream, to: stored.last)
    }
  }

  // MARK: Stops and starts

  /// A site says what it has on disk.
  mutating func told(_ frontier: Frontier, at site: Int) {
    for (stream, sequence) in frontier.sequences { told[site].advance(stream, to: sequence) }
  }

  /// A disk wrote a mirror to the wrong place: what was told of it may not be there.
  mutating func excuse(_ site: Int, stream: Int) { excused.insert([site, stream]) }

  /// A mirror is damaged, and comes again.
  mutating func threwAway(_ stream: Int, at site: Int) {
    damagedMirrors += 1
    if !excused.contains([site, stream]) {
      fail(.durability, "\(sites[site]) finds its mirror of \(sites[stream]) damaged, though nothing damaged it")
    }
  }

  mutating func restarted(_ own: [StoredRecord], durable: Frontier, at site: Int) {
    for (index, stored) in truth[site].enumerated() where index >= own.count || own[index] != stored {
      fail(.durability, "\(sites[site]) came back without \(sites[site]):\(stored.last)")
      break
    }
    // Durable, but nobody had been told yet.
    for stored in own.dropFirst(truth[site].count) { write(stored, at: site) }
    deciding[site] = []
    for (stream, name) in sites.enumerated() where !durable.covers(name, told[site][name]) {
      if !excused.contains([site, stream]) {
        fail(.durability, "\(sites[site]) told of \(name):\(told[site][name]) and came back with \(durable[name])")
      }
    }
    told[site] = durable
  }

  // MARK: Delivering

  mutating func sends(_ sequences: [Int64], isLive: Bool, number: Int, at site: Int) {
    if isLive { liveSends.insert([site, number]) }
  }

  /// The subscriber has taken the first `count` events of a delivery.
  mutating func received(_ count: Int, of sequences: [Int64], number: Int, at site: Int) {
    guard liveSends.contains([site, number]) else { return }
    for sequence in sequences.prefix(count) {
      // Where it began is the subscription's first event.
      guard let before = delivered[site] else {
        if let place = subscriptionPlace(site), sequence != place + 1 {
          fail(.delivery, "the first event delivered at \(sites[site]) is \(sequence), not \(place + 1)")
        }
        delivered[site] = sequence
        continue
      }
      if sequence > before + 1 {
        fail(.delivery, "\(sites[site]) delivered \(sequence) behind \(before): events were left out")
      }
      if sequence <= before { redelivered += 1 }
      delivered[site] = max(before, sequence)
    }
  }

  private func subscriptionPlace(_ site: Int) -> Int64? {
    for event in truth[site].lazy.flatMap(\.record.events) {
      if case .subscriptionCreated(let fact) = event.fact { return fact.after }
    }
    return nil
  }

  func lastDelivered(at site: Int) -> Int64? { subscriptionPlace(site).map { max($0, delivered[site] ?? 0) } }

  mutating func followsAgain(from frontier: Frontier, at site: Int) {
    if !followed[site].covers(frontier) {
      fail(.delivery, "the follower at \(sites[site]) goes on behind what it has not seen")
    }
    followed[site] = frontier
  }

  mutating func follows(_ placed: CausalOrder.Placed, at site: Int) {
    let stream = placed.site
    guard let origin = sites.firstIndex(of: stream) else { return }
    let stored = placed.stored
    if stored.first != followed[site][stream] + 1 {
      fail(.delivery, "the follower at \(sites[site]) gets \(stream):\(stored.last) behind \(followed[site][stream])")
    }
    let index = truth[origin].partitioning { $0.last >= stored.last }
    if index < truth[origin].count, !followed[site].covers(seen[origin][index].without(stream)) {
      fail(.causality, "the follower at \(sites[site]) gets \(stream):\(stored.last) before what its writer had seen")
    }
    followed[site].advance(stream, to: stored.last)
  }
}
