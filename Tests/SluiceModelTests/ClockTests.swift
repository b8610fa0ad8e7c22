import Foundation
import SluiceModel
import Testing

private func at(_ milliseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(milliseconds) / 1_000) }
private func time(_ milliseconds: Int64, _ counter: Int = 0) -> HybridTime {
  HybridTime(milliseconds: milliseconds, counter: counter)
}

@Suite struct `A hybrid clock` {
  @Test func `says what the wall clock says while that goes forward`() {
    var clock = HybridClock()
    #expect(clock.tick(wall: at(1_000)) == time(1_000))
    #expect(clock.tick(wall: at(1_007)) == time(1_007))
  }

  @Test func `counts on while the wall clock stands still or goes back`() {
    var clock = HybridClock()
    let told = [clock.tick(wall: at(1_000)), clock.tick(wall: at(1_000)), clock.tick(wall: at(400))]
    #expect(told == [time(1_000), time(1_000, 1), time(1_000, 2)])
  }

  @Test func `is later than what it has heard of`() {
    var clock = HybridClock()
    clock.witness(time(1_500, 3), wall: at(1_000))
    #expect(clock.tick(wall: at(1_000)) == time(1_500, 4))
  }

  @Test func `does not follow a clock that is wrong`() {
    var clock = HybridClock()
    clock.witness(time(1_001 + Limits.clockDriftMilliseconds), wall: at(1_000))
    #expect(clock.tick(wall: at(1_001)) == time(1_001))
  }

  @Test func `follows a clock that is as fast as one may be`() {
    var clock = HybridClock()
    clock.witness(time(1_000 + Limits.clockDriftMilliseconds), wall: at(1_000))
    #expect(clock.tick(wall: at(1_001)) == time(1_000 + Limits.clockDriftMilliseconds, 1))
  }

  @Test func `goes on behind what its site wrote before, however far ahead that was`() {
    var clock = HybridClock()
    clock.resume(time(99_000_000, 7))
    #expect(clock.tick(wall: at(1_000)) == time(99_000_000, 8))
  }

  @Test func `only ever goes forward`() {
    for seed in Chance.seeds {
      var chance = Chance(seed: seed)
      var clock = HybridClock()
      var last = clock.last
      for _ in 0..<50 {
        let wall = at(Int64(chance.below(200_000)))
        if chance.below(2) == 0 {
          clock.witness(time(Int64(chance.below(400_000)), chance.below(4)), wall: wall)
          #expect(clock.last >= last, "seed \(seed)")
        } else {
          #expect(clock.tick(wall: wall) > last, "seed \(seed)")
        }
        last = clock.last
      }
    }
  }
}

@Suite struct `A hybrid time` {
  @Test(arguments: ["0.0", "1795000000123.4", "-5.2"])
  func `is read and written the same way`(text: String) {
    #expect(HybridTime(text)?.description == text)
  }

  @Test(arguments: ["", "1", "1.", ".1", "1.2.3", "1.-2", "a.b", " 1.2"])
  func `that is none is not read`(text: String) {
    #expect(HybridTime(text) == nil)
  }

  @Test func `sorts by its millisecond, then by its counter`() {
    #expect([time(2), time(1, 10), time(1, 9)].sorted() == [time(1, 9), time(1, 10), time(2)])
  }
}

@Suite struct `A frontier` {
  @Test func `covers what lies at it or before it`() {
    let frontier = Frontier(["lon": 5])
    #expect(frontier.covers("lon", 5) && !frontier.covers("lon", 6) && !frontier.covers("nyc", 1))
  }

  @Test func `covers nothing of sites that it does not know, and so the beginning of each`() {
    #expect(Frontier().covers("lon", 0))
  }

  @Test(
    arguments: [
      (["lon": 5], true), (["lon": 6], false), (["lon": 5, "nyc": 2], true), (["syd": 1], false), ([:], true),
    ] as [([String: Int64], Bool)])
  func `covers another that is nowhere ahead of it`(other: [String: Int64], covered: Bool) {
    #expect(Frontier(["lon": 5, "nyc": 2]).covers(Frontier(other)) == covered)
  }

  @Test func `only advances`() {
    var frontier = Frontier(["lon": 5])
    frontier.advance("lon", to: 3)
    frontier.advance("nyc", to: 1)
    #expect(frontier == Frontier(["lon": 5, "nyc": 1]))
  }

  @Test func `is the same whether a site was not heard of or has written nothing`() {
    var frontier = Frontier()
    frontier.advance("lon", to: 0)
    #expect(frontier == Frontier())
  }

  @Test func `is stored in one order`() throws {
    let frontier = Frontier(["nyc": 2, "lon": 5, "syd": 9])
    #expect(StableJSON.text(frontier) == #"{"lon":5,"nyc":2,"syd":9}"#)
    #expect(try StableJSON.decode(Frontier.self, from: StableJSON.encode(frontier)) == frontier)
  }
}

@Suite struct `A rank` {
  @Test func `of an effect is above that of its cause, whoever wrote them`() {
    let cause = Rank(after: Frontier(["lon": 4, "nyc": 9]), at: "syd")
    let effect = Rank(after: Frontier(["lon": 4, "nyc": 9, "syd": 1]), at: "lon")
    #expect(cause < effect)
  }

  @Test func `is never that of another fact`() {
    #expect(Rank(after: Frontier(["nyc": 2]), at: "lon") != Rank(after: Frontier(["lon": 2]), at: "nyc"))
  }

  @Test func `is read and written the same way`() throws {
    let rank = Rank(count: 1_234, site: "lon")
    #expect(Rank("\(rank)") == rank && Rank("lon") == nil && Rank("x:lon") == nil)
    #expect(try StableJSON.decode(Rank.self, from: StableJSON.encode(rank)) == rank)
  }
}
