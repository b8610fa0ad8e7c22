import SluiceEngine
import SluiceModel
import SluiceTestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `Gathered changes` {
  private func gathering(_ changes: [Double]) -> ChangeGathering {
    var gathering = ChangeGathering()
    for (index, time) in changes.enumerated() { gathering.change(at: .seconds(time), cause: EventID("e\(index)")) }
    return gathering
  }

  @Test func `are none before something has changed`() {
    var gathering = ChangeGathering()
    #expect(gathering.due == nil)
    let fires = gathering.fire(at: .seconds(100))
    #expect(!fires)
  }

  @Test(arguments: [
    ([1.0], 3.0), ([1.0, 2.0, 2.5], 4.5), ([1.0, 1.0], 3.0),
    // One a second: ten seconds after the first.
    (Array(stride(from: 1.0, through: 30.0, by: 1.0)), 11.0),
  ])
  func `are looked at when they have come to rest, or ten seconds after the first`(changes: [Double], due: Double) {
    #expect(gathering(changes).due == .seconds(due))
  }

  @Test func `have the last of them as their cause`() {
    #expect(gathering([1, 2, 3]).cause == EventID("e2"))
  }

  @Test func `keep their cause when a look around comes after them`() {
    var gathering = gathering([1])
    gathering.change(at: .seconds(1.5), cause: nil)
    #expect(gathering.cause == EventID("e0"))
  }

  @Test func `are handed over once`() {
    var gathering = gathering([1])
    let fires = [2.9, 3, 100].map { gathering.fire(at: .seconds($0)) }
    #expect(fires == [false, true, false] && gathering.due == nil)
  }

  @Test func `that came while others were looked at are looked at after a rest of the same length`() {
    var gathering = gathering([1])
    _ = gathering.fire(at: .seconds(3))
    gathering.change(at: .seconds(4), cause: EventID("later"))
    gathering.rest(at: .seconds(23), took: .seconds(20))
    #expect(gathering.due == .seconds(43) && gathering.cause == EventID("later"))
  }

  @Test func `are looked at again after a minute where the look failed`() {
    var gathering = gathering([1])
    _ = gathering.fire(at: .seconds(3))
    gathering.retry(at: .seconds(4))
    #expect(gathering.due == .seconds(64) && gathering.cause == EventID("e0"))
  }

  /// Changes at random, looked at by a clock that ticks at random.
  @Test func `of any pattern never wait longer than ten seconds, and are never looked at twice in two`() {
    for seed in 0..<1_000 as Range<UInt64> {
      let chance = Seeded(seed: seed)
      var gathering = ChangeGathering()
      // Milliseconds.
      var (now, lastFire, open) = (0, -10_000, [Int]())
      let pace = [20, 500, 3_000][chance.below(3)]
      for _ in 0..<400 {
        now += chance.below(pace)
        if chance.below(3) > 0 {
          gathering.change(at: .milliseconds(now), cause: EventID("\(now)"))
          open.append(now)
        }
        guard let due = gathering.due else {
          #expect(open == [], "seed \(seed)")
          continue
        }
        if let first = open.first, let last = open.last {
          #expect(due == .milliseconds(min(last + 2_000, first + 10_000)), "seed \(seed) at \(now)")
        }
        if gathering.fire(at: .milliseconds(now)) {
          #expect(now - lastFire >= 2_000, "seed \(seed) at \(now)")
          #expect(gathering.cause == open.last.map { EventID("\($0)") }, "seed \(seed) at \(now)")
          gathering.rest(at: .milliseconds(now), took: .zero)
          (lastFire, open) = (now, [])
        }
      }
    }
  }
}
