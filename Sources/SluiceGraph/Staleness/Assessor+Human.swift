import SluiceModel

/// How the products of human steps stand: nobody runs them, so that nothing is ever stale; but a person has to look at
/// what was made from inputs that have changed.
extension Assessor {
  /// - Parameter upstream: the maker of a product, where that is not current.
  func judgeByHand(_ result: inout Assessment, _ upstream: (ProductRef) -> Finding?) throws(SluiceError) {
    var all: [Assessment.Judged] = []
    for product in result.unit.outputs {
      let judged = try judge(product, of: result, upstream)
      result.byHand[product] = judged
      all.append(judged)
    }
    result.freshness =
      [.missing, .unknown, .dubious].first { worse in all.contains { $0.freshness == worse } } ?? .current
    result.reasons = Assessor.once(all.flatMap(\.reasons))
    result.notes += Assessor.once(all.flatMap(\.notes))
    guard result.unit.step.isPerFrame else { return }
    // What a person published as a whole is out of date in every frame.
    let isWhole = all.contains { $0.freshness != .current && $0.stale == nil }
    result.stale = isWhole ? result.expected : all.reduce(.empty) { $0.union($1.stale ?? .empty) }
  }

  private static func once(_ reasons: [Reason]) -> [Reason] {
    var found: [Reason] = []
    for reason in reasons where !found.contains(reason) { found.append(reason) }
    return found
  }

  private func judge(
    _ product: ProductRef, of result: Assessment, _ upstream: (ProductRef) -> Finding?
  ) throws(SluiceError) -> Assessment.Judged {
    let notes = rejectedNote(on: product).map { [$0] } ?? []
    guard let version = project.version(of: product, .latest) else {
      return Assessment.Judged(
        freshness: .missing,
        reasons: [
          Reason(
            kind: .missing, input: nil, used: nil, now: nil,
            text: project.products[product] == nil
              ? "nobody has published it yet" : "every version of it was rejected")
        ],
        notes: notes, stale: result.expected)
    }
    var judged = Assessment.Judged(freshness: .current, reasons: [], notes: notes, stale: nil)
    try compare(version, result, &judged)
    for state in result.inputs {
      for source in state.sources {
        for one in source.all where one.follows {
          guard let above = upstream(one.product), above.needsWork || above.freshness == .dubious else { continue }
          judged.freshness = .dubious
          judged.reasons += Reasons(project: project, graph: graph).passedOn(from: above, through: source.product)
        }
      }
    }
    judged.reasons = Reasons.merged(judged.reasons)
    let isSequence = version.published.representations.first?.kind == .sequence
    if result.unit.step.isPerFrame, isSequence, judged.freshness != .current {
      judged.stale = try changedFrames(of: version, result, upstream)
    }
    return judged
  }

  /// Compares today's inputs with what the version says it was made from, and with what people vouched for: one of them
  /// has to be the same. The reasons are about the newest of them.
  private func compare(
    _ version: Version, _ result: Assessment, _ judged: inout Assessment.Judged
  ) throws(SluiceError) {
    let recorded = version.published.madeFrom
    if try differences(recorded, result).isEmpty { return }
    for vouch in version.vouches.reversed() where try differences(vouch.inputs, result).isEmpty {
      judged.notes.append(Reasons.vouched(vouch, version))
      return
    }
    for difference in try differences(version.vouches.last?.inputs ?? recorded, result) {
      judged.reasons.append(reason(for: difference, version, isVouched: !version.vouches.isEmpty))
    }
    judged.freshness = judged.reasons.contains { $0.kind != .unrecorded } ? .dubious : .unknown
  }

  private enum Difference {
    case moved(Used, InputState.Source, to: Version)
    /// The input was not recorded; in words, why it is not there at all.
    case unrecorded(ProductRef, Version?, lack: String?)
    /// It was recorded and is not there any more, in words.
    case lacking(Used, String)
    /// An input names what it did not name before.
    case named(InputState.Source, Version)
    case gone(Used)

    /// Whether it is not about frames of an input that are others now.
    var isOfAll: Bool { if case .moved = self { false } else { true } }
  }

  private func differences(_ used: [Used], _ result: Assessment) throws(SluiceError) -> [Difference] {
    var found: [Difference] = []
    let recorded = RecordedInputs(used)
    for state in result.inputs {
      for source in state.sources {
        if let one = try difference(recorded, source, state.input) { found.append(one) }
        // A version that says of no name what it was is compared by what it was made from alone.
        let names = RecordedInputs(recorded.names(by: source.product, in: state.input))
        guard !names.all.isEmpty else { continue }
        for name in source.named {
          if let one = try difference(names, name, state.input) { found.append(one) }
        }
        let present = Set(source.named.map(\.product))
        found += names.all.filter { !present.contains($0.product) }.map { .gone($0) }
      }
      let present = Set(state.sources.map(\.product))
      found += used.filter {
        $0.input == state.input.name && $0.through == nil && !present.contains($0.product)
      }.map { .gone($0) }
    }
    return found
  }

  private func difference(
    _ recorded: RecordedInputs, _ source: InputState.Source, _ input: StepInput
  ) throws(SluiceError) -> Difference? {
    let before = recorded.uses(of: source, in: input)
    guard let version = source.version, source.representation != nil else {
      let lack = obstacle(input, source, nil) ?? "\(source.product.spoken) cannot be taken"
      if let first = before.first { return .lacking(first, lack) }
      return source.through == nil ? .unrecorded(source.product, nil, lack: lack) : nil
    }
    guard let last = before.max(by: { $0.version < $1.version }) else {
      return source.through == nil ? .unrecorded(source.product, version, lack: nil) : .named(source, version)
    }
    for used in before where try isSame(used, as: source) { return nil }
    return .moved(last, source, to: version)
  }

  private func isSame(_ used: Used, as source: InputState.Source) throws(SluiceError) -> Bool {
    if used.content == source.content || used.content == source.representation?.content { return true }
    if source.version?.stoodFor(used.content) == true { return true }
    // What a person named before the step declared it stands with the digest of the whole version.
    if used.input == nil, used.content == source.version?.published.manifest { return true }
    // Who takes all frames takes those within the range, and of others it does not matter that they changed.
    guard let limit = source.limit, !source.isPerFrame, let name = source.representation?.name,
      let old = project.versions[VersionAddress(product: used.product, version: used.version)]
    else { return false }
    return try manifests.manifest(old.published.manifest).representation(named: name)?.within(limit).content
      == source.whole
  }

  private func reason(for difference: Difference, _ version: Version, isVouched: Bool) -> Reason {
    let since = isVouched ? "somebody last vouched for \(version.spoken)" : "\(version.spoken) was published"
    let tail = { (through: ProductRef?) in through.map { "\(Reasons.through)\($0.spoken)" } ?? "" }
    switch difference {
    case .moved(let used, let source, let now):
      let old = project.versions[VersionAddress(product: used.product, version: used.version)]
      return Reason(
        kind: used.through == nil ? .input : .reference, input: "\(used.product)", used: "\(used.version)",
        now: "\(now.address.version)", via: source.through,
        text: "\(used.product.spoken) moved from \(old?.spoken ?? "\(used.version)") to \(now.spoken) "
          + "(\(Reasons.by(now))) since \(since)\(tail(source.through))")
    case .named(let source, let now):
      return Reason(
        kind: .reference, input: "\(source.product)", used: nil, now: "\(now.address.version)", via: source.through,
        text: "\(source.product.spoken) \(now.spoken) is a new input (\(Reasons.by(now))) since \(since)"
          + tail(source.through))
    case .unrecorded(let product, let now, let lack):
      let there = now.map { ", which is at \($0.spoken) (\(Reasons.by($0)))" } ?? lack.map { "; \($0)" } ?? ""
      return Reason(
        kind: .unrecorded, input: "\(product)", used: nil, now: now.map { "\($0.address.version)" },
        text: "\(version.spoken) does not say which \(product.spoken) it was made from\(there)")
    case .lacking(let used, let lack):
      return Reason(
        kind: used.through == nil ? .input : .reference, input: "\(used.product)", used: "\(used.version)", now: nil,
        via: used.through, text: lack)
    case .gone(let used):
      return Reason(
        kind: used.through == nil ? .input : .reference, input: "\(used.product)", used: "\(used.version)", now: nil,
        via: used.through,
        text: "\(used.product.spoken) is no longer an input since \(since)\(tail(used.through))")
    }
  }

  /// Frames that a person has to look at: those of one-to-one inputs that differ, and all where anything else did.
  private func changedFrames(
    of version: Version, _ result: Assessment, _ upstream: (ProductRef) -> Finding?
  ) throws(SluiceError) -> FrameSet {
    let all = (result.existing ?? .empty).union(result.expected ?? .empty)
    let used = version.vouches.last?.inputs ?? version.published.madeFrom
    if try differences(used, result).contains(where: \.isOfAll) { return all }
    var changed = FrameSet.empty
    let recorded = RecordedInputs(used)
    for state in result.inputs {
      for source in state.sources.flatMap(\.all) {
        if source.follows, let above = upstream(source.product), above.needsWork || above.freshness == .dubious {
          guard let stale = above.stale, let reached = source.reached(by: stale) else { return all }
          changed = changed.union(reached)
        }
        guard let before = recorded.uses(of: source, in: state.input).last,
          try !isSame(before, as: source)
        else { continue }
        guard let reached = try reach(of: source, since: before) else { return all }
        changed = changed.union(reached)
      }
    }
    return changed.intersection(all)
  }
}
