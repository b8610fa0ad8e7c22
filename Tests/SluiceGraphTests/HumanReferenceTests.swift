import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `What a person's work is made from, and what that names` {
  /// A scene that names a texture, and a comp by hand that is made from the scene.
  private func show() throws -> Show {
    let scene = Step(
      "scene", for: "shot",
      [
        StepInput(name: "model", product: .here("model")),
        StepInput(name: "texture", product: .here("texture"), link: .reference),
      ], makes: [StepOutput(name: "o", product: "scene", files: "scene.usd", identity: .bytes)],
      ["assemble", "{model}", "{o}"])
    let light = Step(
      "light", for: "shot", [StepInput(name: "scene", product: .here("scene"))],
      makes: [StepOutput(name: "o", product: "light", files: "", identity: .bytes)], [])
    var show = try Show(
      folders: [FolderDeclaration(path: FolderPath("s"), type: "shot", attributes: [:])], steps: [scene, light])
    try show.publish("s/model", file: "chair", as: "model.usd")
    try show.publish("s/texture", file: "oak", as: "texture.png")
    try show.makeAll()
    return show
  }

  private func lit(_ from: [String] = ["inputs"]) throws -> Show {
    var show = try show()
    try show.publishByHand("s/light", "three lamps", from: from)
    return show
  }

  @Test func `are written down together`() throws {
    for from in [["inputs"], ["demo/s/scene"], ["demo/s/texture", "demo/s/scene@1"]] {
      let used = try #require(try lit(from).latest("s/light")).published.madeFrom
      #expect(Set(used.map { "\($0.product.name) \($0.through?.name ?? "")" }) == ["scene ", "texture scene"])
      #expect(used.allSatisfy { $0.input == "scene" })
    }
  }

  @Test func `that a person names goes before what is there now`() throws {
    var show = try show()
    try show.publish("s/texture", file: "ash", as: "texture.png")
    try show.publishByHand("s/light", "three lamps", from: ["demo/s/scene", "demo/s/texture@1"])
    #expect(try show.freshness("light") == .dubious)
  }

  @Test func `makes it dubious when it changes, with who, when and through what`() throws {
    var show = try lit()
    #expect(try show.freshness("light") == .current)
    try show.publish("s/texture", file: "ash", as: "texture.png")
    #expect(try show.freshness("light") == .dubious)
    let reasons = try show.reasons("light")
    #expect(reasons.map(\.kind) == [.reference] && reasons[0].via?.spoken == "s/scene")
    #expect(reasons[0].text.hasPrefix("s/texture moved from v001 to v002 (ada, "))
    #expect(reasons[0].text.hasSuffix(" since v001 was published, through s/scene"))
  }

  @Test func `does nothing when only its version moves`() throws {
    var show = try lit()
    try show.publish("s/texture", file: "oak", as: "texture.png")
    #expect(try show.freshness("light") == .current)
  }

  @Test func `can be vouched for, until it changes again`() throws {
    var show = try lit()
    try show.publish("s/texture", file: "ash", as: "texture.png")
    try show.vouch("s/light", because: "not in frame")
    #expect(try show.freshness("light") == .current)
    try show.publish("s/texture", file: "elm", as: "texture.png")
    #expect(try show.freshness("light") == .dubious)
    #expect(try show.reasons("light").map(\.kind) == [.reference])
  }

  @Test func `that is named since then makes it dubious, and so does one that is named no more`() throws {
    var show = try lit()
    try show.publish("s/decal", file: "star", as: "decal.png")
    try show.edit("scene") { $0.inputs.append(StepInput(name: "decal", product: .here("decal"), link: .reference)) }
    #expect(try show.reasons("light").map(\.input) == ["demo/s/decal"])
    try show.vouch("s/light")
    try show.edit("scene") { $0.inputs.removeLast() }
    #expect(try show.freshness("light") == .current, "as it was when it was published")
    try show.edit("scene") { $0.inputs.removeLast() }
    #expect(try show.freshness("light") == .dubious)
    let texts = try show.reasons("light").map(\.text)
    #expect(texts.contains("s/texture is no longer an input since somebody last vouched for v001, through s/scene"))
  }

  @Test func `is not held against a version that says nothing of names`() throws {
    var show = try show()
    let made = try PublishedFrom.direct(show, "s/light")
    try show.publishByHand("s/light", "three lamps", used: made)
    #expect(try show.freshness("light") == .current)
    try show.publish("s/texture", file: "ash", as: "texture.png")
    #expect(try show.freshness("light") == .current)
  }

  @Test func `that is to be made anew makes it dubious, too`() throws {
    var show = try show()
    let bake = Step(
      "bake", for: "shot", [StepInput(name: "paint", product: .here("paint"))],
      makes: [StepOutput(name: "o", product: "texture", files: "texture.png", identity: .bytes)],
      ["bake", "{paint}", "{o}"])
    try show.publish("s/paint", file: "oak", as: "paint.psd")
    try show.apply(steps: show.steps + [bake])
    try show.makeAll()
    try show.publishByHand("s/light", "three lamps")
    #expect(try show.freshness("light") == .current)
    try show.publish("s/paint", file: "ash", as: "paint.psd")
    #expect(try show.freshness("light") == .dubious)
    #expect(try show.reasons("light").first?.text.hasSuffix(", through s/scene") == true)
  }

  @Test func `ends what was vouched for of a made version, too`() throws {
    var show = try Show.madeChair { $0.removeFirst() }
    #expect(try show.stale() == ["sh0010 movie", "sh0010 render"])
    try show.publish("assets/chair/texture", file: "red", as: "texture.png")
    try show.makeAll()
    try show.publish("assets/chair/texture", file: "blue", as: "texture.png")
    try show.vouch("sh0010/beauty", because: "the chair is not seen")
    #expect(try show.stale() == [])
    try show.publish("assets/chair/texture", file: "green", as: "texture.png")
    #expect(try show.stale() == ["sh0010 movie", "sh0010 render"])
  }
}

/// What earlier versions of Sluice wrote down.
private enum PublishedFrom {
  static func direct(_ show: Show, _ spoken: String) throws -> [Used] {
    let assessment = try #require(try show.assess().values.first { $0.unit.outputs.contains(try show.ref(spoken)) })
    return show.assessor.used(by: assessment).filter { $0.through == nil }
  }
}
