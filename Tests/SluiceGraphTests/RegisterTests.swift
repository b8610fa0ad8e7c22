import FoundationEssentials
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

private func write(_ value: String, _ site: String, _ sequence: Int64, clock: Int64) -> Register.Write {
  Register.Write(
    value: value, site: site, sequence: sequence, clock: HybridTime(milliseconds: clock, counter: 0), actor: .system,
    time: Date(timeIntervalSince1970: 0))
}

@Suite struct `A register` {
  @Test func `shows nothing before anybody wrote`() {
    #expect(Register().value == nil && !Register().isContested)
  }

  @Test func `shows what was written last at one site, though the clock went back`() {
    var register = Register()
    register.take(write("a", "lon", 1, clock: 900), seen: Frontier())
    register.take(write("b", "lon", 2, clock: 100), seen: Frontier(["lon": 1]))
    #expect(register.value == "b" && register.heads.count == 1)
  }

  @Test func `shows a write that saw another, whatever the clocks say`() {
    var register = Register()
    register.take(write("a", "lon", 1, clock: 900), seen: Frontier())
    register.take(write("b", "nyc", 1, clock: 100), seen: Frontier(["lon": 1]))
    #expect(register.value == "b" && !register.isContested)
  }

  @Test func `shows the later of two that did not see one another, and says that they differ`() {
    var register = Register()
    register.take(write("a", "lon", 1, clock: 100), seen: Frontier())
    register.take(write("b", "nyc", 1, clock: 900), seen: Frontier())
    #expect(register.value == "b" && register.isContested)
    #expect(register.heads.map(\.value) == ["b", "a"])
  }

  @Test func `shows the same of two at one time, whoever is heard first`() {
    let writes = [write("a", "lon", 1, clock: 100), write("b", "nyc", 1, clock: 100)]
    var (one, other) = (Register(), Register())
    for write in writes { one.take(write, seen: Frontier()) }
    for write in writes.reversed() { other.take(write, seen: Frontier()) }
    #expect(one == other && one.value == "b")
  }

  @Test func `is not contested by two who agree`() {
    var register = Register()
    register.take(write("a", "lon", 1, clock: 100), seen: Frontier())
    register.take(write("a", "nyc", 1, clock: 900), seen: Frontier())
    #expect(!register.isContested && register.heads.count == 2)
  }

  @Test func `is settled by somebody who saw both`() {
    var register = Register()
    register.take(write("a", "lon", 1, clock: 100), seen: Frontier())
    register.take(write("b", "nyc", 1, clock: 900), seen: Frontier())
    register.take(write("c", "syd", 1, clock: 50), seen: Frontier(["lon": 1, "nyc": 1]))
    #expect(register.value == "c" && register.heads.count == 1)
  }

  @Test func `stays contested when somebody writes who saw only one`() {
    var register = Register()
    register.take(write("a", "lon", 1, clock: 100), seen: Frontier())
    register.take(write("b", "nyc", 1, clock: 900), seen: Frontier())
    register.take(write("c", "syd", 1, clock: 950), seen: Frontier(["lon": 1]))
    #expect(register.heads.map(\.value) == ["c", "b"])
  }

  @Test func `is the same in every causal order of its writes`() {
    for seed in UInt64(0)..<300 {
      let chance = Seeded(seed: seed)
      let history = history(chance)
      let first = merged(history, chance)
      for _ in 0..<4 { #expect(merged(history, chance) == first, "seed \(seed)") }
    }
  }

  private typealias History = [(write: Register.Write, seen: Frontier)]

  /// Writes of three sites that saw a part of one another's.
  private func history(_ chance: Seeded) -> History {
    var (frontiers, history) = ([Frontier](repeating: Frontier(), count: 3), History())
    let sites = ["lon", "nyc", "syd"]
    for _ in 0..<10 {
      let me = chance.below(3)
      if chance.below(2) == 0 {
        let other = chance.below(3)
        for site in sites { frontiers[me].advance(site, to: frontiers[other][site]) }
      }
      let sequence = frontiers[me][sites[me]] + 1
      let clock = Int64(chance.below(5))
      history.append((write("\(chance.below(4))", sites[me], sequence, clock: clock), frontiers[me]))
      frontiers[me].advance(sites[me], to: sequence)
    }
    return history
  }

  private func merged(_ history: History, _ chance: Seeded) -> Register {
    var (register, frontier, rest) = (Register(), Frontier(), history)
    while !rest.isEmpty {
      let ready = rest.indices.filter { frontier.covers(rest[$0].seen) }
      let next = rest.remove(at: ready[chance.below(ready.count)])
      register.take(next.write, seen: next.seen)
      frontier.advance(next.write.site, to: next.write.sequence)
    }
    return register
  }
}

@Suite struct `A register's name` {
  @Test func `is read as it was written`() throws {
    let (root, shot) = (FolderPath.root, try FolderPath("sq010/sh0010"))
    let product = try ProductRef("demo/sq010/sh0010/plate")
    let keys: [RegisterKey] = [
      .home, .folderType(root), .folderType(shot), .folderOmitted(root), .folderAttribute(root, "fps"),
      .folderAttribute(shot, "fps"), .tag(product, "approved"),
    ]
    for key in keys { #expect(try RegisterKey("\(key)") == key, "\(key)") }
  }
}
