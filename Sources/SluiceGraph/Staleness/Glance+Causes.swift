import SluiceModel

/// What is out of date of a unit, and because of what.
extension Glance {
  mutating func brief(
    _ unit: Int, _ rule: GlanceRule, _ made: Recorded, _ core: Digest, _ wanted: Wanted?
  ) -> Brief? {
    if links.indices.contains(where: { links[$0].above < 0 && links[$0].source.isGone }) { return nil }
    var stale: Int32?
    if let wanted {
      guard let found = staleFrames(rule, made, wanted.expected) else { return nil }
      stale = found
    }
    let id = graph.id(ofUnit: unit)
    if let cause = onlyCause() {
      return Brief(
        unit: id, cause: cause, others: [], framing: framing(wanted, stale, made), work: work(unit, rule, core, wanted))
    }
    guard let causes = causes(rule, made, stale) else { return nil }
    return Brief(
      unit: id, cause: causes[0], others: Array(causes.dropFirst()), framing: framing(wanted, stale, made),
      work: work(unit, rule, core, wanted))
  }

  /// What came by one way from above, as most does.
  private func onlyCause() -> Cause? {
    guard moved.isEmpty, aboves.count == 1, case .brief(let brief) = aboves[0].finding, brief.causeCount == 1,
      let link = links.first(where: { $0.above == 0 })
    else { return nil }
    return brief.cause(0).passed(through: graph.product(at: link.product))
  }

  private mutating func framing(_ wanted: Wanted?, _ stale: Int32?, _ made: Recorded) -> [Brief.Framing] {
    guard let wanted, let stale else { return Glance.noFraming }
    let existing = made.frames < 0 ? frames.number(of: .empty) : made.frames
    let isSame =
      !lastFraming.isEmpty && lastFramed.existing == existing && lastFramed.expected == wanted.expected
      && lastFramed.stale == stale && lastFramed.available == wanted.available && lastFramed.isKnown == wanted.isKnown
    if !isSame {
      (lastFramed.existing, lastFramed.expected, lastFramed.stale) = (existing, wanted.expected, stale)
      (lastFramed.available, lastFramed.isKnown) = (wanted.available, wanted.isKnown)
      let all = FramesWanted(
        available: frames.set(wanted.available), expected: frames[wanted.expected], lacks: [], isKnown: wanted.isKnown)
      lastFraming = [Brief.Framing(existing: frames[existing], frames: all, stale: frames[stale])]
    }
    return lastFraming
  }
  private static let noFraming = [Brief.Framing(existing: nil, frames: nil, stale: nil)]

  private func usedVersion(_ made: Recorded, _ index: Int) -> VersionID {
    at(made.lair) { shelf, record in
      let used = Shelf.used(shelf, by: record, index)
      return VersionID(
        second: used.second, site: Shelf.withUses(shelf, of: record) { $0[index].site }, counter: Int(used.counter))
    }
  }

  /// Nil where only the manifests say it.
  private mutating func staleFrames(_ rule: GlanceRule, _ made: Recorded, _ expected: Int32) -> Int32? {
    let inputs = rule.inputs
    var stale = FrameSet.empty
    for index in links.indices where links[index].above >= 0 {
      let framed = aboves[links[index].above].framed
      guard framed.stale >= 0 else { return expected }
      let input = links[index].input
      let isAsExpected = framed.existing < 0 || framed.existing == framed.expected
      if inputs[input].isOneToOne, isAsExpected, framed.stale == expected { return expected }
      var changed = frames[framed.stale]
      if !isAsExpected {
        changed = changed.union(frames[framed.existing].subtracting(frames.set(framed.expected) ?? .empty))
      }
      for relation in inputs[input].relations {
        guard let reached = relation == .oneToOne ? changed : relation.reached(by: changed) else { return expected }
        if reached == frames[expected] { return expected }
        stale = stale.union(reached.intersection(frames[expected]))
      }
    }
    if frames[expected].subtracting(stale).isEmpty { return expected }
    // All of its frames were made from inputs that counted as a whole, and one of these is another one now.
    guard made.isUniform else { return nil }
    for index in links.indices where inputs[links[index].input].gather == .here {
      if !inputs[links[index].input].isPerFrame, isMoved(index, made) { return expected }
    }
    return nil
  }

  /// Also of what is to be made anew first.
  private func isMoved(_ index: Int, _ made: Recorded) -> Bool {
    if links[index].above < 0 { return moved.contains(index) }
    return at(made.lair) { Shelf.used($0, by: $1, index).content } != links[index].source.content
  }

  /// One at least; nil where it is not to be said briefly.
  private mutating func causes(_ rule: GlanceRule, _ made: Recorded, _ stale: Int32?) -> [Cause]? {
    var causes: [Cause] = []
    for index in links.indices {
      guard links[index].above >= 0 else {
        guard moved.contains(index) else { continue }
        guard let roots = roots(of: links[index].product, since: usedVersion(made, index), frames: nil),
          Glance.add(Cause(roots, via: nil), to: &causes)
        else { return nil }
        continue
      }
      let product = graph.product(at: links[index].product)
      switch aboves[links[index].above].finding {
      case .brief(let brief):
        for place in 0..<brief.causeCount {
          guard Glance.add(brief.cause(place).passed(through: product), to: &causes) else { return nil }
        }
      case .full(let assessment):
        let reasons = assessment.reasons.filter { !$0.isNote }
        guard !reasons.isEmpty, !reasons.contains(where: { $0.kind == .missing }) else { return nil }
        for reason in reasons {
          guard Glance.add(Cause([Cause.Root(reason, at: product)], via: product), to: &causes) else { return nil }
        }
      }
    }
    // All frames that want work do so because of the one input, and it can name them.
    if causes.count == 1, let index = moved.first, let stale, causes[0].via == nil {
      let link = links[index]
      guard moved.count == 1 else { return nil }
      if rule.inputs[link.input].isPerFrame, !frames[stale].isEmpty, let all = frames.set(link.source.frames),
        frames[stale] != all
      {
        guard let roots = roots(of: link.product, since: usedVersion(made, index), frames: frames[stale]) else {
          return nil
        }
        return [Cause(roots, via: nil)]
      }
    }
    return causes.isEmpty ? nil : causes
  }

  /// - Returns: false where it cannot be told with the others.
  private static func add(_ cause: Cause, to causes: inout [Cause]) -> Bool {
    guard let same = causes.firstIndex(where: { $0.isSame(as: cause) }) else {
      causes.append(cause)
      return true
    }
    if causes[same].isEqual(to: cause) { return true }
    causes[same].more += 1
    return cause.via != nil
  }

  /// Nil where the version is the same and only counts otherwise.
  private mutating func roots(of product: Int, since before: VersionID, frames: FrameSet?) -> [Cause.Root]? {
    let move = Move(product: product, before: before, frames: frames)
    if let known = moves[move] { return known }
    let ref = graph.product(at: product)
    guard let now = assessor.project.version(of: ref, .latest), now.address.version != before else { return nil }
    let reasons = Reasons(project: assessor.project, graph: graph)
    let roots = [Cause.Root(reasons.moved(ref, from: before, to: now, frames: frames, through: nil), at: ref)]
    moves[move] = roots
    return roots
  }
}
