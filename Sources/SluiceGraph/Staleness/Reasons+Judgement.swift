import FoundationEssentials
package import SluiceModel

/// What people said, in words that name who and when.
extension Reasons {
  static func by(_ judgement: Judgement) -> String { "\(judgement.actor.name), \(spoken(judgement.time))" }

  private static func because(_ text: String?) -> String { text.map { ": because “\($0)”" } ?? "" }

  static func vouched(_ vouch: Vouch, _ version: Version) -> Reason {
    Reason(
      kind: .vouched, input: "\(version.address.product)", used: "\(version.address.version)", now: nil,
      text: "\(vouch.actor.name) vouched for \(version.spoken) with these inputs "
        + "(\(spoken(vouch.time)))\(because(vouch.because))")
  }

  static func rejected(_ version: Version, _ judgement: Judgement) -> String {
    "\(version.spoken) was rejected by \(judgement.actor.name) (\(spoken(judgement.time)))"
      + because(judgement.because)
  }

  static func takenBack(_ version: Version, _ judgement: Judgement) -> String {
    "\(version.spoken) has no approval any more: \(judgement.actor.name) took it back "
      + "(\(spoken(judgement.time)))\(because(judgement.because))"
  }

  /// `sq010/sh0010/comp is held by ben since Mon 23 Nov 14:23 UTC: because “…”`.
  package static func held(_ product: ProductRef, _ hold: Hold) -> String {
    "\(product.spoken) is held by \(hold.actor.name) since \(spoken(hold.time))\(because(hold.because))"
  }

  func frozen(_ product: ProductRef, _ freeze: Freeze, keptOut: Version?) -> String {
    let at = project.versions[VersionAddress(product: product, version: freeze.at)]?.spoken ?? "\(freeze.at)"
    let until = freeze.until.map { " until \(Reasons.spoken($0))" } ?? ""
    let kept =
      keptOut.map { "\($0.spoken) (\(Reasons.by($0))) is kept out" } ?? "what is to be made anew of it is kept out"
    return "\(product.spoken) is frozen at \(at) by \(freeze.actor.name) (\(Reasons.spoken(freeze.time)))\(until)"
      + "\(Reasons.because(freeze.because)); \(kept)"
  }
}
