package import SluiceModel

/// What people said, where it bears on how a unit stands: vouches, holds, freezes and rejections.
extension Assessor {
  /// Whether an input goes along with whatever becomes of a product: it takes the latest, and that is not frozen.
  func follows(_ product: ProductRef, by selector: VersionSelector) -> Bool {
    selector == .latest && project.freeze(of: product, now: now) == nil
  }

  // MARK: Vouches

  /// Every input as it is taken now, with what it names, as a version would record it.
  ///
  /// A step is made from no more of a product than lies within its range; a person has the versions themselves before
  /// the eyes.
  package func used(by assessment: Assessment) -> [Used] {
    let isHuman = assessment.unit.step.isHuman
    return assessment.inputs.flatMap { state in
      state.sources.flatMap(\.all).compactMap { source in
        guard let version = source.version,
          let content = isHuman ? source.representation?.content : source.content
        else { return nil }
        return Used(
          input: state.input.name, product: source.product, version: version.address.version, content: content,
          through: source.through)
      }
    }
  }

  /// The newest vouch that says of these versions that they are right for the unit as it is now; nil where one of them
  /// has none, or an input is still to be made.
  func vouch(for result: Assessment, _ versions: [Version]) -> Vouch? {
    guard versions.contains(where: { !$0.vouches.isEmpty }), result.recipe != nil || result.inputs.isEmpty,
      hasItsRange(result),
      (result.expected ?? .empty).subtracting(result.existing ?? .empty).isEmpty
    else { return nil }
    let now = used(by: result)
    let found = versions.map { version in
      version.vouches.last { $0.core == result.core && Assessor.isSame($0.inputs, now) }
    }
    return found.contains { $0 == nil } ? nil : found.first ?? nil
  }

  /// Whether what is taken now is what was vouched for. What is gathered comes in an order, and that counts; in which
  /// order a step names its inputs does not. A vouch that says of no name what it was is about the rest.
  static func isSame(_ vouched: [Used], _ now: [Used]) -> Bool {
    func own(_ used: [Used]) -> [String: [[String]]] {
      Dictionary(grouping: used.filter { $0.through == nil }) { $0.input ?? "" }
        .mapValues { $0.map { ["\($0.product)", "\($0.content)"] } }
    }
    func named(_ used: [Used]) -> Set<[String]> {
      Set(
        used.compactMap { used in
          used.through.map { [used.input ?? "", "\(used.product)", "\(used.content)", "\($0)"] }
        })
    }
    let saysNames = vouched.contains { $0.through != nil }
    return own(vouched) == own(now) && (!saysNames || named(vouched) == named(now))
  }

  /// Cores that count as the current one: a vouch names it for versions that were made by them.
  func acceptedCores(_ core: Digest, _ versions: [Version?]) -> [Digest] {
    var accepted: Set<Digest>?
    for version in versions {
      guard let version, let made = project.ground(of: version)?.published.made else { return [] }
      let isAccepted = made.core == core || version.vouches.contains { $0.core == core }
      let cores = isAccepted ? Set([made.core] + (made.accepted ?? [])) : []
      accepted = accepted.map { $0.intersection(cores) } ?? cores
    }
    return (accepted ?? []).subtracting([core]).sorted { $0.hex < $1.hex }
  }

  /// Whether a version was made from today's inputs by a core that counts as the current one.
  func accepts(_ result: Assessment, _ made: Made) -> Bool {
    let contents = result.inputs.compactMap { state in state.content.map { (name: state.input.name, content: $0) } }
    return result.recipe != nil && result.accepted.contains { Recipe.whole(core: $0, inputs: contents) == made.recipe }
  }

  func acceptedRecipes(_ result: Assessment) throws(SluiceError) -> [FrameRecipes] {
    var recipes: [FrameRecipes] = []
    for core in result.accepted {
      var other = result
      other.core = core
      recipes.append(try FrameRecipes(other, manifests: manifests))
    }
    return recipes
  }

  // MARK: Holds

  /// Leaves a unit alone of which a person has an output in hand.
  func hold(
    _ result: inout Assessment, _ versions: [Version?], _ upstream: (ProductRef) -> Finding?
  ) -> Bool {
    let held = result.unit.outputs.filter { project.products[$0]?.hold != nil }
    guard let first = held.first.flatMap({ project.products[$0]?.hold }) else { return false }
    result.hold = first
    let kept = heldOut(of: result, versions, upstream)
    result.notes += held.compactMap { product in
      project.products[product]?.hold.map { hold in
        let newest = project.newest(of: product)?.address.version
        return Reason(
          kind: .held, input: "\(product)", used: newest.map { "\($0)" }, now: nil,
          text: Reasons.held(product, hold) + kept)
      }
    }
    result.stale = result.unit.step.isPerFrame ? .empty : nil
    if versions.contains(where: { $0 == nil }) {
      result.freshness = .missing
      result.reasons = [
        Reason(kind: .missing, input: nil, used: nil, now: nil, text: "it has not been made yet")
      ]
    }
    return true
  }

  /// What its step would take in if nobody held it, in words; empty where nothing has changed since it last made it.
  private func heldOut(
    of result: Assessment, _ versions: [Version?], _ upstream: (ProductRef) -> Finding?
  ) -> String {
    guard let product = result.unit.outputs.first, let newest = versions.first ?? nil,
      let last = project.ground(of: newest) ?? project.lastMade(product), let made = last.published.made
    else { return "" }
    var free = result
    free.accepted = acceptedCores(result.core, [last])
    let reasons = Reasons(project: project, graph: graph).reasons(
      for: free, made: made, version: last, upstream: upstream)
    guard let reason = reasons.first else { return "" }
    return "; kept out: \(reason.text)" + (reasons.count > 1 ? " and \(reasons.count - 1) more" : "")
  }

  // MARK: Freezes and rejections

  /// Freezes that keep a change out of a unit.
  func frozenNotes(on result: Assessment, _ upstream: (ProductRef) -> Finding?) -> [Reason] {
    var notes: [Reason] = []
    for state in result.inputs where state.input.tag == .latest {
      for source in state.sources {
        guard let freeze = project.freeze(of: source.product, now: now) else { continue }
        let kept = keptOut(of: source.product, by: freeze)
        guard kept != nil || upstream(source.product)?.needsWork == true else { continue }
        notes.append(
          Reason(
            kind: .frozen, input: "\(source.product)", used: "\(freeze.at)",
            now: kept.map { "\($0.address.version)" },
            text: Reasons(project: project, graph: graph).frozen(source.product, freeze, keptOut: kept)))
      }
    }
    return notes
  }

  /// The version that a freeze keeps out; nil where it is the one that it lets in.
  func keptOut(of product: ProductRef, by freeze: Freeze) -> Version? {
    project.version(of: product, .latest).flatMap { $0.address.version == freeze.at ? nil : $0 }
  }

  /// Newer versions that were rejected, so that an older one is taken.
  func rejectedNotes(on unit: Unit) -> [Reason] {
    unit.outputs.compactMap { rejectedNote(on: $0) }
  }

  package func rejectedNote(on product: ProductRef) -> Reason? {
    guard let newest = project.newest(of: product), let judgement = newest.judgement, judgement.verdict == .rejected
    else { return nil }
    let latest = project.version(of: product, .latest)
    let instead = latest.map { ", and \($0.spoken) is taken instead" } ?? ", and nothing is taken instead"
    return Reason(
      kind: .rejected, input: "\(product)", used: latest.map { "\($0.address.version)" },
      now: "\(newest.address.version)", text: Reasons.rejected(newest, judgement) + instead)
  }

  /// Why a product that has versions has not the one that is wanted.
  func noVersion(of product: ProductRef, _ selector: VersionSelector) -> String {
    let (known, name) = (project.products[product], product.spoken)
    switch selector {
    case .latest:
      guard let newest = project.newest(of: product), let judgement = newest.judgement else {
        return "every version of \(name) was rejected"
      }
      return known?.versions.count == 1
        ? "\(name) \(Reasons.rejected(newest, judgement))"
        : "every version of \(name) was rejected: \(Reasons.rejected(newest, judgement))"
    case .tag(Judgement.approvedTag):
      let tagged = known?.tags[Judgement.approvedTag].flatMap { project.version(of: product, .id($0)) }
      guard let tagged, let judgement = tagged.judgement else { return "\(name) has no approved version" }
      return judgement.verdict == .rejected
        ? "\(name) \(Reasons.rejected(tagged, judgement))" : "\(name) \(Reasons.takenBack(tagged, judgement))"
    case .tag(let tag): return "\(name) has no version with the tag '\(NameRule.printable(tag))'"
    case .number(let number): return "\(name) has no \(spokenNumber(number))"
    case .id(let id): return "\(name) has no version \(id)"
    }
  }
}
