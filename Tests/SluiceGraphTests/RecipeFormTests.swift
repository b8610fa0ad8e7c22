import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@testable import struct SluiceGraph.RecipeForm

@Suite struct `What a step brings to recipes` {
  @Test func `is written as JSON writes it`() {
    let chance = Seeded(seed: 7)
    let letters = [
      "a", "B", "9", "10", "_", ".", "-", "~", " ", "é", "\"", "\\", "/", "\n", "\u{1}", "日", "ß", "\u{7f}",
    ]
    func word() -> String { (0..<chance.below(4)).map { _ in letters[chance.below(letters.count)] }.joined() }
    for _ in 0..<2_000 {
      var words: [String: String] = [:]
      for _ in 0..<chance.below(4) { words[word()] = word() }
      var bytes: [UInt8] = []
      RecipeForm.write(words, to: &bytes)
      #expect(String(decoding: bytes, as: UTF8.self) == StableJSON.text(words))
    }
  }
}
