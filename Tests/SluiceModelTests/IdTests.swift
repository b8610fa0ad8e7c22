import Foundation
import SluiceModel
import Testing

@Suite struct `A version id` {
  private let noon = Date(timeIntervalSince1970: 1_795_357_381)

  @Test(arguments: [
    "v-20261122-142301-lon", "v-20261122-142301-lon-02", "v-20261122-142301-lon-99", "v-19700101-000000-a",
    "v-20240229-235959-main", "v-21000301-000000-x_y.z",
  ])
  func `is read and written the same way`(text: String) {
    #expect(VersionID(text)?.description == text)
  }

  @Test(arguments: [
    "", "v-", "v-20261122-142301", "v-20261122-142301-", "v-20261122-142301-lon-01", "v-20261122-142301-lon-2",
    "v-20261122-142301-lon-100", "v-20261322-142301-lon", "v-20260230-142301-lon", "v-20261122-242301-lon",
    "v-20261122-146001-lon", "v-2026112-142301-lon", "V-20261122-142301-lon", "v-20261122-142301-lon-02-x",
    "v-+2026112-142301-lon", "v-20261122-142301-l/n", "v-20261122-142301-..", "v-latest",
  ])
  func `that is none is not read`(text: String) {
    #expect(VersionID(text) == nil)
  }

  @Test func `round-trips for any second`() {
    for seed in UInt64(0)..<1_000 {
      var chance = Chance(seed: seed)
      let second = Int64(chance.below(2_000_000_000)) * 2
      let id = VersionID(second: second, site: "main", counter: 1 + chance.below(99))
      #expect(VersionID(id.description) == id, "seed \(seed)")
    }
  }

  @Test func `says the UTC second`() {
    #expect(VersionID(second: 1_795_357_381, site: "lon", counter: 1).description == "v-20261122-142301-lon")
  }

  @Test func `after one of the same second counts on`() {
    let first = VersionID.next(after: nil, now: noon, site: "lon")
    let second = VersionID.next(after: first, now: noon.addingTimeInterval(0.9), site: "lon")
    #expect([first, second].map(\.description) == ["v-20261122-142301-lon", "v-20261122-142301-lon-02"])
  }

  @Test func `after a full second is in the next`() {
    let last = VersionID(second: 1_795_357_381, site: "lon", counter: 99)
    #expect(VersionID.next(after: last, now: noon, site: "lon").description == "v-20261122-142302-lon")
  }

  @Test func `never goes back when the clock does`() {
    let last = VersionID(second: 1_795_357_999, site: "lon", counter: 7)
    let next = VersionID.next(after: last, now: noon, site: "lon")
    #expect(next.second == last.second && next.counter == 8)
  }

  @Test func `is always later than the one before, whatever the clock does`() {
    for seed in UInt64(0)..<300 {
      var chance = Chance(seed: seed)
      var last: VersionID?
      for _ in 0..<300 {
        let now = noon.addingTimeInterval(Double(chance.below(8) - 4))
        let next = VersionID.next(after: last, now: now, site: "lon")
        #expect(last.map { $0 < next } ?? true, "seed \(seed)")
        #expect(VersionID(next.description) == next, "seed \(seed)")
        last = next
      }
    }
  }

  @Test func `sorts by time, then counter, then site`() {
    let ids = [(5, "b", 1), (5, "a", 2), (5, "b", 2), (6, "a", 1)].map {
      VersionID(second: Int64($0.0), site: $0.1, counter: $0.2)
    }
    #expect(ids.reversed().sorted() == ids)
  }
}

@Suite struct `A digest` {
  /// NIST's examples for SHA-256.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `is SHA-256`(text: String, hex: String) {
    #expect(Digest.of(text).hex == hex)
  }

  @Test func `of pieces is that of the whole`() {
    var stream = Digest.Stream()
    for piece in ["a", "", "bc"] { stream.update(Array(piece.utf8)) }
    #expect(stream.finish() == Digest.of("abc"))
  }

  @Test func `is read in upper and lower case and written in lower`() {
    let hex = Digest.of("abc").hex
    #expect(Digest(hex: hex.uppercased())?.hex == hex)
  }

  @Test(arguments: ["", "ba78", String(repeating: "g", count: 64), String(repeating: "a", count: 65), String(repeating: "é", count: 32)])
  func `that is none is not read`(text: String) {
    #expect(Digest(hex: text) == nil)
  }

  @Test func `sorts as its text does`() {
    let digests = (0..<100).map { Digest.of("\($0)") }
    #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
  }
}

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
    #expect(id == "01a20368-8dac-7fff-bfff-ffffffffffff" || id.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
    #expect(Array(id)[14] == "7" && "89ab".contains(Array(id)[19]))
  }

  @Test func `sorts by its millisecond`() {
    #expect(ambient(at: 1.001, .max).makeEventID() < ambient(at: 1.002, 0).makeEventID())
  }
}

@Suite struct `A time` {
  @Test func `is read back as it was written, to the millisecond`() {
    for seed in UInt64(0)..<2_000 {
      var chance = Chance(seed: seed)
      let seconds = Double(chance.below(2_000_000_000)) + Double(chance.below(1_000_000)) / 1_000_000
      let time = Timestamp.rounded(Date(timeIntervalSince1970: seconds))
      let text = Timestamp.text(time)
      #expect(Timestamp.date(text).map(Timestamp.text) == text, "seed \(seed): \(text)")
      #expect(Timestamp.date(text) == time, "seed \(seed): \(text)")
    }
  }

  @Test func `is RFC 3339 in UTC`() {
    #expect(Timestamp.text(Date(timeIntervalSince1970: 1_795_357_381.25)) == "2026-11-22T14:23:01.250Z")
  }
}

@Suite struct `The nearest word` {
  @Test(arguments: [
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
    #expect(nearest(to: String(repeating: "x", count: 1_000_000), in: ["a"]) == nil || true)
  }
}
