/// Which log a file belongs to: made by chance when the log is.
package struct LogIdentity: Sendable, Hashable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  /// 32 hexadecimal digits.
  package var description: String {
    [high, low].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}

/// What a segment holds.
package enum SegmentKind: UInt32, Sendable {
  case events = 1
  /// What stays of a segment whose events were archived.
  case blobs = 2
}

/// Which file of which log: part of every checksum, so that bytes count only where they were meant to be.
package struct SegmentIdentity: Sendable, Equatable {
  package let log: LogIdentity
  /// The sequence of its first event.
  package let first: Int64
  package let kind: SegmentKind
  private let seed: CRC32C

  package init(log: LogIdentity, first: Int64, kind: SegmentKind = .events) {
    (self.log, self.first, self.kind) = (log, first, kind)
    var seed = CRC32C()
    for word in [log.high, log.low, UInt64(bitPattern: first), UInt64(kind.rawValue)] { seed.update(word) }
    self.seed = seed
  }

  /// A checksum that has taken in the file and the place already.
  func check(at offset: Int) -> CRC32C {
    var check = seed
    check.update(UInt64(offset))
    return check
  }
}

/// Names in the log's folder: 20 digits, so that they sort as the sequences do.
enum SegmentName {
  static let events = "seg", blobs = "blobs", index = "idx", stub = "archived"
  /// Behind the name of what is not complete yet; an opening takes it away.
  static let unfinished = ".new"

  static func text(_ first: Int64, _ ending: String) -> String {
    let digits = String(first)
    return String(repeating: "0", count: max(0, 20 - digits.count)) + digits + "." + ending
  }

  /// The sequence in a name with this ending; nil for any other name.
  static func sequence(in name: String, _ ending: String) -> Int64? {
    guard name.hasSuffix("." + ending), name.utf8.count == 20 + 1 + ending.utf8.count,
      let first = Int64(name.prefix(20)), first > 0
    else { return nil }
    return first
  }
}
