import SluiceGraph
import SluiceModel
import SluiceTestKit

/// A small show and its history, drawn from a seed.
struct RandomShow {
  var show: Show
  let chance: Seeded
  private static let shots = ["q0/s0", "q0/s1", "q1/s2"]
  private static let assets = ["a0", "a1"]
  private static let sources = [
    "q0/s0/plate", "q0/s1/plate", "q1/s2/plate", "q0/s0/cam", "q0/s1/cam", "q1/s2/cam", "a0/model", "a1/model",
  ]

  init(seed: UInt64) throws {
    chance = Seeded(seed: seed)
    var folders: [FolderDeclaration] = []
    for (path, type) in [("q0", "sequence"), ("q1", "sequence")] + Self.shots.map({ ($0, "shot") })
      + Self.assets.map({ ($0, "asset") })
    {
      folders.append(FolderDeclaration(path: try FolderPath(path), type: type, attributes: ["fps": "24"]))
    }
    show = try Show(folders: folders, steps: try RandomShow.steps(chance), seed: seed)
    show.tools = ["t0": FixedTools.version("one"), "t1": FixedTools.version("one")]
    for source in Self.sources where chance.below(12) > 0 { try publish(source) }
    try publish("look/lut")
  }

  private static func steps(_ chance: Seeded) throws -> [Step] {
    var shotProducts = [(name: "plate", isSequence: true), (name: "cam", isSequence: false)]
    var steps: [Step] = []
    for index in 0..<(2 + chance.below(5)) {
      var inputs: [StepInput] = []
      if chance.below(5) == 0 {
        let product = shotProducts[chance.below(shotProducts.count)].name
        steps.append(
          Step(
            "g\(index)", for: "sequence", [StepInput(name: "all", product: .here(product), gather: .children)],
            makes: [StepOutput(name: "sheet", product: "sheet\(index)", files: "sheet.jpg", identity: .pixels)],
            ["sheet", "{all}", "{sheet}"]))
        continue
      }
      let frames: StepFrames? = chance.below(8) == 0 ? .range : nil
      let outputs = chance.below(4) == 0 ? 2 : 1
      for number in 0..<(1 + chance.below(2)) {
        let product = shotProducts[chance.below(shotProducts.count)]
        let isElsewhere = chance.below(6) == 0
        inputs.append(
          StepInput(
            name: "i\(number)",
            product: isElsewhere ? .absolute(try FolderPath("q0/s0"), product.name) : .here(product.name),
            frames: product.isSequence ? relations(chance) : .all))
      }
      if chance.below(2) == 0 {
        inputs.append(
          StepInput(
            name: "lut", product: .absolute(try FolderPath("look"), "lut"),
            tag: chance.below(6) == 0 ? .tag("ok") : .latest))
      }
      if chance.below(4) == 0 { inputs.append(StepInput(name: "cast", product: .here("model"), gather: .cast)) }
      var step = Step(
        name: "s\(index)", folders: .type("shot"), inputs: inputs, outputs: [],
        tools: chance.below(2) == 0 ? ["t\(chance.below(2))"] : [],
        command: ["run\(index)", chance.below(2) == 0 ? "{folder.fps}" : "{folder}"], frames: frames,
        chunk: 1 + chance.below(3))
      for number in 0..<outputs {
        let identity: Identity = chance.below(3) == 0 ? .bytes : .pixels
        step.outputs.append(
          StepOutput(name: "o\(number)", product: "p\(index)\(number)", files: "o.####.exr", identity: identity))
      }
      if chance.below(2) == 0 {
        let product = shotProducts[chance.below(shotProducts.count)]
        step.inputs.append(
          StepInput(
            name: "r", product: .here(product.name), link: chance.below(4) == 0 ? .association : .reference,
            frames: product.isSequence && step.isPerFrame ? relations(chance) : .all))
      }
      for number in step.outputs.indices {
        let isSequence = step.isPerFrame || chance.below(4) == 0
        if !isSequence { step.outputs[number].files = "o.exr" }
        shotProducts.append((step.outputs[number].product, isSequence))
      }
      steps.append(step)
    }
    return steps
  }

  private static func relations(_ chance: Seeded) -> FrameRelations {
    switch chance.below(9) {
    case 0, 1: .all
    case 2: .offset(-1...1)
    case 3: .offset(0...2)
    case 4: .byOutput(["o0": .oneToOne])
    case 5: .byOutput(["o0": .oneToOne, "o1": .offset(-1...0)])
    default: .oneToOne
    }
  }

  private mutating func publish(_ product: String) throws {
    let word = "w\(chance.below(3))"
    guard product.hasSuffix("plate") else {
      try show.publish(product, file: chance.below(3) == 0 ? "# c\(chance.below(9))\n\(word)" : word)
      return
    }
    let first = 1 + chance.below(3)
    try show.publish(product, frames: FrameSet(first...(first + chance.below(4)))) { "\(word) \($0)" }
  }

  mutating func forgetRows() { show.forgetRows() }

  /// Something happens; what, in words.
  mutating func happen() throws -> String {
    switch chance.below(18) {
    case 0, 1, 2:
      let product = Self.sources[chance.below(Self.sources.count)]
      try publish(product)
      return "publish \(product)"
    case 3:
      try publish("look/lut")
      return "publish look/lut"
    case 4:
      let plate = Self.sources[chance.below(3)]
      let frame = 1 + chance.below(7)
      let comment = chance.below(2) == 0 ? "# c\(chance.below(9))\n" : ""
      try show.patch(plate, frames: FrameSet(frame...frame)) { "\(comment)w\(chance.below(3)) \($0)" }
      return "patch \(plate) \(frame)"
    case 5:
      let step = show.steps[chance.below(show.steps.count)].name
      let word = "-\(chance.below(3))"
      try show.edit(step) { $0.command = $0.command.prefix(1) + [word] + $0.command.suffix(1) }
      return "edit \(step)"
    case 6:
      let tool = "t\(chance.below(2))"
      show.tools[tool] = chance.below(4) == 0 ? nil : FixedTools.version("version \(chance.below(3))")
      return "tool \(tool)"
    case 7:
      try show.change(Self.shots[chance.below(3)], FolderChanged(set: ["fps": "\(24 + chance.below(2))"]))
      return "fps"
    case 8:
      let shot = Self.shots[chance.below(3)]
      try show.change(shot, FolderChanged(omitted: chance.below(3) == 0))
      return "omit \(shot)"
    case 9:
      try show.tag("look/lut", "ok", number: 1 + chance.below(3))
      return "tag look/lut"
    case 10:
      let first = 1 + chance.below(6)
      let plan = try show.plan("", frames: "\(first)-\(first + chance.below(2))")
      return "frames of plan \(plan.runs.map(\.step)): \(try show.carryOut(plan))"
    case 11:
      let step = show.steps[chance.below(show.steps.count)].name
      let plan = try show.plan("step:\(step)")
      return "step \(step): \(try show.carryOut(plan))"
    case 12:
      return "run everything: \(try show.makeAll())"
    case 13, 14:
      let shot = Self.shots[chance.below(3)]
      let (range, handles) = (["", "2-4", "1-6", "3-9"][chance.below(4)], ["", "1"][chance.below(2)])
      try show.change(shot, FolderChanged(set: ["range": range, "handles": handles]))
      return "range of \(shot) \(range) handles \(handles)"
    case 15:
      let (shot, asset) = (Self.shots[chance.below(3)], Self.assets[chance.below(2)])
      let isIn = chance.below(3) > 0
      try show.cast(shot, add: isIn ? [asset] : [], remove: isIn ? [] : [asset])
      return "cast \(isIn ? "+" : "-")\(asset) \(shot)"
    case 16:
      let shot = Self.shots[chance.below(3)]
      try show.change(shot, FolderChanged(set: ["order": ["", "1", "2"][chance.below(3)]]))
      return "order \(shot)"
    default:
      var steps = show.steps
      for index in steps.indices {
        steps[index].inputs.reverse()
        steps[index].chunk = 1 + chance.below(3)
      }
      try show.apply(steps: steps)
      return "layout"
    }
  }
}

/// Which units need work, found the long way: every file's inputs compared with those that it was made from.
struct NaiveStaleness {
  struct Verdict: Equatable {
    var needsWork = true
    var stale: FrameSet?
    var expected: FrameSet?
    var existing = FrameSet.empty
    /// Which frames there will be; nobody knows it of a step that is not frame by frame.
    var isKnown = true
    var isObstructed = false
  }
  let show: Show
  private var known: [UnitID: Verdict] = [:]

  init(_ show: Show) { self.show = show }

  mutating func verdict(_ unit: Unit) throws -> Verdict {
    if let verdict = known[unit.id] { return verdict }
    let verdict = try judge(unit)
    known[unit.id] = verdict
    return verdict
  }

  private mutating func above(_ input: StepInput, _ product: ProductRef) throws -> Verdict? {
    guard input.tag == .latest, let producer = show.graph.producer(of: product) else { return nil }
    let verdict = try verdict(producer)
    return verdict.needsWork ? verdict : nil
  }

  /// The references of whatever makes a product, with their targets, and the relation to this product.
  private func references(of product: ProductRef) -> [(input: StepInput, target: ProductRef, relation: FrameRelation)] {
    guard let unit = show.graph.producer(of: product), let index = unit.outputs.firstIndex(of: product) else {
      return []
    }
    return unit.inputs.filter { $0.input.link == .reference }.flatMap { input in
      input.products.map { (input.input, $0, input.input.frames.of(unit.step.outputs[index].name)) }
    }
  }

  /// Frames seen through a relation; nil for all.
  private func seen(_ frames: Set<Int>?, _ relation: FrameRelation) -> Set<Int>? {
    guard let frames, let offsets = relation.offsets else { return nil }
    return Set(frames.flatMap { frame in offsets.map { frame + $0 } })
  }

  /// Whether what is taken, or something that it names, is to be made anew in these frames.
  private mutating func follows(
    _ input: StepInput, _ product: ProductRef, _ relation: FrameRelation, _ frames: Set<Int>?
  ) throws -> Bool {
    let wanted = seen(frames, relation)
    if let above = try above(input, product) {
      guard let wanted, let changed = above.stale else { return true }
      let gone = above.existing.subtracting(above.expected ?? .empty)
      if wanted.contains(where: { changed.contains($0) || gone.contains($0) }) { return true }
    }
    for named in references(of: product)
    where try follows(named.input, named.target, wanted == nil ? .all : named.relation, wanted) { return true }
    return false
  }

  /// Whether what is taken, or something that it names, cannot be had.
  private mutating func lacks(_ input: StepInput, _ product: ProductRef, _ relations: [FrameRelation]) throws -> Bool {
    for named in references(of: product)
    where try lacks(named.input, named.target, relations.map { $0 == .all ? .all : named.relation }) { return true }
    if let above = try above(input, product) { return above.isObstructed }
    guard let representation = show.project.version(of: product, input.tag)?.representation(named: nil) else {
      return true
    }
    if relations.contains(where: \.isPerFrame), representation.kind != .sequence { return true }
    guard relations.contains(.all), let range = show.project.folders[product.folder]?.frames,
      let frames = representation.frames
    else { return false }
    return !frames.isEmpty && frames.intersection(range).isEmpty
  }

  private mutating func judge(_ unit: Unit) throws -> Verdict {
    var verdict = Verdict()
    let versions = unit.outputs.map { show.project.version(of: $0, .latest) }
    let isPerFrame = unit.step.isPerFrame
    verdict.isKnown = isPerFrame
    var available: FrameSet?
    let inputs = unit.inputs.filter { $0.input.link == .dependency }
    for input in inputs {
      let relations = unit.step.relations(to: input.input)
      if input.products.isEmpty, input.input.gather != .cast { verdict.isObstructed = true }
      for product in input.products {
        if try lacks(input.input, product, relations) { verdict.isObstructed = true }
        guard relations.contains(where: \.isPerFrame) else { continue }
        let version = show.project.version(of: product, input.input.tag)
        let above = try above(input.input, product)
        if let above, !above.isKnown { verdict.isKnown = false }
        let frames = above?.expected ?? version?.representation(named: nil)?.frames ?? .empty
        available = available.map { $0.intersection(frames) } ?? frames
      }
    }
    if isPerFrame {
      let range = unit.step.frames == .range ? unit.folder.frames ?? .empty : unit.folder.frames
      verdict.existing = versions.first??.published.representations[0].frames ?? .empty
      if unit.step.frames == .range, unit.folder.frames == nil { verdict.isObstructed = true }
      let expected = range.map { (available ?? $0).intersection($0) } ?? available ?? .empty
      verdict.expected = expected
      let lost = verdict.existing.subtracting(available ?? verdict.existing)
      if verdict.isKnown, expected.isEmpty, verdict.existing.isEmpty || !lost.isEmpty { verdict.isObstructed = true }
      verdict.needsWork = !lost.isEmpty || !expected.subtracting(verdict.existing).isEmpty
    }
    let there = versions.compactMap { $0 }
    guard there.count == versions.count else {
      verdict.needsWork = true
      verdict.stale = verdict.expected
      return verdict
    }
    var stale: [Int?] = []
    for frame in isPerFrame ? (verdict.expected ?? .empty).frames.map({ $0 }) : [Int?.none] {
      var isStale = false
      for (index, output) in unit.step.outputs.enumerated() {
        for input in inputs {
          for product in input.products where !isStale {
            isStale = try follows(
              input.input, product, input.input.frames.of(output.name), frame.map { [$0] })
          }
        }
        let now = try show.trace(of: unit, frame: frame, output: index)
        isStale = isStale || show.traces[there[index].address]?[frame] != now
      }
      if isStale { stale.append(frame) }
    }
    if isPerFrame { verdict.stale = FrameSet(stale.compactMap { $0 }) } else { verdict.needsWork = false }
    verdict.needsWork = verdict.needsWork || verdict.isObstructed || !stale.isEmpty
    return verdict
  }
}
