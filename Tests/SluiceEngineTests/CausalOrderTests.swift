import FoundationEssentials
import SluiceEngine
import SluiceModel
import SluiceTestKit
import Testing

/// A record of `count` events that ends at `last`.
private func record(_ last: Int64, count: Int64 = 1, seen: [String: Int64] = [:], _ name: String = "") -> StoredRecord {
  let events = (0..<count).map { index in
    Event(
      id: EventID("\(name)\(last)-\(index)"), time: Date(timeIntervalSince1970: 0), site: "lon", actor: .system,
      fact: .unknown(type: "sluice.note.v1", critical: false, content: .none))
  }
  return StoredRecord(last: last, record: Record(seen: Frontier(seen), events: events))
}

extension [CausalOrder.Placed] {
  fileprivate var names: [String] { map { "\($0.site):\($0.stored.last)" } }
}

@Suite struct `Streams in causal order` {
  @Test func `are given out as they come while nothing is missing`() throws {
    var order = CausalOrder(from: Frontier())
    #expect(try order.add([record(2, count: 2), record(3)], of: "lon").names == ["lon:2", "lon:3"])
    #expect(order.frontier == Frontier(["lon": 3]) && order.wanted.isEmpty && order.heldCount == 0)
  }

  @Test func `go on behind what was known before`() throws {
    var order = CausalOrder(from: Frontier(["lon": 7]))
    #expect(try order.add([record(7), record(8)], of: "lon").names == ["lon:8"])
  }

  @Test func `wait at a gap, and say which`() throws {
    var order = CausalOrder(from: Frontier(["lon": 1]))
    #expect(try order.add([record(6, count: 2)], of: "lon").names == [])
    #expect(order.wanted == [CausalOrder.Wanted(site: "lon", after: 1, through: 4)])
    #expect(order.frontier == Frontier(["lon": 1]))
  }

  @Test func `are put in order when the gap is filled`() throws {
    var order = CausalOrder(from: Frontier())
    _ = try order.add([record(3)], of: "lon")
    _ = try order.add([record(2)], of: "lon")
    #expect(try order.add([record(1)], of: "lon").names == ["lon:1", "lon:2", "lon:3"])
  }

  @Test func `are given out once, though they come twice`() throws {
    var order = CausalOrder(from: Frontier())
    #expect(try order.add([record(1), record(1), record(3), record(3)], of: "lon").names == ["lon:1"])
    #expect(try order.add([record(1), record(3), record(2), record(2)], of: "lon").names == ["lon:2", "lon:3"])
  }

  @Test func `hold an effect back until its cause is there, and say what is wanted`() throws {
    var order = CausalOrder(from: Frontier())
    #expect(try order.add([record(1, seen: ["nyc": 2])], of: "lon").names == [])
    #expect(order.wanted == [CausalOrder.Wanted(site: "nyc", after: 0, through: 2)])
    #expect(try order.add([record(1)], of: "nyc").names == ["nyc:1"])
    #expect(try order.add([record(2)], of: "nyc").names == ["nyc:2", "lon:1"])
  }

  @Test func `hold back all of a stream whose head lacks its causes`() throws {
    var order = CausalOrder(from: Frontier())
    #expect(try order.add([record(1, seen: ["nyc": 1]), record(2)], of: "lon").names == [])
    #expect(try order.add([record(1)], of: "nyc").names == ["nyc:1", "lon:1", "lon:2"])
  }

  @Test func `do not wait for a stream that nobody follows`() throws {
    var order = CausalOrder(from: Frontier(), following: ["lon"])
    #expect(try order.add([record(1, seen: ["nyc": 5])], of: "lon").names == ["lon:1"])
    #expect(try order.add([record(1)], of: "nyc").names == [])
    #expect(order.wanted.isEmpty)
  }

  @Test func `keep no more than there is room for, and want the rest again`() throws {
    var order = CausalOrder(from: Frontier(), room: 3)
    _ = try order.add((2...9).map { record($0) }, of: "lon")
    #expect(order.heldCount == 3)
    #expect(
      order.wanted == [
        CausalOrder.Wanted(site: "lon", after: 0, through: 1), CausalOrder.Wanted(site: "lon", after: 4, through: 9),
      ])
    #expect(try order.add([record(1)], of: "lon").names == ["lon:1", "lon:2", "lon:3"])
    #expect(order.wanted == [CausalOrder.Wanted(site: "lon", after: 3, through: 9)])
  }

  @Test func `make room for what is needed first`() throws {
    var order = CausalOrder(from: Frontier(), room: 2)
    _ = try order.add([record(8), record(9)], of: "lon")
    _ = try order.add([record(2)], of: "lon")
    #expect(try order.add([record(1)], of: "lon").names == ["lon:1", "lon:2"])
    #expect(order.wanted.map(\.through).max() == 9)
  }

  @Test func `are refused when two records claim one place`() throws {
    var order = CausalOrder(from: Frontier())
    _ = try order.add([record(3, count: 2)], of: "lon")
    for other in [record(3, count: 2, "other "), record(2), record(4, count: 2)] {
      let error = #expect(throws: SluiceError.self) { try order.add([other], of: "lon") }
      #expect(error?.code == .logDamaged)
    }
  }

  @Test func `are refused when a record reaches back over what was given out`() throws {
    var order = CausalOrder(from: Frontier(["lon": 3]))
    #expect(throws: SluiceError.self) { try order.add([record(4, count: 2)], of: "lon") }
  }

  @Test func `come out whole and causal, however they come in`() throws {
    for seed in UInt64(0)..<300 {
      let chance = Seeded(seed: seed)
      let streams = streams(chance)
      var order = CausalOrder(from: Frontier(), room: 1 + chance.below(6))
      var (given, rounds) = ([CausalOrder.Placed](), 0)
      // A network that doubles, drops and reorders; what is wanted is sent again.
      while given.count < streams.values.reduce(0, { $0 + $1.count }), rounds < 10_000 {
        rounds += 1
        let site = streams.keys.sorted()[chance.below(streams.count)]
        let stream = streams[site] ?? []
        let wanted = order.wanted.first { $0.site == site }
        let start = wanted.map { gap in stream.firstIndex { $0.last > gap.after } ?? 0 } ?? chance.below(stream.count)
        given += try order.add(Array(stream[start...].prefix(1 + chance.below(4))), of: site)
      }
      var frontier = Frontier()
      for placed in given {
        #expect(placed.stored.first == frontier[placed.site] + 1, "seed \(seed)")
        #expect(frontier.covers(placed.stored.record.seen), "seed \(seed)")
        frontier.advance(placed.site, to: placed.stored.last)
      }
      #expect(frontier == order.frontier && order.heldCount == 0, "seed \(seed)")
    }
  }

  private func streams(_ chance: Seeded) -> [String: [StoredRecord]] {
    var (streams, frontiers) = ([String: [StoredRecord]](), [String: Frontier]())
    let sites = ["lon", "nyc", "syd"]
    for _ in 0..<30 {
      let site = sites[chance.below(3)]
      var frontier = frontiers[site] ?? Frontier()
      if chance.below(2) == 0 {
        let other = frontiers[sites[chance.below(3)]] ?? Frontier()
        for (name, sequence) in other.sequences { frontier.advance(name, to: sequence) }
      }
      let count = Int64(1 + chance.below(3))
      let last = frontier[site] + count
      streams[site, default: []].append(record(last, count: count, seen: frontier.without(site).sequences))
      frontier.advance(site, to: last)
      frontiers[site] = frontier
    }
    return streams
  }
}
