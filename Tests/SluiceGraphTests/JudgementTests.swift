import FoundationEssentials
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A rejected version` {
  private var show: Show

  init() throws {
    show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "green")
    try show.judge("look/show_lut", number: 2, .rejected, because: "too green")
  }

  @Test func `is not the latest, and nobody takes it`() throws {
    #expect(try show.latest("look/show_lut")?.number == 1)
    #expect(try show.stale() == [])
  }

  @Test func `is taken by who pins it`() throws {
    var show = show
    try show.edit("review") { $0.inputs[1].tag = .number(2) }
    #expect(try show.stale().contains("sq010/sh0010 review"))
  }

  @Test func `comes back when that is withdrawn`() throws {
    var show = show
    try show.judge("look/show_lut", number: 2, .withdrawn)
    #expect(try show.latest("look/show_lut")?.number == 2)
    #expect(try show.stale().count == 14)
  }

  @Test func `leaves nothing where it was the only one, and the obstacle says why`() throws {
    var show = show
    try show.judge("look/show_lut", number: 1, .rejected)
    try show.edit("review") { $0.command.append("--more") }
    let text = try #require(try show.plan("sq010/sh0010/review_frames").blocked.first).text
    #expect(text.hasPrefix("every version of look/show_lut was rejected: v002 was rejected by anna ("))
    #expect(text.hasSuffix("): because “too green”"))
  }

  @Test func `that a step made is not made again, since it would come out the same`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "cold")
    try show.makeAll()
    try show.judge("sq010/sh0010/review_frames", number: 2, .rejected, because: "wrong eyes")
    let review = try #require(try show.assess().values.first { "\($0.unit.id)" == "sq010/sh0010 review" })
    #expect(review.freshness == .current && review.notes.map(\.kind) == [.rejected])
    #expect(review.notes[0].text.hasPrefix("v002 was rejected by anna ("))
    #expect(review.notes[0].text.hasSuffix(": because “wrong eyes”, and v001 is taken instead"))
  }

  @Test func `that a step made is replaced downstream by the one before`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "cold")
    try show.makeAll()
    try show.judge("sq010/sh0010/review_frames", number: 2, .rejected)
    #expect(try show.stale() == ["sq010 contact", "sq010/sh0010 review_movie"])
  }
}

@Suite struct `An input that takes what is approved` {
  private var show: Show

  init() throws {
    show = try Show.made(frames: 1001...1003)
    try show.judge("look/show_lut", number: 1, .approved)
    try show.edit("review") { $0.inputs[1].tag = .tag("approved") }
    try show.makeAll()
  }

  @Test func `waits for the approval of a newer version`() throws {
    var show = show
    try show.publish("look/show_lut", file: "cold")
    #expect(try show.stale() == [])
    try show.judge("look/show_lut", number: 2, .approved)
    #expect(try show.stale().count == 14)
  }

  @Test func `has none when that version is rejected, and the obstacle names who and why`() throws {
    var show = show
    try show.judge("look/show_lut", number: 1, .rejected, because: "clips")
    let text = try #require(try show.plan("sq010/sh0010/review_frames").blocked.first).text
    #expect(text.hasPrefix("look/show_lut v001 was rejected by anna (") && text.hasSuffix(": because “clips”"))
  }

  @Test func `goes back to the one before when an approval is withdrawn`() throws {
    var show = show
    try show.publish("look/show_lut", file: "cold")
    try show.judge("look/show_lut", number: 2, .approved)
    try show.judge("look/show_lut", number: 2, .withdrawn)
    let product = try #require(show.project.products[try show.ref("look/show_lut")])
    #expect(product.tags["approved"] == product.numbers[1])
    #expect(try show.stale() == [])
  }
}

@Suite struct `An approval that was the only one` {
  @Test func `leaves nothing to take when it is taken back, and the plan says so`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.judge("look/show_lut", number: 1, .approved)
    try show.edit("review") { $0.inputs[1].tag = .tag("approved") }
    try show.makeAll()
    #expect(try show.plan("sq010/sh0010/review_frames").blocked.isEmpty)
    try show.judge("look/show_lut", number: 1, .withdrawn)
    #expect(try show.plan("sq010/sh0010/review_frames").blocked.count == 1)
  }
}

@Suite struct `A freeze` {
  private var show: Show

  init() throws {
    show = try Show.made(frames: 1001...1003)
    try show.freeze("look/show_lut", at: 1, until: show.now.addingTimeInterval(3_600))
    try show.publish("look/show_lut", file: "cold")
  }

  @Test func `keeps a change out`() throws {
    #expect(try show.stale() == [])
  }

  @Test func `is named in the plan with what it keeps out`() throws {
    let plan = try show.plan()
    #expect(plan.runs.isEmpty && plan.frozen?.count == 1)
    let frozen = try #require(plan.frozen?.first)
    #expect(frozen.product.spoken == "look/show_lut" && frozen.number == 1 && frozen.by == "anna" && frozen.units == 6)
    #expect(frozen.text.hasPrefix("look/show_lut is frozen at v001 by anna ("))
    #expect(frozen.text.contains(") until ") && frozen.text.contains(": because “the cut is locked”; v002 (ada, "))
    #expect(frozen.text.hasSuffix(") is kept out"))
  }

  @Test func `is not named where it keeps nothing out`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.freeze("look/show_lut", at: 1)
    #expect(try show.plan().frozen == [])
  }

  @Test func `is a note on what it keeps the change out of`() throws {
    let review = try #require(try show.assess().values.first { $0.unit.id.step == "review" })
    #expect(review.freshness == .current && review.notes.map(\.kind) == [.frozen])
  }

  @Test func `ends at its time`() throws {
    show.wait(seconds: 3_599)
    #expect(try show.stale().count == 14)
  }

  @Test func `ends when somebody thaws it`() throws {
    var show = show
    try show.thaw("look/show_lut")
    #expect(try show.stale().count == 14)
  }

  @Test func `at an older version brings that one back`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "cold")
    try show.makeAll()
    try show.freeze("look/show_lut", at: 1)
    #expect(try show.stale().count == 14)
  }

  @Test func `does not bind who pins a version or takes a tag`() throws {
    var show = show
    try show.tag("look/show_lut", "hot", number: 2)
    try show.edit("review") { $0.inputs[1].tag = .tag("hot") }
    #expect(try show.stale().contains("sq010/sh0010 review"))
  }

  @Test func `of what a step makes keeps out what is to be made anew`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.freeze("sq010/sh0010/review_frames", at: 1)
    try show.publish("look/show_lut", file: "cold")
    let plan = try show.plan("sq010/sh0010")
    #expect(plan.runs.map(\.step) == ["review"])
    #expect(plan.frozen?.first?.text.hasSuffix("; what is to be made anew of it is kept out") == true)
  }
}

@Suite struct `A product that a person painted over` {
  private var show: Show

  init() throws {
    show = try Show.made(frames: 1001...1003)
    try show.paintOver("sq010/sh0010/review_frames", frames: FrameSet(1002...1002)) { "painted \($0)" }
  }

  @Test func `is not made by its step, whatever changes`() throws {
    var show = show
    try show.publish("look/show_lut", file: "cold")
    #expect(try show.plan("sq010/sh0010/review_frames").runs.isEmpty)
  }

  @Test func `is listed in the plan with who holds it and why`() throws {
    let held = try #require(try show.plan().held?.first)
    #expect(held.product.spoken == "sq010/sh0010/review_frames" && held.by == "ben" && held.because == "wires")
    #expect(held.text.hasPrefix("sq010/sh0010/review_frames is held by ben since "))
  }

  @Test func `is current, and downstream takes it`() throws {
    #expect(try show.stale() == ["sq010 contact", "sq010/sh0010 review_movie"])
  }

  @Test func `is made again when it is released`() throws {
    var show = show
    try show.release("sq010/sh0010/review_frames")
    #expect(try show.stale().contains("sq010/sh0010 review 1002"))
    try show.makeAll()
    #expect(try show.stale() == [])
  }
}

@Suite struct `A vouch for what a step made` {
  @Test func `makes it current as it is`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "cold")
    try show.vouch("sq010/sh0010/review_frames", because: "no difference")
    #expect(try !show.stale().contains { $0.hasPrefix("sq010/sh0010 review") })
  }

  @Test func `holds for exactly those inputs`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "cold")
    try show.vouch("sq010/sh0010/review_frames")
    try show.publish("look/show_lut", file: "colder")
    #expect(try show.stale().contains("sq010/sh0010 review"))
  }

  @Test func `is not enough where an input is to be made anew`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("look/show_lut", file: "cold")
    try show.vouch("sq010/sh0010/review_movie")
    #expect(try show.stale().contains("sq010/sh0010 review_movie"))
  }
}

@Suite struct `An edit that accepts what exists` {
  @Test func `makes nothing stale that was current`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.grandfather("review") { $0.command.append("--quiet") }
    #expect(try show.stale() == [])
  }

  @Test func `leaves stale what was stale, with its own reason alone`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.patch("sq010/sh0010/plate", frames: FrameSet(1002...1002)) { "new \($0)" }
    let before = try show.stale()
    try show.grandfather("review") { $0.command.append("--quiet") }
    #expect(try show.stale() == before)
    #expect(
      try show.plan("sq010/sh0010/review_frames").runs.first?.reasons.filter { !$0.isNote }.map(\.kind) == [.input])
  }

  @Test func `leaves frames that are carried on current`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.grandfather("review") { $0.command.append("--quiet") }
    for frame in [1002, 1003] {
      try show.patch("sq010/sh0010/plate", frames: FrameSet(frame...frame)) { "new \($0)" }
      #expect(try show.stale().contains("sq010/sh0010 review \(frame)"))
      try show.makeAll()
      #expect(try show.stale() == [])
    }
  }

  @Test func `accepts a new input as it is, and no later change of it`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.grandfather("review") {
      $0.inputs.append(StepInput(name: "look", product: .absolute(FolderPath.root, "grade")))
    }
    #expect(try show.plan("sq010/sh0010/review_frames").blocked.count == 1)
    try show.publish("grade", file: "one")
    #expect(try show.stale().contains("sq010/sh0010 review"))
  }

  @Test func `accepts a new input that is there, and no later change of it`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.publish("grade", file: "one")
    try show.grandfather("review") {
      $0.inputs.append(StepInput(name: "grade", product: .absolute(FolderPath.root, "grade")))
    }
    #expect(try show.stale() == [])
    try show.publish("grade", file: "two")
    #expect(try show.stale().contains("sq010/sh0010 review"))
  }

  @Test func `does not accept what an earlier edit made stale`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.edit("review") { $0.command.append("--more") }
    let before = try show.stale()
    try show.grandfather("review") { $0.command.append("--quiet") }
    #expect(try show.stale() == before)
  }

  @Test func `accepts what people made`() throws {
    var show = try Show.animatedAndMade()
    try show.grandfather("animation") {
      $0.inputs.append(StepInput(name: "camera", product: .absolute(FolderPath.root, "camera")))
    }
    #expect(try show.freshness("animation") == .unknown)
    var other = try Show.animatedAndMade()
    try other.publish("camera", file: "one")
    try other.grandfather("animation") {
      $0.inputs.append(StepInput(name: "camera", product: .absolute(FolderPath.root, "camera")))
    }
    #expect(try other.freshness("animation") == .current)
  }

  @Test func `is over with the next edit`() throws {
    var show = try Show.made(frames: 1001...1003)
    try show.grandfather("neutral") { $0.command.append("--quiet") }
    try show.edit("neutral") { $0.command.append("--more") }
    #expect(try show.stale().count == 6)
  }
}
