import Foundation
import Testing

@testable import SluiceModel

/// JSON text from chance: every kind of value, with white space, escapes and scalars of any length.
struct RandomJSON {
  var chance: Chance

  init(seed: UInt64) { chance = Chance(seed: seed) }

  mutating func value(depth: Int = 0) -> String {
    switch chance.below(depth > 4 ? 6 : 8) {
    case 0: "null"
    case 1: "true"
    case 2: "false"
    case 3: ["0", "-0", "17", "-2.5", "1e9", "6.02E+23", "0.1e-7", "2147483648", "9007199254740993"][chance.below(9)]
    case 4, 5: string()
    case 6: "[" + list { $0.value(depth: depth + 1) } + "]"
    default: object(depth: depth)
    }
  }

  mutating func object(depth: Int = 0) -> String {
    "{" + list { $0.string() + $0.space() + ":" + $0.space() + $0.value(depth: depth + 1) } + "}"
  }

  mutating func string() -> String {
    let parts = [
      "a", "é", "€", "🎬", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83c\\udfac", "\u{7F}", "\u{2028}",
      "{", "]", ",", ":", " ", "\u{FEFF}",
    ]
    return "\"" + (0..<chance.below(9)).map { _ in parts[chance.below(parts.count)] }.joined() + "\""
  }

  mutating func space() -> String { ["", "", "", " ", "\n", "\r\n\t"][chance.below(6)] }

  private mutating func list(_ element: (inout RandomJSON) -> String) -> String {
    (0..<chance.below(5)).map { _ in space() + element(&self) + space() }.joined(separator: ",")
  }
}

/// What keeps a whole text from being one JSON value; nil where it is one.
private func fault(of bytes: [UInt8]) -> String? {
  var scanner = JSONScanner(bytes)
  do {
    try scanner.value()
    return scanner.isAtEnd ? nil : "something follows"
  } catch {
    return error.what
  }
}

private func isJSON(_ bytes: [UInt8]) -> Bool { fault(of: bytes) == nil }

@Suite struct `JSON text` {
  @Test(arguments: [
    "null", " true ", "false", "0", "-0", "10", "-1.5e+3", "1E400", "\"\"", "\"\\u0000\"", "\"\u{7F}\"",
    "\"\u{10FFFF}\"",
    "[]", "[ ]", "{}", "{ }", "[1,[2,[3]]]", "{\"a\":{\"b\":[null]}}", "{\"a\":1,\"a\":2}", "\t\r\n 1 \n",
    "\"\\ud834\\udd1e\"", "\"\u{2028}\"",
  ])
  func `of RFC 8259 is taken`(text: String) {
    #expect(isJSON(Array(text.utf8)))
  }

  @Test(arguments: [
    "", " ", "nul", "nullx", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x10", "1 2",
    "'a'", "\"a", "\"\t\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\", "[1,]", "[,1]", "[1", "[1}", "]", "{",
    "{\"a\"}",
    "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "//1", "1//", "/**/1", "\u{FEFF}1",
    "\u{A0}1", "1\u{0}", "\u{0C}1", "[1]x",
  ])
  func `of any other shape is refused`(text: String) {
    #expect(!isJSON(Array(text.utf8)))
  }

  @Test(
    arguments: [
      [0x22, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xE0, 0x80, 0xAF, 0x22],
      [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xF8, 0x88, 0x80, 0x80, 0x80, 0x22],
      [0x22, 0xE2, 0x82], [0x22, 0xF0, 0x9F, 0x98, 0x22], [0xFF, 0xFE, 0x31, 0x00],
    ] as [[UInt8]])
  func `that is not UTF-8 is refused`(bytes: [UInt8]) {
    #expect(!isJSON(bytes))
  }

  @Test(arguments: [
    "\\ud83c", "\\udfac", "\\ud83cx", "\\ud83c\\n", "\\ud83c\\u0041", "\\udfac\\ud83c", "\\ud83c\\ud83c",
  ])
  func `with half of a surrogate pair is refused`(escape: String) {
    #expect(!isJSON(Array("\"\(escape)\"".utf8)))
  }

  @Test func `may be nested as deep as the limit, and no deeper`() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      func nested(_ depth: Int) -> [UInt8] {
        Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
      }
      #expect(isJSON(nested(Limits.jsonDepth)))
      #expect(!isJSON(nested(Limits.jsonDepth + 1)))
      #expect(!isJSON(nested(100_000)))
    }
  }

  @Test func `that never closes is refused at any length`() {
    for open in ["[", "{\"a\":", "\"", "[1,", "{\"a\":[{\"b\":"] {
      #expect(!isJSON(Array(String(repeating: open, count: 50_000).utf8)))
    }
  }

  @Test func `is taken whole, whatever is in it`() {
    for seed in Chance.seeds {
      var random = RandomJSON(seed: seed)
      let text = random.space() + random.value() + random.space()
      #expect(isJSON(Array(text.utf8)), "seed \(seed): \(text)")
    }
  }

  @Test func `cut short is refused everywhere`() {
    for seed in Chance.seeds.prefix(100) {
      var random = RandomJSON(seed: seed)
      let bytes = Array(random.object().utf8)
      for end in 0..<bytes.count { #expect(!isJSON(Array(bytes[..<end])), "seed \(seed), byte \(end)") }
    }
  }

  /// Another parser is the judge: what it takes, the scanner takes, and the other way round. It lets a comma stand
  /// before a brace, which RFC 8259 does not.
  @Test func `that was damaged is judged as Foundation judges it`() {
    for seed in 0..<UInt64(3_000) {
      var random = RandomJSON(seed: seed)
      var bytes = Array(random.object().utf8)
      for _ in 0...random.chance.below(3) where !bytes.isEmpty {
        let place = random.chance.below(bytes.count)
        let marks = Array("{}[]\",:\\u09eE+-.tfn \n".utf8) + [0x01, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        switch random.chance.below(3) {
        case 0: bytes[place] = marks[random.chance.below(marks.count)]
        case 1: bytes.remove(at: place)
        default: bytes.insert(marks[random.chance.below(marks.count)], at: place)
        }
      }
      let other = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
      let fault = fault(of: bytes)
      if other, fault == "a member's name is missing" { continue }
      #expect((fault == nil) == other, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test func `says where it is wrong`() {
    var scanner = JSONScanner(Array(#"{"a": [1, 2,, 3]}"#.utf8))
    #expect(throws: JSONScanner.Problem(what: "this is no JSON value", offset: 12)) { try scanner.value() }
  }
}

@Suite struct `A JSON string` {
  private func written(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    JSONWriter.append(text, to: &bytes)
    return bytes
  }

  @Test func `is read back as it was written, whatever stands in it`() throws {
    for seed in Chance.seeds {
      var chance = Chance(seed: seed)
      let scalars = (0..<chance.below(40)).compactMap { _ -> Unicode.Scalar? in
        let bound = [0x20, 0x80, 0x800, 0x1_0000, 0x11_0000][chance.below(5)]
        return Unicode.Scalar(UInt32(chance.below(bound)))
      }
      let text = String(String.UnicodeScalarView(scalars))
      let bytes = written(text)
      #expect(Array(JSONScanner.text(bytes, 0..<bytes.count).utf8) == Array(text.utf8), "seed \(seed)")
      let other = try JSONDecoder().decode([String].self, from: Data("[".utf8) + bytes + Data("]".utf8))
      #expect(Array(other[0].utf8) == Array(text.utf8), "seed \(seed)")
    }
  }

  @Test func `has only the escapes that it needs`() {
    #expect(
      String(decoding: written("a/b\"\\\u{1}\n\u{1F}\u{7F}é🎬"), as: UTF8.self)
        == "\"a/b\\\"\\\\\\u0001\\u000a\\u001f\u{7F}é🎬\"")
  }

  @Test func `is read as Foundation reads it, with any escapes`() throws {
    for seed in Chance.seeds {
      var random = RandomJSON(seed: seed)
      let bytes = Array(random.string().utf8)
      let other = try JSONDecoder().decode([String].self, from: Data("[".utf8) + bytes + Data("]".utf8))
      #expect(Array(JSONScanner.text(bytes, 0..<bytes.count).utf8) == Array(other[0].utf8), "seed \(seed)")
    }
  }
}
