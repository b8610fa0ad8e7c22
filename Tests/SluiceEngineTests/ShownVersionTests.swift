import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct `What is shown of a product` {
  private let review = "sq010/sh0010/review_frames"
  private let lut = "look/show_lut"

  /// Three versions of the show's look, and everything made with the first and the last.
  private func live(_ body: (MemorySite, Judgements) async throws -> Void) async throws {
    let site = try await MemorySite()
    let judgements = Judgements(writer: site.writer, manifests: LogManifests(log: site.log), tools: site.tools)
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await site.publishSources(frames: 1001...1003)
      _ = try await site.runAll()
      try await site.publish(lut, [("show.cube", "cold")])
      _ = try await site.runAll()
      try await body(site, judgements)
    }
  }

  private func show(_ spoken: String, _ site: MemorySite) async throws -> ShowAnswer {
    try await site.queries.show(Reference("demo/\(spoken)"))
  }

  private func status(_ spoken: String, _ site: MemorySite) async throws -> ProductStatus {
    try #require(try await site.queries.status(of: ProductRef("demo/\(spoken)")))
  }

  @Test func `claims nothing of the latest where an older version was asked for`() async throws {
    try await live { site, _ in
      let old = try await show("\(review)@1", site)
      #expect(old.status == nil && old.selected.supersededBy?.number == 2)
      let new = try await show(review, site)
      #expect(new.status?.state == .current && new.selected.supersededBy == nil)
      #expect(old.madeBy == "review")
    }
  }

  @Test func `has the verdict that holds of each version, and no tag that does not stand`() async throws {
    try await live { site, judgements in
      let first = try Reference("demo/\(lut)@1")
      _ = try await judgements.judge(first, .approved, because: nil, origin: MemorySite.ada)
      #expect(try await show(lut, site).tags.keys.sorted() == ["approved"])
      site.seeded.advance(by: 1)
      _ = try await judgements.judge(first, .rejected, because: "bad", origin: MemorySite.ada)
      let answer = try await show("\(lut)@1", site)
      #expect(answer.tags.isEmpty)
      #expect(answer.selected.judged?.verdict == .rejected && answer.selected.judged?.because == "bad")
      #expect(answer.selected.supersededBy == nil && answer.status == nil)
      #expect(answer.versions.map { $0.judged?.verdict } == [nil, .rejected])
    }
  }

  @Test func `says that it is frozen, where, until when, by whom and why`() async throws {
    try await live { site, judgements in
      let ref = try ProductRef("demo/\(lut)")
      _ = try await judgements.freeze(
        ref, at: .number(1), until: "2099-01-01", because: "the cut is locked", origin: MemorySite.ada)
      let frozen = try #require(try await status(lut, site).frozen)
      #expect(frozen.number == 1 && frozen.because == "the cut is locked" && frozen.until != nil)
      #expect(try await show(lut, site).frozen == frozen)
      #expect(try await status(review, site).frozen == nil)
      let only = KeptFilter(frozen: true, held: false)
      let listed = try await site.queries.status("demo", onlyStale: false, kept: only).products
      #expect(listed.map(\.ref) == [ref])
      _ = try await judgements.thaw(ref, because: nil, origin: MemorySite.ada)
      #expect(try await status(lut, site).frozen == nil)
    }
  }

  @Test func `that was painted over says from what it was carried, and why goes on below`() async throws {
    try await live { site, judgements in
      try await site.publish(review, [("review.1002.png", "painted")], patch: true) {
        ($0.override, $0.because) = (true, "wires")
      }
      let answer = try await show(review, site)
      let carried = try #require(answer.selected.carried)
      #expect(carried.number == 2 && "\(carried.but)" == "1002" && "\(carried.frames)" == "1001,1003")
      #expect(
        Set(answer.selected.madeFrom.map { "\($0.ref.spoken) \($0.frames.map { "\($0)" } ?? "")" }) == [
          "\(lut) 1001,1003", "sq010/sh0010/plate 1001,1003",
        ])
      #expect(answer.held?.because == "wires" && answer.frozen == nil)
      let held = try await site.queries.status("demo", onlyStale: false, kept: KeptFilter(frozen: false, held: true))
      #expect(held.products.map(\.ref.spoken) == [review])
      let texts = try await site.queries.why(Reference("demo/\(review)")).chain.map(\.text)
      #expect(texts[0].hasSuffix(", laid over v002"))
      #expect(texts[1].contains("v002 was made by the step 'review', because look/show_lut moved from v001 to v002"))
      _ = try await judgements.release(ProductRef("demo/\(review)"), because: nil, origin: MemorySite.ada)
      let plan = try await site.plan(review)
      #expect(plan.runs.map { $0.frames.map { "\($0)" } } == ["1002"])
    }
  }

  @Test func `says that its shot is left out`() async throws {
    try await live { site, _ in
      try await site.writer.submit(MemorySite.ada) { registry throws(SluiceError) in
        try Decisions.changeFolder(
          ProjectName("demo"), FolderPath("sq010/sh0010"), type: nil, set: [:], omitted: true, mustBeNew: false,
          in: registry, site: "main")
      }
      #expect(try await status(review, site).omitted == true)
      #expect(try await status("sq010/sh0020/review_frames", site).omitted == nil)
    }
  }

  @Test func `after a vouch says how it stands and names its inputs by their numbers`() async throws {
    try await live { site, judgements in
      try await site.publish(lut, [("show.cube", "warmer")])
      let vouched = try await judgements.vouch(
        Reference("demo/\(review)"), because: nil, origin: MemorySite.ada)
      #expect(Set(vouched.inputs.map { "\($0.input ?? "") \($0.number ?? 0)" }) == ["plate 1", "lut 3"])
      #expect(try await status(review, site).freshness == .current)
    }
  }
}

@Suite(.timeLimit(.minutes(2))) struct `A cause` {
  @Test func `is never what a step only takes note of`() async throws {
    let scene = Step(
      "scene", for: "asset",
      [
        StepInput(name: "model", product: .here("model")),
        StepInput(name: "brief", product: .here("brief"), link: .association),
      ],
      makes: [StepOutput(name: "o", product: "scene", files: "scene.usd", identity: .bytes)],
      ["assemble", "{model}", "{o}"])
    let site = try await MemorySite()
    try await site.live {
      try await site.apply(
        Pipeline(
          project: ProjectName("demo"),
          folders: [FolderDeclaration(path: FolderPath("assets/tree"), type: "asset", attributes: [:])], steps: [scene])
      )
      try await site.publish("assets/tree/model", [("model.usd", "trunk")])
      try await site.publish("assets/tree/brief", [("brief.txt", "an oak")])
      _ = try await site.runAll()
      let chain = try await site.queries.why(Reference("demo/assets/tree/scene")).chain
      #expect(chain.compactMap(\.ref).map(\.name) == ["scene", "model"])
    }
  }
}
