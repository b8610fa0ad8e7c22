import SluiceAdapters
import SluiceModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A YAML document` {
  private func problem(_ text: String) -> PipelineProblem? {
    do {
      _ = try YAMLDocument.read(text)
      return nil
    } catch {
      return error
    }
  }

  @Test func `is read with the place of each part`() throws {
    guard case .mapping(let entries, _) = try YAMLDocument.read("a: 1\nb:\n  - x\n  - 'y'\n") else {
      Issue.record("no map")
      return
    }
    #expect(entries.map(\.key) == ["a", "b"])
    #expect(entries.map(\.keyPlace) == [DocumentPlace(line: 1, column: 1), DocumentPlace(line: 2, column: 1)])
    #expect(entries[0].value == .scalar("1", quoted: false, DocumentPlace(line: 1, column: 4)))
    guard case .sequence(let items, _) = entries[1].value else {
      Issue.record("no list")
      return
    }
    #expect(
      items == [
        .scalar("x", quoted: false, DocumentPlace(line: 3, column: 5)),
        .scalar("y", quoted: true, DocumentPlace(line: 4, column: 5)),
      ])
  }

  @Test(arguments: ["a: &x b\nglob: 'sq*/sh*'\n", "a: &x b\nc: \"what? yes\"\nd: { e: *x }\n", "a: \"{*x}: \"\n"])
  func `may have stars, question marks and braces in its values`(text: String) {
    #expect(problem(text) == nil)
  }

  @Test func `may use an anchor and its alias`() throws {
    guard case .mapping(let entries, _) = try YAMLDocument.read("a: &x [1, 2]\nb: *x\n") else {
      Issue.record("no map")
      return
    }
    #expect(entries.count == 2)
  }

  @Test(arguments: [
    ("a: 1\n\tb: 2\n", "pipeline.syntax", 2), ("a: 1\n  \tb: 2\n", "pipeline.syntax", 2),
    ("a: 1\nb:\n  c: 2\n  c: 3\n", "pipeline.syntax", 3), ("a: [1, 2\nb: 3\n", "pipeline.syntax", 2),
    ("a: *nobody\n", "pipeline.syntax", 1), ("[1, 2]: 3\n", "pipeline.shape", 1), ("", "pipeline.shape", 1),
    ("# only words\n", "pipeline.shape", 1), ("a: \"open\n", "pipeline.syntax", 2), ("a: b: c\n", "pipeline.syntax", 1),
    ("%YAML 9.9\n---\na: 1\n", "pipeline.syntax", 1), ("a: 1\n---\nb: 2\n", "pipeline.syntax", 2),
  ])
  func `that is wrong is refused with the line`(text: String, code: String, line: Int) {
    #expect(problem(text)?.code == code)
    #expect(problem(text)?.line == line)
  }

  @Test func `with a key twice names the key`() {
    #expect(problem("a: 1\nb: 2\na: 3\n")?.what == "the key 'a' stands twice in one map")
  }

  @Test func `with a tab says so in words`() {
    #expect(problem("a:\n\tb: 2\n")?.what == "the line is indented with a tab, and YAML allows only spaces")
  }

  @Test func `of a billion laughs is refused at once`() {
    var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in 1..<12 {
      let below = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      lines.append("a\(level): &a\(level) [\(below)]")
    }
    #expect(problem(lines.joined(separator: "\n"))?.code == "pipeline.tooLarge")
  }

  /// A map's keys are compared, and with them all that they stand for.
  @Test func `of a billion laughs as a key is refused at once`() {
    var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in 1..<12 {
      let below = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      lines.append("a\(level): &a\(level) [\(below)]")
    }
    for keys in [
      "? *a11\n: 1\n? *a10\n: 2", "*a11 : 1\n*a10 : 2", "{*a11: 1, *a10: 2}: 3", "x: {[*a11]: 1, [*a10]: 2}",
    ] {
      #expect(problem((lines + [keys]).joined(separator: "\n")) != nil, "\(keys)")
    }
  }

  @Test(arguments: ["[", "{", "- ", "? ", "[{", "- [", "{a: ", "-\n", "&a [", "!!seq ["])
  func `of a hundred thousand levels is refused at once`(opening: String) {
    #expect(problem(String(repeating: opening, count: 100_000)) != nil)
  }

  @Test func `of more levels than a pipeline needs is refused`() {
    let text = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
    #expect(problem(text)?.code == "pipeline.tooLarge")
  }

  @Test func `nested by indentation is refused too`() {
    let text = (0..<1_000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
    #expect(problem(text)?.code == "pipeline.tooLarge")
  }

  @Test func `of more than a megabyte is refused before it is parsed`() {
    #expect(problem(String(repeating: "a", count: Limits.pipelineBytes + 1))?.code == "pipeline.tooLarge")
  }

  @Test func `with a ruler of dashes in a comment is fine`() {
    #expect(problem("# " + String(repeating: "-", count: 100) + "\na: 1\n") == nil)
  }

  @Test func `of one value is read, and refused as a pipeline`() throws {
    #expect(try YAMLDocument.read("word") == .scalar("word", quoted: false, DocumentPlace(line: 1, column: 1)))
  }
}
