import Foundation
import SluiceModel
import Testing

private func person(_ number: UInt64, _ name: String) -> Person {
  Person(alias: PersonAlias(chance: number), name: name, since: Date(timeIntervalSince1970: 1_795_357_381))
}

private let ada = person(0x5f0c_9a3e_21bd, "ada")
private let quoted = person(0x0000_0000_0001, "Zo\u{EB} \"Z\" O'Hara \\ \n")
private let known = KnownNames([ada, quoted])

private func shown(_ text: String) -> String { String(decoding: known.shown(Array(text.utf8)), as: UTF8.self) }

@Suite struct `The alias of a person` {
  @Test func `is the word person and twelve digits`() {
    #expect(ada.alias.description == "person-5f0c9a3e21bd" && quoted.alias.description == "person-000000000001")
    #expect(PersonAlias(chance: .max).description == "person-ffffffffffff")
  }

  @Test func `is read back as it was written`() throws {
    for seed in Chance.seeds {
      var chance = Chance(seed: seed)
      let alias = PersonAlias(chance: chance.next())
      #expect(PersonAlias(alias.description) == alias, "seed \(seed)")
      #expect(try StableJSON.decode(PersonAlias.self, from: StableJSON.encode(alias)) == alias, "seed \(seed)")
    }
  }

  @Test(arguments: [
    "", "ada", "person-", "person-5f0c9a3e21b", "person-5f0c9a3e21bd0", "person-5F0C9A3E21BD", "person-5f0c9a3e21bg",
    "Person-5f0c9a3e21bd", " person-5f0c9a3e21bd", "person_5f0c9a3e21bd",
  ])
  func `is nothing else`(text: String) {
    #expect(PersonAlias(text) == nil)
  }
}

@Suite struct `JSON on its way out` {
  @Test(arguments: [
    (#"{"actor":"person-5f0c9a3e21bd"}"#, #"{"actor":"ada"}"#),
    ("person-5f0c9a3e21bd", "ada"),
    ("person-5f0c9a3e21bdperson-5f0c9a3e21bd", "adaada"),
    ("personperson-5f0c9a3e21bd", "personada"),
    ("(person-5f0c9a3e21bd, Mon 23 Nov 15:02 UTC, revision 2)", "(ada, Mon 23 Nov 15:02 UTC, revision 2)"),
    (#""a\nperson-5f0c9a3e21bd\nb""#, #""a\nada\nb""#),
    (#""\\person-5f0c9a3e21bd\"""#, #""\\ada\"""#),
    ("\u{E9}person-5f0c9a3e21bd\u{E9}", "\u{E9}ada\u{E9}"),
    ("person-5f0c9a3e21bdx", "adax"),
  ])
  func `has names in place of aliases`(text: String, expected: String) {
    #expect(shown(text) == expected)
  }

  @Test(arguments: [
    "", "p", "person-", #"{"actor":"person-5f0c9a3e21be"}"#, "person-5f0c9a3e21b", "person-5f0c9a3e21bd0",
    "person-5f0c9a3e21bda", "PERSON-5f0c9a3e21bd", "person-5F0C9A3E21BD",
  ])
  func `stays as it is where no alias is known`(text: String) {
    #expect(shown(text) == text)
  }

  @Test func `has names written as JSON wants them`() throws {
    let text = #"{"by":"person-000000000001, person-5f0c9a3e21bd"}"#
    let value = try StableJSON.decode([String: String].self, from: known.shown(Array(text.utf8)))
    #expect(value == ["by": "\(quoted.name), ada"])
  }

  /// An alias may begin at any of the eight places that are looked at together, and anywhere near the end.
  @Test func `has the name wherever the alias stands`() {
    for before in 0..<40 {
      for after in 0..<40 {
        let (left, right) = (String(repeating: "p", count: before), String(repeating: "-", count: after))
        #expect(shown(left + "person-5f0c9a3e21bd" + right) == left + "ada" + right, "\(before), \(after)")
      }
    }
  }

  @Test func `reads as the same text with each known alias replaced`() throws {
    for seed in Chance.seeds {
      var chance = Chance(seed: seed)
      var (before, after) = ("", "")
      for _ in 0..<chance.below(30) {
        let piece = Self.pieces[chance.below(Self.pieces.count)]
        before += piece.0 + "."
        after += (piece.1 ?? piece.0) + "."
      }
      let answer = known.shown(StableJSON.encode([before]))
      #expect(try StableJSON.decode([String].self, from: answer) == [after], "seed \(seed)")
    }
  }

  /// What a text is made of, and what of it is seen where that differs.
  private static let pieces: [(String, String?)] = [
    ("person-5f0c9a3e21bd", "ada"), ("person-000000000001", quoted.name), ("x\"person-5f0c9a3e21bd\"", "x\"ada\""),
    ("\n\tperson-5f0c9a3e21bd\n", "\n\tada\n"), ("\\person-5f0c9a3e21bd", "\\ada"),
    ("person-5f0c9a3e21bd, person-000000000001", "ada, \(quoted.name)"), ("person-person-5f0c9a3e21bd", "person-ada"),
    ("person-abcdefabcdef", nil), ("person-5f0c9a3e21bd7", nil), ("person-5f0c9a3e21", nil), ("person-", nil),
    ("p", nil), ("pppppp-", nil), ("5f0c9a3e21bd", nil), ("", nil), ("\u{1F3AC}", nil), ("v-20261123-150212-main", nil),
    ("\"", nil), ("\\", nil), ("/", nil), ("\u{1}", nil),
  ]
}

@Suite struct `Names that are known` {
  @Test func `are found by name and by alias`() {
    #expect(known.alias(of: "ada") == ada.alias && known[ada.alias] == ada && known.alias(of: "bob") == nil)
    #expect(known.shown("person-5f0c9a3e21bd") == "ada" && known.shown("person-5f0c9a3e21be") == "person-5f0c9a3e21be")
  }

  @Test func `are gone when they were taken away, and nothing shows them`() {
    var names = known
    #expect(names.remove([ada.alias, PersonAlias(chance: 7)]) == [ada])
    #expect(names.alias(of: "ada") == nil && names.all == [quoted])
    #expect(names.shown(Array("person-5f0c9a3e21bd".utf8)) == Array("person-5f0c9a3e21bd".utf8))
  }

  @Test func `may have two aliases, and keep the other when one is taken away`() {
    var names = known
    let second = person(9, "ada")
    names.add(second)
    #expect(names.alias(of: "ada") == ada.alias && names.aliases(of: "ada") == [ada.alias, second.alias])
    _ = names.remove([ada.alias])
    #expect(names.alias(of: "ada") == second.alias)
  }

  @Test func `are listed by name`() {
    #expect(known.all.map(\.name) == [quoted.name, "ada"])
  }
}

@Suite struct `A search for aliases` {
  @Test func `finds one of several, whatever stands before it`() {
    let wanted: Set = [ada.alias, PersonAlias(chance: 7)]
    #expect(wanted.occurs(in: Array("person-000000000001 and person-5f0c9a3e21bd".utf8)))
    #expect(!wanted.occurs(in: Array("person-000000000001 and person-5f0c9a3e21b".utf8)))
    #expect(wanted.occurs(in: Array("  person-5f0c9a3e21bd".utf8)[2...]))
  }
}
