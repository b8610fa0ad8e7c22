import Foundation
import SluiceEngine
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A delivery` {
  private let now = Date(timeIntervalSince1970: 1_795_000_000)
  private let epoch = EventID("e-1")

  private func name() throws -> SubscriptionName { try SubscriptionName("dailies") }
  private func delivery(tries: Int = 3, after: Int64 = 10) -> Delivery {
    Delivery(epoch: epoch, after: after, tries: tries, saved: nil)
  }

  @Test func `begins behind the place it was made for`() {
    #expect(delivery().next(head: 12, now: now) == .read(.live, after: 10, through: 12))
  }

  @Test func `has nothing to do at the log's end`() {
    #expect(delivery().next(head: 10, now: now) == .idle)
  }

  @Test func `goes on behind what was delivered, and saves that first`() throws {
    var delivery = delivery()
    let changes = delivery.delivered(.live, through: 11, for: try name())
    #expect(changes == [.cursor(try name(), delivery.saved)] && delivery.saved.live.cursor == 11)
    #expect(delivery.next(head: 12, now: now) == .read(.live, after: 11, through: 12))
  }

  @Test func `goes on where it was saved`() throws {
    var first = delivery()
    _ = first.delivered(.live, through: 11, for: try name())
    let second = Delivery(epoch: epoch, after: 10, tries: 3, saved: first.saved)
    #expect(second.next(head: 12, now: now) == .read(.live, after: 11, through: 12))
  }

  @Test func `forgets what was saved before a reset`() throws {
    var first = delivery()
    _ = first.delivered(.live, through: 11, for: try name())
    let second = Delivery(epoch: EventID("e-2"), after: 3, tries: 3, saved: first.saved)
    #expect(second.next(head: 12, now: now) == .read(.live, after: 3, through: 12))
  }

  @Test func `begins at the log's end where its cursor is beyond it, since that log was restored`() throws {
    var first = delivery()
    _ = first.delivered(.live, through: 500, for: try name())
    let second = Delivery(epoch: epoch, after: 10, tries: 3, saved: first.saved, head: 400)
    #expect(second.next(head: 402, now: now) == .read(.live, after: 400, through: 402))
  }

  @Test func `waits longer after every try, and then tries the same event`() throws {
    var delivery = delivery(tries: 10)
    var time = now
    for seconds in [1.0, 2, 4, 8] {
      _ = delivery.failed(
        .live, sequence: 11, reason: "no", retryAfter: nil, now: time, jitter: 0.5, for: try name())
      let next = time.addingTimeInterval(seconds)
      #expect(delivery.next(head: 12, now: time) == .wait(until: next))
      #expect(delivery.next(head: 12, now: next) == .read(.live, after: 10, through: 12))
      time = next
    }
  }

  @Test func `does not wait for a time that a wrong clock said`() throws {
    var delivery = delivery()
    let wrong = now.addingTimeInterval(43_200)
    _ = delivery.failed(.live, sequence: 11, reason: "no", retryAfter: nil, now: wrong, jitter: 0, for: try name())
    #expect(delivery.next(head: 12, now: now) == .read(.live, after: 10, through: 12))
  }

  @Test func `lays the head among the dead letters after its tries, and goes on`() throws {
    var delivery = delivery(tries: 2)
    _ = delivery.failed(.live, sequence: 11, reason: "no", retryAfter: nil, now: now, jitter: 0, for: try name())
    let changes = delivery.failed(
      .live, sequence: 11, reason: "still no", retryAfter: nil, now: now, jitter: 0, for: try name())
    let letter = DeadLetter(sequence: 11, tries: 2, error: "still no", time: now)
    #expect(changes == [.dead(try name(), letter), .cursor(try name(), delivery.saved)])
    #expect(delivery.next(head: 12, now: now) == .read(.live, after: 11, through: 12))
  }

  @Test func `counts tries over a restart`() throws {
    var first = delivery(tries: 2)
    _ = first.failed(.live, sequence: 11, reason: "no", retryAfter: nil, now: now, jitter: 0, for: try name())
    var second = Delivery(epoch: epoch, after: 10, tries: 2, saved: first.saved)
    let changes = second.failed(
      .live, sequence: 11, reason: "no", retryAfter: nil, now: now, jitter: 0, for: try name())
    #expect(changes.contains { if case .dead = $0 { true } else { false } })
  }

  @Test func `waits as long as the receiver asked for, up to an hour`() {
    #expect(Delivery.pause(afterTry: 1, retryAfter: 120, jitter: 0) == 120)
    #expect(Delivery.pause(afterTry: 1, retryAfter: 1_000_000, jitter: 0) == 3_600)
  }

  @Test(arguments: 1...40) func `never waits longer than six minutes by itself`(tries: Int) {
    #expect((0.8...360).contains(Delivery.pause(afterTry: tries, retryAfter: nil, jitter: 0.999)))
  }

  @Test func `takes turns between a replay and what is new`() throws {
    var delivery = delivery()
    delivery.take(replays: [(EventID("r"), 0, 5)])
    #expect(delivery.next(head: 12, now: now) == .read(.replay(EventID("r")), after: 0, through: 5))
    _ = delivery.delivered(.replay(EventID("r")), through: 2, for: try name())
    #expect(delivery.next(head: 12, now: now) == .read(.live, after: 10, through: 12))
    _ = delivery.delivered(.live, through: 11, for: try name())
    #expect(delivery.next(head: 12, now: now) == .read(.replay(EventID("r")), after: 2, through: 5))
  }

  @Test func `goes on with a replay after a restart, and not with one that is done`() throws {
    var first = delivery()
    let replays: [(id: EventID, after: Int64, through: Int64)] = [(EventID("r-1"), 0, 5), (EventID("r-2"), 4, 9)]
    first.take(replays: replays)
    _ = first.delivered(.replay(EventID("r-1")), through: 5, for: try name())
    _ = first.delivered(.replay(EventID("r-2")), through: 6, for: try name())
    var second = Delivery(epoch: epoch, after: 10, tries: 3, saved: first.saved)
    second.take(replays: replays)
    #expect(second.next(head: 10, now: now) == .read(.replay(EventID("r-2")), after: 6, through: 9))
  }

  @Test func `of a replay that fails does not hold up what is new`() throws {
    var delivery = delivery()
    delivery.take(replays: [(EventID("r"), 0, 5)])
    _ = delivery.failed(
      .replay(EventID("r")), sequence: 1, reason: "no", retryAfter: nil, now: now, jitter: 0, for: try name())
    #expect(delivery.next(head: 12, now: now) == .read(.live, after: 10, through: 12))
  }

  @Test func `tries a dead letter again and drops it when it arrived`() throws {
    var delivery = delivery()
    _ = delivery.retry([4, 2], for: try name())
    #expect(delivery.next(head: 10, now: now) == .retry(sequence: 2))
    let changes = delivery.delivered(.retry, through: 2, for: try name())
    #expect(changes == [.delivered(try name(), deadLetter: 2), .cursor(try name(), delivery.saved)])
    #expect(delivery.next(head: 10, now: now) == .retry(sequence: 4))
  }

  @Test func `lays a dead letter back after its tries`() throws {
    var delivery = delivery(tries: 1)
    _ = delivery.retry([2], for: try name())
    let changes = delivery.failed(
      .retry, sequence: 2, reason: "no", retryAfter: nil, now: now, jitter: 0, for: try name())
    #expect(changes.first == .dead(try name(), DeadLetter(sequence: 2, tries: 1, error: "no", time: now)))
    #expect(delivery.next(head: 10, now: now) == .idle)
  }

  /// A receiver that fails by chance, a process that crashes by chance between delivering and saving.
  @Test func `brings every event at least once and in order, whatever fails`() throws {
    for seed in UInt64(0)..<500 {
      let chance = Seeded(seed: seed)
      let head = Int64(1 + chance.below(40))
      var (disk, time) = (SavedDelivery?.none, now)
      var delivery = Delivery(epoch: epoch, after: 0, tries: 4, saved: nil)
      var seen: [Int64] = []
      var dead: Set<Int64> = []
      for _ in 0..<5_000 {
        guard case .read(let lane, let after, let through) = delivery.next(head: head, now: time) else {
          if case .wait(let until) = delivery.next(head: head, now: time) {
            time = until
            continue
          }
          break
        }
        let size = Int64(1 + chance.below(5))
        let (last, arrives) = (min(after + size, through), chance.below(3) > 0)
        if arrives { seen += (after + 1)...last }
        if chance.below(10) == 0 {
          delivery = Delivery(epoch: epoch, after: 0, tries: 4, saved: disk)
          continue
        }
        let changes =
          arrives
          ? delivery.delivered(lane, through: last, for: try name())
          : delivery.failed(
            lane, sequence: after + 1, reason: "no", retryAfter: nil, now: time, jitter: 0, for: try name())
        for change in changes {
          if case .cursor(_, let saved) = change { disk = saved }
          if case .dead(_, let letter) = change { dead.insert(letter.sequence) }
        }
      }
      #expect(Set(seen).union(dead) == Set(1...head), "seed \(seed)")
      // First sightings are in order.
      var first: [Int64] = []
      for sequence in seen where !first.contains(sequence) { first.append(sequence) }
      #expect(first == first.sorted(), "seed \(seed)")
    }
  }
}
