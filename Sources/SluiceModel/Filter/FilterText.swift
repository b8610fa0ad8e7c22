/// The text of a filter, and how an error points into it. Offsets count its bytes in UTF-8.
struct FilterText {
  let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }

  subscript(range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  func error(_ what: String, at range: Range<Int>, fix: String) -> SluiceError {
    let before = bytes[..<range.lowerBound]
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let place = DocumentPlace(
      line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: self[lineStart..<range.lowerBound].count + 1)
    let piece = range.isEmpty ? "the end" : "'\(NameRule.printable(self[range]))'"
    return SluiceError(.filterSyntax, what: what, at: "filter \(place): \(piece)", fix: fix)
  }
}
