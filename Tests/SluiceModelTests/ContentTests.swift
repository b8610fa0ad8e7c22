import Foundation
import SluiceModel
import Testing

private func content(_ data: String, _ contentType: String?) throws(EnvelopeProblem) -> Content {
  try Content(Envelope(Array("{\(data)}".utf8)), contentType: contentType)
}

@Suite struct `The content of an event` {
  @Test(arguments: [
    (#""data":{"a": 1}"#, nil, Content.json(Array(#"{"a": 1}"#.utf8))),
    (#""data":"words""#, nil, .json(Array(#""words""#.utf8))),
    (#""data":"words""#, "application/json", .json(Array(#""words""#.utf8))),
    (#""data":"wo\u0072ds\n""#, "text/plain", .text("words\n")),
    (#""data":[1]"#, "text/plain", .json(Array("[1]".utf8))),
    (#""data":null"#, "application/json", .json(Array("null".utf8))),
    (#""data_base64":"AP8=""#, "application/octet-stream", .binary([0, 255])),
    (#""data_base64":"""#, nil, .binary([])),
    (#""data_base64":null"#, nil, .none),
    (#""id":"1""#, "text/plain", .none),
  ])
  func `stands in the JSON form as its type says`(data: String, contentType: String?, expected: Content) throws {
    #expect(try content(data, contentType) == expected)
  }

  @Test(arguments: [
    #""data_base64":"?""#, #""data_base64":"AP8""#, #""data_base64":7"#, #""data":1,"data_base64":"AA==""#,
  ])
  func `is refused where it is no Base64, or stands there twice`(data: String) {
    #expect(throws: EnvelopeProblem.self) { try content(data, nil) }
  }

  @Test(arguments: [
    ("", nil, Content.none),
    ("", "application/json", .none),
    ("{\"a\" : 1}", "application/json", .json(Array("{\"a\" : 1}".utf8))),
    (" [1,\r\n 2]\n", "application/vnd.tool+json; charset=utf-8", .json(Array("[1,   2]".utf8))),
    ("1.50", nil, .json(Array("1.50".utf8))),
    ("words\r\n", "text/plain", .text("words\r\n")),
    ("é", "text/csv; charset=\"UTF-8\"", .text("é")),
    ("é", "text/csv; charset=iso-8859-1", .binary(Array("é".utf8))),
    ("<a/>", "application/xml", .text("<a/>")),
    ("words", "application/octet-stream", .binary(Array("words".utf8))),
  ])
  func `stands in a body as its type says`(body: String, contentType: String?, expected: Content) throws {
    #expect(try Content(body: Array(body.utf8), contentType: contentType) == expected)
  }

  @Test func `of text that is not UTF-8 stays bytes`() throws {
    #expect(try Content(body: [0x61, 0xFF], contentType: "text/plain") == .binary([0x61, 0xFF]))
  }

  @Test(arguments: ["{", "words", "1 2", "\"\\ud800\"", "{'a':1}"])
  func `that is called JSON must be JSON`(body: String) {
    for type in [nil, "application/json", "application/vnd.x+json"] {
      #expect(throws: EnvelopeProblem.self) { try Content(body: Array(body.utf8), contentType: type) }
    }
  }

  @Test func `on one line is the same JSON, and the rest of it as it came`() throws {
    for seed in Chance.seeds {
      var random = RandomJSON(seed: seed)
      let text = random.value()
      let line = try Content.line(ofJSON: Array(text.utf8))
      #expect(!line.contains(0x0A) && !line.contains(0x0D), "seed \(seed)")
      #expect(
        line == text.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, "seed \(seed)")
    }
  }
}

@Suite struct `A media type` {
  @Test(arguments: [
    ("application/json", true), ("Application/JSON; charset=utf-8", true), ("text/json", true),
    ("application/cloudevents+json", true), ("application/json-patch", false), ("text/plain", false),
    ("application/jsonp", false), ("json", false), ("", false), ("/+json", false),
  ])
  func `means JSON by its name`(text: String, expected: Bool) {
    #expect(Content.isJSON(text) == expected)
  }

  @Test(arguments: [
    "", "text", "text/", "/plain", "te xt/plain", "text/plain/x", "text/plain;x", "a/b\r\nX: y", "é/b", "a/b;c=\u{1}",
  ])
  func `is refused for what is none`(text: String) {
    #expect(MediaType(text) == nil)
  }

  @Test func `is the same in any case, with its character set`() {
    #expect(MediaType("Text/Plain ; Charset=\"UTF-8\"") == MediaType("text/plain;charset=utf-8"))
    #expect(MediaType("text/plain; charset=latin1")?.isUTF8 == false)
    #expect(MediaType("text/plain; format=flowed;")?.isUTF8 == true)
  }
}
