import SluiceModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A LIKE in a filter` {
  private func matches(_ text: String, _ pattern: String) throws -> Bool {
    try CESQL("x LIKE '\(pattern)'").admits { _ in .string(text) }
  }

  @Test(arguments: [
    ("", "", true), ("", "%", true), ("", "_", false), ("a", "", false), ("abc", "abc", true), ("abc", "ab", false),
    ("abc", "abcd", false), ("abc", "%", true), ("abc", "a%", true), ("abc", "%c", true), ("abc", "%b%", true),
    ("abc", "b%", false), ("abc", "%b", false), ("abc", "a_c", true), ("abc", "___", true), ("abc", "____", false),
    ("abab", "%ab", true), ("aab", "%ab", true), ("abc", "%%a%%b%%c%%", true), ("abc", "A%", false),
    ("sq010/sh0010", "sq010/%", true), ("sq010", "sq010/%", false),
  ])
  func `takes % for any characters and _ for one`(text: String, pattern: String, expected: Bool) throws {
    #expect(try matches(text, pattern) == expected)
  }

  @Test(arguments: [
    ("100%", #"100\%"#, true), ("1000", #"100\%"#, false), ("a_b", #"a\_b"#, true), ("axb", #"a\_b"#, false),
    (#"a\b"#, #"a\b"#, true), (#"a\%"#, #"a\\%"#, true), (#"a\x"#, #"a\\%"#, false), ("%x", #"\%%"#, true),
    ("it's", #"it\'s"#, true),
  ])
  func `takes them for themselves behind a backslash`(text: String, pattern: String, expected: Bool) throws {
    #expect(try matches(text, pattern) == expected)
  }

  @Test(arguments: [
    ("é", "_", true), ("🎬", "_", true), ("🎬", "__", false), ("e\u{301}", "_", false), ("e\u{301}", "__", true),
    ("aéb", "a_b", true), ("é🎬", "_🎬", true), ("é🎬", "%_🎬", true), ("🎬", "%_%_%", false), ("ä", "ö", false),
    ("é", "%\u{E9}", true),
  ])
  func `takes _ for one code point`(text: String, pattern: String, expected: Bool) throws {
    #expect(try matches(text, pattern) == expected)
  }

  @Test(arguments: [62, 63, 64, 65, 127, 128, 129, 1_000])
  func `takes patterns of any length`(count: Int) throws {
    let text = String(repeating: "ab", count: count)
    let pattern = String(repeating: "a_", count: count)
    #expect(try matches(text, pattern))
    #expect(try matches(text, "%" + pattern.dropLast(2) + "%"))
    #expect(try !matches(text, pattern + "a"))
    #expect(try !matches(String(text.dropLast()) + "éx", pattern))
    #expect(try matches(String(text.dropLast()) + "é", pattern))
  }

  @Test func `agrees with trying everything`() throws {
    for seed in Chance.seeds {
      var random = Chance(seed: seed)
      let parts = ["a", "b", "é", "🎬", "%", "_", #"\%"#, #"\_"#, #"\a"#]
      let pattern = (0..<random.below(7)).map { _ in parts[random.below(parts.count)] }.joined()
      for _ in 0..<10 {
        let letters = ["a", "b", "é", "🎬", "%", "_", #"\"#]
        let text = (0..<random.below(7)).map { _ in letters[random.below(letters.count)] }.joined()
        #expect(
          try matches(text, pattern) == tries(text.unicodeScalars[...], pattern.unicodeScalars[...]),
          "seed \(seed): '\(text)' LIKE '\(pattern)'")
      }
    }
  }

  @Test func `agrees with trying everything over the border of a word`() throws {
    for seed in Chance.seeds.prefix(100) {
      var random = Chance(seed: seed)
      let start = String(repeating: "a", count: 58 + random.below(10))
      let pattern = start + (0..<random.below(9)).map { _ in ["a", "b", "%", "_", "é"][random.below(5)] }.joined()
      for _ in 0..<10 {
        let text = start + (0..<random.below(9)).map { _ in ["a", "b", "é"][random.below(3)] }.joined()
        #expect(
          try matches(text, pattern) == tries(text.unicodeScalars[...], pattern.unicodeScalars[...]),
          "seed \(seed): '\(text)' LIKE '\(pattern)'")
      }
    }
  }

  @Test(arguments: [
    "%" + String(repeating: "a", count: 4_000) + "b%", "%a_" + String(repeating: "a", count: 4_000) + "b%",
    String(repeating: "%a", count: 2_000) + "b", String(repeating: "_%", count: 2_000) + "b",
  ])
  func `comes to an end with any pattern`(pattern: String) throws {
    #expect(try !matches(String(repeating: "a", count: 100_000), pattern))
  }

  private typealias Scalars = Substring.UnicodeScalarView

  private func tries(_ text: Scalars, _ pattern: Scalars) -> Bool {
    guard let mark = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    if mark == "%" { return tries(text, rest) || (!text.isEmpty && tries(text.dropFirst(), pattern)) }
    guard let letter = text.first else { return false }
    if mark == "_" { return tries(text.dropFirst(), rest) }
    if mark == #"\"#, rest.first == "%" || rest.first == "_" {
      return letter == rest.first && tries(text.dropFirst(), rest.dropFirst())
    }
    return letter == mark && tries(text.dropFirst(), rest)
  }
}
