import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `The sum of savings` {
  private func run(
    _ step: String, _ outcome: RunOutcome, executed: Int = 0, reused: Int = 0, seconds: Double = 0,
    spared: SparedWork? = nil
  ) -> RunFinished {
    RunFinished(
      plan: PlanID("p-1"), run: RunID("r-1"), step: step, attempt: 1, outcome: outcome, executed: executed,
      reused: reused, seconds: seconds, recipe: nil, spared: spared)
  }

  private func answer(_ runs: [RunFinished]) throws -> SavingsAnswer {
    var sum = SavingsSum()
    for run in runs { sum.take(run) }
    return sum.answer(
      project: try ProjectName("demo"), since: nil, asOf: Position(site: "main", sequence: 9))
  }

  @Test func `prices tasks by what a task of their step took`() throws {
    let answer = try answer([
      run(
        "review", .succeeded, executed: 2, seconds: 5,
        spared: SparedWork(
          carried: .init(tasks: 22, frames: 22, bytes: 2_200), secondsPerTask: 2.5)),
      run(
        "movie", .unchanged,
        spared: SparedWork(
          cutOff: .init(tasks: 1, frames: nil, bytes: 70), secondsPerTask: 4)),
      run(
        "review", .succeeded, reused: 3,
        spared: SparedWork(
          reused: .init(tasks: 3, frames: 12, bytes: 300), secondsPerTask: 2)),
    ])
    #expect(answer.spent.runs == 1 && answer.spent.tasks == 2 && answer.spent.seconds == 5)
    #expect(answer.frames.tasks == 22 && answer.frames.seconds == 55 && answer.frames.bytes == 2_200)
    #expect(answer.cutOff.tasks == 1 && answer.cutOff.seconds == 4 && answer.cutOff.frames == 0)
    #expect(answer.reuse.tasks == 3 && answer.reuse.seconds == 6 && answer.reuse.frames == 12)
    #expect(answer.total.tasks == 26 && answer.total.seconds == 65 && answer.total.bytes == 2_570)
    #expect(answer.total.runs == 3)
    #expect(answer.steps.map(\.step) == ["movie", "review"] && answer.steps[1].total.tasks == 25)
  }

  @Test func `says of how many tasks nobody knows the seconds`() throws {
    let answer = try answer([
      run("movie", .unchanged, spared: SparedWork(cutOff: .init(tasks: 4, frames: nil, bytes: 7)))
    ])
    #expect(answer.total.tasks == 4 && answer.total.seconds == 0 && answer.total.tasksWithoutSeconds == 4)
  }

  @Test func `counts runs of before as not measured, and failed ones as spent alone`() throws {
    let answer = try answer([
      run("movie", .unchanged), run("review", .succeeded, reused: 2),
      run("review", .succeeded, executed: 1, seconds: 1),
      run("review", .failed, executed: 1, seconds: 2), run("review", .cancelled),
    ])
    #expect(answer.unmeasuredRuns == 2 && answer.total.tasks == 0)
    #expect(answer.spent.tasks == 2 && answer.spent.seconds == 3)
  }
}

@Suite(.timeLimit(.minutes(4))) struct `A run's spared work` {
  private func made(_ body: (MemorySite) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await site.publishSources()
      try await site.runAll()
      try await body(site)
    }
  }

  private func savings(_ site: MemorySite) async throws -> SavingsAnswer {
    try await site.queries.savings(try ProjectName("demo"), since: nil)
  }

  @Test func `is nothing where everything was made for the first time`() async throws {
    try await made { site in
      let answer = try await savings(site)
      #expect(answer.total == SavingsAnswer.Spared() && answer.unmeasuredRuns == 0)
      // 3 shots of 2 frames, graded twice; 3 movies and 1 sheet.
      #expect(answer.spent.tasks == 3 * 2 * 2 + 3 + 1 && answer.spent.runs == 10)
    }
  }

  @Test func `is what was cut off`() async throws {
    try await made { site in
      try await site.publish("look/show_lut", [("show.cube", "# a comment\nwarm")])
      try await site.runAll()
      let answer = try await savings(site)
      #expect(answer.cutOff.runs == 4 && answer.cutOff.tasks == 4 && answer.cutOff.bytes > 0)
      #expect(answer.reuse.tasks == 0 && answer.frames.tasks == 0)
    }
  }

  @Test func `is what was made before by the same recipe`() async throws {
    try await made { site in
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.runAll()
      try await site.publish("look/show_lut", [("show.cube", "warm")])
      try await site.runAll()
      let answer = try await savings(site)
      #expect(answer.reuse.runs == 7 && answer.reuse.tasks == 3 * 2 + 3 + 1 && answer.reuse.frames == 6)
      #expect(answer.cutOff.tasks == 0 && answer.frames.tasks == 0)
    }
  }

  @Test func `is the frames beside the one that was made`() async throws {
    try await made { site in
      try await site.publish("sq010/sh0010/plate", [("plate.1002.exr", "fixed")], patch: true)
      try await site.runAll()
      let answer = try await savings(site)
      #expect(answer.frames.runs == 2 && answer.frames.tasks == 2 && answer.frames.frames == 2)
      #expect(answer.frames.bytes > 0 && answer.total.tasks == 2)
    }
  }

  @Test func `is nothing where somebody wants it made anew`() async throws {
    try await made { site in
      let demo = try ProjectName("demo")
      let spent = try await savings(site).spent.tasks
      let plan = try await site.plans.apply(
        demo, PlanScope(select: "step:review", force: true), expected: nil, origin: MemorySite.ada)
      #expect(await site.end(of: plan.id).counts.short == [3, 0, 0, 0, 0])
      let answer = try await savings(site)
      #expect(answer.total.tasks == 0 && answer.spent.tasks == spent + 6)
      #expect(try await site.isCurrent())
      // The name stands in the log as an alias.
      let made = try site.latest("sq010/sh0010/review_frames").published.made
      let text = try #require(made?.reasons.first?.text)
      #expect(made?.reasons.first?.kind == .forced && !text.contains("ada") && text.hasPrefix("person-"))
    }
  }

  @Test func `is counted from a moment on`() async throws {
    try await made { site in
      let demo = try ProjectName("demo")
      let position = site.writer.position(site.writer.current.sequence)
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.runAll()
      #expect(try await site.queries.savings(demo, since: "\(position)").spent.runs == 7)
      #expect(try await site.queries.savings(demo, since: "2126-01-01").spent.runs == 0)
      #expect(try await site.queries.savings(demo, since: "1d").spent.runs == 17)
      await #expect(throws: SluiceError.self) { try await site.queries.savings(demo, since: "lately") }
      await #expect(throws: SluiceError.self) { try await site.queries.savings(demo, since: "main:999999") }
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `Selected by what changed` {
  @Test func `behind a position is what was published behind it`() async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await site.publishSources()
      let position = site.writer.position(site.writer.current.sequence)
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      let selection = try Selection("changed:\(position) changed:1s")
      let found = try await site.queries.status("demo", onlyStale: false, selection: selection)
      #expect(found.products.map(\.ref.spoken) == ["look/show_lut"])
      await #expect(throws: SluiceError.self) {
        try await site.queries.status("demo", onlyStale: false, selection: Selection("changed:paris:1"))
      }
    }
  }
}
