import Foundation
import SluiceModel
import Testing

@Suite struct `What a step takes out of an event` {
  private func event(_ data: String, type: String = "render", quality: String = "final") throws -> Event {
    Event(
      id: EventID("e1"), time: Date(timeIntervalSince1970: 1_795_000_000), site: "main",
      actor: Actor(name: "farm", trust: .token), project: try ProjectName("demo"), folder: try FolderPath("sh0010"),
      extensions: ["quality": .string(quality)],
      outside: Event.Outside(source: "/farm", subject: nil, time: nil, contentType: "application/json", schema: nil),
      fact: .unknown(type: type, critical: false, content: .json(Array(data.utf8))))
  }

  private func bound(_ data: String, path: String = "data.take") throws -> String? {
    let trigger = EventTrigger(event: "render", parameters: ["take": try #require(DataPath(path))])
    return trigger.parameters(from: try event(data))?["take"]
  }

  @Test(arguments: [
    (#"{"take": 4}"#, "4"), (#"{"take": "4"}"#, "4"), (#"{"take": -0.5}"#, "-0.5"), (#"{"take": true}"#, "true"),
    (#"{"take": "grün/a b; $(rm)"}"#, "grün/a b; $(rm)"),
  ])
  func `is a text, a number or a flag`(data: String, value: String) throws {
    #expect(try bound(data) == value)
  }

  @Test(arguments: [
    "{}", "[4]", "4", #"{"take": null}"#, #"{"take": [4]}"#, #"{"take": {"take": 4}}"#, #"{"take": ""}"#,
    #"{"take": "-delete"}"#, #"{"take": "a\nb"}"#, #"{"take": "a\u0000"}"#, #"{"Take": 4}"#,
  ])
  func `is nothing else, and the event is not for the step then`(data: String) throws {
    #expect(try bound(data) == nil)
  }

  @Test func `is no longer than an argument should be`() throws {
    let text = String(repeating: "x", count: Limits.eventParameterBytes)
    #expect(try bound(#"{"take": "\#(text)"}"#) == text)
    #expect(try bound(#"{"take": "\#(text)x"}"#) == nil)
  }

  @Test func `may lie deeper`() throws {
    #expect(try bound(#"{"shot": {"take": 7}}"#, path: "data.shot.take") == "7")
    #expect(try bound(#"{"shot": 7}"#, path: "data.shot.take") == nil)
  }

  @Test func `is nothing where the type is another or the filter refuses it`() throws {
    let trigger = EventTrigger(event: "render", filter: "quality = 'final'")
    #expect(trigger.parameters(from: try event("{}")) == [:])
    #expect(trigger.parameters(from: try event("{}", quality: "draft")) == nil)
    #expect(trigger.parameters(from: try event("{}", type: "render.begun")) == nil)
  }

  @Test func `needs no JSON where nothing is taken`() throws {
    var event = try event("{}")
    event.fact = .unknown(type: "render", critical: false, content: .none)
    #expect(EventTrigger(event: "render").parameters(from: event) == [:])
  }

  @Test(arguments: ["data", "take", "data.", "data..a", "Data.take", "data.a b", "", "data.v-1"])
  func `stands at a path of names below data`(path: String) {
    #expect(DataPath(path) == nil)
  }
}
