import SluiceModel
import Testing

/// An event as filters see it.
private let event: [String: AttributeValue] = [
  "type": .string("sluice.version.published.v1"), "project": .string("demo"), "folder": .string("sq010/sh0010"),
  "product": .string("demo/sq010/sh0010/plate"), "hop": .string("5"), "ttl": .integer(10), "flag": .boolean(true),
  "empty": .string(""),
]

private func outcome(_ filter: String, _ attributes: [String: AttributeValue] = event) throws -> CESQL.Outcome {
  try CESQL(filter).evaluate { attributes[$0] }
}

private func value(_ filter: String) throws -> AttributeValue {
  let outcome = try outcome(filter)
  #expect(outcome.error == nil, "\(filter)")
  return outcome.value
}

private func admits(_ filter: String) throws -> Bool { try CESQL(filter).admits { event[$0] } }

@Suite struct `A filter` {
  @Test(arguments: [
    "type LIKE 'sluice.version.%' AND project = 'demo' AND EXISTS product", "folder IN ('sq020', 'sq010/sh0010')",
    "flag", "NOT EXISTS site", "type = 'sluice.version.published.v1' OR missing = 'x'", "LENGTH(project) = 4",
  ])
  func `admits an event for which it is true`(filter: String) throws {
    #expect(try admits(filter))
  }

  @Test(arguments: [
    "project = 'other'", "FALSE", "type LIKE 'sluice.run.%'", "missing = 'x'", "missing = 'x' OR TRUE",
    "TRUE AND 1 / 0 = 0",
  ])
  func `admits no event for which it is false or goes wrong`(filter: String) throws {
    #expect(try !admits(filter))
  }

  @Test(arguments: ["'true'", "1", "project", "ttl", "STRING(TRUE)"])
  func `admits no event for a string or an integer, not even one that says true`(filter: String) throws {
    #expect(try !admits(filter))
  }

  @Test func `is described by its text, and equal to another of the same text`() throws {
    #expect(try CESQL("project  = 'demo'").description == "project  = 'demo'")
    #expect(try CESQL("flag") == CESQL("flag"))
    #expect(try CESQL("flag") != CESQL("Flag"))
    #expect(try Set([CESQL("flag"), CESQL("flag"), CESQL("ttl")]).count == 2)
  }

  @Test(arguments: [
    "PROJECT = 'demo' and Exists PRODUCT", "not exists Site", "project In ('demo')", "TrUe", "lower('A') = 'a'",
  ])
  func `may have keywords, functions and attributes in any case`(filter: String) throws {
    #expect(try admits(filter))
  }

  @Test func `asks for attributes in lower case`() throws {
    var asked: [String] = []
    _ = try CESQL("Project = 'demo' AND EXISTS PRODUCT").evaluate { name in
      asked.append(name)
      return event[name]
    }
    #expect(asked == ["project", "product"])
  }

  @Test func `may go over lines`() throws {
    #expect(try admits("\n\tproject = 'demo'\r\n  AND flag\n"))
  }

  @Test func `may have a function and an attribute of one name`() throws {
    #expect(try outcome("LEFT(left, 1) = 'x'", ["left": .string("xy")]).value == .boolean(true))
  }

  @Test(arguments: [
    ("<", [true, false, false]), ("<=", [true, true, false]), (">", [false, false, true]), (">=", [false, true, true]),
    ("=", [false, true, false]), ("!=", [true, false, true]), ("<>", [true, false, true]),
  ])
  func `compares numbers by their order`(sign: String, expected: [Bool]) throws {
    #expect(try [1, 2, 3].map { try value("\($0) \(sign) 2") } == expected.map(AttributeValue.boolean))
  }
}

@Suite struct `Precedence in a filter` {
  @Test(
    arguments: [
      ("2 + 3 * 4", .integer(14)), ("(2 + 3) * 4", .integer(20)), ("20 - 5 - 3", .integer(12)),
      ("20 / 2 * 5", .integer(50)), ("7 - 6 / 3", .integer(5)), ("1 + 1 = 2", .boolean(true)),
      ("1 < 2 = TRUE", .boolean(true)), ("-2 + 5", .integer(3)), ("5-3-1", .integer(1)), ("5 -3", .integer(2)),
      ("5--3", .integer(8)), ("- - 5", .integer(5)), ("+5", .integer(5)), ("5 - +3", .integer(2)),
      ("2 * -3", .integer(-6)), ("1 + 2 IN (2, 3)", .integer(2)),
    ] as [(String, AttributeValue)])
  func `of numbers is that of arithmetic, from the left`(filter: String, expected: AttributeValue) throws {
    #expect(try value(filter) == expected)
  }

  @Test(arguments: [
    ("TRUE OR FALSE AND FALSE", false), ("TRUE OR (FALSE AND FALSE)", true), ("FALSE AND FALSE OR TRUE", true),
    ("FALSE AND (FALSE OR TRUE)", false), ("TRUE XOR TRUE OR TRUE", true), ("TRUE OR TRUE XOR TRUE", false),
  ])
  func `is one for AND, OR and XOR, from the left`(filter: String, expected: Bool) throws {
    #expect(try value(filter) == .boolean(expected))
  }

  @Test(arguments: [
    ("NOT FALSE AND FALSE", false), ("NOT (FALSE AND FALSE)", true), ("NOT FALSE = FALSE", false),
    ("NOT (FALSE = FALSE)", false), ("NOT NOT TRUE", true), ("NOT flag IN (FALSE)", true),
    ("NOT TRUE LIKE 'fal%'", true),
    ("NOT EXISTS site AND flag", true),
  ])
  func `puts NOT before every operator between two values`(filter: String, expected: Bool) throws {
    #expect(try value(filter) == .boolean(expected))
  }

  @Test(arguments: [
    ("'ab' LIKE 'a%' = TRUE", true), ("(1 + 2) IN (2, 3)", true),
    ("hop LIKE '5' AND ttl IN (10)", true), ("project NOT LIKE 'x%' LIKE 'true'", true),
    ("5 NOT IN (1) IN (TRUE)", true),
  ])
  func `puts LIKE and IN before arithmetic and comparison`(filter: String, expected: Bool) throws {
    #expect(try value(filter) == .boolean(expected))
  }

  @Test func `of AND, OR and XOR in a row is that of a walk from the left`() throws {
    for seed in Chance.seeds {
      var random = Chance(seed: seed)
      var truth = random.below(2) == 0
      var filter = "\(truth)"
      for _ in 0..<random.below(12) {
        let next = random.below(2) == 0
        switch random.below(3) {
        case 0: (truth, filter) = (truth && next, filter + " AND \(next)")
        case 1: (truth, filter) = (truth || next, filter + " or \(next)")
        default: (truth, filter) = (truth != next, filter + " Xor \(next)")
        }
      }
      #expect(try value(filter) == .boolean(truth), "seed \(seed): \(filter)")
    }
  }

  @Test func `of numbers in a row is that of sums of products`() throws {
    for seed in Chance.seeds {
      var random = Chance(seed: seed)
      var (filter, sum, product, sign) = ("", 0, 0, 1)
      for index in 0...random.below(10) {
        let number = random.below(9) + 1
        switch index == 0 ? 3 : random.below(5) {
        case 0: (filter, product) = ("\(filter) * \(number)", product * number)
        case 1: (filter, product) = ("\(filter)/\(number)", product / number)
        case 2: (filter, product) = ("\(filter) %\(number)", product % number)
        case 3:
          (filter, sum, sign, product) = (
            filter + (index == 0 ? "" : " + ") + "\(number)", sum + sign * product, 1, number
          )
        default: (filter, sum, sign, product) = ("\(filter) - \(number)", sum + sign * product, -1, number)
        }
      }
      #expect(try value(filter) == .integer(Int32(sum + sign * product)), "seed \(seed): \(filter)")
    }
  }
}

@Suite struct `A text in a filter` {
  @Test(arguments: [
    (#"'it\'s'"#, "it's"), (#""it's""#, "it's"), (#""say \"cut\"""#, #"say "cut""#), (#"'say "cut"'"#, #"say "cut""#),
    (#"'a\b'"#, #"a\b"#), (#"'a\\'"#, #"a\\"#), (#"'a\"b'"#, #"a\"b"#), ("''", ""), ("'AND'", "AND"),
    ("'a\nb'", "a\nb"),
    ("'Äpfel 🎬'", "Äpfel 🎬"), (#"'\''"#, "'"),
  ])
  func `keeps everything but the backslash before its own quote`(filter: String, expected: String) throws {
    #expect(try value(filter) == .string(expected))
  }

  @Test(arguments: [("'a' = 'A'", false), ("'a' = 'a'", true), ("'a' <> 'a '", true), ("project = 'Demo'", false)])
  func `is compared letter by letter, in its case`(filter: String, expected: Bool) throws {
    #expect(try value(filter) == .boolean(expected))
  }

  @Test func `is equal to one of the same code points only`() throws {
    #expect(try value("'\u{E9}' = 'e\u{301}'") == .boolean(false))
    #expect(try value("'\u{E9}' IN ('e\u{301}')") == .boolean(false))
    #expect(AttributeValue.string("\u{E9}") != .string("e\u{301}"))
    #expect(Set([AttributeValue.string("\u{E9}"), .string("e\u{301}"), .string("\u{E9}")]).count == 2)
  }

  @Test(
    arguments: [
      ("LENGTH('é🎬')", .integer(2)), ("LENGTH('e\u{301}')", .integer(2)), ("LEFT('🎬🎬a', 2)", .string("🎬🎬")),
      ("RIGHT('aé', 1)", .string("é")), ("SUBSTRING('é🎬a', 2, 1)", .string("🎬")),
      ("UPPER('straße')", .string("STRASSE")),
      ("LOWER('ÄÖ')", .string("äö")), ("TRIM('\u{3000}\u{A0} a \t\n')", .string("a")),
      ("TRIM('\u{7} a')", .string("\u{7} a")),
      ("TRIM('  ')", .string("")), ("SUBSTRING('abc', -1)", .string("c")), ("SUBSTRING('abc', 3, 9)", .string("c")),
      ("CONCAT_WS('/', project, ttl, flag)", .string("demo/10/true")), ("CONCAT(1, 2) + 1", .integer(13)),
      ("SUBSTRING('abc', 2, 0)", .string("")), ("SUBSTRING('abc', 0, 2)", .string("")),
      ("RIGHT('abc', 0)", .string("")),
    ] as [(String, AttributeValue)])
  func `is counted in code points by the functions`(filter: String, expected: AttributeValue) throws {
    #expect(try value(filter) == expected)
  }
}

@Suite struct `A cast in a filter` {
  @Test(
    arguments: [
      ("hop = 5", true), ("ttl = '10'", true), ("ttl = '010'", false), ("'010' = 10", true), ("'+5' = 5", true),
      ("flag = 'true'", true), ("flag = 'TRUE'", false), ("'tRuE' = flag", true), ("5 = TRUE", true),
      ("0 = FALSE", true),
      ("hop < ttl", true), ("TRUE > FALSE", true), ("'-2147483648' < 0", true), ("10 AND TRUE", true),
      ("0 OR FALSE", false),
      ("ttl IN ('10', '11')", true), ("'1' IN (TRUE)", false), ("ttl LIKE '1_'", true), ("flag LIKE 'tr%'", true),
      ("INT('-0') = 0", true),
    ])
  func `follows the right side of an equality, the left of IN, and the operator elsewhere`(
    filter: String, expected: Bool
  ) throws {
    #expect(try value(filter) == .boolean(expected))
  }

  @Test(arguments: [
    "'abc' + 1", "INT('')", "INT(' 5')", "INT('5 ')", "INT('2147483648')", "INT('0x5')", "INT('٣')", "BOOL('yes')",
    "BOOL('')", "'abc' = 5", "'abc' != 5", "project < 5", "5 IN ('a', 5)", "project AND TRUE", "NOT project",
    "LEFT('a', 'b')",
  ])
  func `that cannot be is a cast error`(filter: String) throws {
    #expect(try outcome(filter).error?.kind == .cast)
    #expect(try !admits(filter))
  }
}

@Suite struct `What goes wrong in a filter` {
  @Test(
    arguments: [
      ("missing", .boolean(false), .missingAttribute), ("missing + 1", .integer(0), .missingAttribute),
      ("CONCAT('a', missing)", .string(""), .missingAttribute), ("missing IN (1)", .boolean(false), .missingAttribute),
      ("1 IN (missing, 1)", .boolean(false), .missingAttribute), ("1 = missing", .boolean(false), .missingAttribute),
      ("missing NOT LIKE '%'", .boolean(false), .missingAttribute),
      ("missing != 'a'", .boolean(false), .missingAttribute),
      ("1 / 0", .integer(0), .math), ("1 % 0", .integer(0), .math), ("2147483647 + 1", .integer(0), .math),
      ("-2147483648 - 1", .integer(0), .math), ("65536 * 65536", .integer(0), .math),
      ("-2147483648 / -1", .integer(0), .math), ("--2147483648", .integer(0), .math),
      ("ABS(-2147483648)", .integer(.max), .math), ("ABS(-2147483648) + 1", .integer(0), .math),
      ("LEFT('abc', -1)", .string("abc"), .functionEvaluation),
      ("UPPER(LEFT('abc', -1))", .string(""), .functionEvaluation),
      ("LENGTH(LEFT('abc', -1))", .integer(0), .functionEvaluation),
      ("SUBSTRING('abc', 4)", .string(""), .functionEvaluation),
      ("SUBSTRING('abc', -4)", .string(""), .functionEvaluation),
      ("SUBSTRING('abc', 1, -1)", .string(""), .functionEvaluation),
      ("SUBSTRING('', 1)", .string(""), .functionEvaluation), ("LENGTH()", .boolean(false), .missingFunction),
      ("LENGTH('a', 'b')", .boolean(false), .missingFunction), ("SUBSTRING('a')", .boolean(false), .missingFunction),
      ("NOT 10", .boolean(true), .cast), ("NOT (1 / 0)", .boolean(false), .math),
      ("TRUE AND 'x'", .boolean(false), .cast),
    ] as [(String, AttributeValue, CESQL.Problem.Kind)])
  func `has a kind, and a value in its place`(filter: String, value: AttributeValue, kind: CESQL.Problem.Kind) throws {
    let outcome = try outcome(filter)
    #expect(outcome.value == value)
    #expect(outcome.error?.kind == kind)
  }

  @Test(arguments: [
    ("site = 'lon'", "the event has no attribute 'site'"), ("project + 1", "'demo' is no integer"),
    ("BOOL(project)", "'demo' is neither true nor false"), ("7 / 0", "7 is divided by 0"),
    ("2147483647 + 1", "2147483647 + 1 is beyond 32 bits"), ("LEFT('a', -2)", "LEFT cannot take -2 characters"),
    ("SUBSTRING('abc', 7)", "SUBSTRING begins at 7 of 3 characters"),
    ("LENGTH()", "no form of LENGTH takes 0 arguments"),
    ("ABS(1, 2)", "no form of ABS takes 2 arguments"),
    ("NOT project = 'demo'", "NOT binds more than =, LIKE and IN, and 'demo' is neither true nor false"),
  ])
  func `is said in words`(filter: String, words: String) throws {
    #expect(try outcome(filter).error?.description == words)
  }

  @Test(arguments: [
    ("FALSE AND 1 / 0 = 0", false), ("TRUE OR missing", true), ("TRUE OR missing AND TRUE", true),
    ("FALSE AND missing OR TRUE", true), ("1 IN (1, missing)", true), ("'a' IN ('a', missing)", true),
  ])
  func `does not matter where it cannot change the result any more`(filter: String, expected: Bool) throws {
    #expect(try value(filter) == .boolean(expected))
  }

  @Test func `is the first of several, from the left`() throws {
    #expect(try outcome("(1 / 0) + missing").error?.kind == .math)
    #expect(try outcome("missing + (1 / 0)").error?.kind == .missingAttribute)
  }

  @Test(arguments: [("7 / -2", -3), ("-7 / 2", -3), ("-7 % 3", -1), ("7 % -3", 1), ("-2147483648 % -1", 0)])
  func `is not a division with a sign, which goes towards zero`(filter: String, expected: Int32) throws {
    #expect(try value(filter) == .integer(expected))
  }
}
