import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel

/// Delivery to a subscriber who may be down or slow, and to one who follows all streams at once.
extension SimulatedSite {
  static func subscription(_ site: String) throws(SluiceError) -> SubscriptionName {
    try SubscriptionName("to-\(site)")
  }

  mutating func deliver(_ world: inout Surroundings) {
    guard let writer, running?.sending == nil, let name = try? SimulatedSite.subscription(name),
      let subscription = writer.confirmed.subscriptions[name]
    else { return }
    if running?.delivery == nil {
      running?.delivery = Delivery(
        epoch: subscription.epoch, after: subscription.after, tries: subscription.created.tries, saved: cursor.current)
    }
    running?.delivery?.take(
      replays: subscription.replays.map { ($0.id, $0.request.after, $0.request.through) })
    let wall = clock.date(at: world.now)
    switch running?.delivery?.next(head: writer.confirmed.sequence, now: wall) {
    case .read(let lane, let after, let through):
      guard through > after else {
        // A replay of nothing.
        keep(running?.delivery?.delivered(lane, through: through, for: name) ?? [])
        return world.after(100...2_000, .deliver)
      }
      let last = min(through, after + Int64(1 + world.dice.below(6)))
      running?.sends += 1
      let number = (running?.sends ?? 0) + life * 1_000_000
      let sequences = Array((after + 1)...last)
      running?.sending = Sending(lane: lane, sequences: sequences, through: last, number: number)
      world.witness.sends(sequences, isLive: lane == .live, number: number, at: index)
      world.say("\(self.name) sends \(after + 1)–\(last) to its subscriber\(lane == .live ? "" : " again")")
      world.send(.events(sequences, attempt: number), from: index, to: .subscriber(index))
      world.timers.append((600_000, .deliveryTimeout(number)))
    case .wait(let until):
      let microseconds = max(1_000, Int(until.timeIntervalSince(wall) * 1_000_000))
      world.timers.append((min(microseconds, 5_000_000), .deliver))
    case .retry, .idle, nil: return
    }
  }

  mutating func delivered(_ number: Int, _ world: inout Surroundings) {
    guard let sending = running?.sending, sending.number == number, let name = try? SimulatedSite.subscription(name)
    else { return }
    running?.sending = nil
    keep(running?.delivery?.delivered(sending.lane, through: sending.through, for: name) ?? [])
    world.after(100...2_000, .deliver)
  }

  /// - Parameter count: how many of the events arrived.
  mutating func notDelivered(_ number: Int, _ count: Int, _ reason: String, _ world: inout Surroundings) {
    guard let sending = running?.sending, sending.number == number, let name = try? SimulatedSite.subscription(name)
    else { return }
    running?.sending = nil
    world.witness.failedDeliveries += 1
    var changes: [CursorChange] = []
    let count = min(count, sending.sequences.count - 1)
    if count > 0 {
      changes += running?.delivery?.delivered(sending.lane, through: sending.sequences[count - 1], for: name) ?? []
    }
    changes +=
      running?.delivery?.failed(
        sending.lane, sequence: sending.sequences[count], reason: reason, retryAfter: nil,
        now: clock.date(at: world.now), jitter: Double(world.dice.below(100)) / 100, for: name) ?? []
    keep(changes)
    world.after(100...2_000, .deliver)
  }

  private mutating func keep(_ changes: [CursorChange]) {
    for case .cursor(_, let saved) in changes { cursor.save(saved) }
  }

  // MARK: All streams

  /// Somebody here follows the streams of all sites, each record behind its causes.
  mutating func follow(_ records: [StoredRecord], of site: String, _ world: inout Surroundings) {
    do throws(SluiceError) {
      let placed = try running?.follower.add(records, of: site) ?? []
      for next in placed { world.witness.follows(next, at: index) }
      running?.deliveredSinceSave += placed.count
    } catch {
      world.witness.fail(.causality, "the follower at \(name) sees a fork: \(error.what)")
    }
    if let count = running?.deliveredSinceSave, count > 0 { world.after(1_000...200_000, .followerSave) }
  }

  mutating func saveFollower() {
    guard let count = running?.deliveredSinceSave, count > 0, let follower = running?.follower else { return }
    running?.deliveredSinceSave = 0
    followed.save(follower.frontier)
  }

  /// After a start everything behind the saved place comes again, in pages that overlap and in no good order.
  mutating func refollow(_ world: inout Surroundings) {
    guard let streams = running?.streams else { return }
    for (site, records) in zip(sites, streams).reversed() {
      let behind = records.map(\.stored).filter { $0.last > followed.current[site] }
      var pages = stride(from: 0, to: behind.count, by: 7).map { Array(behind[$0...].prefix(9)) }
      while !pages.isEmpty { follow(pages.remove(at: world.dice.below(pages.count)), of: site, &world) }
    }
  }
}
