import SluiceGraph
import SluiceModel
import SluiceTestKit

/// A small show and its history, drawn from a seed.
struct RandomShow {
  private(set) var show: Show
  private let chance: Seeded
  private static let shots = ["q0/s0", "q0/s1", "q1/s2"]
  private static let sources = ["q0/s0/plate", "q0/s1/plate", "q1/s2/plate", "q0/s0/cam", "q0/s1/cam", "q1/s2/cam"]

  init(seed: UInt64) throws {
    chance = Seeded(seed: seed)
    var folders: [FolderDeclaration] = []
    for (path, type) in [("q0", "sequence"), ("q1", "sequence")] + Self.shots.map({ ($0, "shot") }) {
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
      for number in 0..<(1 + chance.below(2)) {
        let product = shotProducts[chance.below(shotProducts.count)]
        let isElsewhere = chance.below(6) == 0
        inputs.append(
          StepInput(
            name: "i\(number)",
            product: isElsewhere ? .absolute(try FolderPath("q0/s0"), product.name) : .here(product.name),
            frames: product.isSequence && chance.below(3) > 0 ? .oneToOne : .all))
      }
      if chance.below(2) == 0 {
        inputs.append(
          StepInput(
            name: "lut", product: .absolute(try FolderPath("look"), "lut"),
            tag: chance.below(6) == 0 ? .tag("ok") : .latest))
      }
      let isPerFrame = inputs.contains { $0.frames == .oneToOne }
      var outputs: [StepOutput] = []
      for number in 0..<(chance.below(4) == 0 ? 2 : 1) {
        let isSequence = isPerFrame || chance.below(4) == 0
        let identity: Identity = chance.below(3) == 0 ? .bytes : .pixels
        outputs.append(
          StepOutput(
            name: "o\(number)", product: "p\(index)\(number)", files: isSequence ? "o.####.exr" : "o.exr",
            identity: identity))
        shotProducts.append(("p\(index)\(number)", isSequence))
      }
      steps.append(
        Step(
          name: "s\(index)", folders: .type("shot"), inputs: inputs, outputs: outputs,
          tools: chance.below(2) == 0 ? ["t\(chance.below(2))"] : [],
          command: ["run\(index)", chance.below(2) == 0 ? "{folder.fps}" : "{folder}"], chunk: 1 + chance.below(3)))
    }
    return steps
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
    switch chance.below(14) {
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
      try show.edit(step) { $0.command = [$0.command[0], word] + $0.command.suffix(1) }
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

  private mutating func judge(_ unit: Unit) throws -> Verdict {
    var verdict = Verdict()
    let (isPerFrame, versions) = (unit.step.isPerFrame, unit.outputs.map { show.project.version(of: $0, .latest) })
    var followed = FrameSet.empty
    var followsAll = false
    for input in unit.inputs {
      if input.products.isEmpty { verdict.isObstructed = true }
      for product in input.products {
        let above = try above(input.input, product)
        let version = show.project.version(of: product, input.input.tag)
        let representation = version?.representation(named: input.input.representation)
        let isUnusable = representation == nil || input.input.frames == .oneToOne && representation?.kind != .sequence
        verdict.isObstructed = verdict.isObstructed || above?.isObstructed ?? isUnusable
        guard input.input.frames == .oneToOne else {
          followsAll = followsAll || above != nil
          continue
        }
        let frames = above?.expected ?? representation?.frames ?? .empty
        verdict.expected = verdict.expected.map { $0.intersection(frames) } ?? frames
        if let above { followed = followed.union(above.stale ?? FrameSet(-1000...1000)) }
      }
    }
    let there = versions.compactMap { $0 }
    guard there.count == versions.count else {
      verdict.stale = verdict.expected
      return verdict
    }
    guard isPerFrame else {
      let now = try show.trace(of: unit, frame: nil)
      verdict.needsWork =
        verdict.isObstructed || followsAll || there.contains { show.traces[$0.address]?[Int?.none] != now }
      return verdict
    }
    let expected = verdict.expected ?? .empty
    let stale = try expected.frames.filter { frame in
      if followsAll || followed.contains(frame) { return true }
      let now = try show.trace(of: unit, frame: frame)
      return there.contains { show.traces[$0.address]?[frame] != now }
    }
    verdict.stale = FrameSet(stale)
    verdict.needsWork =
      verdict.isObstructed || !stale.isEmpty || there[0].published.representations[0].frames != expected
    return verdict
  }
}
