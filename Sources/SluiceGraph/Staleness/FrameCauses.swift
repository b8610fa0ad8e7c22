package import SluiceModel

/// How the frames of products stand, each with its own reasons.
///
/// Which frames want work is what the assessments say; this tells only their reasons apart.
package struct FrameCauses: Sendable {
  private let assessments: Assessments
  /// For each reason of a product in order, the frames that it is about; nil for all that want work.
  private var reached: [ProductRef: [FrameSet?]] = [:]

  /// - Throws: `store.damaged` where a manifest cannot be read.
  /// - Complexity: O(reasons × inputs) for each unit that is not current, and O(frames) for each input that moved.
  /// - Parameter wanted: products that are asked for; nil for all.
  package init(_ assessments: Assessments, of wanted: [ProductRef]? = nil) throws(SluiceError) {
    self.assessments = assessments
    let chosen = wanted.map { FrameCauses.units(behind: $0, in: assessments) }
    for assessment in assessments.noteworthy(among: chosen) {
      let unit = assessment.unit
      guard unit.step.isPerFrame, !assessment.reasons.isEmpty else { continue }
      for product in unit.outputs {
        // The outputs of a command are made together, and what a person made each alone.
        if !unit.step.isHuman, let first = reached[unit.outputs[0]] {
          reached[product] = first
          continue
        }
        var found: [FrameSet?] = []
        for reason in reasons(of: product) { found.append(try reach(of: reason, product, assessment)) }
        reached[product] = found
      }
    }
  }

  /// What makes products, and all that is above it.
  private static func units(behind products: [ProductRef], in assessments: Assessments) -> Set<Int> {
    let graph = assessments.assessor.graph
    var found: Set<Int> = []
    var open = products.compactMap { graph.makerIndex(of: $0) }
    while let unit = open.popLast() {
      guard found.insert(unit).inserted else { continue }
      for place in graph.step(ofUnit: unit).inputs.indices {
        open += graph.inputs(ofUnit: unit, at: place).compactMap { graph.makerIndex(ofProduct: Int($0)) }
      }
      // Through references there are more.
      if case .full(let assessment)? = assessments.finding(at: unit) {
        open += assessment.inputs.flatMap(\.sources).flatMap(\.all).compactMap { graph.makerIndex(of: $0.product) }
      }
    }
    return found
  }

  /// Disjoint, and together all frames that are there or should be; nil for what has no frames.
  ///
  /// Frames beyond the folder's range alone are asked for nothing, and so are current.
  /// - Throws: `store.damaged` where a manifest cannot be read.
  package func ranges(of product: ProductRef) throws(SluiceError) -> [StatusRange]? {
    guard let unit = assessor.graph.producer(of: product), unit.step.isPerFrame else { return nil }
    let shown = version(of: product, unit)?.published.representations.first
    // A person may publish frames as a whole, and then there are none to be told apart.
    if unit.step.isHuman, let shown, shown.kind != .sequence { return nil }
    let existing = shown?.frames ?? .empty
    // What a person made may lack frames and be plainly current; what a command made may not.
    if assessments[unit.id] == nil, !unit.step.isHuman {
      return existing.isEmpty ? [] : [StatusRange(frames: existing, freshness: .current, reasons: [])]
    }
    guard let assessment = try assessments.assessment(of: unit.id) else { return nil }
    let judged = assessment.byHand[product]
    let freshness = judged?.freshness ?? assessment.freshness
    let missing = (assessment.expected ?? .empty).subtracting(existing)
    var doubted = FrameSet.empty
    if freshness != .current {
      let wanted = (judged.map(\.stale) ?? assessment.stale) ?? .empty
      doubted = wanted.union(unit.step.isHuman ? .empty : assessment.lost).intersection(existing)
      // It is the whole that is not as it should be.
      if doubted.isEmpty, missing.isEmpty { doubted = existing }
    }
    let worse: Freshness = freshness == .missing ? .stale : freshness
    return ranges(
      [
        StatusRange(frames: missing, freshness: .missing, reasons: []),
        StatusRange(frames: doubted, freshness: worse, reasons: []),
        StatusRange(frames: existing.subtracting(doubted), freshness: .current, reasons: []),
      ], of: product)
  }

  /// Cuts frames that want work by the reasons that reach them. Those that none reaches have all of them.
  private func ranges(_ parts: [StatusRange], of product: ProductRef) -> [StatusRange] {
    let all = reasons(of: product).enumerated().filter { !$0.element.isNote }.map(\.offset)
    var found: [StatusRange] = []
    for part in parts {
      guard part.freshness != .current else {
        found.append(part)
        continue
      }
      var cut = [part]
      for index in all {
        guard let reach = reached[product]?[index] else {
          for place in cut.indices { cut[place].reasons.append(index) }
          continue
        }
        cut = cut.flatMap { piece in
          var (inside, outside) = (piece, piece)
          inside.frames = piece.frames.intersection(reach)
          inside.reasons.append(index)
          outside.frames = piece.frames.subtracting(reach)
          return [inside, outside].filter { !$0.frames.isEmpty }
        }
      }
      for place in cut.indices where cut[place].reasons.isEmpty { cut[place].reasons = all }
      found += cut
    }
    return found.filter { !$0.frames.isEmpty }.sorted { ($0.frames.first ?? 0) < ($1.frames.first ?? 0) }
  }

  // MARK: Which frames a reason is about

  private var assessor: Assessor { assessments.assessor }

  private func reasons(of product: ProductRef) -> [Reason] {
    guard let unit = assessor.graph.producer(of: product), let assessment = assessments[unit.id] else { return [] }
    return unit.step.isHuman ? assessment.byHand[product]?.reasons ?? [] : assessment.reasons
  }

  /// The version whose freshness is shown.
  private func version(of product: ProductRef, _ unit: Unit) -> Version? {
    unit.step.isHuman ? assessor.project.version(of: product, .latest) : assessor.project.newest(of: product)
  }

  private func reach(
    of reason: Reason, _ product: ProductRef, _ assessment: Assessment
  ) throws(SluiceError) -> FrameSet? {
    let shown = version(of: product, assessment.unit)
    let version = shown.map { assessor.ground(of: $0, assessment.unit) ?? $0 }
    switch reason.kind {
    case .input, .reference: return try moved(reason, assessment, version)
    case .upstream: return passedOn(reason, assessment)
    case .range where reason.used != nil, .frames: return counted(reason, assessment, version)
    case .missingFrames: return reason.now.flatMap { FrameSet($0) }
    // Painted over; what people make lacks an input, and then it is the whole.
    case .unrecorded where reason.input == nil: return reason.now.flatMap { FrameSet($0) }
    default: return nil
    }
  }

  private func moved(
    _ reason: Reason, _ assessment: Assessment, _ version: Version?
  ) throws(SluiceError) -> FrameSet? {
    guard let version else { return nil }
    let recorded =
      assessment.unit.step.isHuman
      ? version.vouches.last?.inputs ?? version.published.madeFrom : version.published.madeFrom
    var found: FrameSet?
    for state in assessment.inputs {
      for source in state.sources.flatMap(\.all) where "\(source.product)" == reason.input {
        let before = recorded.filter { source.isRecorded(by: $0, in: state.input) }
        // It is new, and every frame is made from it.
        if before.isEmpty { return nil }
        for used in before where used.content != source.content {
          guard let reach = try assessor.reach(of: source, since: used) else { return nil }
          found = found?.union(reach) ?? reach
        }
      }
    }
    return found
  }

  /// What a cause reaches further up reaches down here what is made from it.
  private func passedOn(_ reason: Reason, _ assessment: Assessment) -> FrameSet? {
    var found: FrameSet?
    for source in assessment.inputs.flatMap(\.sources).flatMap(\.all) where source.follows {
      guard let unit = assessor.graph.producer(of: source.product), let above = assessments[unit.id],
        above.needsWork || assessment.unit.step.isHuman && above.freshness == .dubious
      else { continue }
      let causes = reasons(of: source.product).enumerated().filter { !$0.element.isNote }
      let same = causes.filter { _, cause in
        (cause.input ?? "\(source.product)") == reason.input && cause.used == reason.used && cause.now == reason.now
      }
      if same.isEmpty, !causes.isEmpty { continue }
      guard unit.step.isPerFrame, let stale = above.stale else { return nil }
      let changed = stale.union(unit.step.isHuman ? .empty : above.lost)
      for index in same.isEmpty ? [nil] : same.map(\.offset) {
        let part = index.flatMap { reached[source.product]?[$0] }.map(changed.intersection) ?? changed
        guard let reach = source.reached(by: part) else { return nil }
        found = found?.union(reach) ?? reach
      }
    }
    return found
  }

  private func counted(_ reason: Reason, _ assessment: Assessment, _ version: Version?) -> FrameSet? {
    guard let version else { return nil }
    let reasons = Reasons(project: assessor.project, graph: assessor.graph)
    let added = (assessment.expected ?? .empty).subtracting(assessment.existing ?? .empty)
    let ranged = added.intersection(reasons.hadBefore(assessment, version) ?? added)
    if reason.kind == .range { return ranged }
    let isCut = assessment.reasons.contains { $0.kind == .range && $0.used != nil }
    return (isCut ? added.subtracting(ranged) : added).union(assessment.lost)
  }
}
