package import FoundationEssentials
package import SluiceEngine
import SluiceGraph
package import SluiceModel

/// What people say of versions and products, recorded as the engine decides it.
extension Show {
  package mutating func record(_ drafts: [Draft], by actor: String = "ada") throws {
    for draft in drafts { try record(draft.fact, folder: draft.folder, product: draft.product, by: actor) }
  }

  private func reference(_ spoken: String, _ number: Int?) throws -> Reference {
    Reference(product: try ref(spoken), selector: number.map { .number($0) } ?? .latest)
  }

  package mutating func judge(
    _ spoken: String, number: Int? = nil, _ verdict: Verdict, because: String? = nil, by actor: String = "anna"
  ) throws {
    try record(
      JudgementDecisions.judge(try reference(spoken, number), verdict, because: because, in: registry), by: actor)
  }

  package mutating func vouch(_ spoken: String, because: String? = nil, by actor: String = "anna") throws {
    let drafts = try JudgementDecisions.vouch(
      try reference(spoken, nil), because: because, assessor: assessor, in: registry)
    try record(drafts, by: actor)
    try note(drafts)
  }

  /// Writes down what vouches are about.
  private mutating func note(_ drafts: [Draft]) throws {
    let naive = NaiveShow(self)
    for draft in drafts {
      guard case .versionVouched(let fact) = draft.fact, fact.core != nil, let product = draft.product,
        let unit = naive.maker(of: product)
      else { continue }
      let address = VersionAddress(product: product, version: fact.version)
      diary.vouchings[address, default: []].append(try naive.vouching(fact, for: unit))
    }
  }

  package mutating func freeze(
    _ spoken: String, at number: Int, until: Date? = nil, because: String = "the cut is locked",
    by actor: String = "anna"
  ) throws {
    try record(
      JudgementDecisions.freeze(
        try ref(spoken), at: .number(number), until: until, because: because, now: now, in: registry), by: actor)
  }

  package mutating func thaw(_ spoken: String) throws {
    try record(JudgementDecisions.thaw(try ref(spoken), because: nil, in: registry))
  }

  package mutating func release(_ spoken: String) throws {
    try record(JudgementDecisions.release(try ref(spoken), because: nil, in: registry))
  }

  /// Publishes frames over what a step makes.
  package mutating func paintOver(
    _ spoken: String, frames: FrameSet, because: String = "wires", by actor: String = "ben", _ text: (Int) -> String
  ) throws {
    let kept = try latest(spoken).map { diary.traces(of: $0.address) } ?? [:]
    let version = try patch(spoken, frames: frames, text)
    diary.laidOver[VersionAddress(product: try ref(spoken), version: version)] = kept.filter { frame, _ in
      frame.map(frames.contains) != true
    }
    try record(.productHeld(ProductHeld(held: true, because: because)), product: try ref(spoken), by: actor)
  }

  /// Publishes what a human step makes.
  /// - Parameter from: as on the command line; nothing where it is empty.
  package mutating func publishByHand(_ spoken: String, _ text: String, from: [String] = ["inputs"]) throws {
    try publishByHand(
      spoken, text, used: try PublishedInputs(of: try ref(spoken), in: registry, now: now).used(from))
  }

  /// The same, with what is written down of where it came from.
  package mutating func publishByHand(_ spoken: String, _ text: String, used: [Used]) throws {
    let files = [stored("\(try ref(spoken).name).usd", nil, text)]
    _ = try publish(
      spoken, Manifest(representations: [Representation(name: "usd", kind: .file, files: files)]), madeFrom: used)
  }

  /// Publishes what a human step makes frame by frame.
  package mutating func publishByHand(_ spoken: String, frames: FrameSet, _ text: (Int) -> String) throws {
    let name = try ref(spoken).name
    let files = frames.frames.map { stored("\(name).\(FileName.padded($0, width: 4)).exr", $0, text($0)) }
    _ = try publish(
      spoken, Manifest(representations: [Representation(name: "exr", kind: .sequence, files: files)]),
      madeFrom: try PublishedInputs(of: try ref(spoken), in: registry, now: now).used(["inputs"]))
  }

  /// Edits one step, and accepts what exists as made by it.
  package mutating func grandfather(_ step: String, _ change: (inout Step) -> Void) throws {
    var steps = steps
    for index in steps.indices where steps[index].name == step { change(&steps[index]) }
    let pipeline = Pipeline(project: name, folders: [], steps: steps)
    let accepting = Grandfather(manifests: manifests, tools: tools, now: now, because: "no pixel changes")
    let drafts = try Decisions.applyPipeline(
      pipeline, source: Digest.of("\(steps)"), accepting: accepting, in: registry, site: registry.site)
    var plain = self
    try plain.apply(steps: steps)
    let (before, without) = (try assess(), try plain.assess())
    try record(drafts)
    try note(drafts)
    let after = try assess()
    for (unit, was) in before {
      guard was.needsWork, let would = without[unit], would.needsWork, let now = after[unit] else { continue }
      // An edit may give back the step that something was made by; then it is current without being accepted.
      let due = (was.stale ?? .empty).intersection(would.stale ?? .empty)
      let isWhole = was.stale == nil || would.stale == nil
      guard isWhole ? !now.needsWork : !due.subtracting(now.stale ?? .empty).isEmpty else { continue }
      diary.wronglyAccepted.append("\(unit) \(isWhole ? "" : "\(due.subtracting(now.stale ?? .empty))")")
    }
  }

  // MARK: A show with people in it

  /// A shot that is animated by hand from a rig and a layout, and rendered by a step.
  package static func animated() throws -> Show {
    let animation = Step(
      "animation", for: "shot",
      [
        StepInput(name: "rig", product: .absolute(try FolderPath("hero"), "rig")),
        StepInput(name: "layout", product: .here("layout")),
      ],
      makes: [StepOutput(name: "animation", product: "animation", files: "", identity: .bytes)], [])
    let render = Step(
      "render", for: "shot", [StepInput(name: "animation", product: .here("animation"))],
      makes: [StepOutput(name: "beauty", product: "beauty", files: "beauty.exr", identity: .pixels)],
      ["render", "{animation}", "{beauty}"])
    let comp = Step(
      "comp", for: "shot", [StepInput(name: "beauty", product: .here("beauty"))],
      makes: [StepOutput(name: "comp", product: "comp", files: "", identity: .bytes)], [])
    var show = try Show(
      folders: [
        FolderDeclaration(path: try FolderPath("hero"), type: "asset", attributes: [:]),
        FolderDeclaration(path: try FolderPath("sh010"), type: "shot", attributes: [:]),
      ], steps: [animation, render, comp])
    try show.publish("hero/rig", file: "rig one", as: "rig.usd")
    try show.publish("sh010/layout", file: "layout one", as: "layout.usd")
    return show
  }

  /// The same with everything made once.
  package static func animatedAndMade() throws -> Show {
    var show = try animated()
    try show.publishByHand("sh010/animation", "she walks")
    try show.makeAll()
    try show.publishByHand("sh010/comp", "on black")
    return show
  }

  package func freshness(_ step: String) throws -> Freshness? {
    try assess().values.first { $0.unit.id.step == step }?.freshness
  }

  package func reasons(_ step: String) throws -> [Reason] {
    try assess().values.first { $0.unit.id.step == step }.map { $0.reasons + $0.notes } ?? []
  }
}
