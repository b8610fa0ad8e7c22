import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

extension Show {
  func reaction(_ standing: Standing = Standing()) throws -> Reaction {
    Reaction(try Assessments(assessor), standing: standing)
  }

  /// Sets what steps do when their inputs change; the others stay as they are.
  mutating func react(_ policies: [String: OnChange], ceilings: [String: Double] = [:]) throws {
    var steps = steps
    for index in steps.indices {
      steps[index].onChange = policies[steps[index].name] ?? steps[index].onChange
      steps[index].maxCoreHours = ceilings[steps[index].name]
    }
    try apply(steps: steps)
  }

  /// Lets it be known what a task of a step takes.
  mutating func time(_ step: String, secondsPerTask: Double) throws {
    try record(
      .runFinished(
        RunFinished(
          plan: PlanID("p-time"), run: RunID("r-\(step)"), step: step, attempt: 1, outcome: .succeeded, executed: 1,
          reused: 0, seconds: secondsPerTask, recipe: nil)), folder: try FolderPath("elsewhere"))
  }

  func unit(_ spoken: String) throws -> UnitID {
    let parts = spoken.split(separator: " ")
    return UnitID(step: String(parts[1]), folder: try FolderPath(parts[0]))
  }
}

extension Set<UnitID> {
  /// Steps with the number of their units.
  var counts: [String: Int] { Dictionary(grouping: self, by: \.step).mapValues(\.count) }
}

/// Everything in `Show.made` is current; then the show LUT changes.
@Suite(.timeLimit(.minutes(4))) struct `A reaction to a new LUT` {
  private func changed(_ policies: [String: OnChange], ceilings: [String: Double] = [:]) throws -> Show {
    var show = try Show.made(frames: 1001...1004)
    try show.react(policies, ceilings: ceilings)
    try show.publish("look/show_lut", file: "cold")
    return show
  }

  @Test func `runs the whole cascade of auto steps`() throws {
    let show = try changed(["review": .auto, "review_movie": .auto, "contact": .auto])
    #expect(try show.reaction().runs.counts == ["review": 6, "review_movie": 6, "contact": 2])
    #expect(try show.reaction().proposals == [])
  }

  @Test func `proposes the whole cascade of steps that say nothing`() throws {
    let show = try changed([:])
    #expect(try show.reaction().proposals.counts == ["review": 6, "review_movie": 6, "contact": 2])
    #expect(try show.reaction().runs == [])
  }

  @Test func `does nothing where the steps are manual`() throws {
    let show = try changed(["review": .manual, "review_movie": .manual, "contact": .manual])
    #expect(try show.reaction().runs == [] && show.reaction().proposals == [])
  }

  @Test func `lets what is made from a manual step wait`() throws {
    let show = try changed(["review": .manual, "review_movie": .auto])
    #expect(try show.reaction().runs == [] && show.reaction().proposals == [])
    let note = try show.reaction().note(on: show.unit("sq010/sh0010 review_movie"))
    #expect(note?.kind == .waits && note?.text == "it waits for sq010/sh0010 review, which is manual")
  }

  @Test func `proposes an auto step together with the proposed one that it is made from, and never runs it before`()
    throws
  {
    let show = try changed(["review_movie": .auto, "contact": .manual])
    #expect(try show.reaction().runs == [])
    #expect(try show.reaction().proposals.counts == ["review": 6, "review_movie": 6])
    #expect(
      try show.reaction().notes[show.unit("sq010/sh0010 review_movie")]
        == "it is made from sq010/sh0010 review, which is proposed too")
  }

  @Test func `lets a proposal wait until the auto step that it is made from has run`() throws {
    let show = try changed(["review": .auto])
    #expect(try show.reaction().runs.counts == ["review": 6])
    #expect(try show.reaction().proposals == [])
    #expect(try show.reaction().note(on: show.unit("sq010/sh0010 review_movie"))?.kind == .waits)
  }

  @Test func `leaves out what cannot run, and what is made from it`() throws {
    var show = try changed(["review": .auto, "review_movie": .auto, "contact": .auto])
    try show.change("sq010/sh0070", FolderChanged(type: "shot"))
    #expect(try show.reaction().runs.counts == ["review": 6, "review_movie": 6, "contact": 1])
    #expect(try show.reaction().note(on: show.unit("sq010/sh0070 review"))?.kind == .blocked)
    #expect(try show.reaction().note(on: show.unit("sq010 contact"))?.kind == .blocked)
  }

  // MARK: Ceilings

  @Test func `within its ceiling runs`() throws {
    var show = try changed(["review": .auto], ceilings: ["review": 1])
    // Six shots of four frames: 24 tasks of 150 seconds are one core-hour.
    try show.time("review", secondsPerTask: 150)
    #expect(try show.reaction().runs.counts == ["review": 6])
  }

  @Test func `above its ceiling is proposed, and says so`() throws {
    var show = try changed(["review": .auto], ceilings: ["review": 1])
    try show.time("review", secondsPerTask: 151)
    #expect(try show.reaction().runs == [])
    #expect(
      try show.reaction().notes[show.unit("sq010/sh0010 review")]
        == "its step may take 1 core-hour by itself, and this takes about 1.01")
  }

  @Test func `with a ceiling and no known cost is proposed`() throws {
    let show = try changed(["review": .auto], ceilings: ["review": 1_000])
    #expect(try show.reaction().runs == [])
    #expect(
      try show.reaction().notes[show.unit("sq010/sh0010 review")]
        == "its step may take 1000 core-hours by itself, and nobody knows yet what it takes")
  }

  @Test func `without a ceiling runs, whatever it costs`() throws {
    var show = try changed(["review": .auto])
    try show.time("review", secondsPerTask: 1e6)
    #expect(try show.reaction().runs.counts == ["review": 6])
  }

  @Test func `above the ceiling of an upper step proposes the lower ones with it`() throws {
    var show = try changed(["review": .auto, "review_movie": .auto, "contact": .auto], ceilings: ["review": 1])
    try show.time("review", secondsPerTask: 151)
    #expect(try show.reaction().runs == [])
    #expect(try show.reaction().proposals.counts == ["review": 6, "review_movie": 6, "contact": 2])
  }

  @Test func `above the ceiling of a lower step runs the upper one first`() throws {
    var show = try changed(["review": .auto, "review_movie": .auto], ceilings: ["review_movie": 0.01])
    try show.time("review_movie", secondsPerTask: 60)
    #expect(try show.reaction().runs.counts == ["review": 6])
    #expect(try show.reaction().proposals == [])
  }

  @Test func `counts only what would run by itself against a ceiling`() throws {
    var show = try changed(["review": .auto, "review_movie": .auto], ceilings: ["review": 1, "review_movie": 0.01])
    try show.time("review", secondsPerTask: 151)
    try show.time("review_movie", secondsPerTask: 60)
    // The movies are proposed because of the reviews, not because of their own ceiling.
    #expect(
      try show.reaction().notes[show.unit("sq010/sh0010 review_movie")]
        == "it is made from sq010/sh0010 review, which is proposed too")
  }

  // MARK: What happened before

  @Test func `leaves alone what a running plan makes, and what is made from it`() throws {
    let show = try changed(["review": .auto, "review_movie": .auto, "contact": .auto])
    var standing = Standing()
    standing.busy = [try show.unit("sq010/sh0010 review")]
    standing.claimed = standing.busy
    #expect(try show.reaction(standing).runs.counts == ["review": 5, "review_movie": 5, "contact": 1])
  }

  @Test func `proposes nothing that is made from what a running plan is about, until that has ended`() throws {
    var show = try changed([:])
    var standing = Standing()
    let review = try show.unit("sq010/sh0010 review")
    standing.claimed = [review]
    // That run has ended, others of its plan go on: the movie would be proposed piece by piece.
    _ = try show.carryOut(try show.plan("sq010/sh0010/review_frames"))
    let movie = try show.unit("sq010/sh0010 review_movie")
    #expect(try show.reaction(standing).note(on: movie)?.kind == .waits)
    #expect(try show.reaction().note(on: movie)?.kind == .proposed)
  }

  @Test func `does not start again what failed with the same inputs`() throws {
    for policy in [OnChange.auto, .propose] {
      let show = try changed(["review": policy])
      let review = try show.unit("sq010/sh0010 review")
      let assessment = try show.assess()[review]
      var standing = Standing()
      standing.attempts[review] = Standing.Attempt(
        status: .failed, recipe: assessment?.recipe, work: nil, frames: nil)
      let reaction = try show.reaction(standing)
      #expect(!reaction.runs.contains(review) && !reaction.proposals.contains(review))
      #expect(reaction.note(on: review)?.kind == .failed)
    }
  }

  @Test func `starts again what failed, once an input has changed`() throws {
    var show = try changed(["review": .auto])
    let review = try show.unit("sq010/sh0010 review")
    let assessment = try #require(try show.assess()[review])
    var standing = Standing()
    standing.attempts[review] = Standing.Attempt(
      status: .failed, recipe: assessment.recipe, work: assessment.work, frames: nil)
    try show.publish("look/show_lut", file: "colder")
    #expect(try show.reaction(standing).runs.contains(review))
  }

  @Test func `proposes what somebody cancelled, and does not start it again`() throws {
    let show = try changed(["review": .auto])
    let review = try show.unit("sq010/sh0010 review")
    var standing = Standing()
    standing.attempts[review] = Standing.Attempt(
      status: .cancelled, recipe: nil, work: try show.assess()[review]?.work, frames: nil)
    let reaction = try show.reaction(standing)
    #expect(!reaction.runs.contains(review) && reaction.proposals.contains(review))
    #expect(reaction.notes[review] == "somebody cancelled it, and nothing has changed since")
  }

  @Test func `does not run again and again what ends well and stays out of date`() throws {
    let show = try changed(["review": .auto])
    let review = try show.unit("sq010/sh0010 review")
    let assessment = try #require(try show.assess()[review])
    var standing = Standing()
    standing.attempts[review] = Standing.Attempt(
      status: .succeeded, recipe: nil, work: assessment.work, frames: assessment.stale)
    #expect(try show.reaction(standing).notes[review] == "it ran, and is out of date all the same")
  }

  @Test func `runs what an earlier plan left out`() throws {
    var show = try changed(["review": .auto])
    let review = try show.unit("sq010/sh0010 review")
    let plan = try show.plan("sq010/sh0010/review_frames", frames: "1001")
    try show.carryOut(plan)
    var standing = Standing()
    standing.attempts[review] = Standing.Attempt(
      status: .succeeded, recipe: nil, work: plan.runs[0].work, frames: plan.runs[0].frames)
    #expect(try show.reaction(standing).runs.contains(review))
  }

  @Test func `does not propose what was declined, until an input changes`() throws {
    var show = try changed([:])
    let plan = try show.plan("sq010")
    var standing = Standing()
    for run in plan.runs { standing.declined[try #require(run.work)] = try state(plan) }
    #expect(try show.reaction(standing).proposals.counts == ["review": 3, "review_movie": 3, "contact": 1])
    try show.publish("sq010/sh0010/plate", frames: FrameSet(1001...1004)) { "new \($0)" }
    #expect(
      try show.reaction(standing).proposals.counts == ["review": 4, "review_movie": 4, "neutral": 1, "contact": 1])
    #expect(try show.reaction(standing).note(on: show.unit("sq010 contact"))?.kind == .waits)
  }

  @Test func `does not count the same bytes published again as a change`() throws {
    var show = try changed([:])
    let plan = try show.plan()
    var standing = Standing()
    for run in plan.runs { standing.declined[try #require(run.work)] = try state(plan) }
    try show.publish("look/show_lut", file: "cold")
    #expect(try show.reaction(standing).proposals == [])
  }

  @Test func `says who declined it, when and why`() throws {
    let show = try changed([:])
    let plan = try show.plan()
    var standing = Standing()
    for run in plan.runs { standing.declined[try #require(run.work)] = try state(plan) }
    let note = try #require(try show.reaction(standing).note(on: show.unit("sq010 contact")))
    #expect(note.kind == .declined && note.plan == plan.id)
    #expect(
      note.text == "the proposal \(plan.id) was declined by ada, Sun 22 Nov 14:23 UTC (“not this week”); "
        + "it is proposed again when an input changes")
  }

  private func state(_ plan: Plan) throws -> PlanState {
    var state = PlanState(
      id: plan.id, project: plan.project, status: .declined, body: Digest.of("body"), applications: 0, runs: 1,
      tasks: 1, counts: RunCounts(), actor: .system, applied: Date(timeIntervalSince1970: 0), finished: nil,
      event: EventID("e"), only: nil)
    state.declined = Decline(
      actor: Actor(name: "ada", trust: .claimed), time: Date(timeIntervalSince1970: 1_795_357_381),
      because: "not this week")
    return state
  }

  // MARK: Causes

  @Test func `has the newest fact that its reasons name as its cause`() throws {
    var show = try changed([:])
    let lut = try show.latest("look/show_lut")?.event
    #expect(Reaction.cause(of: try show.plan(), in: show.project) == lut)
    try show.publish("notes/reel", file: "unrelated", as: "reel.mov")
    #expect(Reaction.cause(of: try show.plan(), in: show.project) == lut)
    try show.publish("sq010/sh0010/plate", frames: FrameSet(1001...1004)) { "new \($0)" }
    #expect(
      Reaction.cause(of: try show.plan(), in: show.project) == (try show.latest("sq010/sh0010/plate"))?.event)
  }

  @Test func `has the pipeline's revision as its cause where a step was edited`() throws {
    var show = try Show.made(frames: 1001...1002)
    try show.edit("contact") { $0.command.append("--wide") }
    #expect(Reaction.cause(of: try show.plan(), in: show.project) == show.project.pipeline?.event)
  }

  @Test func `has the newest input as its cause where nothing was made yet`() throws {
    let show = try Show.published(frames: 1001...1002)
    let neutral = try show.latest("look/neutral_lut")?.event
    #expect(Reaction.cause(of: try show.plan(), in: show.project) == neutral)
  }
}

/// Policies, ceilings, changes and what happened before, all drawn from a seed.
@Suite(.timeLimit(.minutes(4))) struct `Any reaction` {
  private struct Draw {
    var show: Show
    var standing = Standing()

    init(seed: UInt64, from show: Show, made: Show) throws {
      let chance = Seeded(seed: seed)
      self.show = chance.below(3) == 0 ? show : made
      try draw(chance)
    }

    private mutating func draw(_ chance: Seeded) throws {
      let policies = Dictionary(uniqueKeysWithValues: show.steps.map { ($0.name, OnChange.allCases[chance.below(3)]) })
      var ceilings: [String: Double] = [:]
      for (step, policy) in policies.sorted(by: { $0.key < $1.key }) where policy == .auto && chance.below(3) == 0 {
        ceilings[step] = Double(1 + chance.below(4))
        if chance.below(3) > 0 { try show.time(step, secondsPerTask: Double(chance.below(3_600))) }
      }
      try show.react(policies, ceilings: ceilings)
      if chance.below(2) == 0 { try show.publish("look/show_lut", file: "cold") }
      for shot in Show.demoShots where chance.below(3) == 0 {
        try show.publish("\(shot)/plate", frames: FrameSet(1001...1002)) { "new \($0)" }
      }
      if chance.below(4) == 0 { try show.change("sq010/sh0070", FolderChanged(type: "shot")) }
      for (unit, assessment) in try show.assess().sorted(by: { $0.key < $1.key }) where assessment.needsWork {
        switch chance.below(12) {
        case 0:
          standing.busy.insert(unit)
          standing.claimed.insert(unit)
        case 1: standing.claimed.insert(unit)
        case 2:
          standing.attempts[unit] = Standing.Attempt(
            status: [.failed, .cancelled, .succeeded][chance.below(3)], recipe: assessment.recipe,
            work: assessment.work, frames: assessment.stale)
        case 3:
          guard let work = assessment.work else { continue }
          standing.declined[work] = PlanState(
            id: PlanID("p-no"), project: show.name, status: .declined, body: Digest.of(""), applications: 0, runs: 1,
            tasks: 1, counts: RunCounts(), actor: .system, applied: Date(timeIntervalSince1970: 0), finished: nil,
            event: EventID("e"), only: nil)
        default: continue
        }
      }
    }
  }

  private func draws(_ count: UInt64 = 150, _ body: (UInt64, Draw) throws -> Void) throws {
    let published = try Show.published(frames: 1001...1002)
    var made = published
    try made.makeAll()
    for seed in 0..<count { try body(seed, Draw(seed: seed, from: published, made: made)) }
  }

  @Test func `makes nothing before what it is made from`() throws {
    try draws { seed, draw in
      let (reaction, all) = (try draw.show.reaction(draw.standing), try draw.show.assess())
      let (runs, proposals) = (reaction.runs, reaction.proposals)
      #expect(runs.isDisjoint(with: proposals), "seed \(seed)")
      for unit in runs.union(proposals) {
        let above = Set(try #require(all[unit]).inputs.flatMap(\.sources).compactMap(\.upstream))
        #expect(above.isSubset(of: runs.contains(unit) ? runs : proposals), "seed \(seed), \(unit)")
      }
    }
  }

  @Test func `runs no step that is not auto, busy, declined, failed, cancelled or blocked`() throws {
    try draws { seed, draw in
      let (reaction, all) = (try draw.show.reaction(draw.standing), try draw.show.assess())
      for unit in reaction.runs.union(reaction.proposals) {
        let assessment = try #require(all[unit])
        #expect(assessment.needsWork && assessment.obstacle == nil, "seed \(seed), \(unit)")
        #expect(assessment.unit.step.onChange != .manual, "seed \(seed), \(unit)")
        #expect(draw.standing.attempts[unit]?.status != .failed, "seed \(seed), \(unit)")
        #expect(!draw.standing.busy.contains(unit), "seed \(seed), \(unit)")
        #expect(draw.standing.declined[try #require(assessment.work)] == nil, "seed \(seed), \(unit)")
      }
      for unit in reaction.runs {
        #expect(all[unit]?.unit.step.onChange == .auto, "seed \(seed), \(unit)")
        #expect(draw.standing.attempts[unit] == nil, "seed \(seed), \(unit)")
      }
    }
  }

  @Test func `stays within every ceiling`() throws {
    var passed = 0
    try draws { seed, draw in
      let (reaction, all) = (try draw.show.reaction(draw.standing), try draw.show.assess())
      for step in draw.show.steps {
        guard let ceiling = step.maxCoreHours else { continue }
        let mine = reaction.runs.filter { $0.step == step.name }
        let timing = draw.show.project.timings[step.name]
        #expect(mine.isEmpty || timing != nil, "seed \(seed), \(step.name)")
        let tasks = mine.reduce(0) { $0 + (all[$1]?.tasks(for: nil) ?? 0) }
        #expect(Double(tasks) * (timing?.secondsPerTask ?? 0) <= ceiling * 3_600 + 1, "seed \(seed), \(step.name)")
        if reaction.notes.contains(where: { $0.key.step == step.name && $0.value.hasPrefix("its step may") }) {
          passed += 1
        }
      }
    }
    #expect(passed > 20, "ceilings are tried")
  }

  /// Said the other way round: whatever is neither run nor proposed has a reason that can be seen.
  @Test func `leaves nothing out of date without a word`() throws {
    var kinds: Set<ReactionNote.Kind> = []
    try draws { seed, draw in
      let reaction = try draw.show.reaction(draw.standing)
      for (unit, assessment) in try draw.show.assess() {
        let note = reaction.note(on: unit)
        #expect((note != nil) == assessment.needsWork, "seed \(seed), \(unit)")
        if let kind = note?.kind { kinds.insert(kind) }
      }
    }
    #expect(kinds == [.auto, .proposed, .declined, .waits, .running, .manual, .failed, .blocked])
  }

  @Test func `runs every auto unit that nothing stands in the way of`() throws {
    try draws { seed, draw in
      let (reaction, all) = (try draw.show.reaction(draw.standing), try draw.show.assess())
      for (unit, assessment) in all where assessment.needsWork && assessment.unit.step.onChange == .auto {
        guard assessment.unit.step.maxCoreHours == nil, assessment.obstacle == nil,
          !draw.standing.busy.contains(unit), draw.standing.attempts[unit] == nil,
          draw.standing.declined[try #require(assessment.work)] == nil
        else { continue }
        let above = Set(assessment.inputs.flatMap(\.sources).compactMap(\.upstream))
        if above.isSubset(of: reaction.runs) { #expect(reaction.runs.contains(unit), "seed \(seed), \(unit)") }
      }
    }
  }
}
