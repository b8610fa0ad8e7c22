import FoundationEssentials
import SluiceModel
import Testing

@Suite struct `JSON that is stored or hashed` {
  private struct Mixed: Codable, Equatable {
    var zebra = 1
    var apple = "a/b \"c\" \\ \u{1} é 🎬"
    var time = Date(timeIntervalSince1970: 1_795_357_381.5)
    var map = ["b": 1, "B": 2, "a": 3, "a1": 4, "a10": 5, "a2": 6, "_": 7]
    var nothing: Int?
  }

  @Test func `has its keys in one order, no spaces, times with milliseconds and slashes as they are`() {
    #expect(
      StableJSON.text(Mixed())
        == #"{"apple":"a/b \"c\" \\ \u0001 é 🎬","map":{"B":2,"_":7,"a":3,"a1":4,"a10":5,"a2":6,"b":1},"#
        + #""time":"2026-11-22T14:23:01.500Z","zebra":1}"#)
  }

  @Test func `is the same bytes however a map was built`() {
    for seed in Chance.seeds {
      var random = Chance(seed: seed)
      let pairs = (0..<20).map { ("key\($0)", $0) }
      let (one, other) = (pairs.shuffled(using: &random), pairs.shuffled(using: &random))
      let texts = [one, other].map { StableJSON.text(Dictionary(uniqueKeysWithValues: $0)) }
      #expect(texts[0] == texts[1], "seed \(seed)")
    }
  }

  @Test func `is read back as it was written`() throws {
    #expect(try StableJSON.decode(Mixed.self, from: StableJSON.encode(Mixed())) == Mixed())
  }

  @Test(arguments: ["yesterday", "", "2026-11-22", "2026-13-22T14:23:01Z", "1795357381"])
  func `has no time that is not RFC 3339`(text: String) {
    #expect(throws: DecodingError.self) { try StableJSON.decode([Date].self, from: "[\"\(text)\"]".utf8) }
  }

  @Test(arguments: ["2026-11-22T14:23:01Z", "2026-11-22T14:23:01.000Z"])
  func `has times with and without milliseconds`(text: String) throws {
    let dates = try StableJSON.decode([Date].self, from: "[\"\(text)\"]".utf8)
    #expect(dates == [Date(timeIntervalSince1970: 1_795_357_381)])
  }

  @Test(arguments: ["null", "true", "0", "-5", "2.5", "\"\"", "[]", "{}", #"{"a":[null,1,"é",{"b":false}]}"#])
  func `passes through unread as it is`(text: String) throws {
    #expect(StableJSON.text(try StableJSON.decode(JSONValue.self, from: text.utf8)) == text)
  }

  @Test(arguments: [Int64.max, Int64.min, 9_007_199_254_740_993])
  func `passes large whole numbers through to the last digit`(number: Int64) throws {
    #expect(try StableJSON.decode(JSONValue.self, from: "\(number)".utf8) == .integer(number))
  }
}

@Suite struct `A field that is always written` {
  private struct Answer: Codable, Equatable {
    @OrNull var number: Int?
    var note: String?
  }

  private func answer(_ number: Int?) -> Answer { Answer(number: number) }

  @Test func `is null where there is nothing`() {
    #expect(StableJSON.text(answer(nil)) == #"{"number":null}"#)
  }

  @Test func `is its value where there is one`() {
    #expect(StableJSON.text(answer(43)) == #"{"number":43}"#)
  }

  @Test(arguments: [(#"{"number":43}"#, 43), (#"{"number":null}"#, nil), ("{}", nil)])
  func `is read as a value, as null and where it is absent`(text: String, number: Int?) throws {
    #expect(try StableJSON.decode(Answer.self, from: text.utf8) == answer(number))
  }

  @Test func `is refused where it is of another type`() {
    #expect(throws: DecodingError.self) { try StableJSON.decode(Answer.self, from: #"{"number":"43"}"#.utf8) }
  }

  @Test func `stands in the status of a product that has no version`() throws {
    let status = ProductStatus(
      ref: try ProductRef("demo/look/show_lut"), state: .missing, freshness: .missing, activity: .idle, version: nil,
      number: nil, step: nil, frames: nil, staleFrames: nil, reasons: [], failure: nil, preview: false)
    #expect(
      StableJSON.text(status)
        == #"{"activity":"idle","approved":{"because":null,"by":null,"time":null,"value":false,"verdict":"none"},"#
        + #""complete":{"reason":null,"value":false},"folder":"look","freshness":"missing","number":null,"#
        + #""preview":false,"reasons":[],"#
        + #""ref":"demo/look/show_lut","state":"missing","step":null,"version":null}"#)
  }
}
