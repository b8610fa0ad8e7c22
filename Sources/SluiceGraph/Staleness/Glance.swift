import SluiceModel

/// Assesses units of which nothing special is to be said, from the few values that decide: what the latest versions
/// contain, which frames they have, and by which recipes they were made. It says what `Assessor` says, and leaves to
/// it whatever it cannot say.
///
/// It looks at each product once, and so is good for one state of a project.
struct Glance {
  enum Outcome {
    case plain
    case brief(Brief)
    /// Something about the unit is special.
    case unsaid
  }

  let assessor: Assessor
  let graph: StepGraph
  /// What steps say, for the next glance at the same graph too.
  private(set) var rules: [GlanceRule?]
  private var places: Seen<Place>
  private var sources: Seen<Source>
  var moves: [Move: [Cause.Root]] = [:]
  /// Of the unit that is looked at: what it takes, and which part of that each input brings.
  var links: [Bound] = []
  var spans: [Range<Int>] = []
  var text: [UInt8] = []
  var part: [UInt8] = []

  /// - Parameters:
  ///   - isThorough: whether most of the project will be looked at.
  ///   - rules: of an earlier glance at the same graph.
  init(_ assessor: Assessor, isThorough: Bool, rules: [GlanceRule?] = []) {
    (self.assessor, graph) = (assessor, assessor.graph)
    self.rules = rules.isEmpty ? Array(repeating: nil, count: graph.steps.count) : rules
    places = Seen(count: isThorough ? graph.folderCount : nil)
    sources = Seen(count: isThorough ? graph.products.count : nil)
  }

  /// - Parameter open: what is known of the units above.
  mutating func look(at unit: Int, _ open: Findings) -> Outcome {
    let step = graph.stepIndex(ofUnit: unit)
    let rule = rule(ofStep: step)
    guard rule.isSimple else { return .unsaid }
    let place = place(ofFolder: graph.folderIndex(ofUnit: unit))
    if rule.isOverRange, places.values[place].work == nil { return .unsaid }
    guard let made = made(by: unit), bind(unit, rule, open) else { return .unsaid }
    var frames: FramesWanted?
    if rule.isPerFrame {
      let range = rule.isOverRange ? places.values[place].work : places.values[place].frames
      guard let wanted = wanted(rule, range) else { return .unsaid }
      frames = wanted
    }
    let hasItsFrames = frames.map { Glance.isThere($0, made.source.frames ?? .empty) } ?? true
    let core = core(ofStep: step, place, made.tools)
    if links.allSatisfy({ $0.above == nil }), recipe(rule, core) == made.recipe {
      return rule.isPerFrame && !(made.isUniform && hasItsFrames) ? .unsaid : .plain
    }
    guard core == made.core, hasItsFrames, !made.isBaseGone, frames?.expected.isEmpty != true else { return .unsaid }
    return brief(unit, rule, made, core, frames).map { .brief($0) } ?? .unsaid
  }
}

// MARK: What is looked at

extension Glance {
  /// The latest version of a product, as far as its users look at it.
  struct Source {
    let content: Digest
    let frames: FrameSet?
    let isSequence: Bool
    /// Whether its files were dropped.
    let isGone: Bool
  }

  /// The same as far as its maker looks at it.
  struct Recorded {
    let source: Source
    let lair: Lair
    let core: Digest
    let recipe: Digest
    let isUniform: Bool
    let tools: [String: ToolVersion]
    /// Whether none of its files can be carried into the next version.
    let isBaseGone: Bool
  }

  /// Where a version lies: the folder's place, the shelf, and its number there.
  struct Lair {
    let place: Int
    let part: Int
    let record: Int
  }

  struct Place {
    let folder: Folder
    let frames: FrameSet?
    /// The range that steps with `frames: range` work over.
    let work: FrameSet?
    let shelves: [Shelf]
  }

  struct Bound {
    let input: Int
    let product: Int
    let source: Source
    /// Its maker, where that is to be made anew first.
    let above: Finding?
  }

  struct Move: Hashable {
    let product: Int
    let before: VersionID
    let frames: FrameSet?
  }

  private mutating func rule(ofStep step: Int) -> GlanceRule {
    if let known = rules[step] { return known }
    let rule = GlanceRule(graph.steps[step], graph.form(ofStep: step))
    rules[step] = rule
    return rule
  }

  /// Where in `places` a folder is.
  private mutating func place(ofFolder index: Int) -> Int {
    if let known = places.slot(of: index) { return known }
    let path = graph.path(ofFolder: index)
    let folder = graph.folders[path] ?? Folder(path: path, type: "folder")
    let frames = folder.frames
    return places.add(
      Place(
        folder: folder, frames: frames, work: frames.flatMap { $0.count > Limits.rangeFrames ? nil : $0 },
        shelves: assessor.project.stock.shelves(ofFolder: path)), at: index)
  }

  /// Looks at the latest version of a product, where that is what everybody means.
  private mutating func latest<Result>(
    _ product: Int, _ look: (UnsafePointer<Shelf>, Lair) -> Result?
  ) -> Result? {
    let place = place(ofFolder: graph.folderIndex(ofProduct: product))
    let name = graph.name(ofProduct: product)
    let count = places.values[place].shelves.count
    guard count > 0 else { return nil }
    let part = count == 1 ? 0 : Stock.part(of: name, amongShelves: count)
    return at(place, part) { shelf in
      Shelf.plainLatest(shelf, of: name).flatMap { look(shelf, Lair(place: place, part: part, record: $0)) }
    }
  }

  /// Looks at a shelf where it stands.
  func at<Result>(_ place: Int, _ part: Int, _ look: (UnsafePointer<Shelf>) -> Result?) -> Result? {
    places.values.withUnsafeBufferPointer { places in
      places[place].shelves.withUnsafeBufferPointer { $0.baseAddress.flatMap { look($0 + part) } }
    }
  }

  private static func source(_ shelf: UnsafePointer<Shelf>, _ record: Int) -> Source {
    Source(
      content: shelf.pointee.records[record].content, frames: Shelf.frames(shelf, of: record),
      isSequence: Shelf.isSequence(shelf, record), isGone: shelf.pointee.records[record].flags.contains(.isGone))
  }

  private mutating func source(_ product: Int) -> Source? {
    if let known = sources.slot(of: product) { return sources.values[known] }
    // What a product names counts with it.
    guard graph.named.isEmpty || graph.named[graph.product(at: product)] == nil,
      let source = latest(product, { shelf, lair in Glance.source(shelf, lair.record) })
    else { return nil }
    _ = sources.add(source, at: product)
    return source
  }

  /// What a unit has made; nil where not all of it is there, or something was said of it.
  private mutating func made(by unit: Int) -> Recorded? {
    var first: Recorded?
    for product in graph.outputs(ofUnit: unit) {
      let product = Int(product)
      let found = latest(product) { shelf, lair -> Recorded? in
        let flags = shelf.pointee.records[lair.record].flags
        guard flags.contains(.isMade), !flags.contains(.isVouched) else { return nil }
        return Recorded(
          source: Glance.source(shelf, lair.record), lair: lair, core: shelf.pointee.records[lair.record].core,
          recipe: shelf.pointee.records[lair.record].recipe, isUniform: flags.contains(.isUniform),
          tools: Shelf.tools(shelf, of: lair.record), isBaseGone: !flags.isDisjoint(with: [.isGone, .isInPlace]))
      }
      guard let found else { return nil }
      if graph.named.isEmpty, sources.slot(of: product) == nil { _ = sources.add(found.source, at: product) }
      if first == nil { first = found } else if found.isBaseGone { return nil }
    }
    return first
  }

  /// Lays out what a unit takes.
  /// - Returns: false where something about it is special.
  private mutating func bind(_ unit: Int, _ rule: GlanceRule, _ open: Findings) -> Bool {
    links.removeAll(keepingCapacity: true)
    spans.removeAll(keepingCapacity: true)
    for (index, input) in rule.inputs.enumerated() {
      let start = links.count
      for product in graph.inputs(ofUnit: unit, at: index) {
        let product = Int(product)
        guard let source = source(product), !input.isPerFrame || source.isSequence else { return false }
        // Who takes all frames takes those within the range of the product's folder.
        if input.takesAll, let frames = source.frames,
          let range = places.values[place(ofFolder: graph.folderIndex(ofProduct: product))].frames,
          frames != range, !frames.subtracting(range).isEmpty
        {
          return false
        }
        var above: Finding?
        if !open.isEmpty, let maker = graph.makerIndex(ofProduct: product), let finding = open[maker],
          finding.needsWork
        {
          if finding.obstacle != nil { return false }
          above = finding
        }
        links.append(Bound(input: index, product: product, source: source, above: above))
      }
      if links.count == start, input.gather != .cast { return false }
      if input.gather == .here, links.count > start + 1 { return false }
      spans.append(start..<links.count)
    }
    return true
  }

  /// Nil where an input lacks frames of the range.
  private func wanted(_ rule: GlanceRule, _ range: FrameSet?) -> FramesWanted? {
    var available: FrameSet?
    var isKnown = true
    for link in links where rule.inputs[link.input].isPerFrame {
      let known = link.above?.expected ?? link.source.frames
      if let above = link.above, above.frames?.isKnown != true { isKnown = false }
      let frames = known ?? .empty
      available = available.map { $0 == frames ? $0 : $0.intersection(frames) } ?? frames
      if let range, let known, known != range, !range.subtracting(known).isEmpty { return nil }
    }
    let expected: FrameSet
    if let range {
      expected = available.map { $0 == range ? range : range.intersection($0) } ?? range
    } else {
      expected = available ?? .empty
    }
    return FramesWanted(available: available, expected: expected, lacks: [], isKnown: isKnown)
  }

  /// Whether every frame that should be there is, and none that no input has.
  private static func isThere(_ wanted: FramesWanted, _ existing: FrameSet) -> Bool {
    if wanted.expected != existing, !wanted.expected.subtracting(existing).isEmpty { return false }
    guard let available = wanted.available, available != existing else { return true }
    return existing.subtracting(available).isEmpty
  }
}

// MARK: Digests

extension Glance {
  private mutating func core(ofStep step: Int, _ place: Int, _ made: [String: ToolVersion]) -> Digest {
    let known = places.values.withUnsafeBufferPointer { places in
      rules.withUnsafeBufferPointer { $0[step]?.core(on: places[place].folder) }
    }
    if let known { return known }
    let (form, names, folder) = (graph.form(ofStep: step), graph.steps[step].tools, places.values[place].folder)
    let tools = names.reduce(into: [String: ToolVersion]()) { $0[$1] = assessor.tools[$1] ?? made[$1] }
    if let known = rules[step]?.core(on: folder, tools) { return known }
    let core = form.core(on: folder, bound: [:], namings: [:], tools: tools)
    rules[step]?.keep(GlanceRule.Core(parameters: form.parameters(on: folder), tools: tools, digest: core))
    return core
  }

  /// As `Recipe.whole` has it.
  private mutating func recipe(_ rule: GlanceRule, _ core: Digest) -> Digest {
    text.removeAll(keepingCapacity: true)
    text += "whole\n".utf8
    core.write(to: &text)
    text.append(UInt8(ascii: "\n"))
    for index in rule.byName {
      let input = rule.inputs[index]
      text += input.name.utf8
      text.append(UInt8(ascii: "\n"))
      let span = spans[index]
      (input.gather == .here ? links[span.lowerBound].source.content : gathered(span, input.gather)).write(to: &text)
      text.append(UInt8(ascii: "\n"))
    }
    return Digest.of(text)
  }

  /// As `Recipe.gathered` has it.
  private mutating func gathered(_ span: Range<Int>, _ gather: Gather) -> Digest {
    part.removeAll(keepingCapacity: true)
    for link in links[span] {
      let path = graph.path(ofFolder: graph.folderIndex(ofProduct: link.product))
      part += (gather == .cast ? path.description : path.name).utf8
      part.append(UInt8(ascii: "\n"))
      link.source.content.write(to: &part)
      part.append(UInt8(ascii: "\n"))
    }
    return Digest.of(part)
  }

  /// As `Recipe.work` has it.
  mutating func work(_ unit: UnitID, _ rule: GlanceRule, _ core: Digest, _ frames: FramesWanted?) -> Digest {
    text.removeAll(keepingCapacity: true)
    text += "work\n".utf8
    if !unit.folder.isRoot {
      text += unit.folder.description.utf8
      text.append(UInt8(ascii: " "))
    }
    text += unit.step.utf8
    text.append(UInt8(ascii: "\n"))
    core.write(to: &text)
    text.append(UInt8(ascii: "\n"))
    for index in rule.byName {
      text += rule.inputs[index].name.utf8
      text.append(UInt8(ascii: "\n"))
      for place in spans[index] {
        let ref = graph.product(at: links[place].product)
        text += ref.project.description.utf8
        text.append(UInt8(ascii: "/"))
        if !ref.folder.isRoot {
          text += ref.folder.description.utf8
          text.append(UInt8(ascii: "/"))
        }
        text += ref.name.utf8
        text.append(UInt8(ascii: " "))
        (links[place].above?.work ?? links[place].source.content).write(to: &text)
        text.append(UInt8(ascii: "\n"))
      }
    }
    if let frames, frames.isCut { text += "frames \(frames.expected)\n".utf8 }
    return Digest.of(text)
  }
}

/// What was looked at once, by its number.
private struct Seen<Value> {
  private(set) var values: [Value] = []
  private var all: [Int32]
  /// Where not most of it will be looked at: an open table of numbers and slots, at most half full.
  private var some: [(index: Int32, slot: Int32)] = []

  /// - Parameter count: of everything, where most of it will be looked at.
  init(count: Int?) { all = count.map { Array(repeating: -1, count: $0) } ?? [] }

  func slot(of index: Int) -> Int? {
    let slot = all.isEmpty ? some.isEmpty ? -1 : some[place(of: index)].slot : all[index]
    return slot < 0 ? nil : Int(slot)
  }

  mutating func add(_ value: Value, at index: Int) -> Int {
    if all.isEmpty {
      if some.count <= values.count * 2 { grow() }
      some[place(of: index)] = (Int32(index), Int32(values.count))
    } else {
      all[index] = Int32(values.count)
    }
    values.append(value)
    return values.count - 1
  }

  /// Where a number is, or would be.
  private func place(of index: Int) -> Int {
    let last = some.count - 1
    var place = Int(truncatingIfNeeded: UInt64(index) &* 0x9E37_79B9_7F4A_7C15 >> 32) & last
    while some[place].slot >= 0, some[place].index != Int32(index) { place = (place + 1) & last }
    return place
  }

  private mutating func grow() {
    let before = some
    some = Array(repeating: (0, -1), count: max(16, before.count * 2))
    for entry in before where entry.slot >= 0 { some[place(of: Int(entry.index))] = entry }
  }
}
