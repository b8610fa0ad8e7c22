import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `A verdict` {
  private func show() throws -> Show {
    var show = try Show.empty()
    for text in ["a", "b", "c"] { try show.publish("look/show_lut", file: text) }
    return show
  }

  private func judge(
    _ show: Show, number: Int? = nil, _ verdict: Verdict, because: String? = nil
  ) throws -> [Fact] {
    let reference = Reference(product: try show.ref("look/show_lut"), selector: number.map { .number($0) } ?? .latest)
    return try JudgementDecisions.judge(reference, verdict, because: because, in: show.registry).map(\.fact)
  }

  @Test func `that approves moves the tag in the same record`() throws {
    let show = try show()
    let version = try #require(show.project.products[try show.ref("look/show_lut")]?.numbers[2])
    #expect(
      try judge(show, number: 2, .approved, because: "seen") == [
        .versionJudged(VersionJudged(version: version, verdict: .approved, because: "seen")),
        .tagMoved(TagMoved(tag: "approved", version: version)),
      ])
  }

  @Test func `that is said twice is recorded once`() throws {
    var show = try show()
    for verdict in [Verdict.approved, .rejected] {
      try show.judge("look/show_lut", number: 2, verdict)
      #expect(try judge(show, number: 2, verdict) == [])
    }
  }

  @Test func `with another reason is another word`() throws {
    var show = try show()
    try show.judge("look/show_lut", number: 2, .rejected, because: "green")
    #expect(try judge(show, number: 2, .rejected, because: "blue").count == 1)
    #expect(try judge(show, number: 2, .rejected) == [])
  }

  @Test func `of rejection without a version is about the newest, however often it is said`() throws {
    var show = try show()
    try show.judge("look/show_lut", .rejected)
    #expect(try judge(show, .rejected) == [])
    #expect(try show.latest("look/show_lut")?.number == 2)
  }

  @Test func `of approval without a version is about the latest`() throws {
    var show = try show()
    try show.judge("look/show_lut", .rejected)
    try show.judge("look/show_lut", .approved)
    #expect(try show.latest("look/show_lut")?.judgement?.verdict == .approved)
  }

  @Test func `that was never said need not be taken back`() throws {
    #expect(try judge(show(), number: 1, .withdrawn) == [])
  }

  @Test func `too long is refused`() throws {
    let show = try show()
    #expect { try judge(show, .approved, because: String(repeating: "x", count: Limits.noteBytes + 1)) } throws: {
      ($0 as? SluiceError)?.code == .usage
    }
  }

  @Test func `is needed beside a tag where a version was rejected`() throws {
    var show = try show()
    try show.judge("look/show_lut", number: 2, .rejected)
    let reference = Reference(product: try show.ref("look/show_lut"), selector: .number(2))
    #expect { try Decisions.moveTag(reference, to: "approved", in: show.registry) } throws: {
      ($0 as? SluiceError)?.code == .usage
    }
  }
}

@Suite struct `A decision to freeze` {
  private let show: Show
  private let ref: ProductRef

  init() throws {
    var show = try Show.empty()
    try show.publish("look/show_lut", file: "a")
    (self.show, ref) = (show, try show.ref("look/show_lut"))
  }

  private func freeze(
    at selector: VersionSelector = .number(1), until: Date? = nil, because: String? = "locked"
  ) throws -> [Draft] {
    try JudgementDecisions.freeze(
      ref, at: selector, until: until, because: because, now: show.now, in: show.registry)
  }

  @Test func `wants a reason`() {
    for because in [nil, "", "  "] {
      #expect { try freeze(because: because) } throws: { ($0 as? SluiceError)?.code == .usage }
    }
  }

  @Test func `wants an end that is to come`() {
    #expect { try freeze(until: show.now) } throws: { ($0 as? SluiceError)?.code == .usage }
  }

  @Test func `wants a version that stays where it is`() {
    #expect { try freeze(at: .latest) } throws: { ($0 as? SluiceError)?.code == .usage }
    #expect { try freeze(at: .number(7)) } throws: { ($0 as? SluiceError)?.code == .versionUnknown }
  }

  @Test func `is recorded once, and thawed once`() throws {
    var show = show
    try show.freeze("look/show_lut", at: 1)
    #expect(
      try JudgementDecisions.freeze(
        ref, at: .number(1), until: nil, because: "the cut is locked", now: show.now, in: show.registry
      ).isEmpty)
    try show.thaw("look/show_lut")
    #expect(try JudgementDecisions.thaw(ref, because: nil, in: show.registry).isEmpty)
  }
}

@Suite struct `A decision to vouch` {
  @Test func `names every input as it is, and the step's core`() throws {
    let show = try Show.made(frames: 1001...1003)
    let ref = try show.ref("sq010/sh0010/review_frames")
    let drafts = try JudgementDecisions.vouch(
      Reference(product: ref), because: nil, assessor: show.assessor, in: show.registry)
    guard case .versionVouched(let fact)? = drafts.first?.fact else {
      Issue.record("no vouch")
      return
    }
    #expect(fact.inputs.map(\.input) == ["plate", "lut"] && fact.core != nil)
    #expect(try fact.version == show.latest("sq010/sh0010/review_frames")?.address.version)
  }

  @Test func `is recorded once for the same inputs`() throws {
    var show = try Show.animatedAndMade()
    try show.vouch("sh010/animation")
    let ref = try show.ref("sh010/animation")
    #expect(
      try JudgementDecisions.vouch(
        Reference(product: ref), because: nil, assessor: show.assessor, in: show.registry
      ).isEmpty)
  }

  @Test func `is refused for a source, and for a version that others do not take`() throws {
    var show = try Show.animatedAndMade()
    let source = Reference(product: try show.ref("hero/rig"))
    #expect {
      try JudgementDecisions.vouch(source, because: nil, assessor: show.assessor, in: show.registry)
    } throws: { ($0 as? SluiceError)?.code == .vouchNothing }
    try show.publishByHand("sh010/animation", "she runs")
    let old = Reference(product: try show.ref("sh010/animation"), selector: .number(1))
    #expect {
      try JudgementDecisions.vouch(old, because: nil, assessor: show.assessor, in: show.registry)
    } throws: { ($0 as? SluiceError)?.code == .vouchNothing }
  }
}

@Suite struct `A product in hand` {
  @Test func `keeps a run that ends meanwhile from publishing`() throws {
    var show = try Show.made(frames: 1001...1003)
    let ref = try show.ref("sq010/sh0010/review_frames")
    try show.paintOver("sq010/sh0010/review_frames", frames: FrameSet(1002...1002)) { "painted \($0)" }
    #expect { try JudgementDecisions.requireReleased([ref], in: show.registry) } throws: {
      ($0 as? SluiceError)?.code == .productHeld
    }
    try show.release("sq010/sh0010/review_frames")
    try JudgementDecisions.requireReleased([ref], in: show.registry)
    #expect(try JudgementDecisions.release(ref, because: nil, in: show.registry).isEmpty)
  }

  @Test func `comes about in one record with the version that was painted`() throws {
    let show = try Show.made(frames: 1001...1003)
    let ref = try show.ref("sq010/sh0010/review_frames")
    let fact = VersionPublished(
      version: VersionID(second: 1_900_000_000, site: "main", counter: 1), number: nil, manifest: Digest.of("m"),
      representations: [], madeFrom: [])
    let painted = PublishDecisions.NewVersion(
      product: ref, fact: fact, tag: nil, override: PublishDecisions.Override(because: "wires"))
    let facts = try PublishDecisions.publish([painted], in: show.registry).map(\.fact)
    #expect(facts.last == .productHeld(ProductHeld(held: true, because: "wires")) && facts.count == 2)
    let plain = PublishDecisions.NewVersion(product: ref, fact: fact, tag: nil)
    #expect { try PublishDecisions.publish([plain], in: show.registry) } throws: {
      ($0 as? SluiceError)?.code == .publishMade
    }
  }

  @Test func `is not what a source can be`() throws {
    let show = try Show.published(frames: 1001...1003)
    #expect {
      try PublishDecisions.requireOpen(try show.ref("look/show_lut"), show.project, isOverriding: true)
    } throws: { ($0 as? SluiceError)?.code == .usage }
  }
}

@Suite struct `What a person says a version was made from` {
  @Test func `is matched to the inputs that its step declares`() throws {
    let show = try Show.animated()
    let inputs = PublishedInputs(of: try show.ref("sh010/animation"), in: show.registry, now: show.now)
    #expect(try inputs.used(["demo/hero/rig", "demo/sh010/layout@1"]).map(\.input) == ["rig", "layout"])
  }

  @Test func `is all of them where it says so`() throws {
    let show = try Show.animated()
    let inputs = PublishedInputs(of: try show.ref("sh010/animation"), in: show.registry, now: show.now)
    #expect(try inputs.used(["inputs"]) == inputs.used(["demo/hero/rig", "demo/sh010/layout"]))
  }

  @Test func `is recorded too where no input means it`() throws {
    var show = try Show.animated()
    try show.publish("hero/sketch", file: "s")
    let inputs = PublishedInputs(of: try show.ref("sh010/animation"), in: show.registry, now: show.now)
    #expect(try inputs.used(["demo/hero/sketch"]).map(\.input) == [nil])
  }

  @Test func `cannot be all of them where no step declares any`() throws {
    let show = try Show.animated()
    let inputs = PublishedInputs(of: try show.ref("hero/rig"), in: show.registry, now: show.now)
    #expect { try inputs.used(["inputs"]) } throws: { ($0 as? SluiceError)?.code == .usage }
  }
}

@Suite struct `A large edit that accepts what exists` {
  @Test func `is split so that each record surely holds its part, the steps last`() throws {
    let draft = Draft(
      project: try ProjectName("demo"), product: try ProductRef("demo/a/b"),
      fact: .versionVouched(
        VersionVouched(
          version: VersionID(second: 1, site: "main", counter: 1),
          inputs: try (0..<20).map { index in
            Used(
              input: "i\(index)", product: try ProductRef("demo/a/b"),
              version: VersionID(second: 1, site: "main", counter: 1), content: Digest.of("\(index)"))
          }, core: nil, because: nil)))
    let all = Array(repeating: draft, count: 400)
    let first = all.fittingOneRecord
    #expect(!first.isEmpty && first.count < all.count)
    let bytes = first.reduce(0) { sum, draft in
      if case .versionVouched(let fact) = draft.fact { sum + StableJSON.encode(fact).count } else { sum }
    }
    #expect(bytes < Limits.recordBytes)
  }
}
