import Foundation
import Testing

@testable import SluiceModel

/// Our coders against Foundation's: whatever ours take, both take, to the same values and the same bytes.
@Suite struct `Our own JSON coders` {
  private struct Every: Codable, Equatable {
    enum Kind: String, Codable { case plain, odd }
    struct Part: Codable, Equatable {
      var name: String
      var sizes: [Int64]
      var time: Date?
    }
    var flag: Bool?
    var small: Int8?
    var large: UInt64?
    var number: Int?
    var fraction: Double?
    var kind: Kind?
    var text: String?
    var bytes: Data?
    var times: [Date]?
    var parts: [String: Part]?
    var rows: [[String?]]?
    var any: JSONValue?
  }

  private func ours<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
    guard let tape = try? JSONTape(bytes) else { return nil }
    return try? TapeDecoder(tape: tape, index: 0).value(type)
  }

  private func theirs<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
    try? StableJSON.foundationDecode(type, from: bytes)
  }

  @Test func `read any JSON as Foundation's do`() {
    for seed in Chance.seeds {
      var random = RandomJSON(seed: seed)
      let bytes = Array((random.space() + random.value() + random.space()).utf8)
      #expect(ours(JSONValue.self, bytes) == theirs(JSONValue.self, bytes), "seed \(seed): \(bytes)")
    }
  }

  @Test func `take nothing that Foundation's refuse, where bytes are changed at random`() {
    var taken = 0
    for seed in Chance.seeds {
      var random = RandomJSON(seed: seed)
      var bytes = Array(random.object().utf8)
      for _ in 0...random.chance.below(2) {
        let byte = Array("\"\\{}[],:0e-. tu\u{1}é".utf8)[random.chance.below(17)]
        bytes[random.chance.below(bytes.count)] = byte
      }
      guard let own = ours(JSONValue.self, bytes) else { continue }
      taken += 1
      #expect(own == theirs(JSONValue.self, bytes), "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(taken > 25)
  }

  @Test func `write any JSON as Foundation's do`() throws {
    for seed in Chance.seeds {
      var random = RandomJSON(seed: seed)
      let value = try #require(theirs(JSONValue.self, Array(random.value().utf8)))
      #expect(try SortedEncoder.encode(value) == StableJSON.foundationEncode(value), "seed \(seed): \(value)")
    }
  }

  private func every(_ random: inout Chance) -> Every {
    func maybe<Value>(_ value: Value) -> Value? { random.below(3) == 0 ? nil : value }
    let texts = ["", "plain", "a\u{1}\u{8}\t\n\u{C}\r\u{1F}\u{7F}b", "é\u{301} \"q\" \\ / \u{2028}", "🎬", "\u{0}"]
    let numbers = [0, -0.0, 1, 1.5, 1e20, 1e-7, .leastNonzeroMagnitude, 1.7976931348623157e308, 123_456_789.0625, -2]
    let fraction = numbers[random.below(numbers.count)]
    let text = texts[random.below(texts.count)]
    let time = Date(timeIntervalSince1970: Double(random.below(4_000_000)) / 8)
    let parts = (0..<random.below(40)).map { index in
      (texts[random.below(texts.count)] + "\(index % 7)", Every.Part(name: text, sizes: [.min, .max, 0], time: time))
    }
    return Every(
      flag: maybe(true), small: maybe(-128), large: maybe(.max), number: maybe(.min), fraction: maybe(fraction),
      kind: maybe(.odd), text: maybe(text), bytes: maybe(Data([0, 255, 3])), times: maybe([time, time]),
      parts: maybe(Dictionary(parts) { $1 }), rows: maybe([[], [nil, text]]), any: maybe(.array([.null, .number(0.5)])))
  }

  @Test func `write and read every type as Foundation's do`() throws {
    for seed in Chance.seeds {
      var random = Chance(seed: seed)
      let value = every(&random)
      let bytes = StableJSON.foundationEncode(value)
      #expect(try SortedEncoder.encode(value) == bytes, "seed \(seed)")
      #expect(ours(Every.self, bytes) == theirs(Every.self, bytes), "seed \(seed)")
      #expect(ours(Every.self, bytes) != nil, "seed \(seed)")
    }
  }

  @Test(arguments: [
    #"{"number":1.0}"#, #"{"number":1e3}"#, #"{"number":1.5}"#, #"{"number":"1"}"#, #"{"number":9223372036854775808}"#,
    #"{"small":128}"#, #"{"small":-128}"#, #"{"large":-1}"#, #"{"large":18446744073709551615}"#, #"{"flag":1}"#,
    #"{"fraction":1}"#, #"{"fraction":1e999}"#, #"{"kind":"other"}"#, #"{"text":null}"#, #"{"text":"\ud800"}"#,
    #"{"text":"\u00"}"#, #"{"text":"\q"}"#, #"{"text":"a","text":"b"}"#, #"{"parts":{"a":{"name":"x"}}}"#,
    #"{"times":["yesterday"]}"#, #"{"bytes":"?"}"#, #"{"bytes":"AP8D"}"#, #"{"rows":[[1]]}"#, #"{"rows":{}}"#, "[]", "",
    " ", "{", "nul", #"{"any":01}"#, #"{"any":-}"#, #"{"any":1.}"#, #"{"a":1}x"#, "\u{FEFF}{}",
  ])
  func `agree with Foundation's about what is odd`(text: String) {
    let bytes = Array(text.utf8)
    let own = ours(Every.self, bytes)
    #expect(own == nil || own == theirs(Every.self, bytes))
  }

  @Test func `leave to Foundation's what they do not do, and the words of errors`() throws {
    #expect(try SortedEncoder.encode(["a": URL(filePath: "/a/b")]) == nil)
    #expect(StableJSON.text(["a": URL(string: "file:///a/b")]) == #"{"a":"file:///a/b"}"#)
    let error = #expect(throws: DecodingError.self) {
      try StableJSON.decode(Every.self, from: #"{"parts":{"a":{"name":"x"}}}"#.utf8)
    }
    guard case .keyNotFound(let key, let context) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(key.stringValue == "sizes")
    #expect(context.codingPath.map(\.stringValue) == ["parts", "a"])
  }

  @Test func `read texts that are nested too deeply as Foundation's do`() {
    for depth in [126, 127, 128, 129, 500] {
      let bytes = Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
      let own = ours(JSONValue.self, bytes)
      #expect(own == nil || own == theirs(JSONValue.self, bytes), "\(depth) levels")
    }
  }
}
