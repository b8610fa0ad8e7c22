import Foundation
import SluiceModel
import Testing

@Suite struct `A position` {
  @Test(arguments: ["main:0", "lon:1234", "a:b:7"])
  func `is read and written the same way`(text: String) {
    #expect(Position(text)?.description == text)
  }

  @Test(arguments: ["", "main", "main:", "main:-1", "main:x", "12"])
  func `that is none is not read`(text: String) {
    #expect(Position(text) == nil)
  }
}

@Suite struct `A task's id` {
  @Test func `knows its run`() {
    let run = RunID(plan: PlanID("p-1"), step: "review", folder: .root)
    #expect(TaskID(run: run, frame: 1001).run == run && TaskID(run: run, frame: nil).description == "\(run).1")
    #expect(TaskID(run: run, frame: -5).run == run)
  }

  @Test func `as a key is written in one order`() throws {
    let map = Dictionary(uniqueKeysWithValues: (0..<50).map { (TaskID("r-1.\($0)"), $0) })
    let text = StableJSON.text(map)
    #expect(text.hasPrefix("{\"r-1.0\":0,\"r-1.1\":1,\"r-1.10\":10,"))
    #expect(try StableJSON.decode([TaskID: Int].self, from: Array(text.utf8)) == map)
  }
}

@Suite struct `An event's id` {
  private func ambient(at seconds: Double, _ random: UInt64) -> Ambient {
    Ambient(
      now: { Date(timeIntervalSince1970: seconds) }, uptime: { .zero }, random: { random }, sleep: { _ in })
  }

  @Test func `is a UUID of version 7`() {
    let id = ambient(at: 1_795_357_381.5, .max).makeEventID().description
    #expect(id.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
    #expect(Array(id)[14] == "7" && "89ab".contains(Array(id)[19]))
  }

  @Test func `sorts by its millisecond`() {
    #expect(ambient(at: 1.0015, .max).makeEventID() < ambient(at: 1.0025, 0).makeEventID())
  }
}

@Suite struct `A time` {
  @Test func `is read back as it was written, to the millisecond`() {
    for seed in UInt64(0)..<2_000 {
      var chance = Chance(seed: seed)
      let seconds = Double(chance.below(2_000_000_000)) + Double(chance.below(1_000_000)) / 1_000_000
      let time = Timestamp.rounded(Date(timeIntervalSince1970: seconds))
      let text = Timestamp.text(time)
      #expect(Timestamp.date(text) == time, "seed \(seed): \(text)")
    }
  }

  @Test func `is RFC 3339 in UTC`() {
    #expect(Timestamp.text(Date(timeIntervalSince1970: 1_795_357_381.25)) == "2026-11-22T14:23:01.250Z")
  }
}

@Suite struct `The nearest word` {
  @Test(
    arguments: [
      ("comand", "command"), ("comamnd", "command"), ("COMMAND", "command"), ("inputz", "inputs"), ("fro", "for"),
      ("x", nil), ("completely", nil), ("", nil),
    ] as [(String, String?)])
  func `is the one that was most likely meant`(word: String, meant: String?) {
    #expect(nearest(to: word, in: ["command", "inputs", "outputs", "for", "tools"]) == meant)
  }

  @Test func `is the first of the alphabet among equals`() {
    #expect(nearest(to: "cat", in: ["rat", "bat", "hat"]) == "bat")
  }

  @Test func `of a huge word is found at once`() {
    #expect(nearest(to: String(repeating: "x", count: 1_000_000), in: ["abc"]) != "x")
  }
}
