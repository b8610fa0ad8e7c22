import SluiceModel

/// What is out of date of a unit, and because of what.
extension Glance {
  mutating func brief(
    _ unit: Int, _ rule: GlanceRule, _ made: Recorded, _ core: Digest, _ frames: FramesWanted?
  ) -> Brief? {
    guard isRecorded(rule, made, of: unit), !links.contains(where: { $0.above == nil && $0.source.isGone }) else {
      return nil
    }
    var stale: FrameSet?
    if let frames {
      guard let found = staleFrames(rule, made, frames.expected, outputs: graph.outputs(ofUnit: unit).count) else {
        return nil
      }
      stale = found
    }
    guard let causes = causes(rule, made, stale) else { return nil }
    let id = graph.id(ofUnit: unit)
    return Brief(
      unit: id, causes: causes, existing: rule.isPerFrame ? made.source.frames ?? .empty : nil, frames: frames,
      stale: stale, work: work(id, rule, core, frames))
  }

  /// Whether a version was made from one version of everything that the unit takes now, and from nothing else.
  private func isRecorded(_ rule: GlanceRule, _ made: Recorded, of unit: Int) -> Bool {
    let folder = graph.folderIndex(ofUnit: unit)
    return at(made.lair.place, made.lair.part) { shelf -> Bool? in
      guard shelf.pointee.extras[Int32(made.lair.record)]?[0].used == nil else { return false }
      return Shelf.withUses(shelf, of: made.lair.record) { uses in
        guard uses.count == links.count else { return false }
        for index in uses.indices {
          let link = links[index]
          guard uses[index].input == rule.inputs[link.input].name else { return false }
          switch uses[index].place {
          case .near(let name):
            guard graph.folderIndex(ofProduct: link.product) == folder, graph.name(ofProduct: link.product) == name
            else { return false }
          case .far(let ref): guard ref == graph.product(at: link.product) else { return false }
          }
        }
        return true
      }
    } ?? false
  }

  private func usedContent(_ made: Recorded, _ index: Int) -> Digest? {
    at(made.lair.place, made.lair.part) { shelf in
      shelf.pointee.used[Int(shelf.pointee.records[made.lair.record].used) + index].content
    }
  }

  private func usedVersion(_ made: Recorded, _ index: Int) -> VersionID? {
    at(made.lair.place, made.lair.part) { shelf in
      let used = shelf.pointee.used[Int(shelf.pointee.records[made.lair.record].used) + index]
      return VersionID(
        second: used.second, site: Shelf.withUses(shelf, of: made.lair.record) { $0[index].site },
        counter: Int(used.counter))
    }
  }

  /// Nil where only the manifests say it.
  private func staleFrames(
    _ rule: GlanceRule, _ made: Recorded, _ expected: FrameSet, outputs: Int
  ) -> FrameSet? {
    var stale = FrameSet.empty
    for link in links {
      guard let above = link.above else { continue }
      guard var changed = above.stale else { return expected }
      if let existing = above.existing, existing != above.expected {
        changed = changed.union(existing.subtracting(above.expected ?? .empty))
      }
      for relation in rule.inputs[link.input].relations {
        guard let reached = relation == .oneToOne ? changed : relation.reached(by: changed) else { return expected }
        if reached == expected { return expected }
        stale = stale.union(reached.intersection(expected))
      }
    }
    if expected.subtracting(stale).isEmpty { return expected }
    // All of its frames were made from inputs that counted as a whole, and one of these is another one now.
    let isOther =
      made.isUniform
      && links.indices.contains { index in
        let input = rule.inputs[links[index].input]
        return input.gather == .here && !input.isPerFrame && usedContent(made, index) != links[index].source.content
      }
    return isOther ? expected : nil
  }

  private mutating func causes(_ rule: GlanceRule, _ made: Recorded, _ stale: FrameSet?) -> [Cause]? {
    var causes: [Cause] = []
    var moved: [Int] = []
    for index in links.indices {
      let link = links[index]
      guard let above = link.above else {
        if usedContent(made, index) == link.source.content { continue }
        moved.append(index)
        guard let before = usedVersion(made, index), let roots = roots(of: link, since: before, frames: nil),
          Glance.add(Cause(roots, via: nil), to: &causes)
        else { return nil }
        continue
      }
      let product = graph.product(at: link.product)
      switch above {
      case .brief(let brief):
        for cause in brief.causes {
          guard Glance.add(cause.passed(through: product), to: &causes) else { return nil }
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
      if rule.inputs[link.input].isPerFrame, !stale.isEmpty, let all = link.source.frames, stale != all {
        guard let before = usedVersion(made, index), let roots = roots(of: link, since: before, frames: stale) else {
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
  private mutating func roots(of link: Bound, since before: VersionID, frames: FrameSet?) -> [Cause.Root]? {
    let move = Move(product: link.product, before: before, frames: frames)
    if let known = moves[move] { return known }
    let ref = graph.product(at: link.product)
    guard let now = assessor.project.version(of: ref, .latest), now.address.version != before else { return nil }
    let reasons = Reasons(project: assessor.project, graph: graph)
    let roots = [Cause.Root(reasons.moved(ref, from: before, to: now, frames: frames, through: nil), at: ref)]
    moves[move] = roots
    return roots
  }
}
