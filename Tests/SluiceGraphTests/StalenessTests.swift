import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A change of the show LUT` {
  private let show: Show

  init() throws {
    var show = try Show.made()
    try show.publish("look/show_lut", file: "cold")
    self.show = show
  }

  @Test func `makes the reviews, movies and contact sheets stale, and nothing else`() throws {
    let steps = try show.assess().values.filter(\.needsWork).map(\.unit.id.step)
    #expect(
      Dictionary(grouping: steps, by: \.self).mapValues(\.count) == ["review": 6, "review_movie": 6, "contact": 2])
  }

  @Test func `leaves every neutral current`() throws {
    let neutrals = try show.assess().values.filter { $0.unit.id.step == "neutral" }
    #expect(neutrals.count == 6 && neutrals.allSatisfy { $0.freshness == .current })
  }

  @Test func `makes every frame of a review stale`() throws {
    let review = try #require(try show.assess().values.first { $0.unit.id.step == "review" })
    #expect(review.stale == FrameSet(1001...1024))
  }

  @Test func `tells who moved which input, and from which version to which`() throws {
    let plan = try show.plan("sq010/sh0010/review_frames")
    let reason = try #require(plan.runs.first?.reasons.first)
    #expect(reason.kind == .input)
    #expect(reason.input == "demo/look/show_lut")
    #expect(reason.text.hasPrefix("look/show_lut moved from v001 to v002 (ada, "))
  }

  @Test func `is named as the first cause of what follows`() throws {
    let contact = try #require(try show.plan().runs.first { $0.step == "contact" })
    #expect(contact.reasons.map(\.kind) == [.upstream])
    #expect(contact.reasons[0].input == "demo/look/show_lut")
    #expect(contact.reasons[0].text.contains(", through sq010/sh0010/review_frames and 2 more"))
  }

  @Test func `is over when the plan was carried out`() throws {
    var show = show
    try show.makeAll()
    #expect(try show.stale() == [])
  }
}

@Suite struct `A change of one plate frame` {
  private let show: Show

  init() throws {
    var show = try Show.made()
    try show.patch("sq010/sh0020/plate", frames: FrameSet(1012...1012)) { "repainted \($0)" }
    self.show = show
  }

  @Test func `reaches that frame of that shot, its movie and its contact sheet`() throws {
    #expect(
      try show.stale() == [
        "sq010 contact", "sq010/sh0020 neutral 1012", "sq010/sh0020 review 1012", "sq010/sh0020 review_movie",
      ])
  }

  @Test func `is one task for each step that works frame by frame`() throws {
    #expect(try show.plan("step:review step:neutral").runs.map(\.tasks) == [1, 1])
  }

  @Test func `names the frame in its reason`() throws {
    let reason = try #require(try show.plan("step:review").runs.first?.reasons.first)
    #expect(reason.text.hasSuffix(", frame 1012"))
  }

  @Test func `leaves the other frames as they were made`() throws {
    var show = show
    let before = try #require(try show.latest("sq010/sh0020/review_frames"))
    try show.makeAll()
    let after = try #require(try show.latest("sq010/sh0020/review_frames"))
    let old = try show.manifests.manifest(before.published.manifest).representations[0]
    let new = try show.manifests.manifest(after.published.manifest).representations[0]
    #expect(new.files.filter { $0.frame != 1012 } == old.files.filter { $0.frame != 1012 })
  }
}

@Suite struct `A publish that changes nothing` {
  @Test func `with the same bytes of a LUT makes nothing stale`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "warm")
    #expect(try show.stale() == [])
  }

  @Test func `with the same bytes of a whole plate makes nothing stale`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("sq010/sh0010/plate", frames: FrameSet(1001...1003)) { "sq010/sh0010 \($0)" }
    #expect(try show.stale() == [])
  }

  @Test func `with the same bytes under another file name makes nothing stale`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "warm", as: "renamed.cube")
    #expect(try show.stale() == [])
  }

  @Test func `with the same bytes under another extension makes its users stale`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "warm", as: "lut.csp")
    #expect(try show.stale().count == 14)
  }

  @Test func `back to an earlier content is a change like any other`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "cold")
    try show.makeAll()
    try show.publish("look/show_lut", file: "warm")
    #expect(try show.stale().count == 14)
  }

  @Test func `and back before anything was made makes nothing stale`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "cold")
    try show.publish("look/show_lut", file: "warm")
    #expect(try show.stale() == [])
  }

  @Test func `of whole plates with one new picture counts as that frame`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("sq010/sh0010/plate", frames: FrameSet(1001...1003)) { "sq010/sh0010 \($0 == 1002 ? 0 : $0)" }
    #expect(try show.stale().contains("sq010/sh0010 review 1002"))
  }
}

@Suite struct `A LUT that differs in a comment only` {
  @Test func `makes all that follows stale at first, since nobody can know`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "# new words\nwarm")
    #expect(try show.plan().runs.count == 14)
  }

  @Test func `runs the reviews, and the cascade stops at their pixels`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "# new words\nwarm")
    let done = try show.makeAll()
    #expect(done == Show.demoShots.map { "\($0) review 1001-1003" })
  }

  @Test func `leaves everything current`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "# new words\nwarm")
    try show.makeAll()
    #expect(try show.stale() == [])
  }
}

@Suite struct `An edit of a step` {
  @Test func `makes its products stale, and what follows them`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.edit("review") { $0.command.append("--more") }
    #expect(try show.stale().count == 14)
  }

  @Test func `is named as the reason, with its revision`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.edit("neutral") { $0.command.append("--more") }
    let reason = try #require(try show.plan().runs.first?.reasons.first)
    #expect(reason.kind == .step)
    #expect(reason.text.hasPrefix("the step 'neutral' was edited (ada, ") && reason.text.hasSuffix(", revision 2)"))
  }

  @Test(arguments: [
    "its chunk", "its time limit", "its policy", "its previews", "the order of its inputs", "the order of the steps",
  ])
  func `is none where only this differs:`(what: String) throws {
    var show = try Show.made(frames: 1001...1003)
    var steps = show.steps
    for index in steps.indices {
      switch what {
      case "its chunk": steps[index].chunk = 4
      case "its time limit": steps[index].timeoutSeconds = 5
      case "its policy": steps[index].onChange = .manual
      case "its previews": steps[index].outputs[0].preview.toggle()
      case "the order of its inputs": steps[index].inputs.reverse()
      default: continue
      }
    }
    if what == "the order of the steps" { steps.reverse() }
    try show.apply(steps: steps)
    #expect(try show.stale() == [])
  }

  @Test func `of another parameter of the folder makes what uses it stale`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.change("sq010/sh0010", FolderChanged(set: ["fps": "25"]))
    #expect(try show.stale() == ["sq010/sh0010 review_movie"])
  }

  @Test func `of a parameter that no command uses makes nothing stale`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.change("sq010/sh0010", FolderChanged(set: ["range": "1001-1003", "mood": "dark"]))
    #expect(try show.stale() == [])
  }

  @Test func `that gives it another output makes that one missing`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.edit("contact") {
      $0.outputs.append(StepOutput(name: "log", product: "contact_log", files: "log.txt", identity: .bytes))
    }
    #expect(try show.assess().values.filter { $0.freshness == .missing }.map(\.unit.id.step) == ["contact", "contact"])
  }
}

@Suite struct `Another version of a tool` {
  @Test func `makes stale what is made with it, and what follows`() throws {
    var show = try Show.made(frames: 1001...1003)
    show.tools["ffmpeg"] = FixedTools.version("ffmpeg 6")
    #expect(try show.stale() == Show.demoShots.map { "\($0) review_movie" })
  }

  @Test func `is named as the reason, with both versions`() throws {
    var show = try Show.made(frames: 1001...1003)
    show.tools["ffmpeg"] = FixedTools.version("ffmpeg 6")
    #expect(try show.plan().runs.first?.reasons.map(\.text) == ["ffmpeg changed from 'ffmpeg 5' to 'ffmpeg 6'"])
  }

  @Test func `that is not on this machine counts as the one before`() throws {
    var show = try Show.made(frames: 1001...1003)
    show.tools["ffmpeg"] = nil
    #expect(try show.stale() == [])
  }

  @Test func `that no step names changes nothing`() throws {
    var show = try Show.made(frames: 1001...1003)
    show.tools["nuke"] = FixedTools.version("nuke 16")
    #expect(try show.stale() == [])
  }
}

@Suite struct `The frames of a sequence` {
  @Test func `that are new want work, and the others do not`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.patch("sq010/sh0010/plate", frames: FrameSet(1004...1005)) { "new \($0)" }
    #expect(try show.stale().contains("sq010/sh0010 review 1004-1005"))
  }

  @Test func `that are new are named as the reason`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.patch("sq010/sh0010/plate", frames: FrameSet(1004...1005)) { "new \($0)" }
    let reasons = try #require(try show.plan("step:review").runs.first).reasons
    #expect(reasons.contains { $0.kind == .frames && $0.text == "frames 1004-1005 are new" })
  }

  @Test func `that are gone leave the products too, and no frame runs`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("sq010/sh0010/plate", frames: FrameSet(1001...1002)) { "sq010/sh0010 \($0)" }
    let run = try #require(try show.plan("sq010/sh0010/review_frames").runs.first)
    #expect(run.tasks == 0 && run.reasons.map(\.text).contains("frame 1003 is gone"))
    try show.makeAll()
    #expect(try show.latest("sq010/sh0010/review_frames")?.published.representations[0].frames == FrameSet(1001...1002))
    #expect(try show.stale() == [])
  }

  @Test func `are those that all one-to-one inputs have`() throws {
    let plates = StepInput(name: "a", product: .here("a"), frames: .oneToOne)
    let mattes = StepInput(name: "b", product: .here("b"), frames: .oneToOne)
    let both = Step(
      "both", for: "shot", [plates, mattes],
      makes: [StepOutput(name: "o", product: "o", files: "o.####.exr", identity: .pixels)], ["x", "{a}", "{b}", "{o}"])
    var show = try Show(
      folders: [FolderDeclaration(path: FolderPath("s"), type: "shot", attributes: [:])], steps: [both])
    try show.publish("s/a", frames: FrameSet(1...5))
    try show.publish("s/b", frames: FrameSet(3...9))
    #expect(try show.plan().runs.map(\.frames) == [FrameSet(3...5)])
  }
}

@Suite struct `A run of some frames` {
  private var show: Show

  init() throws {
    show = try Show.made(frames: 1001...1010)
    try show.publish("look/show_lut", file: "cold")
  }

  @Test func `makes those and leaves the others stale`() throws {
    var show = show
    try show.carryOut(try show.plan("sq010/sh0010/review_frames", frames: "1001-1003"))
    #expect(try show.stale().contains("sq010/sh0010 review 1004-1010"))
  }

  @Test func `tells of the others which input they lack`() throws {
    var show = show
    try show.carryOut(try show.plan("sq010/sh0010/review_frames", frames: "1001-1003"))
    let reasons = try #require(try show.plan("sq010/sh0010/review_frames").runs.first).reasons.filter { !$0.isNote }
    #expect(reasons.map(\.kind) == [.input])
    #expect(reasons[0].text.hasPrefix("look/show_lut moved from v001 to v002"))
  }

  @Test func `tells that frames were left out where no input says so`() throws {
    var show = try Show.made(frames: 1001...1004)
    try show.edit("review") { $0.command.append("--more") }
    try show.carryOut(try show.plan("sq010/sh0010/review_frames", frames: "1001"))
    let reasons = try #require(try show.plan("sq010/sh0010/review_frames").runs.first).reasons.filter { !$0.isNote }
    #expect(reasons.map(\.kind) == [.partial])
    #expect(reasons[0].text == "frames 1002-1004 of v002 were not re-made with the rest")
  }

  @Test func `then one of the rest makes it current`() throws {
    var show = show
    try show.carryOut(try show.plan("sq010/sh0010/review_frames", frames: "1001-1003"))
    try show.carryOut(try show.plan("sq010/sh0010/review_frames"))
    #expect(try show.stale().filter { $0.hasSuffix("sh0010 review") } == [])
  }

  @Test func `does not make a movie of old and new frames`() throws {
    let plan = try show.plan("sq010/sh0010", frames: "1001-1003")
    #expect(plan.runs.map(\.step) == ["review"])
    #expect(
      plan.blocked.map(\.text) == [
        "it takes all frames of sq010/sh0010/review_frames, and --frames leaves some of them out"
      ])
  }

  @Test func `does not plan frames behind a step that it leaves out`() throws {
    // plate -> review (frames) -> grain (all frames in, frames out) -> final (frame by frame)
    let grain = Step(
      "grain", for: "shot", [StepInput(name: "f", product: .here("review_frames"))],
      makes: [StepOutput(name: "o", product: "grain", files: "g.####.exr", identity: .pixels)], ["grain", "{f}", "{o}"])
    let final = Step(
      "final", for: "shot", [StepInput(name: "f", product: .here("grain"), frames: .oneToOne)],
      makes: [StepOutput(name: "o", product: "final", files: "f.####.exr", identity: .pixels)], ["final", "{f}", "{o}"])
    var show = show
    try show.change("sq010/sh0010", FolderChanged(set: ["range": ""]))
    try show.apply(steps: show.steps + [grain, final])
    try show.makeAll()
    try show.publish("look/show_lut", file: "colder")
    #expect(try show.plan("sq010/sh0010", frames: "2").runs.map(\.step) == [])
  }
}

@Suite struct `A source that nobody has published` {
  private let show: Show

  init() throws {
    var show = try Show.empty()
    for shot in Show.demoShots where shot != "sq010/sh0010" {
      try show.publish("\(shot)/plate", frames: FrameSet(1001...1002))
    }
    try show.publish("look/show_lut", file: "warm")
    try show.publish("look/neutral_lut", file: "none")
    self.show = show
  }

  @Test func `blocks what depends on it, and the plan says because of what`() throws {
    let blocked = try show.plan().blocked
    #expect(
      blocked.map { "\($0.folder) \($0.step)" }.sorted() == [
        "sq010 contact", "sq010/sh0010 neutral", "sq010/sh0010 review", "sq010/sh0010 review_movie",
      ])
    #expect(blocked.contains { $0.text == "nobody has published sq010/sh0010/plate" })
    #expect(
      blocked.contains { $0.text == "waits for sq010/sh0010 review: nobody has published sq010/sh0010/plate" })
  }

  @Test func `is listed once as missing`() throws {
    #expect(try show.plan().missing.map(\.spoken) == ["sq010/sh0010/plate"])
  }

  @Test func `blocks nothing else`() throws {
    #expect(try show.plan().runs.count == 20 - 4)
  }
}

@Suite struct `An input with several representations` {
  private func show(wanting name: String?) throws -> Show {
    var show = try Show.made(frames: 1001...1002)
    try show.publish(
      "look/show_lut", [("cube", .file, [("a.cube", nil, "x")]), ("csp", .file, [("a.csp", nil, "y")])])
    try show.edit("review") { $0.inputs[1].representation = name }
    return show
  }

  @Test func `blocks a step that does not say which`() throws {
    let text = "look/show_lut has the representations cube, csp, and input 'lut' does not say which"
    #expect(try show(wanting: nil).plan("step:review").blocked.map(\.text) == [String](repeating: text, count: 6))
  }

  @Test func `serves a step that says which`() throws {
    #expect(try show(wanting: "cube").plan("step:review").runs.count == 6)
  }

  @Test func `changes nothing for a step when the other one changes`() throws {
    var show = try show(wanting: "cube")
    try show.makeAll()
    try show.publish(
      "look/show_lut", [("cube", .file, [("a.cube", nil, "x")]), ("csp", .file, [("a.csp", nil, "new")])])
    #expect(try show.stale() == [])
  }
}

@Suite struct `An input by tag` {
  private func show() throws -> Show {
    var show = try Show.made(frames: 1001...1002)
    try show.tag("look/show_lut", "approved", number: 1)
    try show.edit("review") { $0.inputs[1].tag = .tag("approved") }
    return show
  }

  @Test func `does not follow the latest version`() throws {
    var show = try show()
    try show.publish("look/show_lut", file: "cold")
    #expect(try show.stale() == [])
  }

  @Test func `follows the tag when it moves`() throws {
    var show = try show()
    try show.publish("look/show_lut", file: "cold")
    try show.tag("look/show_lut", "approved", number: 2)
    #expect(try show.stale().count == 14)
  }

  @Test func `that nobody has set blocks the step`() throws {
    var show = try show()
    try show.edit("review") { $0.inputs[1].tag = .tag("final") }
    #expect(try show.plan("step:review").blocked.first?.text == "look/show_lut has no version with the tag 'final'")
  }

  @Test func `of a made product is not stale while the product is to be made anew`() throws {
    var show = try Show.made(frames: 1001...1002)
    try show.tag("sq010/sh0010/review_frames", "approved", number: 1)
    try show.edit("review_movie") { $0.inputs[0].tag = .tag("approved") }
    try show.publish("look/show_lut", file: "cold")
    #expect(try show.plan("sq010/sh0010/review_movie sq010/sh0010/review_frames").runs.map(\.step) == ["review"])
  }
}

@Suite struct `A version that does not say what it was made from` {
  @Test func `is unknown where a step makes the product now`() throws {
    var show = try Show(folders: try Show.demoFolders(), steps: [])
    try show.publish("sq010/sh0010/review_movie", file: "old", as: "review.mp4")
    try show.apply(steps: try Show.demoSteps())
    let movie = try #require(try show.assess().values.first { "\($0.unit.id)" == "sq010/sh0010 review_movie" })
    #expect(movie.freshness == .unknown)
    #expect(movie.reasons.map(\.text) == ["v001 does not say what it was made from"])
  }
}

@Suite struct `An omitted folder` {
  @Test func `is no longer planned`() throws {
    var show = try Show.published(frames: 1001...1002)
    try show.change("sq010/sh0010", FolderChanged(omitted: true))
    #expect(try show.plan().runs.filter { $0.folder.name == "sh0010" } == [])
  }

  @Test func `makes what was gathered from it stale, and says so`() throws {
    var show = try Show.made(frames: 1001...1002)
    try show.change("sq010/sh0010", FolderChanged(omitted: true))
    let contact = try #require(try show.plan().runs.first)
    #expect(contact.step == "contact")
    #expect(contact.reasons.map(\.kind) == [.omitted])
  }
}
