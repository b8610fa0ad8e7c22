package import SluiceModel

/// What a person laid frames over keeps what the other frames were made from: those were carried as they are, and the
/// manifest says of each by which recipe it was made.
extension Project {
  /// The version that a step made and that people laid frames over, one after another; the version itself where a step
  /// made it. Nil where no step made any of it.
  package func ground(of version: Version) -> Version? {
    var current = version
    while current.published.made == nil {
      guard let base = current.published.base, base < current.address.version,
        let below = versions[VersionAddress(product: version.address.product, version: base)]
      else { return nil }
      current = below
    }
    return current
  }

  /// The newest version of a product that a step made.
  func lastMade(_ product: ProductRef) -> Version? {
    for id in (products[product]?.versions ?? []).reversed() {
      if let version = versions[VersionAddress(product: product, version: id)], version.published.made != nil {
        return version
      }
    }
    return nil
  }

  /// What a version was made from: of what people laid frames over, what the frames that were carried are made from.
  /// - Throws: `store.damaged` where a manifest cannot be read.
  package func lineage(of version: Version, _ manifests: any ManifestSource) throws(SluiceError) -> [Used] {
    let own = version.published.madeFrom
    guard version.published.made == nil, let ground = ground(of: version) else { return own }
    let carried = try manifests.manifest(version.published.manifest).framesByRecipe.made
    return own
      + ground.published.madeFrom.compactMap { used in
        var kept = used
        kept.frames = used.frames.map(carried.intersection) ?? carried
        return kept.frames?.isEmpty == true ? nil : kept
      }
  }
}

extension Manifest {
  /// Frames of the first representation that a recipe made, and those that a person brought.
  package var framesByRecipe: (made: FrameSet, brought: FrameSet) {
    let files = representations.first?.files ?? []
    return (
      FrameSet(files.filter { $0.recipe != nil }.compactMap(\.frame)),
      FrameSet(files.filter { $0.recipe == nil }.compactMap(\.frame))
    )
  }
}

extension Assessor {
  /// As what a version counts for its unit: frame by frame, as the one that frames were laid over. Nil where nothing
  /// says what it was made from.
  func ground(of version: Version, _ unit: Unit) -> Version? {
    if version.published.made != nil { return version }
    return unit.step.isPerFrame ? project.ground(of: version) : nil
  }

  /// Frames of these versions that people brought, and that say so.
  func paintedFrames(
    _ versions: [Version]
  ) throws(SluiceError) -> (frames: FrameSet, reasons: [Reason]) {
    var (found, reasons) = (FrameSet.empty, [Reason]())
    for version in versions where version.published.made == nil {
      let frames = try manifests.manifest(version.published.manifest).framesByRecipe.brought
      guard !frames.isEmpty else { continue }
      found = found.union(frames)
      let (verb, product) = (frames.count == 1 ? "was" : "were", version.address.product)
      reasons.append(
        Reason(
          kind: .unrecorded, input: nil, used: "\(version.address.version)", now: "\(frames)",
          text: "\(Reasons.spoken(frames)) of \(product.name) \(version.spoken) \(verb) painted over "
            + "(\(Reasons.by(version)))"))
    }
    return (found, reasons)
  }
}
