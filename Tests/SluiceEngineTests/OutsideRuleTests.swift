import SluiceEngine
import SluiceModel
import Testing

/// An event that is all right, and what a test changes of it; nil takes an attribute away.
private func event(_ changes: [String: AttributeValue?] = [:], content: Content = .none) -> CloudEvent {
  var attributes: [String: AttributeValue] = [
    "specversion": .string("1.0"), "id": .string("job-7"), "source": .string("/farm/lon"),
    "type": .string("farm.job.done"),
  ]
  for (name, value) in changes { attributes[name] = value }
  return CloudEvent(
    attributes: attributes.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) }, content: content)
}

private func refusal(_ changes: [String: AttributeValue?], content: Content = .none) -> SluiceError? {
  do throws(SluiceError) {
    _ = try OutsideRule.draft(of: event(changes, content: content))
    return nil
  } catch {
    return error
  }
}

@Suite struct `An outside event` {
  @Test func `needs no more than id, source, type and specversion`() throws {
    let draft = try OutsideRule.draft(of: event())
    #expect(draft.outside?.id == EventID("job-7") && draft.outside?.attributes.source == "/farm/lon")
    #expect(draft.fact == .unknown(type: "farm.job.done", critical: false, content: .none))
    #expect(draft.project == nil && draft.folder == nil && draft.product == nil && draft.outside?.cause == nil)
  }

  @Test(arguments: ["id", "source", "type", "specversion"])
  func `without one of those is invalid, and says which`(name: String) {
    for value: AttributeValue? in [nil, .string(""), .integer(1), .boolean(true)] {
      let error = refusal([name: value])
      #expect(error?.code == .eventInvalid && error?.at.contains(name) == true, "\(String(describing: value))")
    }
  }

  @Test(arguments: [
    ("id", Limits.eventIDBytes), ("source", Limits.eventSourceBytes), ("type", Limits.eventTypeBytes),
  ])
  func `has its names no longer than the limit`(name: String, limit: Int) {
    #expect(refusal([name: .string(String(repeating: "x", count: limit))]) == nil)
    #expect(refusal([name: .string(String(repeating: "x", count: limit + 1))])?.code == .eventInvalid)
  }

  @Test(arguments: ["0.3", "1.0.2", "2.0", "1"])
  func `of another version is invalid`(version: String) {
    #expect(refusal(["specversion": .string(version)])?.code == .eventInvalid)
  }

  @Test(arguments: ["sluice.version.published.v1", "sluice.x", "sluice."])
  func `may not be of Sluice's own types`(type: String) {
    #expect(refusal(["type": .string(type)])?.code == .eventReserved)
  }

  @Test(arguments: ["/sites/main", "/sites/", "/sites/x/y"])
  func `may not come from Sluice's own sites`(source: String) {
    #expect(refusal(["source": .string(source)])?.code == .eventReserved)
  }

  @Test func `may not call itself critical`() {
    for value: AttributeValue in [.boolean(true), .boolean(false), .string("true")] {
      #expect(refusal(["critical": value])?.code == .eventReserved)
    }
  }

  @Test(arguments: ["sluicegate.opened", "mysluice.x", "Sluice.x"])
  func `may have a type that only looks like ours`(type: String) {
    #expect(refusal(["type": .string(type)]) == nil)
  }

  @Test(arguments: [
    "Colour", "shot_code", "shot-code", "shot code", "", "é", "abcdefghijklmnopqrstu", "data_base64x", ".",
  ])
  func `has names of lower-case letters and digits, at most 20`(name: String) {
    #expect(refusal([name: .string("x")])?.code == .eventInvalid)
  }

  @Test(arguments: ["a", "0", "abcdefghijklmnopqrst", "2fast"])
  func `may have any other attribute, which is kept`(name: String) throws {
    for value: AttributeValue in [.string("x"), .string(""), .integer(.min), .boolean(false)] {
      #expect(try OutsideRule.draft(of: event([name: value])).outside?.extensions == [name: value])
    }
  }

  @Test(arguments: [0, 0x0A, 0x1F, 0x7F, 0x85, 0xFFFE, 0xFDD0, 0x1FFFF] as [UInt32])
  func `has neither control characters nor what is no character in its attributes`(value: UInt32) throws {
    let text = "a\(Character(try #require(Unicode.Scalar(value))))b"
    for name in ["id", "source", "type", "subject", "colour"] {
      #expect(refusal([name: .string(text)])?.code == .eventInvalid, "\(name)")
    }
  }

  @Test func `has at most so many attributes, of so many bytes`() {
    let many = Dictionary(
      uniqueKeysWithValues: (4..<Limits.eventAttributes).map { ("x\($0)", AttributeValue?.some(.integer(1))) })
    #expect(refusal(many) == nil)
    #expect(refusal(many.merging(["y": .integer(1)]) { $1 })?.code == .eventInvalid)
    #expect(refusal(["y": .string(String(repeating: "x", count: Limits.eventAttributesBytes - 200))]) == nil)
    #expect(refusal(["y": .string(String(repeating: "x", count: Limits.eventAttributesBytes))])?.code == .eventInvalid)
  }

  @Test func `keeps what its tool said of it`() throws {
    let draft = try OutsideRule.draft(
      of: event(
        [
          "subject": .string("sh010"), "time": .string("2026-11-22T14:23:01+01:00"), "dataschema": .string("urn:x"),
          "datacontenttype": .string("text/plain"), "causationid": .string("job-6"),
          "traceparent": .string("00-1-2-03"),
        ], content: .text("done")))
    #expect(
      draft.outside?.attributes
        == Event.Outside(
          source: "/farm/lon", subject: "sh010", time: "2026-11-22T14:23:01+01:00", contentType: "text/plain",
          schema: "urn:x"))
    #expect(draft.outside?.cause == EventID("job-6"))
    #expect(draft.outside?.extensions == ["traceparent": .string("00-1-2-03")])
  }

  @Test func `drops the marks that a Sluice which handed it on had set`() throws {
    let marks = Dictionary(uniqueKeysWithValues: OutsideRule.marks.map { ($0, AttributeValue?.some(.string("x"))) })
    #expect(try OutsideRule.draft(of: event(marks)).outside?.extensions == [:])
    #expect(OutsideRule.marks.isSuperset(of: ["position", "replay", "redelivery", "site", "actor"]))
  }

  @Test(arguments: [
    ("time", AttributeValue.string("yesterday")), ("time", .integer(7)), ("datacontenttype", .string("json")),
    ("datacontenttype", .boolean(true)), ("subject", .string("")), ("dataschema", .string("")),
    ("source", .string("a b")),
    ("causationid", .integer(1)),
  ])
  func `is invalid where an attribute of CloudEvents is not what it must be`(name: String, value: AttributeValue) {
    #expect(refusal([name: value])?.code == .eventInvalid)
  }

  // MARK: What it is about

  @Test func `is about the project, folder and product that it names, known or not`() throws {
    let all = try OutsideRule.draft(of: event(["product": .string("demo/sq010/sh0010/plate")]))
    #expect("\(all.project as Any) \(all.folder as Any)".contains("demo") && all.folder?.description == "sq010/sh0010")
    #expect(all.product?.description == "demo/sq010/sh0010/plate")
    let some = try OutsideRule.draft(of: event(["project": .string("demo"), "folder": .string("sq010")]))
    #expect(some.project?.description == "demo" && some.folder?.description == "sq010" && some.product == nil)
  }

  @Test(arguments: [
    ["project": "de mo"], ["project": "../x"], ["folder": "sq010"], ["project": "demo", "folder": "a//b"],
    ["project": "demo", "folder": "/sq010"], ["product": "plate"], ["product": "demo/../plate"],
    ["product": "demo/a/plate", "project": "other"], ["product": "demo/a/plate", "folder": "b"], ["project": ""],
  ])
  func `is invalid where those names are none, or disagree`(names: [String: String]) {
    #expect(refusal(names.mapValues { .string($0) })?.code == .eventInvalid)
  }

  // MARK: Size

  @Test func `is refused before anybody encodes it, where its data fills a record`() {
    let bytes = [UInt8](repeating: 0x20, count: Limits.recordBytes + 1)
    for content in [Content.json(bytes), .text(String(decoding: bytes, as: UTF8.self)), .binary(bytes)] {
      #expect(refusal([:], content: content)?.code == .eventTooLarge)
    }
    #expect(
      refusal([:], content: .binary([UInt8](repeating: 0, count: Limits.recordBytes / 4 * 3 + 1)))?.code
        == .eventTooLarge)
  }
}

@Suite struct `The command of an outside event` {
  @Test func `is the same for the same source and id, and for no other`() {
    let pairs = [("a", "b"), ("a", "c"), ("b", "b"), ("ab", ""), ("", "ab"), ("a", "B"), ("é", "e\u{301}")]
    let commands = pairs.map { OutsideRule.command(source: $0.0, id: $0.1) }
    #expect(Set(commands).count == pairs.count)
    #expect(commands == pairs.map { OutsideRule.command(source: $0.0, id: $0.1) })
  }

  @Test func `is what every Sluice computes`() {
    #expect("\(OutsideRule.command(source: "/farm/lon", id: "job-7"))" == "event-01f51d60401ed7bb03152c0c596bcfe4")
  }
}
