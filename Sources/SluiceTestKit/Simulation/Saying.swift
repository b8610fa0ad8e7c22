import SluiceEngine
import SluiceGraph
import SluiceModel

/// What people say of versions and products.
package enum Saying: String, Sendable, CaseIterable {
  case approve, reject, withdraw, vouch, freeze, thaw, hold, release, purge, restore, hash, damage

  func drafts(_ ref: ProductRef, in registry: Registry) throws(SluiceError) -> [Draft] {
    let newest = Reference(product: ref)
    switch self {
    case .approve: return try JudgementDecisions.judge(newest, .approved, because: nil, in: registry)
    case .reject: return try JudgementDecisions.judge(newest, .rejected, because: "no", in: registry)
    case .withdraw: return try JudgementDecisions.judge(newest, .withdrawn, because: nil, in: registry)
    case .vouch:
      guard let version = try registry.product(ref).newest else { return [] }
      // The projects have no steps, and so no inputs.
      let fact = VersionVouched(version: version, inputs: [], core: nil, because: "looked at it")
      return [Draft(project: ref.project, product: ref, fact: .versionVouched(fact))]
    case .freeze:
      guard let oldest = try registry.product(ref).versions.first else { return [] }
      let fact = ProductFrozen(at: oldest, because: "locked")
      return [Draft(project: ref.project, product: ref, fact: .productFrozen(fact))]
    case .thaw: return try JudgementDecisions.thaw(ref, because: nil, in: registry)
    case .hold:
      _ = try registry.product(ref)
      let fact = ProductHeld(held: true, because: "in hand")
      return [Draft(project: ref.project, product: ref, fact: .productHeld(fact))]
    case .release: return try JudgementDecisions.release(ref, because: nil, in: registry)
    case .purge:
      guard let version = try versions(of: ref, in: registry).first(where: { !$0.isPurged }) else { return [] }
      let fact = VersionPurged(version: version.address.version, bytes: 1, because: "no room")
      return [Draft(project: ref.project, product: ref, fact: .versionPurged(fact))]
    case .restore:
      guard let version = try versions(of: ref, in: registry).first(where: { $0.isPurged }) else { return [] }
      let fact = VersionRestored(
        version: version.address.version, run: RunID("r-again"), plan: PlanID("p-again"), bytes: 1)
      return [Draft(project: ref.project, product: ref, fact: .versionRestored(fact))]
    case .hash:
      guard let version = try versions(of: ref, in: registry).last(where: { !$0.isHashed }) else { return [] }
      let fact = VersionHashed(
        version: version.address.version, manifest: version.published.manifest,
        representations: version.published.representations.map { known in
          var read = known
          read.content = Digest.of("read \(known.content)")
          return read
        })
      return [Draft(project: ref.project, product: ref, fact: .versionHashed(fact))]
    case .damage:
      guard let version = try versions(of: ref, in: registry).first(where: { $0.isInPlace && $0.damage == nil })
      else { return [] }
      let place = FilePlace(path: "/mnt/scan", modified: 0, inode: 1)
      let file = StoredFile(path: "scan", frame: nil, size: 1, sha256: place.standIn(size: 1))
      let fact = VersionDamaged(
        version: version.address.version, files: 1, first: FileDifference(file, at: place, now: nil))
      return [Draft(project: ref.project, product: ref, fact: .versionDamaged(fact))]
    }
  }

  private func versions(of ref: ProductRef, in registry: Registry) throws(SluiceError) -> [Version] {
    let project = try registry.project(ref.project)
    return try registry.product(ref).versions.compactMap {
      project.versions[VersionAddress(product: ref, version: $0)]
    }
  }
}
