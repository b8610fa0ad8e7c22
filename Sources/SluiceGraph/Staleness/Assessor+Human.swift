import SluiceModel

/// How the products of human steps stand: nobody runs them, so that nothing is ever stale; but a person has to look at
/// what was made from inputs that have changed.
extension Assessor {
  /// - Parameter upstream: the maker of a product, where that is not current.
  func judgeByHand(_ result: inout Assessment, _ upstream: (ProductRef) -> Assessment?) throws(SluiceError) {
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
    if result.unit.step.isPerFrame { result.stale = all.reduce(.empty) { $0.union($1.stale ?? .empty) } }
  }

  private static func once(_ reasons: [Reason]) -> [Reason] {
    var found: [Reason] = []
    for reason in reasons where !found.contains(reason) { found.append(reason) }
    return found
  }

  private func judge(
    _ product: ProductRef, of result: Assessment, _ upstream: (ProductRef) -> Assessment?
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
    compare(version, result, &judged)
    for state in result.inputs {
      for source in state.sources where follows(source.product, by: state.input.tag) {
        guard let above = upstream(source.product), above.needsWork || above.freshness == .dubious else { continue }
        judged.freshness = .dubious
        judged.reasons += Reasons(project: project, graph: graph).passedOn(from: above, through: source.product)
      }
    }
    judged.reasons = Reasons.merged(judged.reasons)
    if result.unit.step.isPerFrame, judged.freshness != .current {
      judged.stale = try changedFrames(of: version, result, upstream)
    }
    return judged
  }

  /// Compares today's inputs with what the version says it was made from, and with what people vouched for: one of them
  /// has to be the same. The reasons are about the newest of them.
  private func compare(_ version: Version, _ result: Assessment, _ judged: inout Assessment.Judged) {
    let recorded = version.published.madeFrom
    if differences(recorded, result).isEmpty { return }
    if let vouch = version.vouches.last(where: { differences($0.inputs, result).isEmpty }) {
      judged.notes.append(Reasons.vouched(vouch, version))
      return
    }
    for difference in differences(version.vouches.last?.inputs ?? recorded, result) {
      judged.reasons.append(reason(for: difference, version, isVouched: !version.vouches.isEmpty))
    }
    judged.freshness = judged.reasons.contains { $0.kind == .input } ? .dubious : .unknown
  }

  private enum Difference {
    case moved(Used, to: Version)
    /// The input was not recorded, or is not there at all.
    case unrecorded(ProductRef, Version?)
    case gone(Used)
  }

  private func differences(_ used: [Used], _ result: Assessment) -> [Difference] {
    var found: [Difference] = []
    for state in result.inputs {
      for source in state.sources {
        let before = used.filter { $0.product == source.product && ($0.input ?? state.input.name) == state.input.name }
        guard let version = source.version, let content = source.representation?.content else {
          found.append(before.first.map { .gone($0) } ?? .unrecorded(source.product, nil))
          continue
        }
        guard let last = before.max(by: { $0.version < $1.version }) else {
          found.append(.unrecorded(source.product, version))
          continue
        }
        // What a person named before the step declared it stands with the digest of the whole version.
        let isSame = before.contains {
          $0.content == content || $0.input == nil && $0.content == version.published.manifest
        }
        if !isSame { found.append(.moved(last, to: version)) }
      }
      let present = Set(state.sources.map(\.product))
      found += used.filter { $0.input == state.input.name && !present.contains($0.product) }.map { .gone($0) }
    }
    return found
  }

  private func reason(for difference: Difference, _ version: Version, isVouched: Bool) -> Reason {
    let since = isVouched ? "somebody last vouched for \(version.spoken)" : "\(version.spoken) was published"
    switch difference {
    case .moved(let used, let now):
      let old = project.versions[VersionAddress(product: used.product, version: used.version)]
      return Reason(
        kind: .input, input: "\(used.product)", used: "\(used.version)", now: "\(now.address.version)",
        text: "\(used.product.spoken) moved from \(old?.spoken ?? "\(used.version)") to \(now.spoken) "
          + "(\(Reasons.by(now))) since \(since)")
    case .unrecorded(let product, let now):
      let there = now.map { ", which is at \($0.spoken) (\(Reasons.by($0)))" } ?? ", which nobody has published"
      return Reason(
        kind: .unrecorded, input: "\(product)", used: nil, now: now.map { "\($0.address.version)" },
        text: "\(version.spoken) does not say which \(product.spoken) it was made from\(there)")
    case .gone(let used):
      return Reason(
        kind: .input, input: "\(used.product)", used: "\(used.version)", now: nil,
        text: "\(used.product.spoken) is no longer an input since \(since)")
    }
  }

  /// Frames that a person has to look at: those of one-to-one inputs that differ, and all where anything else did.
  private func changedFrames(
    of version: Version, _ result: Assessment, _ upstream: (ProductRef) -> Assessment?
  ) throws(SluiceError) -> FrameSet {
    let all = (result.existing ?? .empty).union(result.expected ?? .empty)
    let used = version.vouches.last?.inputs ?? version.published.madeFrom
    var changed = FrameSet.empty
    for state in result.inputs {
      for source in state.sources {
        let before = used.last { $0.product == source.product }
        if let content = source.representation?.content, before?.content == content {
          guard follows(source.product, by: state.input.tag), let above = upstream(source.product) else { continue }
          guard source.relations.allSatisfy({ $0 == .oneToOne }), let stale = above.stale else { return all }
          changed = changed.union(stale.intersection(all))
          continue
        }
        guard source.relations.allSatisfy({ $0 == .oneToOne }), let before, let now = source.version,
          let form = source.representation,
          let old = project.versions[VersionAddress(product: source.product, version: before.version)],
          let was = try manifests.manifest(old.published.manifest).representation(named: form.name),
          let becomes = try manifests.manifest(now.published.manifest).representation(named: form.name)
        else { return all }
        changed = changed.union(
          FrameSet(all.frames.filter { was.file(atFrame: $0)?.identity != becomes.file(atFrame: $0)?.identity }))
      }
    }
    return changed
  }
}
