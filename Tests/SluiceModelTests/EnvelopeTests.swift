import Foundation
import SluiceModel
import Testing

private func envelope(_ text: String) throws(EnvelopeProblem) -> Envelope { try Envelope(Array(text.utf8)) }

@Suite struct `An envelope` {
  @Test func `finds attributes of each kind`() throws {
    let found = try envelope(#"{"id":"a\n\u00e9","count":-7,"yes":true,"no":false,"data":{"id":"inner"}}"#)
    #expect(found["id"] == .string("a\né") && found.text("id") == "a\né")
    #expect(found["count"] == .integer(-7) && found.text("count") == nil)
    #expect(found["yes"] == .boolean(true) && found["no"] == .boolean(false))
    #expect(found["absent"] == nil && found.json("absent") == nil)
  }

  @Test(arguments: ["null", "1.5", "1e2", "2147483648", "-2147483649", "[1]", "{\"a\":1}"])
  func `has no attribute where the value is none`(value: String) throws {
    let found = try envelope("{\"x\":\(value)}")
    #expect(found["x"] == nil)
    #expect(found.json("x").map(Array.init) == Array(value.utf8))
  }

  @Test func `keeps its data as it stands`() throws {
    let found = try envelope(#"{ "data" : { "b" : 1.0, "a":[ 1e2 ] } , "id":"1"}"#)
    #expect(found.json("data").map { String(decoding: $0, as: UTF8.self) } == #"{ "b" : 1.0, "a":[ 1e2 ] }"#)
  }

  @Test func `knows names however they are written`() throws {
    let found = try envelope(#"{"\u0069d":"one","t\u0079pe":"two"}"#)
    #expect(found.names == ["id", "type"])
    #expect(found.text("id") == "one" && found.text("type") == "two")
  }

  @Test func `takes the last of a name that stands twice, as decoders do`() throws {
    let found = try envelope(#"{"id":"a","id":"b","\u0069d":"c"}"#)
    #expect(found.text("id") == "c")
    #expect(throws: EnvelopeProblem("'id' stands twice")) { try found.attributes() }
  }

  @Test(arguments: ["", "[]", "\"a\"", "1", "null", "{}{}", "{} x", "{\"a\":1", "\u{FEFF}{}"])
  func `is one JSON object and nothing else`(text: String) {
    #expect(throws: EnvelopeProblem.self) { try envelope(text) }
  }

  @Test(arguments: ["{}", " { } ", "{\"id\":\"1\"}", "\n{ \"id\" : \"1\" }\n"])
  func `can be given marks, which stand first`(text: String) throws {
    let before = try envelope(text)
    let after = try Envelope(
      before.adding([("position", .string("main:7")), ("n", .integer(3)), ("replay", .boolean(true))]))
    #expect(after.names == ["position", "n", "replay"] + before.names)
    #expect(after.text("position") == "main:7" && after["n"] == .integer(3) && after["replay"] == .boolean(true))
    #expect(after.text("id") == before.text("id"))
    #expect(try Envelope(before.adding([])).names == before.names)
  }

  @Test func `finds what any decoder finds`() throws {
    for seed in Chance.seeds {
      var random = RandomJSON(seed: seed)
      let text = random.object()
      let found = try envelope(text)
      let other = try JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8))
      #expect(Set(found.names) == Set(other.keys), "seed \(seed)")
      for (name, value) in other {
        guard case .string(let inner) = value else { continue }
        #expect(found.text(name) == inner || found.names.count { $0 == name } > 1, "seed \(seed), \(name)")
      }
    }
  }
}

@Suite struct `Several envelopes` {
  @Test func `of an array are judged one by one`() throws {
    let found = try Envelope.list(Array(#" [ {"id":"a"}, 7, {"id":"b","data":[{}]}, [], "x" ] "#.utf8), limit: 5)
    #expect(found.map { try? $0.get().text("id") } == ["a", nil, "b", nil, nil])
    #expect(try found[2].get().json("data").map { String(decoding: $0, as: UTF8.self) } == "[{}]")
    #expect(try found[2].get().bytes == Array(#"{"id":"b","data":[{}]}"#.utf8))
  }

  @Test(arguments: ["{}", "", "[{},]", "[{}", "[{}]x", "[{\"a\":}]", "[1 2]"])
  func `of no array are refused whole`(text: String) {
    #expect(throws: EnvelopeProblem.self) { try Envelope.list(Array(text.utf8), limit: 9) }
  }

  @Test func `are as many as the limit, and no more`() throws {
    func array(_ count: Int) -> [UInt8] {
      Array("[\(Array(repeating: "{}", count: count).joined(separator: ","))]".utf8)
    }
    #expect(try Envelope.list(array(3), limit: 3).count == 3)
    #expect(throws: EnvelopeProblem.self) { try Envelope.list(array(4), limit: 3) }
  }

  @Test(arguments: [
    (#"{"id":"a"}"#, 1), (#"[{"id":"a"},{"id":"b"}]"#, 2), ("{}\n{}\n\n{}\n", 3), ("{\n}\n{\n}", 2), ("", 0), ("[]", 0),
    (" \n", 0),
  ])
  func `stand in a file as one object, an array, or one a line`(text: String, count: Int) throws {
    #expect(try Envelope.all(Array(text.utf8)).count == count)
  }

  @Test(arguments: ["7", "{} 7", "[{},7]", "{},{}", "[{}]\n[{}]"])
  func `in any other file are refused`(text: String) {
    #expect(throws: EnvelopeProblem.self) { try Envelope.all(Array(text.utf8)) }
  }
}
