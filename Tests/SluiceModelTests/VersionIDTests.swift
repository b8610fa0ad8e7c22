import FoundationEssentials
import SluiceModel
import Testing

@Suite struct `A version id` {
  private func at(_ second: Int64, fraction: Double = 0) -> Date {
    Date(timeIntervalSince1970: Double(second) + fraction)
  }

  @Test(arguments: [
    ("v-20261122-142301-lon", Int64(1_795_357_381), "lon", 1),
    ("v-20261122-142301-lon-02", 1_795_357_381, "lon", 2),
    ("v-20261122-142301-lon-99", 1_795_357_381, "lon", 99),
    ("v-19700101-000000-main", 0, "main", 1),
    ("v-19691231-235959-main", -1, "main", 1),
    ("v-20000229-235959-a_1", 951_868_799, "a_1", 1),
    ("v-20240229-120000-lon", 1_709_208_000, "lon", 1),
    ("v-99991231-235959-lon", 253_402_300_799, "lon", 1),
  ])
  func `is UTC second, site and counter`(text: String, second: Int64, site: String, counter: Int) {
    let id = VersionID(second: second, site: site, counter: counter)
    #expect(VersionID(text) == id)
    #expect(id.description == text)
  }

  @Test(arguments: [
    "", "v", "v-", "v-latest", "20261122-142301-lon", "V-20261122-142301-lon", "v-20261122-142301",
    "v-20261122-142301-", "v-20261122-142301-lon-", "v-20261122-142301-lon-2", "v-20261122-142301-lon-00",
    "v-20261122-142301-lon-01", "v-20261122-142301-lon-100", "v-20261122-142301-lon-+2", "v-20261122-142301-lon-02-03",
    "v-20261122-142301-..", "v-20261122-142301-l/n", "v-20261122-142301-lön", "v-20261122-142301-.lon",
    "v-2026112-142301-lon", "v-20261122-14230-lon", "v-+0261122-142301-lon", "v-20261122-+42301-lon",
    "v-00000000-000000-lon", "v-20261322-142301-lon", "v-20260022-142301-lon", "v-20261131-142301-lon",
    "v-20261100-142301-lon", "v-20260229-000000-lon", "v-19000229-000000-lon", "v-21000229-000000-lon",
    "v-20261122-240000-lon", "v-20261122-146001-lon", "v-20261122-142360-lon", "v-２0261122-142301-lon",
    " v-20261122-142301-lon", "v-20261122-142301-lon\n",
  ])
  func `is written in one way, and anything else is refused`(text: String) {
    #expect(VersionID(text) == nil)
  }

  @Test func `is read back as it was written, at any second`() {
    for seed in Chance.seeds {
      var random = Chance(seed: seed)
      let id = VersionID(second: Int64(random.below(253_402_300_800)), site: "lon", counter: 1 + random.below(99))
      #expect(VersionID(id.description) == id, "seed \(seed): \(id)")
    }
  }

  @Test func `sorts by time as a value and as text`() {
    for seed in Chance.seeds {
      var random = Chance(seed: seed)
      let ids = (0..<8).map { _ in
        VersionID(second: 1_795_357_381 + Int64(random.below(3)), site: "lon", counter: 1 + random.below(20))
      }
      #expect(ids.sorted().map(\.description) == ids.map(\.description).sorted(), "seed \(seed): \(ids)")
    }
  }

  @Test func `sorts by counter before site`() {
    let ids = [("b", 1), ("a", 2), ("b", 2)].map { VersionID(second: 5, site: $0.0, counter: $0.1) }
    #expect(ids.reversed().sorted() == ids)
  }

  @Test func `begins at the second of the clock`() {
    let id = VersionID.next(after: nil, now: at(1_795_357_381, fraction: 0.999), site: "lon")
    #expect(id.description == "v-20261122-142301-lon")
  }

  @Test func `counts within one second`() {
    let last = VersionID(second: 100, site: "lon", counter: 1)
    #expect(VersionID.next(after: last, now: at(100, fraction: 0.5), site: "lon").counter == 2)
  }

  @Test func `counts from one in a new second`() {
    let last = VersionID(second: 100, site: "lon", counter: 7)
    #expect(VersionID.next(after: last, now: at(101), site: "lon") == VersionID(second: 101, site: "lon", counter: 1))
  }

  @Test func `moves to the next second when one is full`() {
    let last = VersionID(second: 100, site: "lon", counter: 99)
    #expect(VersionID.next(after: last, now: at(100), site: "lon") == VersionID(second: 101, site: "lon", counter: 1))
  }

  @Test func `goes on counting when the clock went back`() {
    let last = VersionID(second: 100, site: "lon", counter: 3)
    #expect(VersionID.next(after: last, now: at(50), site: "lon") == VersionID(second: 100, site: "lon", counter: 4))
  }

  @Test func `is later than the last, whatever the clock does`() {
    for seed in Chance.seeds {
      var random = Chance(seed: seed)
      var last: VersionID?
      for _ in 0..<120 {
        let id = VersionID.next(after: last, now: at(Int64(1_000 + random.below(3)), fraction: 0.25), site: "lon")
        #expect(last.map { $0 < id } ?? true, "seed \(seed): \(id)")
        #expect(VersionID(id.description) == id, "seed \(seed): \(id)")
        last = id
      }
    }
  }

  @Test func `is text in JSON`() throws {
    let id = VersionID(second: 1_795_357_381, site: "lon", counter: 2)
    #expect(StableJSON.text([id]) == #"["v-20261122-142301-lon-02"]"#)
    #expect(try StableJSON.decode([VersionID].self, from: StableJSON.encode([id])) == [id])
    #expect(throws: DecodingError.self) { try StableJSON.decode([VersionID].self, from: #"["v-1"]"#.utf8) }
  }
}

@Suite struct `The calendar` {
  /// From Python's `datetime.date`.
  @Test(
    arguments: [
      (1970, 1, 1, 0), (1969, 12, 31, -1), (2000, 2, 29, 11_016), (2000, 3, 1, 11_017), (1900, 2, 28, -25_509),
      (1900, 3, 1, -25_508), (2024, 2, 29, 19_782), (2026, 11, 22, 20_779), (2100, 2, 28, 47_540), (2100, 3, 1, 47_541),
      (1600, 2, 29, -135_081), (2400, 2, 29, 157_113), (9999, 12, 31, 2_932_896), (1, 1, 1, -719_162),
    ] as [(Int64, Int64, Int64, Int64)])
  func `agrees with known days`(year: Int64, month: Int64, day: Int64, days: Int64) {
    #expect(Civil.days(year: year, month: month, day: day) == days)
    #expect(Civil.date(days: days) == (year, month, day))
  }

  @Test func `counts every day of 300 years once`() {
    var days = Civil.days(year: 1850, month: 1, day: 1)
    for year in Int64(1850)..<2150 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      for (month, length) in zip(Int64(1)..., lengths) {
        for day in 1...length {
          guard Civil.days(year: year, month: month, day: day) == days, Civil.date(days: days) == (year, month, day)
          else {
            Issue.record("\(year)-\(month)-\(day) is not day \(days)")
            return
          }
          days += 1
        }
      }
    }
  }
}
