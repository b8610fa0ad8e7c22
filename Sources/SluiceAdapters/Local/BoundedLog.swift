import SluiceModel

/// What of a task's output goes into its log: the beginning as it comes, and from a bound on only the end, once it is
/// the end. So a log only ever grows, and whoever follows it reads on from where he was. Pure.
struct BoundedLog: Sendable {
  private let head: Int
  private let tail: Int
  private var written = 0
  /// What may be the end, and how many bytes were left out before it.
  private var end: [UInt8] = []
  private var leftOut = 0
  private var isCut = false

  init(head: Int = Limits.taskLogBytes, tail: Int = Limits.taskLogEndBytes) { (self.head, self.tail) = (head, tail) }

  /// - Returns: what is to be written now.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let first = bytes.prefix(max(0, head - written))
    written += first.count
    let rest = bytes[first.endIndex...]
    if rest.isEmpty { return Array(first) }
    var now = Array(first)
    if !isCut {
      isCut = true
      now += BoundedLog.words(
        "this log has \(ByteWords.text(Int64(head))); of what comes only the last "
          + "\(ByteWords.text(Int64(tail))) are kept, and stand below when it has ended")
    }
    keep(rest)
    return now
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    let last = bytes.suffix(tail)
    leftOut += bytes.count - last.count
    end += last
    // Moved seldom, so that each byte is moved about once.
    if end.count > 2 * tail { shorten() }
  }

  private mutating func shorten() {
    let surplus = end.count - tail
    guard surplus > 0 else { return }
    leftOut += surplus
    end.removeFirst(surplus)
  }

  /// The output has ended for now: a session's log may get a few more lines, of leaving its environments.
  /// - Returns: what is to be written.
  mutating func finish() -> [UInt8] {
    guard isCut else { return [] }
    shorten()
    // It goes on with a whole line, where that is not far.
    if leftOut > 0, let newline = end.prefix(min(tail / 2, 4_096)).firstIndex(of: 0x0A) {
      leftOut += newline + 1
      end.removeFirst(newline + 1)
    }
    let now = (leftOut > 0 ? BoundedLog.words("\(ByteWords.text(Int64(leftOut))) are left out here") : []) + end
    (written, end, leftOut, isCut) = (max(0, head - tail), [], 0, false)
    return now
  }

  private static func words(_ text: String) -> [UInt8] { Array("\n\u{1B}[1;33msluice: \(text)\u{1B}[0m\n".utf8) }
}
