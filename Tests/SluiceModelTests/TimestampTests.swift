import Foundation
import SluiceModel
import Testing

@Suite struct `A time of an event` {
  @Test(arguments: [
    "2026-11-22T14:23:01Z", "2026-11-22t14:23:01z", "2026-11-22T14:23:01.5Z", "2026-11-22T14:23:01.123456789+05:30",
    "2026-02-28T23:59:59-00:00", "2024-02-29T00:00:00Z", "1990-12-31T23:59:60Z", "0000-01-01T00:00:00Z",
  ])
  func `of RFC 3339 is one`(text: String) {
    #expect(Timestamp.isRFC3339(text))
  }

  @Test(arguments: [
    "", "2026-11-22", "2026-11-22T14:23:01", "2026-11-22 14:23:01Z", "2026-11-22T14:23Z", "2026-11-22T14:23:01.Z",
    "2026-11-22T14:23:01+0530", "2026-11-22T14:23:01+05", "2026-11-22T24:00:00Z", "2026-11-22T14:60:00Z",
    "2026-11-22T14:23:61Z", "2026-11-22T14:23:60Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z", "2026-02-31T00:00:00.000Z", "2026-11-31T00:00:00Z", "2026-11-22T14:23:01Zx",
    "2026-11-22T14:23:01+25:00",
    "２026-11-22T14:23:01Z", "yesterday", "1795357381", "2026-11-22T14:23:01.5", "-026-11-22T14:23:01Z",
  ])
  func `of any other form is none`(text: String) {
    #expect(!Timestamp.isRFC3339(text) && Timestamp.date(text) == nil)
  }

  @Test func `is read with any offset and any fraction`() throws {
    let date = Date(timeIntervalSince1970: 1_795_357_381.5)
    for text in ["2026-11-22T14:23:01.500Z", "2026-11-22T14:23:01.5Z", "2026-11-22T15:53:01.500+01:30"] {
      #expect(Timestamp.date(text) == date, "\(text)")
    }
  }

  @Test func `is written as Foundation writes it, and read back`() throws {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    for seed in Chance.seeds {
      var chance = Chance(seed: seed)
      // From 1600 to 9999: before, Foundation's calendar is the Julian one. It cuts milliseconds off that are not exact
      // as a Double, so it judges seconds.
      let second = Date(timeIntervalSince1970: Double(chance.below(265_000_000_000) - 11_676_096_000))
      #expect(Timestamp.text(second) == second.formatted(style), "seed \(seed)")
      let date = second + Double(chance.below(1_000)) / 1_000
      let text = Timestamp.text(date)
      #expect(Timestamp.isRFC3339(text) && Timestamp.date(text) == Timestamp.rounded(date), "seed \(seed): \(text)")
    }
  }
}
