import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `What if` {
  private func made(_ body: (MemorySite, ProjectName) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources()
      try await site.runAll()
      try await body(site, try ProjectName("demo"))
    }
  }

  private func file(_ path: String, _ text: String) -> ChangedProduct.File {
    ChangedProduct.File(path: path, size: Int64(text.utf8.count), sha256: Digest.of(text))
  }

  private func lut(_ text: String) -> [ChangedProduct] {
    [ChangedProduct(ref: "demo/look/show_lut", files: [file("new.cube", text)])]
  }

  @Test func `the same file came again, nothing would move`() async throws {
    try await made { site, demo in
      let plan = try await site.plans.compute(demo, PlanScope(), if: lut("warm"))
      #expect(plan.runs == [] && plan.untouched == 28)
      let change = try #require(plan.whatIf?.changes.first)
      #expect(!change.differs && change.text == "look/show_lut: new.cube is what v001 has already")
    }
  }

  @Test func `another file came, all that is made with it would move`() async throws {
    try await made { site, demo in
      let plan = try await site.plans.compute(demo, PlanScope(), if: lut("cold"))
      #expect(plan.runs.count == 14 && plan.untouched == 14 && plan.whatIf?.alreadyDue == 0)
      let review = try #require(plan.runs.first)
      #expect(review.reasons.filter { !$0.isNote }.map(\.text) == ["look/show_lut would move from v001 to new.cube"])
      #expect(review.reasons[0].now == nil)
      let contact = try #require(plan.runs.last { $0.step == "contact" })
      #expect(contact.reasons[0].text.hasPrefix("look/show_lut would move from v001 to new.cube, through "))
    }
  }

  @Test func `nobody says what comes, the product counts as wholly changed`() async throws {
    try await made { site, demo in
      let plan = try await site.plans.compute(demo, PlanScope(), if: [ChangedProduct(ref: "demo/look/show_lut")])
      #expect(plan.runs.count == 14)
      #expect(plan.runs[0].reasons[0].text == "look/show_lut would move from v001 to another content")
    }
  }

  @Test func `one numbered file came, its frame alone would move`() async throws {
    try await made { site, demo in
      let change = ChangedProduct(
        ref: "demo/sq010/sh0010/plate", files: [file("fixed.1002.exr", "sq010/sh0010 fixed")])
      let plan = try await site.plans.compute(demo, PlanScope(), if: [change])
      #expect(plan.runs.map(\.step).sorted() == ["contact", "neutral", "review", "review_movie"])
      #expect(plan.runs.filter { $0.frames != nil }.allSatisfy { $0.frames == FrameSet(1002...1002) })
      #expect(plan.whatIf?.changes.first?.frames == FrameSet(1002...1002))
    }
  }

  @Test func `a sequence came with a hole, it is refused as its publish would be`() async throws {
    try await made { site, demo in
      var change = ChangedProduct(
        ref: "demo/sq010/sh0010/plate", files: [file("plate.1001.exr", "a"), file("plate.1003.exr", "b")])
      let error = await #expect(throws: SluiceError.self) {
        try await site.plans.compute(demo, PlanScope(), if: [change])
      }
      #expect(error?.code == .publishHole && error?.what == "the sequence lacks frame 1002")
      change.allowMissing = true
      let plan = try await site.plans.compute(demo, PlanScope(), if: [change])
      #expect(plan.whatIf?.changes.first?.differs == true)
    }
  }

  @Test func `a whole sequence came of which one frame differs, that frame alone would move`() async throws {
    try await made { site, demo in
      let change = ChangedProduct(
        ref: "demo/sq010/sh0010/plate",
        files: [file("plate.1001.exr", "sq010/sh0010 1001"), file("plate.1002.exr", "other")])
      let plan = try await site.plans.compute(demo, PlanScope(select: "step:review"), if: [change])
      #expect(plan.runs.map(\.frames) == [FrameSet(1002...1002)])
    }
  }

  @Test func `what a step makes were to change, the step itself would not run`() async throws {
    try await made { site, demo in
      let change = ChangedProduct(ref: "demo/sq010/sh0010/review_frames")
      let plan = try await site.plans.compute(demo, PlanScope(), if: [change])
      #expect(plan.runs.map(\.step).sorted() == ["contact", "review_movie"])
    }
  }

  @Test func `something is due anyway, it is told apart`() async throws {
    try await made { site, demo in
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      #expect(try await site.plans.compute(demo, PlanScope(), if: lut("cold")).runs == [])
      let plan = try await site.plans.compute(demo, PlanScope(), if: lut("colder"))
      #expect(plan.runs.count == 14 && plan.whatIf?.alreadyDue == 14)
    }
  }

  @Test func `it has no version yet, a file says what would run, and without one nobody knows`() async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await site.publish("sq010/sh0010/plate", [("plate.1001.exr", "a"), ("plate.1002.exr", "b")])
      let demo = try ProjectName("demo")
      let plan = try await site.plans.compute(demo, PlanScope(), if: lut("warm"))
      #expect(plan.runs.map(\.step) == ["review", "review_movie"])
      let error = await #expect(throws: SluiceError.self) {
        try await site.plans.compute(demo, PlanScope(), if: [ChangedProduct(ref: "demo/look/show_lut")])
      }
      #expect(error?.code == .productUnknown)
    }
  }

  @Test func `it records nothing, has one id, and cannot be applied`() async throws {
    try await made { site, demo in
      let before = site.writer.current.sequence
      let plan = try await site.plans.compute(demo, PlanScope(), if: lut("cold"))
      #expect(try await site.plans.compute(demo, PlanScope(), if: lut("cold")).id == plan.id)
      #expect(try await site.plans.plan(plan.id) == plan)
      let error = await #expect(throws: SluiceError.self) { try await site.apply(expected: plan.id) }
      #expect(error?.code == .planWhatIf)
      #expect(site.writer.current.sequence == before)
    }
  }

  @Test(arguments: ["demo/look/nothing", "other/look/show_lut"])
  func `of what nobody has is refused`(ref: String) async throws {
    try await made { site, demo in
      await #expect(throws: SluiceError.self) {
        try await site.plans.compute(demo, PlanScope(), if: [ChangedProduct(ref: ref)])
      }
    }
  }
}
