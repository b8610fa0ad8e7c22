import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `The frames of a product` {
  private func ranges(_ show: Show, _ spoken: String) throws -> [StatusRange] {
    try FrameCauses(Assessments(show.assessor)).ranges(of: try show.ref(spoken)) ?? []
  }

  /// `1001-1003 stale 0,1`.
  private func told(_ show: Show, _ spoken: String) throws -> [String] {
    try ranges(show, spoken).map { range in
      "\(range.frames) \(range.freshness.rawValue) \(range.reasons.map { "\($0)" }.joined(separator: ","))"
    }
  }

  /// A shot that is graded frame by frame with a look.
  private func graded() throws -> Show {
    let grade = Step(
      "grade", for: "shot",
      [
        StepInput(name: "plate", product: .here("plate"), frames: .oneToOne),
        StepInput(name: "matte", product: .here("matte"), frames: .offset(-1...1)),
        StepInput(name: "look", product: .here("look")),
      ], makes: [StepOutput(name: "o", product: "graded", files: "graded.####.exr", identity: .pixels)],
      ["grade", "{plate}", "{matte}", "{look}", "{o}"])
    let slap = Step(
      "slap", for: "shot", [StepInput(name: "graded", product: .here("graded"), frames: .oneToOne)],
      makes: [StepOutput(name: "o", product: "slap", files: "slap.####.exr", identity: .pixels)],
      ["slap", "{graded}", "{o}"])
    var show = try Show(
      folders: [FolderDeclaration(path: FolderPath("s"), type: "shot", attributes: [:])], steps: [grade, slap])
    try show.publish("s/plate", frames: FrameSet(1...8))
    try show.publish("s/matte", frames: FrameSet(1...8)) { "matte \($0)" }
    try show.publish("s/look", file: "warm")
    try show.makeAll()
    return show
  }

  @Test func `are one range where nothing is out of date`() throws {
    let show = try graded()
    #expect(try told(show, "s/graded") == ["1-8 current "])
    #expect(try FrameCauses(Assessments(show.assessor)).ranges(of: show.ref("s/plate")) == nil)
  }

  @Test func `have each the reasons that reach them`() throws {
    var show = try graded()
    try show.patch("s/plate", frames: FrameSet(2...3)) { "new \($0)" }
    try show.patch("s/matte", frames: FrameSet(4...4)) { "new \($0)" }
    #expect(try show.reasons("grade").map(\.input) == ["demo/s/plate", "demo/s/matte"])
    let wanted = ["1,6-8 current ", "2 stale 0", "3 stale 0,1", "4-5 stale 1"]
    #expect(try told(show, "s/graded") == wanted)
    #expect(try show.reasons("grade").allSatisfy { $0.text.hasSuffix(")") }, "no frames of the other one")
    #expect(try told(show, "s/slap") == wanted)
  }

  @Test func `have all a reason that is about all of them`() throws {
    var show = try graded()
    try show.patch("s/plate", frames: FrameSet(2...2)) { "new \($0)" }
    try show.publish("s/look", file: "cold")
    #expect(try told(show, "s/graded") == ["1,3-8 stale 1", "2 stale 0,1"])
  }

  @Test func `that are new are missing, and those that no input has are stale`() throws {
    var show = try graded()
    try show.publish("s/plate", frames: FrameSet(3...8))
    #expect(try told(show, "s/graded") == ["1-2 stale 0,1", "3-8 current "])
    try show.publish("s/plate", frames: FrameSet(1...9))
    try show.publish("s/matte", frames: FrameSet(1...9)) { "matte \($0)" }
    let causes = try told(show, "s/graded")
    #expect(causes.first == "1-7 current " && causes.count == 3)
    #expect(causes[1].hasPrefix("8 stale ") && causes[2].hasPrefix("9 missing "))
  }

  @Test func `that an earlier run left out go by what they were made from`() throws {
    var show = try graded()
    try show.publish("s/look", file: "cold")
    try show.carryOut(try show.plan("", frames: "1-4"))
    try show.patch("s/plate", frames: FrameSet(4...5)) { "new \($0)" }
    #expect(try show.reasons("grade").map(\.input) == ["demo/s/plate", "demo/s/look"])
    #expect(try told(show, "s/graded") == ["1-3 current ", "4 stale 0", "5 stale 0,1", "6-8 stale 1"])
  }

  @Test func `that a person made are dubious where an input changed, and missing where they lack`() throws {
    let paint = Step(
      "paint", for: "shot", [StepInput(name: "plate", product: .here("plate"), frames: .oneToOne)],
      makes: [StepOutput(name: "paint", product: "paint", files: "paint.####.exr", identity: .bytes)], [])
    var show = try Show(
      folders: [FolderDeclaration(path: FolderPath("s"), type: "shot", attributes: [:])], steps: [paint])
    try show.publish("s/plate", frames: FrameSet(1...4))
    #expect(try told(show, "s/paint") == ["1-4 missing 0"])
    try show.publishByHand("s/paint", frames: FrameSet(1...3)) { "painted \($0)" }
    #expect(try told(show, "s/paint") == ["1-3 current ", "4 missing "])
    try show.patch("s/plate", frames: FrameSet(2...2)) { "new \($0)" }
    #expect(try told(show, "s/paint") == ["1,3 current ", "2 dubious 0", "4 missing 0"])
  }

  @Test func `are told apart without overlap, all of them, as any show says`() throws {
    var counted: [Freshness: Int] = [:]
    var (several, narrowed) = (0, 0)
    for seed in UInt64(0)..<120 {
      var random = try RandomShow(seed: seed)
      var happened: [String] = []
      for _ in 0..<8 {
        happened.append(try random.happen())
        let assessments = try random.show.assess()
        let kept = try Assessments(random.show.assessor)
        let causes = try FrameCauses(kept)
        for assessment in assessments.values {
          for product in assessment.unit.outputs {
            let place = Comment(rawValue: "seed \(seed), \(product), after \(happened)")
            guard assessment.unit.step.isPerFrame else {
              #expect(try causes.ranges(of: product) == nil, place)
              continue
            }
            let isHuman = assessment.unit.step.isHuman
            let project = random.show.project
            let version = isHuman ? project.version(of: product, .latest) : project.newest(of: product)
            let form = version?.published.representations.first
            if isHuman, let form, form.kind != .sequence {
              // What a person published as a whole has no frames that could be told apart.
              #expect(try causes.ranges(of: product) == nil, place)
              continue
            }
            let ranges = try #require(try causes.ranges(of: product), place)
            // The same where only this one is asked for.
            if happened.count % 4 == 0 {
              #expect(try FrameCauses(kept, of: [product]).ranges(of: product) == ranges, place)
            }
            let existing = form?.frames ?? .empty
            let expected = assessment.expected ?? .empty
            let all = ranges.reduce(FrameSet.empty) { $0.union($1.frames) }
            #expect(all == expected.union(existing), place)
            #expect(ranges.reduce(0) { $0 + $1.frames.count } == all.count, place)
            #expect(Set(ranges.map { [$0.freshness.rawValue] + $0.reasons.map { "\($0)" } }).count == ranges.count)
            let bad = ranges.filter { $0.freshness != .current }
            // What a person made may lack frames, and that alone makes nothing out of date.
            let isByPerson = assessment.unit.step.isHuman || assessment.hold != nil
            let lacks = bad.filter { isByPerson && $0.freshness == .missing && $0.reasons.isEmpty }
            #expect(bad.allSatisfy { !$0.reasons.isEmpty || lacks.contains($0) }, place)
            #expect(
              bad.allSatisfy { $0.reasons.allSatisfy { !assessment.reasons[$0].isNote } }, place)
            #expect(assessment.freshness == .current ? bad == lacks : bad.count > 0 || all.isEmpty, place)
            let worked = bad.reduce(FrameSet.empty) { $0.union($1.frames) }.intersection(expected)
            let stale = assessment.stale ?? .empty
            #expect(stale.isEmpty || worked == stale, place)
            let missing = ranges.filter { $0.freshness == .missing }.reduce(FrameSet.empty) { $0.union($1.frames) }
            #expect(missing == expected.subtracting(existing), place)
            for range in ranges { counted[range.freshness, default: 0] += 1 }
            several += ranges.count > 1 ? 1 : 0
            let causes = assessment.reasons.filter { !$0.isNote }.count
            narrowed += bad.contains { $0.reasons.count < causes } ? 1 : 0
          }
        }
      }
    }
    for freshness in [Freshness.current, .stale, .missing] {
      #expect(counted[freshness, default: 0] > 100, "\(counted)")
    }
    #expect(several > 100 && narrowed > 20, "\(several) of several ranges, \(narrowed) where reasons differ")
  }
}
