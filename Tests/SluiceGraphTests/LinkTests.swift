import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A reference` {
  @Test func `makes stale what is made from the one that names it, and not the one that names it`() throws {
    var show = try Show.madeChair()
    try show.publish("assets/chair/texture", file: "by hand", as: "texture.png")
    #expect(try show.stale().filter { !$0.hasSuffix("texture") } == ["sh0010 movie", "sh0010 render"])
  }

  @Test func `tells what moved, by whom, and through what`() throws {
    var show = try Show.madeChair { $0.removeFirst() }
    try show.publish("assets/chair/texture", file: "red", as: "texture.png")
    try show.makeAll()
    try show.publish("assets/chair/texture", file: "blue", as: "texture.png")
    let reason = try #require(try show.causes(of: "sh0010 render").first)
    #expect(reason.kind == .reference && reason.input == "demo/assets/chair/texture")
    #expect(reason.via?.spoken == "assets/chair/scene")
    #expect(reason.text.hasPrefix("assets/chair/texture moved from v001 to v002 (ada, "))
    #expect(reason.text.hasSuffix("), through assets/chair/scene"))
    let after = try #require(try show.causes(of: "sh0010 movie").first)
    #expect(after.kind == .upstream && after.input == "demo/assets/chair/texture")
    #expect(after.text.hasSuffix("), through sh0010/beauty"))
  }

  @Test func `that is itself out of date passes that on to those who depend on the one that names it`() throws {
    var show = try Show.madeChair()
    try show.publish("assets/chair/paint", file: "blue", as: "paint.psd")
    #expect(try show.plan().runs.map(\.step) == ["texture", "render", "movie"])
    let reason = try #require(try show.causes(of: "sh0010 render").first)
    #expect(reason.kind == .upstream && reason.via?.spoken == "assets/chair/scene")
    #expect(reason.text.hasPrefix("assets/chair/paint moved from v001 to v002"))
    #expect(reason.text.hasSuffix(", through assets/chair/scene"))
    #expect(
      try show.makeAll() == ["assets/chair texture", "sh0010 render 1001-1004", "sh0010 movie"])
    #expect(try show.stale() == [])
  }

  @Test func `that comes out the same stops there`() throws {
    var show = try Show.madeChair()
    try show.publish("assets/chair/paint", file: "# other words\nred", as: "paint.psd")
    #expect(try show.makeAll() == ["assets/chair texture"])
    #expect(try show.stale() == [])
  }

  @Test func `is written down where a version came from, with what it came through`() throws {
    let show = try Show.madeChair()
    let used = try #require(try show.latest("sh0010/beauty")).published.madeFrom
    #expect(used.map(\.product.name) == ["scene", "texture"])
    #expect(used.map { $0.through?.spoken } == [nil, "assets/chair/scene"])
    #expect(used.map(\.input) == ["scene", "scene"])
    #expect(try show.latest("assets/chair/scene")?.published.madeFrom.map(\.product.name) == ["model", "texture"])
  }

  @Test func `that nobody has published blocks those who need it, and not the one that names it`() throws {
    let show = try Show.chair { $0.removeFirst() }
    let plan = try show.plan()
    #expect(plan.runs.map(\.step) == ["scene"])
    #expect(
      plan.blocked.first?.text == "nobody has published assets/chair/texture, which assets/chair/scene names")
    #expect(plan.missing.map(\.spoken) == ["assets/chair/texture"])
  }

  @Test func `that is no longer made of anything leaves those who need it stale`() throws {
    var show = try Show.madeChair()
    try show.edit("scene") {
      $0.inputs.removeAll { $0.name == "texture" }; $0.command.remove(at: 2)
    }
    #expect(try show.plan().runs.map(\.step) == ["scene", "render", "movie"])
  }

  @Test func `reaches through another one`() throws {
    var show = try Show.madeChair { steps in
      steps[0].inputs.append(StepInput(name: "swatch", product: .here("swatch"), link: .reference))
    }
    #expect(try show.stale() == ["sh0010 movie", "sh0010 render"])
    try show.publish("assets/chair/swatch", file: "oak", as: "swatch.png")
    try show.makeAll()
    try show.publish("assets/chair/swatch", file: "ash", as: "swatch.png")
    #expect(try show.stale() == ["sh0010 movie", "sh0010 render"])
  }

  @Test func `among others in another order is the same`() throws {
    func more(_ steps: inout [Step]) {
      steps[1].inputs.append(StepInput(name: "decal", product: .here("decal"), link: .reference))
    }
    var show = try Show.chair(more)
    try show.publish("assets/chair/decal", file: "star", as: "decal.png")
    try show.makeAll()
    try show.edit("scene") { $0.inputs.reverse() }
    #expect(try show.stale() == [])
  }

  @Test func `frame by frame reaches the frames that are made from these`() throws {
    let cache = Step(
      "cache", for: "shot",
      [
        StepInput(name: "anim", product: .here("anim"), frames: .oneToOne),
        StepInput(name: "sim", product: .here("sim"), link: .reference, frames: .offset(0...1)),
      ], makes: [StepOutput(name: "o", product: "cache", files: "cache.####.usd", identity: .bytes)],
      ["cache", "{anim}", "{o}"])
    let render = Step(
      "render", for: "shot", [StepInput(name: "cache", product: .here("cache"), frames: .offset(-1...0))],
      makes: [StepOutput(name: "o", product: "beauty", files: "beauty.####.exr", identity: .pixels)],
      ["render", "{cache}", "{o}"])
    var show = try Show(
      folders: [FolderDeclaration(path: FolderPath("s"), type: "shot", attributes: [:])], steps: [cache, render])
    try show.publish("s/anim", frames: FrameSet(1...9))
    try show.publish("s/sim", frames: FrameSet(1...9))
    try show.makeAll()
    try show.patch("s/sim", frames: FrameSet(5...5)) { "splash \($0)" }
    #expect(try show.stale() == ["s render 4-6"])
    #expect(try show.makeAll() == ["s render 4-6"])
  }

  @Test func `counts for what a change reaches, and for what comes before`() throws {
    let show = try Show.madeChair()
    let reached = Walk.downstream(of: [try show.ref("assets/chair/texture")], in: show.graph)
    #expect(Set(reached.keys.map(\.spoken)) == ["sh0010/beauty", "sh0010/movie"])
    #expect(reached[try show.ref("sh0010/beauty")]?.via.spoken == "assets/chair/scene")
    #expect(
      Walk.upstream(of: [try show.ref("sh0010/beauty")], in: show.graph).map(\.name).sorted() == [
        "model", "paint", "scene", "texture",
      ])
  }
}

@Suite struct `An association` {
  @Test func `makes nothing stale and hinders nothing`() throws {
    var show = try Show.madeChair()
    #expect(try show.stale() == [])
    try show.publish("assets/chair/brief", file: "make it nice", as: "brief.txt")
    #expect(try show.stale() == [])
    #expect(try show.plan().blocked == [])
  }

  @Test func `is written down where a version came from`() throws {
    var show = try Show.chair()
    try show.publish("assets/chair/brief", file: "make it nice", as: "brief.txt")
    try show.makeAll()
    let used = try #require(try show.latest("assets/chair/scene")).published.madeFrom
    #expect(used.map(\.input) == ["model", "texture", "brief"])
  }

  @Test func `with what is made from it is no circle`() throws {
    let show = try Show.madeChair { steps in
      steps[1].inputs.append(
        StepInput(name: "still", product: .absolute(FolderPath.root, "x"), link: .association))
      steps[0].inputs.append(StepInput(name: "scene", product: .here("scene"), link: .association))
    }
    #expect(show.graph.cycle == [])
    #expect(try show.stale() == [])
  }
}

@Suite struct `A step that looks at neighbours` {
  @Test func `is stale around a frame that changed, and only there`() throws {
    var show = try Show.blur(.offset(-1...1))
    try show.patch("sh0010/plate", frames: FrameSet(1003...1003)) { "new \($0)" }
    #expect(try show.stale() == ["sh0010 blur 1002-1004", "sh0010 movie"])
    #expect(try show.makeAll() == ["sh0010 blur 1002-1004", "sh0010 movie"])
    #expect(try show.stale() == [])
  }

  @Test func `has the first and the last frame without the neighbours that are not there`() throws {
    let show = try Show.blur(.offset(-2...2))
    #expect(try show.latest("sh0010/beauty")?.published.representations[0].frames == FrameSet(1001...1006))
  }

  @Test func `is stale beside a frame that is new`() throws {
    var show = try Show.blur(.offset(-1...1))
    try show.patch("sh0010/plate", frames: FrameSet(1007...1007)) { "new \($0)" }
    #expect(try show.stale() == ["sh0010 blur 1006-1007", "sh0010 movie"])
  }

  @Test func `is stale beside a frame that is gone`() throws {
    var show = try Show.blur(.offset(-1...1))
    try show.publish("sh0010/plate", frames: FrameSet(1001...1005))
    #expect(try show.stale() == ["sh0010 blur 1005", "sh0010 movie"])
    try show.makeAll()
    #expect(try show.stale() == [])
  }

  @Test func `for one output has a recipe of its own for each`() throws {
    var show = try Show.blur(
      .byOutput(["beauty": .oneToOne, "motion": .offset(-1...1)]), outputs: ["beauty", "motion"])
    func files(_ product: String) throws -> [StoredFile] {
      let version = try #require(try show.latest(product))
      return try show.manifests.manifest(version.published.manifest).representations[0].files
    }
    let (beauty, motion) = (try files("sh0010/beauty"), try files("sh0010/motion"))
    try show.patch("sh0010/plate", frames: FrameSet(1003...1003)) { "new \($0)" }
    #expect(try show.stale() == ["sh0010 blur 1002-1004", "sh0010 movie"])
    #expect(try show.makeAll() == ["sh0010 blur 1002-1004", "sh0010 movie"])
    #expect(
      zip(try files("sh0010/beauty"), beauty).map { $0.recipe == $1.recipe } == [true, true, false, true, true, true])
    #expect(
      zip(try files("sh0010/motion"), motion).map { $0.recipe == $1.recipe } == [true, false, false, false, true, true])
  }

  @Test func `is stale where one output takes all frames and one of them changed`() throws {
    var show = try Show.blur(.byOutput(["beauty": .oneToOne]), outputs: ["beauty", "sum"])
    try show.patch("sh0010/plate", frames: FrameSet(1003...1003)) { "new \($0)" }
    #expect(try show.stale() == ["sh0010 blur", "sh0010 movie"])
  }
}

@Suite struct `A recipe of before there were links` {
  /// As earlier releases wrote it: a show that they made must not be out of date.
  @Test func `is the same`() throws {
    let steps = try Show.demoSteps()
    let shot = Folder(path: try FolderPath("sq010/sh0010"), type: "shot")
    let tools = ["oiiotool": FixedTools.version("oiiotool 2.4")]
    let core =
      #"{"command":["oiiotool","{plate}","--ociofiletransform","{lut}","-o","{frames}"],"#
      + #""inputs":{"lut":"all","plate":"one-to-one"},"outputs":{"frames":"pixels review.####.png"},"#
      + #""parameters":{},"tools":{"oiiotool":"\#(Digest.of("oiiotool 2.4"))"}}"#
    #expect(Recipe.core(of: steps[0], on: shot, tools: tools) == Digest.of(core))

    let show = try Show.made(frames: 1001...1002)
    let version = try #require(try show.latest("sq010/sh0010/review_frames"))
    let file = try show.manifests.manifest(version.published.manifest).representations[0].files[0]
    let plate = Digest.of("exr\n\(Digest.of("sq010/sh0010 1001"))")
    let lut = try #require(try show.latest("look/show_lut")).published.representations[0].content
    #expect(file.recipe == Digest.of("frame 1001\n\(Digest.of(core))\nlut\n\(lut)\nplate\n\(plate)\n"))
  }
}
