import Foundation
import Testing

@testable import SluiceAdapters

@Suite struct `A bounded log` {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private func kept(_ pieces: [String], head: Int = 20, tail: Int = 10) -> (now: String, end: String) {
    var log = BoundedLog(head: head, tail: tail)
    let now = pieces.map { text(log.take(Array($0.utf8)[...])) }.joined()
    return (now, text(log.finish()))
  }

  @Test func `takes what is within its bound as it is`() {
    #expect(kept(["0123456789", "0123456789"]) == ("01234567890123456789", ""))
  }

  @Test func `says once that it is cut, and gives the end when that is known`() {
    let (now, end) = kept(["0123456789", "0123456789ab", "cdefgh"])
    #expect(now.hasPrefix("01234567890123456789\n") && now.components(separatedBy: "sluice: this log has").count == 2)
    #expect(end == "abcdefgh")
  }

  @Test func `says how much is left out, and goes on with a whole line`() {
    let (_, end) = kept(["01234567890123456789", "first\nsecond\nth", "ird\nlast\n"])
    #expect(end.hasSuffix("\nlast\n") || end.hasSuffix("0m\nlast\n"), "\(end)")
    #expect(end.contains("are left out here"))
  }

  @Test func `keeps the end of one long line`() {
    let (_, end) = kept([String(repeating: "x", count: 1_000) + "0123456789"])
    #expect(end.hasSuffix("0123456789") && end.contains("980 B are left out here"), "\(end)")
  }

  @Test(arguments: 0..<200) func `is never larger than its parts, however it comes, and has its beginning and end`(
    seed: Int
  ) {
    let all = (0..<(seed * 7)).map { UInt8($0 % 251) }
    var log = BoundedLog(head: 100, tail: 50)
    var written: [UInt8] = []
    var rest = all[...]
    var size = 1 + seed % 13
    while !rest.isEmpty {
      written += log.take(rest.prefix(size))
      rest = rest.dropFirst(size)
      size = 1 + (size * 5 + seed) % 97
    }
    let end = log.finish()
    #expect(written.prefix(100).elementsEqual(all.prefix(100)), "seed \(seed)")
    #expect((written + end).count <= 100 + 50 + 400, "seed \(seed)")
    if all.count > 300 { #expect(end.suffix(24).elementsEqual(all.suffix(24)), "seed \(seed)") }
  }

  @Test func `may go on a little after its end, as sessions do when they leave`() {
    var log = BoundedLog(head: 20, tail: 10)
    _ = log.take(Array(repeating: 1, count: 100)[...])
    _ = log.finish()
    #expect(log.take([7, 8]) == [7, 8])
    #expect(log.finish() == [])
  }
}
