import Testing

/// How long files and lines may be.
enum Sizes {
  static let lines = 500
  static let columns = 120

  static func findings(in file: SwiftFile) -> [Finding] {
    let long = file.findings { _, line in line.count > columns ? ["\(line.count) columns"] : [] }
    let count = file.lines.count - (file.lines.last == "" ? 1 : 0)
    return count > lines && !file.isExcused
      ? long + [Finding(path: file.path, line: count, what: "\(count) lines")] : long
  }
}

@Suite struct `A Swift file` {
  @Test func `has at most 500 lines, and lines up to 120 columns`() {
    #expect(SourceTree.files.count > 100)
    #expect(SourceTree.files.flatMap(Sizes.findings) == [])
  }

  @Test(arguments: [
    ("a line of", 120, "", 0), ("a line of", 121, "", 1), ("a line of", 121, " // tidy: a table is read by columns", 0),
    ("lines", 500, "", 0), ("lines", 501, "", 1), ("lines", 501, "// tidy: one table\n", 0),
    ("lines", 501, "// tidy:\n", 1),
  ])
  func `is refused when it is longer and says no reason`(kind: String, count: Int, reason: String, found: Int) {
    let text =
      kind == "lines" ? reason + String(repeating: "a\n", count: count) : String(repeating: "…", count: count) + reason
    #expect(Sizes.findings(in: SwiftFile(path: "Sources/A/Planted.swift", text: text)).count == found)
  }
}
