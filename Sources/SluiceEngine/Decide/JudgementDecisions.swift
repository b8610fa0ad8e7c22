package import FoundationEssentials
package import SluiceGraph
package import SluiceModel

/// What is recorded of what people say of versions and products: pure functions from what is known. What is said twice
/// is recorded once; what sites said at once is settled by saying it again.
package enum JudgementDecisions {
  /// Approves or rejects a version, or takes that back.
  ///
  /// Without a version, the latest is approved, and the newest is rejected: rejecting twice never reaches an older one.
  /// An approval moves the tag `approved`; taken back, the tag goes to the newest version that is approved still.
  /// - Throws: `product.unknown`, `version.unknown`, `usage`.
  package static func judge(
    _ reference: Reference, _ verdict: Verdict, because: String?, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    let ref = reference.product
    let because = try words(because, ref)
    let version = try judged(reference, verdict, in: registry)
    let (project, product) = (try registry.project(ref.project), try registry.product(ref))
    let id = version.address.version
    var drafts: [Draft] = []
    let known = version.judgement
    let isSaid =
      known.map { $0.verdict == verdict && (because == nil || $0.because == because) }
      ?? (verdict == .withdrawn)
    if !isSaid || project.isContested(.verdict(ref, id)) {
      let fact = VersionJudged(version: id, verdict: verdict, because: because ?? (isSaid ? known?.because : nil))
      drafts.append(Draft(project: ref.project, product: ref, fact: .versionJudged(fact)))
    }
    let tag = Judgement.approvedTag
    var tagged = product.tags[tag]
    if verdict == .approved { tagged = id }
    if verdict == .withdrawn, tagged == id { tagged = lastApproved(of: product, besides: id, project) ?? id }
    if let tagged, product.tags[tag] != tagged || verdict == .approved && project.isContested(.tag(ref, tag)) {
      drafts.append(Draft(project: ref.project, product: ref, fact: .tagMoved(TagMoved(tag: tag, version: tagged))))
    }
    return drafts
  }

  /// The version that a verdict is about.
  /// - Throws: `product.unknown`, `version.unknown`.
  package static func judged(
    _ reference: Reference, _ verdict: Verdict, in registry: Registry
  ) throws(SluiceError) -> Version {
    let product = try registry.product(reference.product)
    if reference.selector == .latest, verdict != .approved || product.latest == nil,
      let newest = try registry.project(reference.product.project).newest(of: product.ref)
    {
      return newest
    }
    return try registry.version(reference)
  }

  private static func lastApproved(of product: Product, besides id: VersionID, _ project: Project) -> VersionID? {
    product.versions.last { version in
      version != id
        && project.versions[VersionAddress(product: product.ref, version: version)]?.judgement?.verdict == .approved
    }
  }

  // MARK: Freezes

  /// - Throws: `product.unknown`, `version.unknown`, `usage`.
  package static func freeze(
    _ ref: ProductRef, at selector: VersionSelector, until: Date?, because: String?, now: Date, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    guard let because = try words(because, ref) else {
      throw SluiceError(
        .usage, what: "a freeze says why", at: "product '\(ref)'", fix: "add --because \"the edit is locked\"")
    }
    if let until, until <= now {
      throw SluiceError(
        .usage, what: "the freeze would have ended \(Reasons.spoken(until)) already", at: "product '\(ref)', until",
        fix: "name a time to come, or leave it out")
    }
    guard selector != .latest else {
      throw SluiceError(
        .usage, what: "'latest' moves, and a freeze does not", at: "product '\(ref)', at",
        fix: "name a version or a number; `sluice show \(ref)` lists them")
    }
    let version = try registry.version(Reference(product: ref, selector: selector)).address.version
    let (project, known) = (try registry.project(ref.project), try registry.product(ref).freeze)
    let isSaid = known.map { $0.at == version && $0.until == until && $0.because == because } ?? false
    guard !isSaid || project.isContested(.frozen(ref)) else { return [] }
    let fact = ProductFrozen(at: version, until: until, because: because)
    return [Draft(project: ref.project, product: ref, fact: .productFrozen(fact))]
  }

  /// - Throws: `product.unknown`, `usage`.
  package static func thaw(
    _ ref: ProductRef, because: String?, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    let because = try words(because, ref)
    let isOpen = try registry.project(ref.project).isContested(.frozen(ref))
    guard try registry.product(ref).freeze != nil || isOpen else { return [] }
    return [
      Draft(
        project: ref.project, product: ref, fact: .productFrozen(ProductFrozen(at: nil, because: because)))
    ]
  }

  // MARK: Holds

  /// - Throws: `product.unknown`, `usage`.
  package static func release(
    _ ref: ProductRef, because: String?, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    let because = try words(because, ref)
    guard try registry.product(ref).hold != nil else { return [] }
    return [
      Draft(
        project: ref.project, product: ref, fact: .productHeld(ProductHeld(held: false, because: because)))
    ]
  }

  /// - Throws: `product.held` where a person has one of these in hand.
  package static func requireReleased(
    _ products: some Sequence<ProductRef>, in registry: Registry
  ) throws(SluiceError) {
    for ref in products {
      guard let hold = registry.projects[ref.project]?.products[ref]?.hold else { continue }
      throw SluiceError(
        .productHeld, what: Reasons.held(ref, hold), at: "product '\(ref)'",
        fix: "`sluice release \(ref)` lets its step make it again")
    }
  }

  // MARK: Vouches

  /// Says of the version that others take that it is right for the inputs as they are now.
  /// - Parameter assessor: of the registry that is decided on.
  /// - Throws: `vouch.nothing` for what no step makes, or where the version is another one; `usage`.
  package static func vouch(
    _ reference: Reference, because: String?, assessor: Assessor, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    let ref = reference.product
    let because = try words(because, ref)
    let version = try vouched(reference, in: registry)
    guard let unit = assessor.graph.producer(of: ref) else {
      throw SluiceError(
        .vouchNothing, what: "no step makes '\(ref)', so it has no inputs to vouch for", at: "product '\(ref)'",
        fix: "vouch for what is made from it")
    }
    let assessment = try assessor.assess(alone: unit)
    // The outputs of a command belong together; people publish each alone.
    let products = unit.step.isHuman ? [ref] : unit.outputs
    return products.compactMap { product in
      let own = product == ref ? version : assessor.project.newest(of: product)
      return own.flatMap {
        draft(
          $0, inputs: assessor.used(by: assessment), core: unit.step.isHuman ? nil : assessment.core, because: because)
      }
    }
  }

  /// The version that a vouch is about: the one whose freshness is shown.
  /// - Throws: `product.unknown`, `version.unknown`, `vouch.nothing`.
  package static func vouched(_ reference: Reference, in registry: Registry) throws(SluiceError) -> Version {
    let ref = reference.product
    let (project, product) = (try registry.project(ref.project), try registry.product(ref))
    let isHuman = project.graph?.producer(of: ref)?.step.isHuman ?? true
    let shown = isHuman ? project.version(of: ref, .latest) : project.newest(of: ref)
    let version = reference.selector == .latest ? shown : try registry.version(reference)
    guard let version else {
      throw SluiceError(
        .vouchNothing, what: "every version of '\(ref)' was rejected", at: "product '\(ref)'",
        fix: "publish anew, or take a rejection back: sluice reject REF@v --withdraw")
    }
    guard version.address == shown?.address else {
      throw SluiceError(
        .vouchNothing, what: "'\(ref)' is at \(shown?.spoken ?? "no version") now, not at \(version.spoken)",
        at: "product '\(ref)', \(product.versions.count) versions",
        fix: "look at it (`sluice show \(ref)`), and vouch for that one")
    }
    return version
  }

  static func draft(_ version: Version, inputs: [Used], core: Digest?, because: String?) -> Draft? {
    guard !version.vouches.contains(where: { $0.isSame(inputs: inputs, core: core) }) else { return nil }
    let ref = version.address.product
    let fact = VersionVouched(version: version.address.version, inputs: inputs, core: core, because: because)
    return Draft(project: ref.project, product: ref, fact: .versionVouched(fact))
  }

  // MARK: Words

  /// A reason without blank ones.
  /// - Throws: `usage` for one that is too long.
  package static func words(_ because: String?, _ ref: ProductRef) throws(SluiceError) -> String? {
    guard let because, !because.allSatisfy(\.isWhitespace) else { return nil }
    guard because.utf8.count <= Limits.noteBytes else {
      throw SluiceError(
        .usage, what: "the reason is longer than \(Limits.noteBytes) bytes", at: "product '\(ref)'",
        fix: "say it shorter")
    }
    return because
  }
}
