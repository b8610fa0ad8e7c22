package import FoundationEssentials
package import SluiceModel

/// What a person said of a version.
package struct Judgement: Sendable, Hashable, Codable {
  package var verdict: Verdict
  package var actor: Actor
  package var time: Date
  package var because: String?
}

/// That a version is right for exactly these inputs.
package struct Vouch: Sendable, Hashable, Codable {
  package var inputs: [Used]
  package var core: Digest?
  package var actor: Actor
  package var time: Date
  package var because: String?
  var rank: Rank

  /// Whether it says the same, whoever said it.
  package func isSame(inputs: [Used], core: Digest?) -> Bool {
    // What was gathered comes in an order.
    self.core == core && self.inputs == inputs
  }
}

/// Who takes the latest version of a product takes this one.
package struct Freeze: Sendable, Hashable, Codable {
  package var at: VersionID
  package var until: Date?
  package var actor: Actor
  package var time: Date
  package var because: String?

  package func isInForce(at now: Date) -> Bool { until.map { now < $0 } ?? true }
}

/// A person has a product in hand.
package struct Hold: Sendable, Hashable, Codable {
  package var actor: Actor
  package var time: Date
  package var because: String?
}

/// Where the publishing of a version stands among the facts of all sites.
struct VersionPlace: Sendable, Hashable, Codable {
  var site: String
  var sequence: Int64
  var clock: HybridTime
  /// What its writer had seen of other sites.
  var seen: Frontier

  func hasSeen(_ other: VersionPlace) -> Bool {
    site == other.site ? other.sequence < sequence : seen.covers(other.site, other.sequence)
  }

  /// Among versions whose publishers did not know of one another.
  func isLater(than other: VersionPlace) -> Bool { (other.clock, other.site) < (clock, site) }
}

// MARK: Which version is meant

extension Project {
  /// The newest version by causality, then clock, whatever was said of it: what a step's next version follows.
  package func newest(of ref: ProductRef) -> Version? {
    products[ref]?.newest.flatMap { versions[VersionAddress(product: ref, version: $0)] }
  }

  /// The version that an input takes at a time: a freeze stands in for `latest`.
  package func version(of ref: ProductRef, _ selector: VersionSelector, now: Date) -> Version? {
    guard selector == .latest, let freeze = freeze(of: ref, now: now) else { return version(of: ref, selector) }
    return versions[VersionAddress(product: ref, version: freeze.at)]
  }

  /// The freeze of a product that is in force.
  package func freeze(of ref: ProductRef, now: Date) -> Freeze? {
    products[ref]?.freeze.flatMap { $0.isInForce(at: now) ? $0 : nil }
  }

  /// The version that the tag names, unless somebody took the approval back.
  func approved(_ product: Product) -> VersionID? {
    guard let id = product.tags[Judgement.approvedTag],
      let version = versions[VersionAddress(product: product.ref, version: id)]
    else { return nil }
    return version.judgement.map { $0.verdict == .approved } ?? true ? id : nil
  }

  func isRejected(_ ref: ProductRef, _ version: VersionID) -> Bool {
    versions[VersionAddress(product: ref, version: version)]?.judgement?.verdict == .rejected
  }

  /// Notes that a version is there.
  func addHead(_ version: Version, to product: inout Product) {
    let (id, place) = (version.address.version, version.place)
    let kept = product.heads.filter { head in
      head != id && !(self.place(of: head, product.ref).map(place.hasSeen) ?? true)
    }
    product.heads = (kept + [id]).sorted()
    settleLatest(of: &product)
  }

  /// Says anew which version is the latest.
  mutating func settleLatest(of ref: ProductRef) {
    guard var product = products[ref] else { return }
    settleLatest(of: &product)
    products[ref] = product
  }

  private func settleLatest(of product: inout Product) {
    let ref = product.ref
    product.newest = latest(among: product.heads, of: ref)
    product.latest = product.newest
    guard stock.isAnyRejected(of: ref) else { return }
    let rest = product.versions.filter { !isRejected(ref, $0) }
    if rest.count < product.versions.count { product.latest = latest(among: unsuperseded(rest, of: ref), of: ref) }
  }

  private func latest(among heads: [VersionID], of ref: ProductRef) -> VersionID? {
    heads.count == 1
      ? heads[0]
      : heads.max { left, right in
        guard let mine = place(of: left, ref), let other = place(of: right, ref) else { return left < right }
        return other.isLater(than: mine) || !mine.isLater(than: other) && left < right
      }
  }

  /// Versions that the publisher of no other one knew of.
  private func unsuperseded(_ versions: [VersionID], of ref: ProductRef) -> [VersionID] {
    var heads: [VersionID] = []
    for version in versions {
      guard let place = place(of: version, ref) else { continue }
      let places = heads.compactMap { self.place(of: $0, ref) }
      if places.contains(where: { $0.hasSeen(place) }) { continue }
      heads.removeAll { head in self.place(of: head, ref).map(place.hasSeen) ?? true }
      heads.append(version)
    }
    return heads
  }

  private func place(of version: VersionID, _ ref: ProductRef) -> VersionPlace? {
    versions[VersionAddress(product: ref, version: version)]?.place
  }
}

extension Judgement {
  /// Approving moves this tag too.
  package static let approvedTag = "approved"
}
