package import SluiceModel

extension Project {
  /// The project as a version saw it when it was made: what it was made from resolves to those very versions, whatever
  /// people said of them since, and the products of its unit have none. An assessment in it is what making the version
  /// again would be.
  /// - Returns: nil where the version was made from two versions of one product, as after `--frames`.
  /// - Throws: `store.damaged` where a manifest cannot be read.
  package func asMade(
    _ version: Version, by unit: Unit, _ manifests: any ManifestSource
  ) throws(SluiceError) -> Project? {
    var pins: [ProductRef: VersionID] = [:]
    for used in version.sources(of: unit) {
      if let other = pins.updateValue(used.version, forKey: used.product), other != used.version { return nil }
    }
    var past = self
    for ref in unit.outputs { past.products[ref] = nil }
    let selectors = selectors(of: unit)
    for ref in Set(pins.keys).union(selectors.keys) where ref.project == name {
      guard let pin = pins[ref], var product = products[ref] else {
        past.products[ref] = nil
        continue
      }
      product.pin(pin, for: selectors[ref] ?? [])
      past.products[ref] = product
      // A version in place counts by what it was taken for then.
      let address = VersionAddress(product: ref, version: pin)
      past.versions[address] = try versions[address]?
        .asRecorded(in: version.published.madeFrom, within: folders[ref.folder]?.frames, manifests)
      past.versions[VersionAddress(product: ref, version: pin)]?.judgement = nil
    }
    return past
  }

  /// By which words a unit takes the products that it is made from, and what those name.
  private func selectors(of unit: Unit) -> [ProductRef: Set<VersionSelector>] {
    var found: [ProductRef: Set<VersionSelector>] = [:]
    for input in unit.inputs(.dependency) {
      for ref in input.products {
        found[ref, default: []].insert(input.input.tag)
        for one in graph?.named[ref] ?? [] { found[one.product, default: []].insert(one.tag) }
      }
    }
    return found
  }

  /// The frames that a run of a unit makes.
  ///
  /// Frames of a version whose files are gone, or not in the store, cannot be carried into the next one: they are made
  /// with the rest.
  /// - Parameters:
  ///   - limit: those that `--frames` names.
  ///   - forced: whether what is current is made anew, too.
  package func frames(
    toMake assessment: Assessment, within limit: FrameSet?, forced: Bool = false
  ) -> FrameSet? {
    guard let due = forced ? assessment.expected : assessment.stale else { return nil }
    let wanted = limit.map(due.intersection) ?? due
    let isBaseGone = assessment.unit.outputs.contains { product in
      newest(of: product).map { $0.isPurged || $0.isInPlace } == true
    }
    return isBaseGone && !wanted.isEmpty ? assessment.expected : wanted
  }
}

extension Product {
  /// Lets every word for a version mean this one.
  fileprivate mutating func pin(_ version: VersionID, for selectors: Set<VersionSelector>) {
    (versions, heads, newest, latest) = ([version], [version], version, version)
    (freeze, hold) = (nil, nil)
    for selector in selectors {
      switch selector {
      case .tag(let tag): tags[tag] = version
      case .number(let number): numbers[number] = version
      case .latest, .id: continue
      }
    }
  }
}

extension Version {
  /// What it was made from, without what its step only names or notes. What an input names by a reference belongs to
  /// it.
  package func sources(of unit: Unit) -> [Used] {
    let noted = Set(unit.inputs.filter { $0.input.link != .dependency }.map(\.input.name))
    return published.madeFrom.filter { used in used.input.map { !noted.contains($0) } ?? true }
  }
}

extension Assessment {
  /// The same for the very frames that a version has, whatever range its folder has now.
  package func asked(for version: Version) -> Assessment {
    guard let frames else { return self }
    let there = version.published.representations.first?.frames ?? .empty
    var result = self
    result.frames = FramesWanted(available: frames.available, expected: there, lacks: [], isKnown: true)
    result.stale = there
    return result
  }
}
