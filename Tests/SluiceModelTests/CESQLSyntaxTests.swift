import FoundationEssentials
import SluiceModel
import Testing

private func refusal(_ filter: String) -> SluiceError? {
  do {
    _ = try CESQL(filter)
    return nil
  } catch {
    return error
  }
}

@Suite struct `A filter that cannot be read` {
  @Test(arguments: [
    ("", "line 1, column 1: the end"), ("  \n ", "line 2, column 2: the end"),
    ("project = ", "line 1, column 11: the end"),
    ("project = 'demo", "line 1, column 11: ''demo'"), ("(project = 'demo'", "line 1, column 18: the end"),
    ("project = 'demo')", "line 1, column 17: ')'"), ("flag AND\n  é = 1", "line 2, column 3: 'é'"),
    ("'éé🎬' LIKE 5", "line 1, column 12: '5'"), ("a LIKE b", "line 1, column 8: 'b'"),
    ("a IN b", "line 1, column 6: 'b'"),
    ("a IN ()", "line 1, column 7: ')'"), ("a IN (1, )", "line 1, column 10: ')'"),
    ("a NOT = 1", "line 1, column 7: '='"),
    ("EXISTS (a)", "line 1, column 8: '('"), ("EXISTS 'a'", "line 1, column 8: ''a''"),
    ("EXISTS 5", "line 1, column 8: '5'"),
    ("a 'b'", "line 1, column 3: ''b''"), ("'it''s'", "line 1, column 5: ''s''"), ("AND a", "line 1, column 1: 'AND'"),
    ("a AND", "line 1, column 6: the end"), ("a AND OR b", "line 1, column 7: 'OR'"), ("1 2", "line 1, column 3: '2'"),
    ("+ 5", "line 1, column 1: '+'"), ("+a", "line 1, column 1: '+'"), ("2147483648", "line 1, column 1: '2147483648'"),
    ("-2147483649", "line 1, column 1: '-2147483649'"), ("- 2147483648", "line 1, column 3: '2147483648'"),
    ("a_b = 1", "line 1, column 1: 'a_b'"), ("a.b = 1", "line 1, column 2: '.'"), ("ABS(", "line 1, column 5: the end"),
    ("ABS(1", "line 1, column 6: the end"), ("ABS(,1)", "line 1, column 5: ','"), ("ABS 1", "line 1, column 5: '1'"),
    ("a = 1; b", "line 1, column 6: ';'"), ("a\u{A0}= 1", "line 1, column 2: '\u{A0}'"),
    ("a\0", "line 1, column 2: '\u{FFFD}'"),
    ("'a' LIKE CONCAT('a')", "line 1, column 10: 'CONCAT'"), ("a LIKE 'a' 'b'", "line 1, column 12: ''b''"),
    (",", "line 1, column 1: ','"),
  ])
  func `is refused with the place and the piece of text`(filter: String, at: String) {
    #expect(refusal(filter)?.code == .filterSyntax)
    #expect(refusal(filter)?.at == "filter \(at)")
  }

  @Test(arguments: [
    ("LENGHT(type) = 3", "did you mean LENGTH?"), ("concatws('a')", "did you mean CONCAT_WS?"),
    ("substrng('a', 1)", "did you mean SUBSTRING?"), ("low_er('a')", "did you mean LOWER?"),
  ])
  func `for a function that does not exist is told the nearest one`(filter: String, fix: String) {
    #expect(refusal(filter)?.fix == fix)
  }

  @Test func `for a function like no other is told all of them`() {
    let error = refusal("hasprefix(type, 'a')")
    let all = "LENGTH, CONCAT, CONCAT_WS, LOWER, UPPER, TRIM, LEFT, RIGHT, SUBSTRING, ABS, INT, BOOL, STRING"
    #expect(error?.what == "there is no function 'hasprefix'")
    #expect(error?.fix == "the functions are \(all)")
  }

  @Test(arguments: [
    ("type == 'a'", "write ="), ("a = 1 && b = 2", "write AND"), ("a = 1 || b = 2", "write OR"), ("!flag", "write NOT"),
  ])
  func `for an operator of another language is told ours`(filter: String, fix: String) {
    #expect(refusal(filter)?.fix == fix)
  }

  @Test(arguments: [("type LIEK 'a'", "did you mean LIKE?"), ("flag adn flag", "did you mean AND?")])
  func `for a misspelt operator is told the nearest one`(filter: String, fix: String) {
    #expect(refusal(filter)?.fix.hasPrefix(fix) == true)
  }

  @Test func `shows no control characters and no more than a line of it`() {
    #expect(refusal("'\u{1B}[2J")?.at == "filter line 1, column 1: ''\u{FFFD}[2J'")
    #expect((refusal("'" + String(repeating: "x", count: 4_000))?.at.count ?? .max) < 130)
    #expect((refusal(String(repeating: "x", count: 4_000) + "(1)")?.what.count ?? .max) < 130)
  }
}

@Suite struct `The filters in docs/reference/filters.md` {
  private let text: String = {
    let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" }
    return String(
      decoding: FileManager.default.contents(atPath: root + "/docs/reference/filters.md") ?? Data(), as: UTF8.self)
  }()

  @Test func `can all be read`() {
    let examples = text.split(separator: "\n## ").first { $0.hasPrefix("Examples\n") } ?? ""
    let filters = examples.matches(of: /\n\| `([^`]+)` \|/).map { String($0.1) }
    #expect(filters.count > 5)
    for filter in filters { #expect(refusal(filter) == nil, "\(filter)") }
  }
}

@Suite(.timeLimit(.minutes(1))) struct `A filter without end` {
  private func accepts(_ filter: String) -> Bool { refusal(filter) == nil }
  private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  @Test func `may have as many bytes as the limit says`() {
    #expect(accepts("'\(repeated("x", Limits.filterBytes - 2))'"))
    #expect(refusal("'\(repeated("x", Limits.filterBytes - 1))'")?.what.contains("bytes") == true)
    #expect(refusal(repeated("'é", 5_000_000))?.code == .filterSyntax)
  }

  @Test func `may have as many words and signs as the limit says`() {
    let row = "NOT TRUE" + repeated(" OR TRUE", Limits.filterTokens / 2 - 1)
    #expect(accepts(row))
    #expect(refusal(repeated("-", Limits.filterTokens + 1))?.what.contains("words and signs") == true)
  }

  @Test func `may be nested as deep as the limit says`() {
    let most = Limits.filterDepth
    #expect(accepts(repeated("(", most - 1) + "1" + repeated(")", most - 1)))
    #expect(accepts(repeated("NOT ", most) + "TRUE"))
    #expect(accepts("1" + repeated(" + 1", most)))
    #expect(accepts("1" + repeated(" IN (1)", most)))
    for filter in [
      repeated("(", most) + "1" + repeated(")", most), repeated("(", most + 1), repeated("NOT ", most + 1) + "TRUE",
      repeated("- ", most + 1) + "1", "1" + repeated(" + 1", most + 1), "1" + repeated(" * 1", most + 1),
      "1" + repeated(" = 1", most + 1), "1" + repeated(" IN (1)", most + 1), "1" + repeated(" LIKE ''", most + 1),
      repeated("ABS(", most) + "1" + repeated(")", most), "1" + repeated(" IN (1", most),
      "1" + repeated(" NOT IN (1)", most / 2 + 1),
    ] {
      #expect(refusal(filter)?.what.hasPrefix("the filter is nested more than \(most) deep") == true, "\(filter)")
    }
  }

  @Test func `may have hundreds of conditions in a row`() throws {
    let row = (0..<200).map { "a='\($0)'" }.joined(separator: " OR ")
    #expect(try CESQL(row).admits { _ in .string("199") })
    #expect(try !CESQL(row).admits { _ in .string("200") })
    let list = "a IN (" + (0..<400).map { "'\($0)'" }.joined(separator: ",") + ")"
    #expect(try CESQL(list).admits { _ in .string("399") })
  }

  @Test func `makes no text beyond the limit`() throws {
    let most = String(repeating: "x", count: Limits.filterTextBytes)
    #expect(try CESQL("LENGTH(CONCAT(a)) > 0").admits { _ in .string(most) })
    #expect(try CESQL("CONCAT(a, 'x')").evaluate { _ in .string(most) }.error?.kind == .functionEvaluation)
    let doubling = repeated("CONCAT(a, ", 20) + "a" + repeated(")", 20)
    #expect(try CESQL(doubling).evaluate { _ in .string(most) }.error?.kind == .functionEvaluation)
  }

  @Test func `of chance is refused by its code or evaluated to its end`() {
    let pieces = [
      "a", "type", "'x'", "'a%_'", "\"y", "5", "-1", "2147483648", "(", ")", ",", "=", "<>", "!=", "<", ">=", "+", "-",
      "*",
      "/", "%", "AND", "OR", "XOR", "NOT", "LIKE", "IN", "EXISTS", "TRUE", "FALSE", "LENGTH(", "CONCAT(", "SUBSTRING(",
      "ABS(", "LEFT(", "NOPE(", "é", "\\", "'", ";", "\n", "TRIM('  a')", "missing",
    ]
    var accepted = 0
    for seed in 0..<20_000 as Range<UInt64> {
      var random = Chance(seed: seed)
      let filter = (0...random.below(9)).map { _ in pieces[random.below(pieces.count)] }.joined(separator: " ")
      do {
        let read = try CESQL(filter)
        accepted += 1
        let attribute: (String) -> AttributeValue? = { ["a": .integer(3), "type": .string("TRUE")][$0] }
        let outcome = read.evaluate(attribute)
        #expect(
          read.admits(attribute) == (outcome.value == .boolean(true) && outcome.error == nil), "seed \(seed): \(filter)"
        )
      } catch {
        #expect(error.code == .filterSyntax && !error.fix.isEmpty, "seed \(seed): \(filter)")
      }
    }
    #expect(accepted > 500)
  }

  @Test func `of any bytes is refused by its code or read`() {
    let start = Array(
      "type LIKE 'sluice.%' AND (project = \"demo\" OR NOT EXISTS x) AND LEFT(a, 3) IN ('abc', 5 - 3)".utf8)
    for seed in 0..<5_000 as Range<UInt64> {
      var random = Chance(seed: seed)
      var bytes = start
      for _ in 0...random.below(4) {
        let place = random.below(bytes.count)
        switch random.below(3) {
        case 0: bytes[place] = UInt8(random.below(256))
        case 1: bytes.remove(at: place)
        default: bytes.insert(UInt8(random.below(256)), at: place)
        }
      }
      let error = refusal(String(decoding: bytes, as: UTF8.self))
      #expect(error == nil || error?.code == .filterSyntax, "seed \(seed)")
    }
  }
}
