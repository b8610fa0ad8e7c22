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
  private(set) var rules: GlanceRules
  private var places: Seen<Place>
  /// The folder of the last unit, and its place.
  private var lastPlace = (folder: -1, place: -1)
  private var sources: Seen<Source>
  var frames = FrameNumbers()
  var moves: [Move: [Cause.Root]] = [:]
  /// What was said of frames last, and its numbers.
  var lastFraming: [Brief.Framing] = []
  var lastFramed = Framed()
  /// Of the unit that is looked at: what it takes, which part of that each input brings, and what is to be made before.
  var links: [Bound] = []
  var spans: [Range<Int>] = []
  var aboves: [Above] = []
  /// Those of the links whose versions have other content than the unit was made from.
  var moved: [Int] = []
  /// By step: the form of the version that was compared last with what its units take, and whether it has the same.
  private var compared: [Compared]
  var text: [UInt8] = []
  private var part: [UInt8] = []

  /// - Parameters:
  ///   - isThorough: whether most of the project will be looked at.
  ///   - rules: of an earlier glance at the same graph.
  init(_ assessor: Assessor, isThorough: Bool, rules: GlanceRules = GlanceRules(steps: 0)) {
    (self.assessor, graph) = (assessor, assessor.graph)
    self.rules = rules.isEmpty ? GlanceRules(steps: graph.steps.count) : rules
    compared = Array(repeating: Compared(form: nil, near: 0, isSame: false), count: graph.steps.count)
    places = Seen(count: isThorough ? graph.folderCount : nil)
    sources = Seen(count: isThorough ? graph.products.count : nil)
  }

  /// - Parameter open: what is known of the units above.
  mutating func look(at unit: Int, _ open: Findings) -> Outcome {
    let step = graph.stepIndex(ofUnit: unit)
    let rule = rules.rule(ofStep: step, in: graph)
    guard rule.isSimple else { return .unsaid }
    let place = place(ofFolder: graph.folderIndex(ofUnit: unit))
    if rule.isOverRange, !places.values[place].isWorkable { return .unsaid }
    guard let made = made(by: unit), bind(unit, rule, open) else { return .unsaid }
    var wanted: Wanted?
    if rule.isPerFrame {
      guard let found = self.wanted(rule, places.values[place].frames) else { return .unsaid }
      wanted = found
    }
    let isRecorded = isRecorded(made, unit, step, rule)
    let hasItsFrames = wanted.map { isThere($0, made.frames) } ?? true
    let core = core(ofStep: step, rule, place, made)
    if aboves.isEmpty, isMade(made, by: core, rule, isRecorded) {
      return rule.isPerFrame && !(made.isUniform && hasItsFrames) ? .unsaid : .plain
    }
    guard isRecorded, core == made.core, hasItsFrames, !made.isBaseGone,
      wanted.map({ !frames[$0.expected].isEmpty }) ?? true
    else { return .unsaid }
    return brief(unit, rule, made, core, wanted).map { .brief($0) } ?? .unsaid
  }
}

// MARK: What is looked at

extension Glance {
  /// Where in `places` a folder is.
  mutating func place(ofFolder index: Int) -> Int {
    if index == lastPlace.folder { return lastPlace.place }
    let place = places.slot(of: index) ?? lookUp(folder: index)
    lastPlace = (index, place)
    return place
  }

  private mutating func lookUp(folder index: Int) -> Int {
    let path = graph.path(ofFolder: index)
    let folder = graph.folders[path] ?? Folder(path: path, type: "folder")
    let range = folder.frames
    return places.add(
      Place(
        folder: folder, frames: frames.number(ofAny: range),
        isWorkable: range.map { $0.count <= Limits.rangeFrames } ?? false,
        shelves: assessor.project.stock.shelves(ofFolder: path), words: rules.words(of: folder)), at: index)
  }

  /// `project/folder/`, as the references of a folder's products begin.
  mutating func putPrefix(ofFolder index: Int) {
    let place = place(ofFolder: index)
    if places.values[place].prefix.isEmpty {
      let folder = places.values[place].folder.path
      let words = folder.isRoot ? "\(assessor.project.name)/" : "\(assessor.project.name)/\(folder)/"
      places.values[place].prefix = Array(words.utf8)
    }
    text += places.values[place].prefix
  }

  /// The latest version of a product, where that is what everybody means.
  private mutating func latest<Result>(
    _ product: Int, _ look: (UnsafePointer<Shelf>, Lair) -> Result
  ) -> Result? {
    let place = place(ofFolder: graph.folderIndex(ofProduct: product))
    let name = graph.name(ofProduct: product)
    return places.values.withUnsafeBufferPointer { places in
      places[place].shelves.withUnsafeBufferPointer { shelves in
        guard let first = shelves.baseAddress, !shelves.isEmpty else { return nil }
        let part = shelves.count == 1 ? 0 : Stock.part(of: name, amongShelves: shelves.count)
        return Shelf.plainLatest(first + part, of: name).map {
          look(first + part, Lair(place: Int32(place), part: Int32(part), record: Int32($0)))
        }
      }
    }
  }

  /// Looks at a shelf where it stands.
  func at<Result>(_ lair: Lair, _ look: (UnsafePointer<Shelf>, Int) -> Result) -> Result {
    places.values.withUnsafeBufferPointer { places in
      places[Int(lair.place)].shelves.withUnsafeBufferPointer { shelves in
        guard let first = shelves.baseAddress else { preconditionFailure("a version lies on a shelf") }
        return look(first + Int(lair.part), Int(lair.record))
      }
    }
  }

  private mutating func source(_ product: Int) -> Source? {
    if let known = sources.slot(of: product) { return sources.values[known] }
    // What a product names counts with it.
    guard graph.named.isEmpty || graph.named[graph.product(at: product)] == nil else { return nil }
    let found = latest(product) { shelf, lair in
      let record = Int(lair.record)
      return shelf.pointee.records.withUnsafeBufferPointer { records in
        (
          lair, records[record].content, records[record].flags, Shelf.frames(shelf, of: record),
          Shelf.isSequence(shelf, record)
        )
      }
    }
    guard let (lair, content, flags, set, isSequence) = found else { return nil }
    let source = Source(
      content: content, lair: lair, frames: frames.number(ofAny: set), isSequence: isSequence,
      isGone: flags.contains(.isGone))
    _ = sources.add(source, at: product)
    return source
  }

  /// What a unit has made; nil where not all of it is there, or something was said of it.
  private mutating func made(by unit: Int) -> Recorded? {
    var first: Recorded?
    for place in graph.outputPlaces(ofUnit: unit) {
      let product = graph.output(at: place)
      let found = latest(product) { shelf, lair in
        let record = Int(lair.record)
        return shelf.pointee.records.withUnsafeBufferPointer { records in
          (
            lair, records[record].content, records[record].flags, Shelf.frames(shelf, of: record),
            Shelf.isSequence(shelf, record), Shelf.core(shelf, of: record), Shelf.recipe(shelf, of: record)
          )
        }
      }
      guard let (lair, content, flags, set, isSequence, core, recipe) = found else { return nil }
      guard flags.contains(.isMade), !flags.contains(.isVouched) else { return nil }
      let number = frames.number(ofAny: set)
      if graph.named.isEmpty, sources.slot(of: product) == nil {
        let source = Source(
          content: content, lair: lair, frames: number, isSequence: isSequence, isGone: flags.contains(.isGone))
        _ = sources.add(source, at: product)
      }
      let isBaseGone = !flags.isDisjoint(with: [.isGone, .isInPlace])
      if first != nil {
        if isBaseGone { return nil }
        continue
      }
      first = Recorded(
        lair: lair, frames: number, core: core, recipe: recipe, isUniform: flags.contains(.isUniform),
        isBaseGone: isBaseGone)
    }
    return first
  }

  /// Lays out what a unit takes.
  /// - Returns: false where something about it is special.
  private mutating func bind(_ unit: Int, _ rule: GlanceRule, _ open: Findings) -> Bool {
    links.removeAll(keepingCapacity: true)
    spans.removeAll(keepingCapacity: true)
    aboves.removeAll(keepingCapacity: true)
    let inputs = rule.inputs
    for index in inputs.indices {
      let start = links.count
      for input in graph.inputPlaces(ofUnit: unit, at: index) {
        let product = graph.input(at: input)
        guard let source = source(product), !inputs[index].isPerFrame || source.isSequence else { return false }
        // Who takes all frames takes those within the range of the product's folder.
        if inputs[index].takesAll, source.frames >= 0 {
          let range = places.values[place(ofFolder: graph.folderIndex(ofProduct: product))].frames
          if range >= 0, !frames.isAll(of: source.frames, in: range) { return false }
        }
        var above = -1
        if !open.isEmpty, let maker = graph.makerIndex(ofProduct: product), let finding = open[maker],
          finding.needsWork
        {
          if finding.obstacle != nil { return false }
          above = aboves.count
          aboves.append(Above(finding: finding, framed: framed(finding)))
        }
        links.append(Bound(input: index, product: product, source: source, above: above))
      }
      if links.count == start, inputs[index].gather != .cast { return false }
      if inputs[index].gather == .here, links.count > start + 1 { return false }
      spans.append(start..<links.count)
    }
    return true
  }

  /// What something else says of frames, in numbers.
  private mutating func framed(_ finding: Finding) -> Framed {
    guard case .brief(let brief) = finding else {
      return framed(existing: finding.existing, finding.frames, stale: finding.stale)
    }
    let its = brief.framing
    if !Glance.isSame(its, lastFraming) {
      lastFramed = framed(existing: its[0].existing, its[0].frames, stale: its[0].stale)
      lastFraming = its
    }
    return lastFramed
  }

  private mutating func framed(existing: FrameSet?, _ wanted: FramesWanted?, stale: FrameSet?) -> Framed {
    var framed = Framed()
    (framed.existing, framed.stale) = (frames.number(ofAny: existing), frames.number(ofAny: stale))
    (framed.expected, framed.available) = (
      frames.number(ofAny: wanted?.expected), frames.number(ofAny: wanted?.available)
    )
    framed.isKnown = wanted?.isKnown == true
    return framed
  }

  /// Nil where an input lacks frames of the range.
  private mutating func wanted(_ rule: GlanceRule, _ range: Int32) -> Wanted? {
    var available = FrameNumbers.none
    var isKnown = true
    let inputs = rule.inputs
    for index in links.indices where inputs[links[index].input].isPerFrame {
      var known = links[index].source.frames
      if links[index].above >= 0 {
        let framed = aboves[links[index].above].framed
        if framed.expected >= 0 { known = framed.expected }
        if !framed.isKnown { isKnown = false }
      }
      if range >= 0, known >= 0, !frames.isAll(of: range, in: known) { return nil }
      if known < 0 { known = frames.number(of: .empty) }
      available = available < 0 ? known : frames.intersection(available, known)
    }
    let expected: Int32
    if range >= 0 {
      expected = available < 0 ? range : frames.intersection(range, available)
    } else {
      expected = available < 0 ? frames.number(of: .empty) : available
    }
    return Wanted(available: available, expected: expected, isKnown: isKnown)
  }

  /// Whether every frame that should be there is, and none that no input has.
  private mutating func isThere(_ wanted: Wanted, _ existing: Int32) -> Bool {
    let existing = existing < 0 ? frames.number(of: .empty) : existing
    return frames.isAll(of: wanted.expected, in: existing)
      && (wanted.available < 0 || frames.isAll(of: existing, in: wanted.available))
  }
}

// MARK: Digests

extension Glance {
  private mutating func core(ofStep step: Int, _ rule: GlanceRule, _ place: Int, _ made: Recorded) -> Digest {
    let words = places.values[place].words
    if let known = rules.core(ofStep: step, rule, saying: words) { return known }
    let (form, names, folder) = (graph.form(ofStep: step), graph.steps[step].tools, places.values[place].folder)
    if let known = rules.core(ofStep: step, rule, form, on: folder, words) { return known }
    let before = names.isEmpty ? [:] : at(made.lair) { Shelf.tools($0, of: $1) }
    let tools = names.reduce(into: [String: ToolVersion]()) { $0[$1] = assessor.tools[$1] ?? before[$1] }
    if let known = rules.core(ofStep: step, form, on: folder, tools) { return known }
    let core = form.core(on: folder, bound: [:], namings: [:], tools: tools)
    rules.keep(
      GlanceRules.Core(parameters: form.parameters(on: folder), tools: tools, digest: core, words: words),
      ofStep: step)
    return core
  }

  /// Whether a version was made from one version of everything that the unit takes now, and from nothing else; also
  /// finds which of them have other content now.
  private mutating func isRecorded(_ made: Recorded, _ unit: Int, _ step: Int, _ rule: GlanceRule) -> Bool {
    moved.removeAll(keepingCapacity: true)
    let (inputs, folder) = (rule.inputs, graph.folderIndex(ofUnit: unit))
    var near: UInt64 = 0
    for index in links.indices where graph.folderIndex(ofProduct: links[index].product) == folder {
      near |= 1 << UInt64(index & 63)
    }
    let places = places.values
    return places.withUnsafeBufferPointer { places in
      places[Int(made.lair.place)].shelves.withUnsafeBufferPointer { shelves in
        guard let first = shelves.baseAddress else { return false }
        let (shelf, record) = (first + Int(made.lair.part), Int(made.lair.record))
        if !shelf.pointee.extras.isEmpty, shelf.pointee.extras[Int32(record)]?[0].used != nil { return false }
        let form = Shelf.identity(shelf, ofForm: record)
        // Units on all folders call what they take the same; who gathers takes from other folders something else.
        if compared[step].form != form || compared[step].near != near || !rule.isHere || links.count > 64 {
          let isSame = Shelf.withUses(shelf, of: record) { Glance.isSame($0, links, inputs, folder, graph) }
          compared[step] = Compared(form: form, near: near, isSame: isSame)
        }
        return compared[step].isSame && compare(shelf, record)
      }
    }
  }

  /// - Returns: true.
  private mutating func compare(_ shelf: UnsafePointer<Shelf>, _ record: Int) -> Bool {
    for index in links.indices where links[index].above < 0 {
      if Shelf.used(shelf, by: record, index).content != links[index].source.content { moved.append(index) }
    }
    return true
  }

  private static func isSame(
    _ uses: UnsafeBufferPointer<VersionForm.Use>, _ links: [Bound], _ inputs: [GlanceRule.Input], _ folder: Int,
    _ graph: StepGraph
  ) -> Bool {
    guard uses.count == links.count else { return false }
    for index in uses.indices {
      let product = links[index].product
      guard uses[index].input == inputs[links[index].input].name else { return false }
      switch uses[index].place {
      case .near(let name):
        guard graph.folderIndex(ofProduct: product) == folder, graph.name(ofProduct: product) == name
        else { return false }
      case .far(let ref): guard ref == graph.product(at: product) else { return false }
      }
    }
    return true
  }

  /// Whether two arrays are one.
  static func isSame<Element>(_ left: [Element], _ right: [Element]) -> Bool {
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in left.baseAddress == right.baseAddress }
    }
  }

  /// Whether a version was made as it would be now, where everything above is current.
  private mutating func isMade(_ made: Recorded, by core: Digest, _ rule: GlanceRule, _ isRecorded: Bool) -> Bool {
    guard core == made.core else { return false }
    if let recipe = made.recipe { return self.recipe(rule, core) == recipe }
    // It follows from core and inputs, and these are those of the version.
    if isRecorded, rule.isHere { return moved.isEmpty }
    return self.recipe(rule, core)
      == at(made.lair) { $0.pointee.recipe(of: $1, core, $0.pointee.form(of: $1), $0.pointee.uses(of: $1)) }
  }

  /// As `Recipe.whole` has it.
  private mutating func recipe(_ rule: GlanceRule, _ core: Digest) -> Digest {
    text.removeAll(keepingCapacity: true)
    text += "whole\n".utf8
    core.write(to: &text)
    text.append(UInt8(ascii: "\n"))
    for index in rule.byName {
      let input = rule.inputs[index]
      text += input.line
      let span = spans[index]
      (input.gather == .here ? links[span.lowerBound].source.content : gathered(span, input.gather)).write(to: &text)
      text.append(UInt8(ascii: "\n"))
    }
    return Digest.of(text)
  }

  /// As `Recipe.gathered` has it.
  private mutating func gathered(_ span: Range<Int>, _ gather: Gather) -> Digest {
    part.removeAll(keepingCapacity: true)
    for index in span {
      let path = graph.path(ofFolder: graph.folderIndex(ofProduct: links[index].product))
      part += (gather == .cast ? path.description : path.name).utf8
      part.append(UInt8(ascii: "\n"))
      links[index].source.content.write(to: &part)
      part.append(UInt8(ascii: "\n"))
    }
    return Digest.of(part)
  }

  /// As `Recipe.work` has it.
  mutating func work(
    _ unit: Int, _ rule: GlanceRule, _ core: Digest, _ wanted: Wanted?
  ) -> Digest {
    let path = graph.path(ofFolder: graph.folderIndex(ofUnit: unit))
    let inputs = rule.inputs
    text.removeAll(keepingCapacity: true)
    text += "work\n".utf8
    if !path.isRoot {
      text += path.description.utf8
      text.append(UInt8(ascii: " "))
    }
    text += rule.line
    core.write(to: &text)
    text.append(UInt8(ascii: "\n"))
    for index in rule.byName {
      text += inputs[index].line
      for place in spans[index] {
        let link = links[place]
        putPrefix(ofFolder: graph.folderIndex(ofProduct: link.product))
        text += graph.name(ofProduct: link.product).utf8
        text.append(UInt8(ascii: " "))
        let above = link.above < 0 ? nil : aboves[link.above].finding.work
        (above ?? link.source.content).write(to: &text)
        text.append(UInt8(ascii: "\n"))
      }
    }
    if let wanted, wanted.available != wanted.expected, frames.set(wanted.available) != frames[wanted.expected] {
      text += "frames \(frames[wanted.expected])\n".utf8
    }
    return Digest.of(text)
  }
}
