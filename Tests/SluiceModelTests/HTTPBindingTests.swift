import SluiceModel
import Testing

private typealias Header = HTTPBinding.Header

private func read(_ headers: [(String, String)], _ body: String = "") throws -> HTTPBinding.Incoming {
  try HTTPBinding.read(headers.map { Header($0.0, $0.1) }, body: Array(body.utf8))
}

private func one(_ headers: [(String, String)], _ body: String = "") throws -> CloudEvent {
  guard case .one(let arrival) = try read(headers, body) else { throw EnvelopeProblem("not one event") }
  return try arrival.event.get()
}

private let identity = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/tool"), ("ce-type", "a.b")]

@Suite struct `A request in binary mode` {
  @Test func `has its attributes in headers and its data as it is`() throws {
    let event = try one(
      identity + [("content-type", "text/plain"), ("ce-shotcode", "sh010"), ("accept", "*/*")], "a word")
    #expect(event["id"] == .string("1") && event["shotcode"] == .string("sh010"))
    #expect(event["datacontenttype"] == .string("text/plain") && event["accept"] == nil)
    #expect(event.content == .text("a word"))
  }

  @Test(arguments: [
    ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"), ("100%25", "100%"), ("a%2520b", "a%20b"), ("plain", "plain"),
    ("\"in quotes\"", "in quotes"), ("\"a \\\"b\\\" %41\"", "a \"b\" A"), ("a\"b", "a\"b"), ("\"", "\""), ("", ""),
    ("é", "é"), ("%c3%a9", "é"),
  ])
  func `has values that are percent-encoded once`(value: String, text: String) throws {
    #expect(try one(identity + [("ce-note", value)])["note"] == .string(text))
  }

  @Test(arguments: ["100%", "%4", "%zz", "a%FFb", "%ED%A0%80", "%C0%AF"])
  func `with a value that is not percent-encoded text is refused, by its id`(value: String) throws {
    guard case .one(let arrival) = try read(identity + [("ce-note", value)]) else { return }
    #expect(throws: EnvelopeProblem.self) { try arrival.event.get() }
    #expect(arrival.id == "1" && arrival.source == "/tool")
  }

  @Test(arguments: [("ce-id", "2"), ("ce-datacontenttype", "text/plain")])
  func `with a header too many is refused`(name: String, value: String) {
    #expect(throws: EnvelopeProblem.self) { try one(identity + [(name, value)]) }
  }

  @Test func `with thousands of headers is refused before they are compared`() throws {
    let many = (0..<8_000).map { ("ce-x\($0)", "1") }
    #expect(throws: EnvelopeProblem("more than \(Limits.eventAttributes) attributes")) { try one(identity + many) }
  }

  @Test func `that calls its body JSON must have JSON`() {
    for type in [[], [("content-type", "application/json")]] {
      #expect(throws: EnvelopeProblem.self) { try one(identity + type, "no JSON") }
    }
  }
}

@Suite struct `A request in structured mode` {
  private let type = [("content-type", "application/cloudevents+json; charset=UTF-8")]

  @Test func `has the event as its body`() throws {
    let event = try one(type, #"{"specversion":"1.0","id":"1","n":3,"b":true,"x":null,"data":{ "k" :1.0}}"#)
    #expect(event.attributes.map(\.name) == ["specversion", "id", "n", "b"])
    #expect(event["n"] == .integer(3) && event["b"] == .boolean(true))
    #expect(event.content == .json(Array(#"{ "k" :1.0}"#.utf8)))
  }

  @Test func `ignores headers of the binary mode`() throws {
    #expect(try one(type + [("ce-id", "9")], #"{"id":"1"}"#)["id"] == .string("1"))
  }

  @Test func `may carry JSON as Base64`() throws {
    let event = try one(type, #"{"datacontenttype":"application/json","data_base64":"eyJhIjoKIDF9"}"#)
    #expect(event.content == .json(Array(#"{"a":  1}"#.utf8)))
    #expect(try one(type, #"{"data_base64":"eyJh"}"#).content == .binary(Array(#"{"a"#.utf8)))
    #expect(throws: EnvelopeProblem.self) {
      try one(type, #"{"datacontenttype":"application/json","data_base64":"eyJh"}"#)
    }
  }

  @Test(arguments: [#"{"a":1.5}"#, #"{"a":[1]}"#, #"{"a":{}}"#, #"{"a":1,"a":2}"#, #"{"a":3000000000}"#])
  func `with what no attribute can be is refused, by its id`(text: String) throws {
    let body = #"{"id":"1","source":"/tool","# + text.dropFirst()
    guard case .one(let arrival) = try read(type, body) else { return }
    #expect(throws: EnvelopeProblem.self) { try arrival.event.get() }
    #expect(arrival.id == "1" && arrival.source == "/tool")
  }

  @Test func `that is no object is broken as a whole`() {
    for body in ["", "[]", "{", "{}{}", "null"] {
      #expect(throws: HTTPBinding.ReadingProblem.self) { try read(type, body) }
    }
  }

  /// What is taken in must be readable in a record, where it is nested deeper.
  @Test func `is nested no deeper than can be read back from a record`() throws {
    for depth in [Limits.eventDepth, Limits.eventDepth + 1] {
      let data = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      let isTaken = (try? one(type, "{\"data\":\(data)}")) != nil
      let isTakenAsBody = (try? one(identity, data)) != nil
      #expect(isTaken == (depth <= Limits.eventDepth) && isTakenAsBody == isTaken, "depth \(depth)")
      guard isTaken else { continue }
      let event = Event(
        id: EventID("1"), time: try #require(Timestamp.date("2026-11-22T14:23:01Z")), site: "main", actor: .system,
        outside: Event.Outside(source: "/tool"),
        fact: .unknown(type: "t", critical: false, content: .json(Array(data.utf8))))
      let record = Record(events: [event])
      #expect(try Record(json: record.json) == record)
    }
  }
}

@Suite struct `A request in batch mode` {
  private let type = [("content-type", "application/cloudevents-batch+json")]

  private func many(_ body: String) throws -> [HTTPBinding.Arrival] {
    guard case .many(let arrivals) = try read(type, body) else { throw EnvelopeProblem("not many") }
    return arrivals
  }

  @Test func `has good and bad events, each by itself`() throws {
    let arrivals = try many(#"[{"id":"a"}, 5, {"id":"b","x":[]}, {"id":"c"}]"#)
    #expect(arrivals.map(\.id) == ["a", nil, "b", "c"])
    #expect(arrivals.map { (try? $0.event.get()) != nil } == [true, false, false, true])
  }

  @Test func `may be empty`() throws { #expect(try many("[]") == []) }

  @Test func `that is no array is broken as a whole`() {
    for body in ["", "{}", "[{}", "[{\"a\":}]"] {
      #expect(throws: HTTPBinding.ReadingProblem.self) { try many(body) }
    }
  }

  @Test func `is no longer than the limit`() throws {
    func batch(_ count: Int) -> String { "[\(Array(repeating: "{}", count: count).joined(separator: ","))]" }
    #expect(try many(batch(Limits.eventsPerBatch)).count == Limits.eventsPerBatch)
    #expect(throws: HTTPBinding.ReadingProblem.self) { try many(batch(Limits.eventsPerBatch + 1)) }
  }
}

@Suite struct `A request that carries no events` {
  @Test(arguments: [
    [], [("content-type", "application/json")], [("content-type", "application/cloudevents+xml")],
    [("content-type", "application/cloudevents")], [("content-type", "application/cloudevents+json; charset=utf-16")],
    [("content-type", "application/cloudevents-batch+avro")] + identity,
  ])
  func `says that it is none of the three modes`(headers: [(String, String)]) throws {
    let problem = #expect(throws: HTTPBinding.ReadingProblem.self) { try read(headers, "{}") }
    guard case .mode = try #require(problem) else {
      Issue.record("\(headers): \(problem as Any)")
      return
    }
  }
}

@Suite struct `An event on its way out` {
  private func envelope(seed: UInt64) throws -> Envelope {
    var random = RandomJSON(seed: seed)
    let words = ["a", "Euro € 😀", "100% \"sure\"", "\u{A0}", "a%20b", "x", "é\u{301}"]
    func word(_ random: inout RandomJSON) -> String { words[random.chance.below(words.count)] }
    let content: Content =
      switch random.chance.below(5) {
      case 0: .none
      case 1: .text(word(&random) + "\r\n\u{0}")
      case 2: .binary((0..<random.chance.below(40)).map { _ in UInt8(truncatingIfNeeded: random.chance.next()) } + [0])
      default: .json(try Content.line(ofJSON: Array(random.value().utf8)))
      }
    let type: String? =
      switch content {
      case .none: [nil, "text/plain"][random.chance.below(2)]
      case .text: "text/plain"
      case .binary: "image/x-exr"
      case .json: ["application/json", "application/vnd.x+json"][random.chance.below(2)]
      }
    let event = Event(
      id: EventID(word(&random)), time: try #require(Timestamp.date("2026-11-22T14:23:01Z")), site: "main",
      actor: Actor(name: "ada", trust: .claimed),
      extensions: ["colour": .string(word(&random)), "count": .integer(-3), "flag": .boolean(true)],
      outside: Event.Outside(source: "/t", subject: word(&random), contentType: type),
      fact: .unknown(type: "a.b", critical: false, content: content))
    return try Envelope(event.json)
  }

  /// In headers everything is text.
  private func texts(_ event: CloudEvent) -> [String: String] {
    event.attributes.reduce(into: [:]) { found, attribute in
      switch attribute.value {
      case .string(let text): found[attribute.name] = text
      case .integer(let number): found[attribute.name] = "\(number)"
      case .boolean(let flag): found[attribute.name] = "\(flag)"
      }
    }
  }

  @Test func `is the same event in every mode`() throws {
    for seed in Chance.seeds {
      let envelope = try envelope(seed: seed)
      let event = try CloudEvent(envelope)
      let structured = HTTPBinding.structured(envelope)
      #expect(try HTTPBinding.read(structured.headers, body: structured.body) == .one(.init(event)), "seed \(seed)")
      let batch = HTTPBinding.batch([envelope, envelope])
      #expect(
        try HTTPBinding.read(batch.headers, body: batch.body) == .many([.init(event), .init(event)]), "seed \(seed)")
      let binary = try HTTPBinding.binary(envelope)
      guard case .one(let arrival) = try HTTPBinding.read(binary.headers, body: binary.body) else { continue }
      let back = try arrival.event.get()
      #expect(back.content == event.content && texts(back) == texts(event), "seed \(seed)")
    }
  }

  @Test func `has header values of visible ASCII only`() throws {
    for seed in Chance.seeds {
      for header in try HTTPBinding.binary(envelope(seed: seed)).headers where header.name != "content-type" {
        #expect(header.value.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "seed \(seed)")
      }
    }
  }

  @Test func `has its header values as the binding's own example`() throws {
    let bytes = Array(#"{"id":"1","note":"Euro € 😀","sure":"100% \"yes\""}"#.utf8)
    let headers = try HTTPBinding.binary(Envelope(bytes)).headers
    #expect(headers.contains(Header("ce-note", "Euro%20%E2%82%AC%20%F0%9F%98%80")))
    #expect(headers.contains(Header("ce-sure", "100%25%20%22yes%22")))
  }

  @Test(arguments: [
    (#"{"id":"1","data":[1]}"#, "application/json", "[1]"), (#"{"id":"1","data":"a"}"#, "application/json", "\"a\""),
    (#"{"id":"1","data_base64":"aGk="}"#, "application/octet-stream", "hi"),
  ])
  func `without a type of its data gets the one that it means`(text: String, type: String, body: String) throws {
    let message = try HTTPBinding.binary(Envelope(Array(text.utf8)))
    #expect(message.headers.contains(Header("content-type", type)) && message.body == Array(body.utf8))
  }

  @Test func `in an empty batch is an empty array`() {
    #expect(HTTPBinding.batch([]).body == Array("[]".utf8))
  }
}

@Suite struct `The answer to a request with events` {
  @Test func `is written as any other answer is`() throws {
    let error = Failure(SluiceError(.eventInvalid, what: "no \"id\"", at: "event", fix: "add\none"))
    let answer = IntakeAnswer(results: [
      EventResult(id: "a\"b/é", source: "/tool", position: Position(site: "main", sequence: 7), duplicate: false),
      EventResult(id: nil, source: nil, error: error),
      EventResult(id: "c", source: nil, error: error),
    ])
    #expect(String(decoding: answer.json, as: UTF8.self) == StableJSON.text(answer))
    #expect(try StableJSON.decode(IntakeAnswer.self, from: answer.json) == answer)
    #expect(String(decoding: IntakeAnswer(results: []).json, as: UTF8.self) == #"{"results":[]}"#)
  }
}
