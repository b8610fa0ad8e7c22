import FoundationEssentials
import SluiceGraph
import SluiceModel

/// A small show and its history, drawn from a seed.
///
/// Each deed is drawn from a seed of its own, so that leaving one out leaves the others what they are.
package struct RandomShow: Sendable {
  package private(set) var show: Show
  private let seed: UInt64
  private var next = 0
  private static let shots = ["q0/s0", "q0/s1", "q1/s2"]
  private static let assets = ["a0", "a1"]
  private static let sources = [
    "q0/s0/plate", "q0/s1/plate", "q1/s2/plate", "q0/s0/cam", "q0/s1/cam", "q1/s2/cam", "a0/model", "a1/model",
  ]

  package init(seed: UInt64) throws {
    self.seed = seed
    let chance = Seeded(seed: seed)
    var folders: [FolderDeclaration] = []
    for (path, type) in [("q0", "sequence"), ("q1", "sequence")] + Self.shots.map({ ($0, "shot") })
      + Self.assets.map({ ($0, "asset") })
    {
      folders.append(FolderDeclaration(path: try FolderPath(path), type: type, attributes: ["fps": "24"]))
    }
    show = try Show(folders: folders, steps: try RandomShow.steps(chance), seed: seed)
    show.tools = ["t0": FixedTools.version("one"), "t1": FixedTools.version("one")]
    for source in Self.sources where chance.below(40) > 0 { try publish(source, chance) }
    try publish("look/lut", chance)
    for product in takenByApproval where chance.below(4) > 0 && !hasNoLatest(product) {
      try show.judge(product.spoken, .approved)
    }
    for shot in Self.shots where chance.below(2) == 0 {
      try show.change(shot, FolderChanged(set: ["range": ["1-6", "2-5"][chance.below(2)]]))
    }
    guard chance.below(8) > 0 else { return }
    for shot in Self.shots where chance.below(2) == 0 { try show.cast(shot, add: [Self.assets[chance.below(2)]]) }
    for product in handMade { try show.publishByHand(product.spoken, "first") }
    try show.makeAll()
  }

  /// A show that one site goes on with by itself.
  package init(_ show: Show, at site: String, seed: UInt64) {
    (self.show, self.seed) = (show, seed)
    self.show.site = site
  }

  package mutating func forgetRows() { show.forgetRows() }

  /// Something happens; what, in words.
  @discardableResult
  package mutating func happen() throws -> String {
    defer { next += 1 }
    return try deed(next)
  }

  /// The deed of a number, whatever went before.
  package mutating func deed(_ number: Int) throws -> String {
    let chance = Seeded(seed: seed &* 1_000_003 &+ UInt64(number))
    let kind = chance.below(37)
    return switch kind {
    case ..<17: try change(kind, chance)
    case ..<26: try say(kind, chance)
    default: try work(kind, chance)
    }
  }

  /// What two sites may do without asking one another: nothing is run.
  package mutating func say(deed number: Int) throws -> String {
    let chance = Seeded(seed: seed &* 1_000_003 &+ UInt64(number))
    let kind = chance.below(26)
    return kind < 17 ? try change([0, 1, 3, 4, 8, 11, 12, 13, 14][chance.below(9)], chance) : try say(kind, chance)
  }

  private var handMade: [ProductRef] {
    show.graph.units.filter(\.step.isHuman).flatMap(\.outputs)
  }
  private var stepMade: [ProductRef] {
    show.graph.units.filter { !$0.step.isHuman }.flatMap(\.outputs).filter { show.project.products[$0] != nil }
  }

  private mutating func publish(_ product: String, _ chance: Seeded) throws {
    let word = "w\(chance.below(3))"
    guard product.hasSuffix("plate") else {
      try show.publish(product, file: chance.below(3) == 0 ? "# c\(chance.below(9))\n\(word)" : word)
      return
    }
    let first = 1 + chance.below(3)
    try show.publish(product, frames: FrameSet(first...(first + chance.below(4)))) { "\(word) \($0)" }
  }

  /// Whether there is a version to vouch for.
  private func isVouchable(_ product: ProductRef) -> Bool {
    guard let unit = show.graph.producer(of: product) else { return false }
    return !unit.step.isHuman || show.project.version(of: product, .latest) != nil
  }

  /// What some step takes by the tag `approved`.
  private var takenByApproval: [ProductRef] {
    let taken = show.graph.units.flatMap { unit in
      unit.inputs.filter { $0.input.tag == .tag(Judgement.approvedTag) }.flatMap(\.products)
    }
    return Set(taken).sorted()
  }

  /// The first product that has an approved version, and that version; what somebody takes by its approval before the
  /// others.
  private func approved(among products: [ProductRef]) -> (ProductRef, Int)? {
    for product in takenByApproval + products {
      if let number = show.project.version(of: product, .tag("approved"))?.number { return (product, number) }
    }
    return nil
  }

  /// Whether every version of it was rejected.
  private func hasNoLatest(_ product: ProductRef) -> Bool { show.project.version(of: product, .latest) == nil }

  private mutating func occurs(_ feature: String) { show.diary.features.insert(feature) }
}

extension RandomShow {
  // MARK: What changes

  private mutating func change(_ kind: Int, _ chance: Seeded) throws -> String {
    let shot = Self.shots[chance.below(3)]
    switch kind {
    case 0, 1, 2:
      let product = Self.sources[chance.below(Self.sources.count)]
      try publish(product, chance)
      return "publish \(product)"
    case 3:
      try publish("look/lut", chance)
      return "publish look/lut"
    case 4:
      let plate = Self.sources[chance.below(3)]
      let frame = 1 + chance.below(7)
      let comment = chance.below(2) == 0 ? "# c\(chance.below(9))\n" : ""
      try show.patch(plate, frames: FrameSet(frame...frame)) { "\(comment)w\(chance.below(3)) \($0)" }
      return "patch \(plate) \(frame)"
    case 5, 6: return try edit(chance)
    case 7:
      let tool = "t\(chance.below(2))"
      show.tools[tool] = chance.below(4) == 0 ? nil : FixedTools.version("version \(chance.below(3))")
      occurs("a tool is another one or gone")
      return "tool \(tool)"
    case 8:
      try show.change(shot, FolderChanged(set: ["fps": "\(24 + chance.below(2))"]))
      return "fps of \(shot)"
    case 9, 10: return try omit(shot, chance)
    case 11, 12:
      let (range, handles) = (["", "2-4", "1-6", "3-9"][chance.below(4)], ["", "1"][chance.below(2)])
      try show.change(shot, FolderChanged(set: ["range": range, "handles": handles]))
      if !range.isEmpty { occurs("a shot has a range") }
      if !range.isEmpty, !handles.isEmpty { occurs("a shot has handles") }
      return "range of \(shot) \(range) handles \(handles)"
    case 13, 14:
      let asset = Self.assets[chance.below(2)]
      let isIn = chance.below(3) > 0
      try show.cast(shot, add: isIn ? [asset] : [], remove: isIn ? [] : [asset])
      occurs("an asset is cast or taken out")
      return "cast \(isIn ? "+" : "-")\(asset) \(shot)"
    case 15:
      let order = ["", "1", "2"][chance.below(3)]
      try show.change(shot, FolderChanged(set: ["order": order]))
      if !order.isEmpty { occurs("a shot has a place in the cut") }
      return "order \(shot) \(order)"
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

  private mutating func omit(_ shot: String, _ chance: Seeded) throws -> String {
    let omitted = try (Self.shots + Self.assets).filter {
      show.project.folders[try FolderPath($0)]?.omitted == true
    }
    // Two sites may both leave a folder out; then nothing changes but who said it last.
    let isAgain = !omitted.isEmpty && chance.below(2) == 0
    let folder = isAgain ? omitted[chance.below(omitted.count)] : [shot, Self.assets[chance.below(2)]][chance.below(2)]
    let isOmitted = isAgain || chance.below(3) > 0
    let person = ["ada", "anna", "ben"][chance.below(3)]
    try show.record(
      .folderChanged(FolderChanged(omitted: isOmitted)), folder: try FolderPath(folder), by: person)
    if isOmitted { occurs("a folder is omitted") }
    return "omit \(folder) \(isOmitted) by \(person)"
  }

  private mutating func edit(_ chance: Seeded) throws -> String {
    let made = show.steps.filter { !$0.isHuman }
    guard !made.isEmpty else { return "nothing" }
    let step = made[chance.below(made.count)].name
    let word = "-\(chance.below(3))"
    let edit = { (step: inout Step) in step.command = [step.command[0], word] + step.command.suffix(1) }
    guard chance.below(2) == 0 else {
      try show.edit(step, edit)
      occurs("a step is edited")
      return "edit \(step) \(word)"
    }
    let vouches = show.diary.vouchings.values.map(\.count).reduce(0, +)
    try show.grandfather(step, edit)
    if show.diary.vouchings.values.map(\.count).reduce(0, +) > vouches { occurs("an edit accepts what exists") }
    return "edit \(step) \(word) --grandfather"
  }

  // MARK: What people say

  private mutating func say(_ kind: Int, _ chance: Seeded) throws -> String {
    let products = show.project.products.keys.sorted()
    let known = products[chance.below(products.count)]
    let numbers = (show.project.products[known]?.numbers.keys.sorted() ?? [])
    guard !numbers.isEmpty else { return "nothing" }
    let number = numbers[chance.below(numbers.count)]
    if kind == 18, let (product, number) = approved(among: products) {
      let verdict: Verdict = chance.below(3) == 0 ? .rejected : .withdrawn
      try show.judge(product.spoken, number: number, verdict)
      occurs(verdict == .rejected ? "a version is rejected" : "a verdict is taken back")
      return "\(product.spoken) \(number) \(verdict.rawValue) after it was approved"
    }
    switch kind {
    case 17, 18:
      let verdict: Verdict = [.rejected, .rejected, .approved, .withdrawn][chance.below(4)]
      try show.judge(known.spoken, number: chance.below(2) == 0 || hasNoLatest(known) ? number : nil, verdict)
      occurs("\(verdict.rawValue == "none" ? "a verdict is taken back" : "a version is \(verdict.rawValue)")")
      return "\(known.spoken) \(number) \(verdict.rawValue)"
    case 19:
      let tagged = chance.below(2) == 0 ? try show.ref("look/lut") : known
      try show.tag(tagged.spoken, ["ok", "approved"][chance.below(2)], number: 1 + chance.below(3))
      occurs("a tag is moved")
      return "tag \(tagged.spoken)"
    case 20, 21:
      if kind == 21, let frozen = products.first(where: { show.project.products[$0]?.freeze != nil }) {
        try show.thaw(frozen.spoken)
        occurs("a freeze is lifted")
        return "thaw \(frozen.spoken)"
      }
      let until = chance.below(2) == 0 ? show.now.addingTimeInterval(Double(5 + chance.below(60))) : nil
      try show.freeze(known.spoken, at: number, until: until, because: "locked \(number)")
      occurs(until == nil ? "a product is frozen" : "a product is frozen until a time")
      if Self.sources.contains(known.spoken), chance.below(2) == 0 { try publish(known.spoken, chance) }
      return "freeze \(known.spoken) at \(number)\(until == nil ? "" : " until a time")"
    case 22, 23:
      guard show.graph.producer(of: known) != nil, isVouchable(known) else { return "nothing" }
      let count = show.events.count
      try show.vouch(known.spoken)
      if show.events.count > count { occurs("a person vouches") }
      return "vouch \(known.spoken)"
    default:
      let held = products.filter { show.project.products[$0]?.hold != nil }
      if let first = held.first, kind == 24 {
        try show.release(first.spoken)
        occurs("a hold is released")
        return "release \(first.spoken)"
      }
      guard !stepMade.isEmpty else { return "nothing" }
      let painted = stepMade.sorted()[chance.below(stepMade.count)]
      occurs("a product is painted over and held")
      if show.project.newest(of: painted)?.published.representations.first?.kind == .sequence {
        let frame = 1 + chance.below(5)
        try show.paintOver(painted.spoken, frames: FrameSet(frame...frame)) { "paint \($0)" }
      } else {
        try show.publish(painted.spoken, file: "paint")
        try show.record(.productHeld(ProductHeld(held: true, because: "wires")), product: painted, by: "ben")
      }
      return "paint over \(painted.spoken)"
    }
  }

  // MARK: What is made

  private mutating func work(_ kind: Int, _ chance: Seeded) throws -> String {
    let step = show.steps[chance.below(show.steps.count)].name
    switch kind {
    case 26, 27:
      let hands = handMade.sorted()
      guard !hands.isEmpty else { return "run everything: \(try show.makeAll())" }
      let product = hands[chance.below(hands.count)]
      let lut = hasNoLatest(try show.ref("look/lut")) ? [] : ["demo/look/lut"]
      let from = [["inputs"], ["inputs"], [], lut][chance.below(4)]
      try show.publishByHand(product.spoken, "take \(chance.below(3))", from: from)
      occurs("a person publishes what a human step makes")
      return "publish \(product.spoken) by hand from \(from)"
    case 28, 36:
      let first = 1 + chance.below(6)
      if chance.below(2) == 0 { try publish("look/lut", chance) }
      let plan = try show.plan("", frames: "\(first)-\(first + chance.below(2))")
      if plan.runs.contains(where: { $0.frames?.isEmpty == false }) { occurs("a plan is limited to frames") }
      return "frames of plan \(plan.runs.map(\.step)): \(try show.carryOut(plan))"
    case 29:
      let plan = try show.plan("step:\(step)")
      return "step \(step): \(try show.carryOut(plan))"
    case 30:
      let forced = Forced(by: Actor(name: "ada", trust: .claimed), at: show.now)
      let plan = try show.plan("step:\(step)", frames: chance.below(3) == 0 ? "2-3" : nil, forced: forced)
      if !plan.runs.isEmpty { occurs("a plan is forced") }
      return "forced step \(step): \(try show.carryOut(plan))"
    case 31, 32:
      let plan = try show.plan()
      let failing = plan.runs.filter { _ in chance.below(3) == 0 }.map { UnitID(step: $0.step, folder: $0.folder) }
      if !failing.isEmpty { occurs("a run fails") }
      return "run everything but \(failing): \(try show.carryOut(plan) { failing.contains($0) })"
    case 33:
      // A tool that draws the same as before: what follows finds its inputs unchanged.
      show.wait(seconds: 90)
      for tool in ["t0", "t1"] { show.tools[tool] = FixedTools.version("later \(chance.below(9))") }
      occurs("a tool is another one or gone")
      return "later, with other tools: \(try show.makeAll())"
    default: return "run everything: \(try show.makeAll())"
    }
  }
}
