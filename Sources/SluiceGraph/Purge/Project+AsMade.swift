package import SluiceModel

extension Project {
  /// The project as a version saw it when it was made: what it was made from resolves to those very versions, and the
  /// products of its unit have none. An assessment in it is what making the version again would be.
  /// - Returns: nil where the version was made from two versions of one product, as after `--frames`.
  package func asMade(_ version: Version, by unit: Unit) -> Project? {
    var pins: [ProductRef: VersionID] = [:]
    for used in version.published.madeFrom {
      if let other = pins.updateValue(used.version, forKey: used.product), other != used.version { return nil }
    }
    var past = self
    for ref in unit.outputs { past.products[ref] = nil }
    let tags = unit.inputs.compactMap { input -> String? in
      if case .tag(let tag) = input.input.tag { tag } else { nil }
    }
    for ref in Set(pins.keys).union(unit.inputs.flatMap(\.products)) where ref.project == name {
      guard let pin = pins[ref], var product = products[ref] else {
        past.products[ref] = nil
        continue
      }
      product.versions = [pin]
      for tag in tags { product.tags[tag] = pin }
      past.products[ref] = product
      // A version in place counts by what it was taken for then.
      let address = VersionAddress(product: ref, version: pin)
      past.versions[address] = versions[address]?.asRecorded(in: version.published.madeFrom)
    }
    return past
  }

  /// The frames that a run of a unit makes.
  ///
  /// Frames of a version whose files are gone cannot be carried into the next one: they are made with the rest.
  /// - Parameter limit: those that `--frames` names.
  package func frames(toMake assessment: Assessment, within limit: FrameSet?) -> FrameSet? {
    guard let stale = assessment.stale else { return nil }
    let wanted = limit.map(stale.intersection) ?? stale
    let isBaseGone = assessment.unit.outputs.contains { version(of: $0, .latest)?.isPurged == true }
    return isBaseGone && !wanted.isEmpty ? assessment.expected : wanted
  }
}
