package import SluiceGraph
package import SluiceModel

/// How units stand, found the long way: every file's inputs compared with those that it was made from.
///
/// Reads as the specification of docs/explanation/staleness.md. It knows no recipe, no register and nothing of the
/// assessor.
package struct NaiveStaleness {
  package struct Verdict: Equatable {
    /// Whether a run would make it anew.
    package var needsWork = false
    /// Frames that want work; nil for a unit that is not frame by frame.
    package var stale: FrameSet?
    package var expected: FrameSet?
    var existing = FrameSet.empty
    /// Frames that are there and that no input has any more.
    var lost = FrameSet.empty
    /// Which frames there will be; nobody knows it of a step that is not frame by frame.
    var isKnown = true
    /// Whether something keeps it from being made.
    package var isObstructed = false
    /// Of a human step, how each product stands.
    package var byHand: [ProductRef: Freshness] = [:]

    var isDubious: Bool { byHand.values.contains(.dubious) }
    /// Frames that will be gone.
    var gone: FrameSet { existing.subtracting(expected ?? .empty) }
  }
  package let show: NaiveShow
  /// Units that will be made anew where they need it; nil for all. The others count as they are.
  let passesOn: Set<UnitID>?
  private var found: [UnitID: Verdict] = [:]

  package init(_ show: NaiveShow, passesOn: Set<UnitID>? = nil) { (self.show, self.passesOn) = (show, passesOn) }

  package mutating func verdict(_ unit: NaiveShow.Unit) throws -> Verdict {
    if let verdict = found[unit.id] { return verdict }
    let verdict = try unit.step.isHuman ? judgeByHand(unit) : judge(unit)
    found[unit.id] = verdict
    return verdict
  }

  // MARK: What is to be made anew first

  /// The maker of what an input takes, where the input goes along with whatever becomes of the product: it takes the
  /// latest, and that is not frozen.
  func followed(_ input: StepInput, _ product: ProductRef) -> NaiveShow.Unit? {
    guard input.tag == .latest, show.known.frozen(product, at: show.now) == nil, let maker = show.maker(of: product),
      passesOn?.contains(maker.id) ?? true
    else { return nil }
    return maker
  }

  /// The same, where the maker is to make it anew.
  mutating func above(_ input: StepInput, _ product: ProductRef) throws -> Verdict? {
    guard let maker = followed(input, product) else { return nil }
    let verdict = try verdict(maker)
    return verdict.needsWork ? verdict : nil
  }

  /// Whether what is taken, or something that it names, is to be made anew in these frames (nil: in any).
  private mutating func follows(_ input: StepInput, _ product: ProductRef, _ wanted: Set<Int>?) throws -> Bool {
    if let above = try above(input, product) {
      guard let wanted, let changed = above.stale else { return true }
      if wanted.contains(where: { changed.contains($0) || above.gone.contains($0) }) { return true }
    }
    for (reference, target, relation) in show.references(of: product)
    where try follows(reference, target, show.seen(wanted, relation)) { return true }
    return false
  }

  /// Whether what is taken, or something that it names, cannot be had.
  private mutating func lacks(_ input: StepInput, _ product: ProductRef, _ relations: [FrameRelation]) throws -> Bool {
    for (reference, target, relation) in show.references(of: product)
    where try lacks(reference, target, relations.map { $0 == .all ? .all : relation }) { return true }
    if let above = try above(input, product) { return above.isObstructed }
    guard let version = show.known.taken(product, input.tag, at: show.now),
      let form = version.published.representations.only(named: input.representation)
    else { return true }
    if relations.contains(where: \.isPerFrame), form.kind != .sequence { return true }
    // Who takes all frames takes those within the range, and there has to be one.
    guard relations.contains(.all), let range = show.known.places[product.folder]?.frames,
      let frames = form.frames, !frames.isEmpty
    else { return false }
    return !frames.frames.contains(where: range.contains)
  }

  // MARK: What commands make

  private mutating func judge(_ unit: NaiveShow.Unit) throws -> Verdict {
    var verdict = Verdict()
    try findFrames(unit, &verdict)
    // A person has it in hand.
    if unit.outputs.contains(where: show.known.held.contains) { return verdict }
    let newest = unit.outputs.compactMap(show.known.newest)
    guard newest.count == unit.outputs.count else {
      verdict.needsWork = true
      verdict.stale = verdict.expected
      return verdict
    }
    if try isVouched(unit, newest, verdict) { return verdict }
    let makings = newest.compactMap { version in
      // Of what people laid frames over, the others stay what they were.
      unit.step.isPerFrame ? show.making(under: version) : show.diary.makings[version.address]
    }
    guard makings.count == newest.count else {
      verdict.needsWork = true
      verdict.stale = verdict.expected
      return verdict
    }
    let accepted = show.accepted(unit)
    var stale: [Int?] = []
    for frame in verdict.expected?.frames.map({ $0 }) ?? [Int?.none] {
      for (index, version) in newest.enumerated() {
        let now = try show.trace(of: unit, frame: frame, output: index)
        let isRight = show.diary.traces(of: version.address)[frame].map { made in
          made.hasSameInputs(as: now) && (made.core == now.core || accepted.contains(made.core))
        }
        let follows = try followsAny(unit, frame, output: index)
        if isRight != true || follows {
          stale.append(frame)
          break
        }
      }
    }
    guard let expected = verdict.expected else {
      // What lacks an input is not what would be made now.
      verdict.needsWork = !stale.isEmpty || verdict.isObstructed
      return verdict
    }
    verdict.stale = FrameSet(stale.compactMap { $0 })
    let isComplete = expected.subtracting(verdict.existing).isEmpty && verdict.lost.isEmpty
    verdict.needsWork = !stale.isEmpty || !isComplete || verdict.isObstructed
    return verdict
  }

  private mutating func followsAny(_ unit: NaiveShow.Unit, _ frame: Int?, output: Int) throws -> Bool {
    for (input, products) in unit.inputs(.dependency) {
      let wanted = show.seen(frame.map { [$0] }, input.frames.of(unit.step.outputs[output].name))
      for product in products where try follows(input, product, wanted) { return true }
    }
    return false
  }

  /// Which frames there should be, which there are, and whether it can be made.
  private mutating func findFrames(_ unit: NaiveShow.Unit, _ verdict: inout Verdict) throws {
    var available: FrameSet?
    verdict.isKnown = unit.step.isPerFrame
    for (input, products) in unit.inputs(.dependency) {
      let relations = unit.step.outputs.map { input.frames.of($0.name) }
      if products.isEmpty, input.gather != .cast { verdict.isObstructed = true }
      for product in products {
        if try lacks(input, product, relations) { verdict.isObstructed = true }
        guard relations.contains(where: \.isPerFrame) else { continue }
        let above = try above(input, product)
        if let above, !above.isKnown { verdict.isKnown = false }
        let taken = show.known.taken(product, input.tag, at: show.now)
        let there = taken?.published.representations.only(named: input.representation)?.frames ?? .empty
        let frames = above?.expected ?? there
        available = available.map { $0.intersection(frames) } ?? frames
      }
    }
    guard unit.step.isPerFrame else { return }
    let range = unit.place.frames.map { FrameSet($0) }
    if unit.step.frames == .range, range == nil { verdict.isObstructed = true }
    let bounds = unit.step.frames == .range ? range ?? .empty : range
    let expected = bounds.map { (available ?? $0).intersection($0) } ?? available ?? .empty
    verdict.expected = expected
    verdict.existing =
      unit.outputs.first.flatMap { show.known.newest($0) }?.published.representations.first?.frames ?? .empty
    // A shorter range alone takes nothing away; a shorter input does.
    verdict.lost = verdict.existing.subtracting(available ?? verdict.existing)
    if verdict.isKnown, expected.isEmpty, verdict.existing.isEmpty || !verdict.lost.isEmpty {
      verdict.isObstructed = true
    }
  }

  /// Whether somebody said of these versions that they are right for the step and the inputs exactly as they are.
  private mutating func isVouched(
    _ unit: NaiveShow.Unit, _ versions: [Chronicle.Version], _ verdict: Verdict
  ) throws -> Bool {
    // Without the range nobody knows which frames there should be.
    if unit.step.frames == .range, unit.place.frames == nil { return false }
    let said = versions.map { show.diary.vouchings[$0.address] ?? [] }
    guard said.allSatisfy({ !$0.isEmpty }), (verdict.expected ?? .empty).subtracting(verdict.existing).isEmpty else {
      return false
    }
    for (input, products) in unit.inputs(.dependency) {
      if products.isEmpty, input.gather != .cast { return false }
      for product in products where try isUnsettled(input, product) { return false }
    }
    let now = try show.vouchingNow(for: unit)
    return said.allSatisfy { $0.contains(now) }
  }

  /// Whether what is taken, or something that it names, is missing or to be made anew.
  private mutating func isUnsettled(_ input: StepInput, _ product: ProductRef) throws -> Bool {
    let form = show.known.taken(product, input.tag, at: show.now)?.published.representations
      .only(named: input.representation)
    if try form == nil || above(input, product) != nil { return true }
    for (reference, target, _) in show.references(of: product) where try isUnsettled(reference, target) { return true }
    return false
  }
}

extension NaiveStaleness {
  // MARK: What people make

  private mutating func judgeByHand(_ unit: NaiveShow.Unit) throws -> Verdict {
    var verdict = Verdict()
    for product in unit.outputs { verdict.byHand[product] = try freshness(of: product, unit) }
    return verdict
  }

  private mutating func freshness(of product: ProductRef, _ unit: NaiveShow.Unit) throws -> Freshness {
    guard let version = show.known.latest(product) else { return .missing }
    for (input, products) in unit.inputs(.dependency) {
      for product in products {
        for (input, product) in [(input, product)] + named(by: product).map({ ($0.input, $0.target) }) {
          guard let maker = followed(input, product) else { continue }
          let above = try verdict(maker)
          if above.needsWork || above.isDubious { return .dubious }
        }
      }
    }
    // The version says what it was made from, and vouches say for what else it is right.
    let words = [version.published.madeFrom] + version.vouches.map(\.inputs)
    for word in words where try differences(unit, word).isEmpty { return .current }
    return try differences(unit, words[words.count - 1]).contains(.changed) ? .dubious : .unknown
  }

  private enum Difference { case changed, unrecorded }

  /// What is otherwise now than somebody said.
  private func differences(_ unit: NaiveShow.Unit, _ word: [Used]) throws -> [Difference] {
    var found: [Difference] = []
    for (input, products) in unit.inputs(.dependency) {
      let isOfAll = unit.step.outputs.allSatisfy { input.frames.of($0.name) == .all }
      for product in products {
        found += try namedOtherwise(product, input, word, isOfAll)
        let named = word.filter {
          $0.product == product && ($0.input ?? input.name) == input.name && $0.through == nil
        }
        let then = try named.compactMap { used in
          try show.known.versions[product]?.first { $0.address.version == used.version }
            .map { try files(of: $0, input, isOfAll) }
        }
        guard let now = show.known.taken(product, input.tag, at: show.now) else {
          found.append(named.isEmpty ? .unrecorded : .changed)
          continue
        }
        if named.isEmpty {
          found.append(.unrecorded)
        } else if try !then.contains(files(of: now, input, isOfAll)) {
          found.append(.changed)
        }
      }
      if word.contains(where: { $0.input == input.name && $0.through == nil && !products.contains($0.product) }) {
        found.append(.changed)
      }
    }
    return found
  }

  /// Everything that a product names, directly and through others.
  private func named(
    by product: ProductRef, ofAll: Bool = false
  ) -> [(input: StepInput, target: ProductRef, isOfAll: Bool)] {
    show.references(of: product).flatMap { reference in
      let isOfAll = ofAll || reference.relation == .all
      return [(reference.input, reference.target, isOfAll)] + named(by: reference.target, ofAll: isOfAll)
    }
  }

  /// The files of a version that a person looked at: who takes all frames takes those within the range.
  private func files(of version: Chronicle.Version, _ input: StepInput, _ isOfAll: Bool) throws -> [Trace.Seen] {
    let range = isOfAll ? show.known.places[version.address.product.folder]?.frames : nil
    return try show.files(of: version, input.representation).filter { file in
      file.frame.map { range?.contains($0) ?? true } ?? true
    }
  }

  /// What an input's product names counts where somebody said what that was.
  private func namedOtherwise(
    _ product: ProductRef, _ input: StepInput, _ word: [Used], _ isOfAll: Bool
  ) throws -> [Difference] {
    let names = word.filter { $0.input == input.name && $0.through == product }
    guard !names.isEmpty else { return [] }
    let now = named(by: product, ofAll: isOfAll)
    var found = names.filter { name in !now.contains { $0.target == name.product } }.map { _ in Difference.changed }
    for (reference, target, isOfAll) in now {
      let then = try names.filter { $0.product == target }.compactMap { used in
        try show.known.versions[target]?.first { $0.address.version == used.version }
          .map { try files(of: $0, reference, isOfAll) }
      }
      guard let taken = show.known.taken(target, reference.tag, at: show.now) else {
        if !then.isEmpty { found.append(.changed) }
        continue
      }
      if try !then.contains(files(of: taken, reference, isOfAll)) { found.append(.changed) }
    }
    return found
  }
}

extension [RepresentationSummary] {
  /// The one of a name; without a name the only one.
  fileprivate func only(named name: String?) -> RepresentationSummary? {
    guard let name else { return count == 1 ? self[0] : nil }
    return first { $0.name == name }
  }
}
