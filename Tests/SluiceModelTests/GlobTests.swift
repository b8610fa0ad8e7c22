import SluiceModel
import Testing

@Suite struct `A glob` {
  @Test(arguments: [
    ("sq010/sh0010", "sq010/sh0010", true), ("sq010/sh0010", "sq010/sh0020", false), ("sq010/*", "sq010/sh0010", true),
    ("sq010/*", "sq010", false), ("sq010/*", "sq010/sh0010/a", false), ("sq*/sh*", "sq010/sh0010", true),
    ("*", "sq010", true), ("*", "sq010/sh0010", false), ("sq0?0", "sq010", true), ("sq0?0", "sq00", false),
    ("?", "", false), ("sq?", "sq/", false), ("a*b", "ab", true), ("a*b", "a/b", false), ("*a*", "bab", true),
    ("*.exr", "a.b.exr", true), ("*.exr", "exr", false), ("SQ*", "sq010", false), ("a.c", "abc", false),
    ("[ab]", "a", false), ("*é?", "caféx", true),
  ])
  func `matches a star within one level`(pattern: String, text: String, matches: Bool) {
    #expect(Glob(pattern).matches(text) == matches)
  }

  @Test(arguments: [
    ("**", "", true), ("**", "a/b/c", true), ("sq010/**", "sq010", true), ("sq010/**", "sq010/a/b", true),
    ("sq010/**", "sq0100", false), ("**/plate", "plate", true), ("**/plate", "a/b/plate", true),
    ("**/plate", "a/b/plates", false), ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true), ("a/**/z", "a/b/c", false),
    ("**/sh*/**/x?", "sq/sh1/a/b/x1", true), ("**/a/**/a", "a", false),
  ])
  func `matches two stars over any levels, none too`(pattern: String, text: String, matches: Bool) {
    #expect(Glob(pattern).matches(text) == matches)
  }

  @Test func `divides by another separator where it is told`() {
    #expect(Glob("sluice.*.v1", separator: ".").matches("sluice.tag.v1"))
    #expect(!Glob("sluice.*", separator: ".").matches("sluice.tag.v1"))
  }

  @Test(arguments: [("a/b", false), ("a/*", true), ("a?", true), ("", false)])
  func `is told from a plain name by its marks`(text: String, isPattern: Bool) {
    #expect(Glob.isPattern(text) == isPattern)
  }

  @Test func `agrees with trying everything`() {
    for seed in Chance.seeds {
      var random = Chance(seed: seed)
      let parts = ["a", "b", "ab", "*", "?", "**", "a*", "*b", "a*b*a", "?*"]
      let pattern = (0...random.below(5)).map { _ in parts[random.below(parts.count)] }
      for _ in 0..<10 {
        let text = (0..<random.below(6)).map { _ in
          String((0...random.below(4)).map { _ in random.below(2) == 0 ? "a" : "b" } as [Character])
        }
        let found = Glob(pattern.joined(separator: "/")).matches(text.joined(separator: "/"))
        #expect(found == tries(text[...], pattern[...]), "seed \(seed): \(pattern) and \(text)")
      }
    }
  }

  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      (String(repeating: "a*", count: 200) + "b", String(repeating: "a", count: 2_000)),
      (String(repeating: "*", count: 2_000) + "b", String(repeating: "a", count: 2_000)),
      (String(repeating: "?*", count: 200) + "b", String(repeating: "a", count: 2_000)),
      (String(repeating: "**/", count: 200) + "b", String(repeating: "a/", count: 1_000)),
      (String(repeating: "**/a/", count: 100) + "b", String(repeating: "a/", count: 1_000)),
      (String(repeating: "**/*a*a*b/", count: 20) + "b", String(repeating: "aaaaaaaaaaaaaaaa/", count: 60)),
    ])
  func `comes to an end with any pattern`(pattern: String, text: String) {
    #expect(!Glob(pattern).matches(text))
  }

  private func tries(_ text: ArraySlice<String>, _ pattern: ArraySlice<String>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == "**" {
      return tries(text, pattern.dropFirst()) || (!text.isEmpty && tries(text.dropFirst(), pattern))
    }
    guard let level = text.first else { return false }
    return triesLevel(level[...], first[...]) && tries(text.dropFirst(), pattern.dropFirst())
  }

  private func triesLevel(_ text: Substring, _ pattern: Substring) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == "*" {
      return triesLevel(text, pattern.dropFirst()) || (!text.isEmpty && triesLevel(text.dropFirst(), pattern))
    }
    return !text.isEmpty && (first == "?" || first == text.first) && triesLevel(text.dropFirst(), pattern.dropFirst())
  }
}
