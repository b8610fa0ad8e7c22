import FoundationEssentials
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `The grammar of selections` {
  private let show: Show

  init() throws { show = try Show.made(frames: 1001...1002) }

  private func products(_ text: String) throws -> [String] {
    try show.products(Selection(text)).map(\.spoken).sorted()
  }

  @Test(arguments: [
    ("sq010 and step:contact", ["sq010/contact"]),
    ("(sq010 or sq020) and step:contact", ["sq010/contact", "sq020/contact"]),
    ("sq010 sq020 and step:contact", ["sq010/contact", "sq020/contact"]),
    ("look/show_lut or sq010 and step:contact", ["look/show_lut", "sq010/contact"]),
    ("not (sq010 or sq020)", ["look/neutral_lut", "look/show_lut"]),
    ("not sq010 sq020", ["look/neutral_lut", "look/show_lut"]),
    ("not not look", ["look/neutral_lut", "look/show_lut"]),
    ("look and not look/show_lut", ["look/neutral_lut"]),
    ("(look)", ["look/neutral_lut", "look/show_lut"]),
    ("look/", ["look/neutral_lut", "look/show_lut"]),
  ])
  func `puts parts together`(text: String, spoken: [String]) throws {
    #expect(try products(text) == spoken)
  }

  @Test(arguments: [
    ("1+sq010/sh0010/review_movie", ["sq010/sh0010/review_frames", "sq010/sh0010/review_movie"]),
    (
      "2+sq010/sh0010/review_movie",
      ["look/show_lut", "sq010/sh0010/plate", "sq010/sh0010/review_frames", "sq010/sh0010/review_movie"]
    ),
    ("sq010/sh0010/plate+1", ["sq010/sh0010/neutral_frames", "sq010/sh0010/plate", "sq010/sh0010/review_frames"]),
    (
      "1+sq010/sh0010/review_frames+1",
      [
        "look/show_lut", "sq010/contact", "sq010/sh0010/plate", "sq010/sh0010/review_frames",
        "sq010/sh0010/review_movie",
      ]
    ),
    ("1+(sq010 and step:contact)+9 and type:sequence", ["sq010/contact"]),
    ("+(step:contact and sq010) and look", ["look/show_lut"]),
    ("(look)+1 and folder:sq010/sh0010", ["sq010/sh0010/neutral_frames", "sq010/sh0010/review_frames"]),
  ])
  func `counts links`(text: String, spoken: [String]) throws {
    #expect(try products(text) == spoken)
  }

  @Test(arguments: [
    ("type:sequence", ["sq010/contact", "sq020/contact"]),
    ("type:seq*", ["sq010/contact", "sq020/contact"]),
    ("folder:sq010/sh0010 and step:review*", ["sq010/sh0010/review_frames", "sq010/sh0010/review_movie"]),
    ("folder:demo/look", ["look/neutral_lut", "look/show_lut"]),
    ("folder:sq*/sh0010 and step:neutral", ["sq010/sh0010/neutral_frames"]),
    ("folder:sq02? and type:sequence", ["sq020/contact"]),
    ("on:auto", []),
    ("on:propose and type:sequence", ["sq010/contact", "sq020/contact"]),
    ("state:running", []),
    ("@cast:sq010/sh0010", []),
  ])
  func `selects by what things are`(text: String, spoken: [String]) throws {
    #expect(try products(text) == spoken)
  }

  @Test func `of the project's folder means everything`() throws {
    #expect(try products("folder:demo").count == 28)
  }

  @Test(arguments: [
    ("sq010 not sq020", "selection, character 7: 'not'", "'not' stands behind 'sq010' without 'and' or 'or'"),
    ("sq010 and", "selection, character 10: the end", "something to select is missing behind 'and'"),
    ("or sq010", "selection, character 1: 'or'", "something to select is missing at the beginning"),
    ("(sq010", "selection, character 1: '('", "the '(' here is not closed"),
    ("sq010)", "selection, character 6: ')'", "there is a ')' without its '('"),
    ("()", "selection, character 2: ')'", "something to select is missing behind '('"),
    ("look  0+sq010", "selection, character 7: '0+sq010'", "'0' is no number of links"),
    ("sq010+0000000001", "selection, character 1: 'sq010+0000000001'", "'0000000001' is no number of links"),
    ("(look)+2x", "selection, character 6: ')+2'", "')+2' has something directly behind it"),
    (
      "stat:stale", "selection, character 1: 'stat:stale'",
      "'stat:stale' is no selector that Sluice knows; did you mean 'state:'?"
    ),
    ("step: review", "selection, character 1: 'step:'", "'step:' has nothing behind it"),
    ("on:automatic", "selection, character 1: 'on:automatic'", "there is no policy 'automatic'"),
    ("changed:yesterday", "selection, character 1: 'changed:yesterday'", "'yesterday' is no time"),
    ("type:sho", "selection 'type:sho'", "there is no folder of the type 'sho'; did you mean 'shot'?"),
    ("folder:sq01", "selection 'folder:sq01'", "there is no folder 'sq01'; did you mean 'sq010'?"),
    ("@cast:lok", "selection '@cast:lok'", "there is no folder 'lok'; did you mean 'look'?"),
    ("sq010 AND sq020", "selection 'AND'", "nothing in 'demo' is called 'AND'; did you mean 'and'?"),
  ])
  func `says where it is wrong, and what was meant`(text: String, at: String, what: String) throws {
    let error = #expect(throws: SluiceError.self) { try products(text) }
    #expect(error?.code == .selectionInvalid && error?.at == at && error?.what == what)
  }

  @Test func `needs somebody who knows what changed`() throws {
    let selection = try Selection("changed:2h")
    #expect(throws: SluiceError.self) {
      try selection.products(in: show.project, graph: show.graph, states: [:])
    }
  }

  @Test func `takes away what is excluded`() throws {
    let selection = try Selection("step:contact look").excluding("sq010 look/show_lut")
    #expect(try show.products(selection).map(\.spoken).sorted() == ["look/neutral_lut", "sq020/contact"])
    #expect(selection.text == "(step:contact look) and not (sq010 look/show_lut)")
    #expect(try show.products(Selection("").excluding("sq010 sq020")).count == 2)
  }

  @Test func `ends at a step`() throws {
    let selection = try Selection("sq010").until(step: "review")
    let found = try show.products(selection).map(\.spoken)
    #expect(found.count == 9 && !found.contains("sq010/contact") && !found.contains("sq010/sh0010/review_movie"))
    #expect(throws: SluiceError.self) { try Selection("sq010").until(step: "no such step") }
    #expect(throws: SluiceError.self) { try show.products(Selection("").until(step: "reviw")) }
  }
}

@Suite struct `What changed` {
  private func changed() throws -> Show {
    var show = try Show.made(frames: 1001...1002)
    show.wait(seconds: 10 * 3_600)
    try show.publish("look/show_lut", file: "cold")
    try show.publish("look/neutral_lut", file: "none")
    show.wait(seconds: 3_600)
    return show
  }

  @Test func `is what has other content than before`() throws {
    let show = try changed()
    #expect(try show.products(Selection("changed:2h")).map(\.spoken) == ["look/show_lut"])
    #expect(try show.products(Selection("changed:30m")).isEmpty)
  }

  @Test func `is everything that was not there before`() throws {
    #expect(try changed().products(Selection("changed:1970-01-02")).count == 28)
  }

  @Test func `behind a position is what was published behind it`() throws {
    let show = try changed()
    let lut = try #require(try show.latest("look/show_lut")).address
    let position = try #require(Position("main:7"))
    let history = SelectionHistory(now: Date(timeIntervalSince1970: 0), behind: [position: [lut]])
    let found = try Selection("changed:main:7").products(
      in: show.project, graph: show.graph, states: [:], history: history)
    #expect(found.map(\.spoken) == ["look/show_lut"])
  }

  @Test(arguments: ["2h", "90s", "3w", "2026-11-01T00:00:00.000Z", "main:412"])
  func `is written as it is read`(text: String) {
    #expect(SelectionMoment(text)?.description == text)
  }

  @Test(arguments: ["", "h", "-2h", "2y", "2026-02-30", "2026-11", "1234567890h", "main:-1", "main:", "now"])
  func `since no moment is refused`(text: String) { #expect(SelectionMoment(text) == nil) }

  @Test func `since a day begins at midnight, and an offset counts`() {
    let midnight = SelectionMoment("2026-11-01")?.date(now: .distantPast)
    #expect(midnight == Timestamp.date("2026-11-01T00:00:00Z"))
    #expect(SelectionMoment("2026-11-01T01:00:00+01:00")?.date(now: .distantPast) == midnight)
    #expect(throws: Never.self) { try Selection("changed:2026-11-01T01:00:00+01:00") }
  }
}

/// What holds for any selection; a failure prints the seed.
@Suite struct `Any selection` {
  static let seeds = Array(UInt64(0)..<100)

  @Test func `reads back as it was written`() throws {
    for seed in Self.seeds {
      let expression = RandomSelection(seed: seed).expression(depth: 4)
      let text = expression.description
      #expect(try Selection(text).expression == expression, "seed \(seed): \(text)")
    }
  }

  @Test func `obeys de Morgan, and twice not is nothing`() throws {
    let show = try Show.made(frames: 1001...1002)
    for seed in Self.seeds {
      let random = RandomSelection(seed: seed)
      let (a, b) = (random.expression(depth: 2), random.expression(depth: 2))
      func products(_ text: String) throws -> Set<ProductRef> { try show.products(Selection(text)) }
      #expect(
        try products("not ((\(a)) and (\(b)))") == products("not (\(a)) or not (\(b))"), "seed \(seed): \(a) | \(b)")
      #expect(
        try products("not ((\(a)) or (\(b)))") == products("not (\(a)) and not (\(b))"), "seed \(seed): \(a) | \(b)")
      #expect(try products("not not (\(a))") == products("\(a)"), "seed \(seed): \(a)")
      #expect(try products("(\(a)) (\(b))") == products("(\(a)) or (\(b))"), "seed \(seed): \(a) | \(b)")
    }
  }

  @Test func `of hostile text is read or refused, and its writing is read as the same`() throws {
    let pieces = [
      "(", ")", "+", "2+", "+3", "and", "or", "not", " ", "  ", "sq010", "step:", "step:review", "@", "@cast:", ":",
      "**",
      "état", "\u{0}", "\n", "🎬", "999999999999", "changed:", "sluice:///", "-", "'", "\"", "a+b", "state:stale",
    ]
    for seed in UInt64(0)..<3_000 {
      let chance = Seeded(seed: seed)
      let text = (0..<chance.below(12)).map { _ in pieces[chance.below(pieces.count)] }.joined()
      do throws(SluiceError) {
        let selection = try Selection(text)
        #expect(try Selection(selection.text) == selection, "seed \(seed): \(text)")
      } catch {
        #expect(error.code == .selectionInvalid, "seed \(seed): \(text)")
      }
    }
  }

  @Test(arguments: ["(", "not ", "+(", "not ("])
  func `is nested only so deep`(opening: String) {
    let deep = String(repeating: opening, count: 100_000 / opening.utf8.count / 2)
    let error = #expect(throws: SluiceError.self) { try Selection(deep + "x") }
    #expect(error?.code == .selectionInvalid)
    let allowed =
      String(repeating: "(", count: Limits.selectionDepth) + "x"
      + String(repeating: ")", count: Limits.selectionDepth)
    #expect(throws: Never.self) { try Selection(allowed) }
    #expect(throws: SluiceError.self) { try Selection("(\(allowed))") }
  }

  @Test func `has only so many words and bytes`() throws {
    let words = Array(repeating: "x", count: Limits.selectionTokens)
    #expect(throws: Never.self) { try Selection(words.joined(separator: " ")) }
    #expect(throws: SluiceError.self) { try Selection((words + ["x"]).joined(separator: " ")) }
    #expect(throws: SluiceError.self) { try Selection(String(repeating: "x", count: Limits.selectionBytes + 1)) }
  }
}

/// Expressions over what the demo has.
struct RandomSelection {
  private let chance: Seeded

  init(seed: UInt64) { chance = Seeded(seed: seed) }

  private static let terms: [SelectionTerm] = [
    .products("sq010"), .products("look/*"), .products("**/plate"), .products("sq010/sh0010/review_frames"),
    .step("review"), .step("re*"), .state(.current), .state(.missing), .folderType("shot"), .folder("sq020"),
    .folder("sq*"), .cast("look"), .onChange(.propose), .onChange(.auto), .changed(.ago(2, .hours)),
    .changed(.time(Date(timeIntervalSince1970: 1_795_000_100))), .products("demo/look/show_lut"),
  ]

  private func links() -> SelectionLinks {
    switch chance.below(4) {
    case 0: .any
    case 1: .atMost(1 + chance.below(3))
    default: .none
    }
  }

  func expression(depth: Int) -> SelectionExpression {
    guard depth > 0, chance.below(5) > 0 else { return .term(Self.terms[chance.below(Self.terms.count)]) }
    func some() -> [SelectionExpression] { (0..<(1 + chance.below(3))).map { _ in expression(depth: depth - 1) } }
    switch chance.below(4) {
    case 0: return .any(of: some())
    case 1: return .all(of: some())
    case 2: return .not(expression(depth: depth - 1))
    default:
      let (upstream, downstream) = (links(), links())
      let inner = expression(depth: depth - 1)
      if upstream == .none, downstream == .none { return inner }
      return .reaching(inner, upstream: upstream, downstream: downstream)
    }
  }
}
