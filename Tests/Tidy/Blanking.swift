/// Writes spaces over comments, the text of literals and names that are sentences; lines keep their numbers.
struct Blanking {
  private enum Mode {
    /// Ends at the closing parenthesis that none of its own opened, where it stands in a literal.
    case code(open: Int)
    case literal(hashes: Int, multiline: Bool)
  }
  private let source: [UInt8]
  private var result: [UInt8] = []
  private var modes: [Mode] = [.code(open: 0)]
  private var at = 0

  static func code(of text: String) -> String {
    var blanking = Blanking(source: Array(text.utf8))
    while blanking.at < blanking.source.count { blanking.step() }
    return String(decoding: blanking.result, as: UTF8.self)
  }

  private init(source: [UInt8]) { self.source = source }

  private mutating func step() {
    switch modes[modes.count - 1] {
    case .code(let open): stepInCode(open: open)
    case .literal(let hashes, let multiline): stepInLiteral(hashes: hashes, multiline: multiline)
    }
  }

  private mutating func stepInCode(open: Int) {
    if sees("//") {
      while at < source.count, source[at] != UInt8(ascii: "\n") { blank(1) }
    } else if sees("/*") {
      blankBlock()
    } else if let name = nameInBackticks() {
      for _ in name { name.contains(UInt8(ascii: " ")) ? blank(1) : keep() }
    } else if let hashes = hashesOfLiteral() {
      let multiline = sees("\"\"\"", from: at + hashes)
      modes.append(.literal(hashes: hashes, multiline: multiline))
      blank(hashes + (multiline ? 3 : 1))
    } else if sees(")"), open == 0, modes.count > 1 {
      modes.removeLast()
      keep()
    } else {
      modes[modes.count - 1] = .code(open: open + (sees("(") ? 1 : sees(")") ? -1 : 0))
      keep()
    }
  }

  private mutating func stepInLiteral(hashes: Int, multiline: Bool) {
    let fence = String(repeating: "#", count: hashes)
    let end = (multiline ? "\"\"\"" : "\"") + fence
    if sees("\\" + fence + "(") {
      blank(1 + hashes)
      keep()
      modes.append(.code(open: 0))
    } else if sees("\\" + fence) {
      blank(2 + hashes)
    } else if sees(end) {
      modes.removeLast()
      blank(end.utf8.count)
    } else {
      blank(1)
    }
  }

  private mutating func blankBlock() {
    var depth = 0
    repeat {
      if sees("/*") {
        depth += 1
        blank(2)
      } else if sees("*/") {
        depth -= 1
        blank(2)
      } else {
        blank(1)
      }
    } while depth > 0 && at < source.count
  }

  /// With its backticks; one with spaces in it is a sentence, as tests have.
  private func nameInBackticks() -> ArraySlice<UInt8>? {
    guard sees("`"), let end = source[(at + 1)...].firstIndex(of: UInt8(ascii: "`")) else { return nil }
    return source[at...end]
  }

  private func hashesOfLiteral() -> Int? {
    var end = at
    while end < source.count, source[end] == UInt8(ascii: "#") { end += 1 }
    return sees("\"", from: end) ? end - at : nil
  }

  private func sees(_ text: String, from start: Int? = nil) -> Bool {
    source[min(start ?? at, source.count)...].starts(with: text.utf8)
  }

  private mutating func keep() {
    result.append(source[at])
    at += 1
  }

  private mutating func blank(_ count: Int) {
    for _ in 0..<count where at < source.count {
      result.append(source[at] == UInt8(ascii: "\n") ? source[at] : UInt8(ascii: " "))
      at += 1
    }
  }
}
