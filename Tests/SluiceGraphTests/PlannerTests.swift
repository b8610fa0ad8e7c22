import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A plan` {
  private func changed() throws -> Show {
    var show = try Show.made(frames: 1001...1004)
    try show.publish("look/show_lut", file: "cold")
    return show
  }

  @Test func `lists makers before users`() throws {
    #expect(try changed().plan("sq010/sh0010 sq010/contact").runs.map(\.step) == ["review", "review_movie", "contact"])
  }

  @Test func `has the same id when it is computed again`() throws {
    let show = try changed()
    #expect(try show.plan().id == show.plan().id)
  }

  @Test func `has an id that does not depend on the position of the log`() throws {
    var show = try changed()
    let before = try show.plan().id
    try show.change("sq010/sh0010", FolderChanged(set: ["mood": "dark"]))
    try show.publish("notes/reel", file: "unrelated", as: "reel.mov")
    #expect(try show.plan().id == before)
  }

  @Test func `has an id that does not depend on what is untouched`() throws {
    var show = try changed()
    let before = try show.plan().id
    try show.publish("notes/reel", file: "unrelated", as: "reel.mov")
    #expect(try show.plan().untouched == 14 + 1 && show.plan().id == before)
  }

  @Test func `has another id when its reasons are others`() throws {
    var show = try changed()
    let before = try show.plan().id
    try show.publish("look/show_lut", file: "colder")
    #expect(try show.plan().id != before)
  }

  @Test func `has another id for another selection`() throws {
    let show = try changed()
    #expect(try show.plan("step:review").id != show.plan("sq*/sh*/review_frames").id)
  }

  @Test func `has another id for other frames`() throws {
    let show = try changed()
    #expect(try show.plan("step:review", frames: "1001").id != show.plan("step:review", frames: "1002").id)
  }

  @Test func `has the same id however its selection is spaced`() throws {
    let show = try changed()
    #expect(try show.plan("step:review   step:contact ").id == show.plan("step:review step:contact").id)
  }

  @Test func `names each run by plan, step and folder`() throws {
    let plan = try changed().plan()
    #expect(plan.runs.allSatisfy { $0.id == RunID(plan: plan.id, step: $0.step, folder: $0.folder) })
    #expect(Set(plan.runs.map(\.id)).count == plan.runs.count)
  }

  @Test func `counts the selected products that need nothing`() throws {
    // 6 plates, 2 LUTs and 6 neutrals of 28 products.
    #expect(try changed().plan().untouched == 14)
  }

  @Test func `counts none untouched of what it runs or cannot run`() throws {
    var show = try Show.empty()
    try show.publish("look/show_lut", file: "warm")
    #expect(try show.plan().untouched == 1)
  }

  @Test func `is empty where everything is current`() throws {
    let plan = try Show.made(frames: 1001...1002).plan()
    #expect(plan.runs == [] && plan.blocked == [] && plan.missing == [] && plan.untouched == 28)
  }

  @Test func `estimates from the last run of the step`() throws {
    var show = try changed()
    let finished = RunFinished(
      plan: PlanID("p-1"), run: RunID("r-1"), step: "review", attempt: 1, outcome: .succeeded, executed: 4, reused: 0,
      seconds: 10, recipe: nil)
    try show.record(.runFinished(finished), folder: try FolderPath("sq010/sh0010"))
    let run = try #require(try show.plan("step:review", frames: "1001-1003").runs.first)
    #expect(run.estimate == Estimate(seconds: 7.5))
  }

  @Test func `estimates nothing for a step that never ran`() throws {
    #expect(try Show.published(frames: 1001...1002).plan().runs.allSatisfy { $0.estimate == nil })
  }

  @Test func `puts neighbouring frames into chunks`() throws {
    var show = try Show.published(frames: 1001...1010)
    try show.edit("review") { $0.chunk = 4 }
    #expect(try show.plan("step:review").runs.first?.tasks == 3)
  }

  @Test func `restricted to frames has only these`() throws {
    let run = try #require(try changed().plan("step:review", frames: "1002-1003,2000").runs.first)
    #expect(run.frames == FrameSet(1002...1003) && run.tasks == 2)
  }

  @Test func `restricted to frames that nobody has is empty`() throws {
    #expect(try changed().plan("step:review", frames: "5").runs == [])
  }

  @Test func `of a part leaves what is not selected as it is`() throws {
    #expect(try changed().plan("sq010/contact").runs == [])
  }

  @Test func `of a first time gives missing as the reason`() throws {
    let runs = try Show.published(frames: 1001...1002).plan().runs
    #expect(runs.allSatisfy { $0.reasons.first?.text == "it has not been made yet" })
  }

  @Test func `is written with null where there are no frames and no estimate`() throws {
    let contact = try #require(try Show.published(frames: 1001...1002).plan("+step:contact").runs.last)
    let text = StableJSON.text(contact)
    #expect(text.contains("\"frames\":null") && text.contains("\"estimate\":null"))
  }

  @Test func `reads back as it was written`() throws {
    let plan = try changed().plan()
    #expect(try StableJSON.decode(Plan.self, from: StableJSON.encode(plan)) == plan)
  }
}

@Suite struct `The difference of two plans` {
  @Test func `is nothing for the same runs`() throws {
    let plan = try Show.published(frames: 1001...1002).plan()
    #expect(plan.difference(from: plan) == [])
  }

  @Test func `names new runs with their reason, and those that are gone`() throws {
    var show = try Show.made(frames: 1001...1002)
    try show.edit("neutral") { $0.command.append("x") }
    let before = try show.plan()
    try show.edit("neutral") { $0.command.removeLast() }
    try show.publish("look/show_lut", file: "cold")
    let lines = try show.plan("step:review").difference(from: before)
    #expect(lines.filter { $0.hasSuffix("neutral is no longer in it") }.count == 6)
    #expect(lines.filter { $0.contains("review is new: look/show_lut moved") }.count == 6)
  }

  @Test func `names frames that changed`() throws {
    var show = try Show.made(frames: 1001...1004)
    try show.patch("sq010/sh0010/plate", frames: FrameSet(1001...1001)) { "a\($0)" }
    let before = try show.plan("step:review")
    try show.patch("sq010/sh0010/plate", frames: FrameSet(1003...1003)) { "a\($0)" }
    #expect(
      try show.plan("step:review").difference(from: before) == ["sq010/sh0010 review: frames 1001,1003 instead of 1001"]
    )
  }
}

@Suite struct `A selection` {
  private let show: Show

  init() throws {
    var show = try Show.made(frames: 1001...1002)
    try show.publish("look/show_lut", file: "cold")
    self.show = show
  }

  private func products(_ text: String) throws -> [String] {
    var states: [ProductRef: ProductState] = [:]
    for assessment in try show.assess().values {
      for output in assessment.unit.outputs {
        states[output] = ProductState(freshness: assessment.freshness, activity: .idle)
      }
    }
    return try Selection(text).products(in: show.project, graph: show.graph, states: states).map(\.spoken).sorted()
  }

  @Test(arguments: [
    ("sq010/sh0010/plate", ["sq010/sh0010/plate"]),
    ("demo/sq010/sh0010/plate", ["sq010/sh0010/plate"]),
    ("sluice:///demo/sq010/sh0010/plate", ["sq010/sh0010/plate"]),
    ("demo/sq010/sh0010/plate@v001", ["sq010/sh0010/plate"]),
    ("look", ["look/neutral_lut", "look/show_lut"]),
    ("demo/look", ["look/neutral_lut", "look/show_lut"]),
    ("look/*_lut", ["look/neutral_lut", "look/show_lut"]),
    ("loo?", ["look/neutral_lut", "look/show_lut"]),
    ("*/contact", ["sq010/contact", "sq020/contact"]),
    ("step:contact", ["sq010/contact", "sq020/contact"]),
    ("look/show_lut step:contact", ["look/show_lut", "sq010/contact", "sq020/contact"]),
    ("sq010/contact+", ["sq010/contact"]),
    ("sq010/sh0010/review_movie+", ["sq010/sh0010/review_movie"]),
    (
      "+sq010/sh0010/review_movie",
      ["look/show_lut", "sq010/sh0010/plate", "sq010/sh0010/review_frames", "sq010/sh0010/review_movie"]
    ),
    (
      "+sq010/sh0010/review_frames+",
      [
        "look/show_lut", "sq010/contact", "sq010/sh0010/plate", "sq010/sh0010/review_frames",
        "sq010/sh0010/review_movie",
      ]
    ),
    (
      "sq010/sh0010/plate+",
      [
        "sq010/contact", "sq010/sh0010/neutral_frames", "sq010/sh0010/plate", "sq010/sh0010/review_frames",
        "sq010/sh0010/review_movie",
      ]
    ),
    ("state:missing", []),
    ("nothing/*", []),
  ])
  func `means these products`(text: String, spoken: [String]) throws {
    #expect(try products(text) == spoken)
  }

  @Test func `of nothing means everything`() throws {
    #expect(try products("").count == 28 && products("  ").count == 28)
  }

  @Test func `of the project means everything`() throws {
    #expect(try products("demo").count == 28)
  }

  @Test func `of a folder means all that lies in it and below`() throws {
    #expect(try products("sq010").count == 3 * 4 + 1 && products("sq010/sh0010").count == 4)
  }

  @Test func `by double star reaches any level`() throws {
    #expect(try products("**/plate").count == 6)
  }

  @Test func `of a folder without products means none`() throws {
    var show = show
    try show.change("empty", FolderChanged(type: "folder"))
    #expect(try show.plan("empty").runs == [])
  }

  @Test func `by state means products in that state`() throws {
    #expect(try products("state:stale").count == 14 && products("state:current").count == 6)
  }

  @Test(arguments: [
    ("sq010/sh0010/plaet", "nothing in 'demo' is called 'sq010/sh0010/plaet'; did you mean 'sq010/sh0010/plate'?"),
    ("step:revew", "there is no step 'revew'; did you mean 'review'?"),
    ("step:xyzzy", "there is no step 'xyzzy'"),
    ("state:stael", "there is no state 'stael'; did you mean 'stale'?"),
    ("tag:latest", "'tag:latest' is no selector that Sluice knows"),
    ("+", "'+' names nothing"),
    ("++", "'++' names nothing"),
    ("a+b", "'a+b' names nothing"),
  ])
  func `that nothing fits is refused with a suggestion`(text: String, what: String) throws {
    let error = #expect(throws: SluiceError.self) { try products(text) }
    #expect(error?.code == .selectionInvalid)
    #expect(error?.what == what)
  }

  @Test func `of many double stars is judged at once`() throws {
    #expect(try products(String(repeating: "**/", count: 200) + "nothing_is_called_so") == [])
  }
}

@Suite struct `Walking the links` {
  @Test func `downstream gives the shortest distance and the neighbour on the way`() throws {
    let show = try Show.made(frames: 1001...1002)
    let reached = Walk.downstream(of: [try show.ref("look/show_lut")], in: show.graph)
    #expect(reached.count == 14)
    #expect(reached[try show.ref("sq010/contact")]?.distance == 2)
    #expect(reached[try show.ref("sq010/contact")]?.via.spoken == "sq010/sh0010/review_frames")
  }

  @Test func `upstream ends at the sources`() throws {
    let show = try Show.made(frames: 1001...1002)
    let above = Walk.upstream(of: [try show.ref("sq010/contact")], in: show.graph)
    #expect(
      above.filter { show.graph.producer(of: $0) == nil }.map(\.name).sorted() == [
        "plate", "plate", "plate", "show_lut",
      ])
  }
}
