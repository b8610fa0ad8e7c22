import SluiceModel

/// What the inputs of a unit bring now.
extension Assessor {
  func inputs(
    _ link: Link, of unit: Unit, _ upstream: (ProductRef) -> Finding?
  ) throws(SluiceError) -> [InputState] {
    var states: [InputState] = []
    let recorded = recorded(by: unit)
    for input in unit.inputs where input.input.link == link {
      let relations = unit.step.relations(to: input.input)
      var sources: [InputState.Source] = []
      for product in input.products {
        sources.append(try source(product, input.input, relations, recorded, upstream))
      }
      states.append(InputState(input: input.input, sources: sources))
    }
    return states
  }

  private func source(
    _ product: ProductRef, _ input: StepInput, _ relations: [FrameRelation], _ recorded: [Used],
    _ upstream: (ProductRef) -> Finding?
  ) throws(SluiceError) -> InputState.Source {
    var named: [InputState.Source] = []
    // What nothing is made from hangs on nothing that it names.
    for one in input.link == .dependency ? graph.named[product] ?? [] : [] {
      named.append(
        try source(
          one.product, one.tag, one.representation, relations.map { $0.then(one.relation) }, through: product, [],
          recorded, upstream))
    }
    return try source(product, input.tag, input.representation, relations, through: nil, named, recorded, upstream)
  }

  private func source(
    _ product: ProductRef, _ tag: VersionSelector, _ name: String?, _ relations: [FrameRelation],
    through: ProductRef?, _ named: [InputState.Source], _ recorded: [Used], _ upstream: (ProductRef) -> Finding?
  ) throws(SluiceError) -> InputState.Source {
    let version = try project.version(of: product, tag, now: now)?
      .asRecorded(in: recorded, within: project.folders[product.folder]?.frames, manifests)
    let representation = version?.representation(named: name)
    let limit = relations.contains(.all) ? beyond(representation, of: product) : nil
    var whole = representation?.content
    if let limit, let version, let representation {
      whole = try manifests.manifest(version.published.manifest).representation(named: representation.name)?
        .within(limit).content
    }
    let follows = follows(product, by: tag)
    return InputState.Source(
      product: product, version: version, representation: representation,
      upstream: follows ? upstream(product).flatMap { $0.needsWork ? $0.unit : nil } : nil,
      follows: follows, relations: relations, whole: whole, limit: limit, through: through, named: named)
  }

  /// The range of a product's folder, where frames lie beyond it; whoever takes all frames takes those within.
  private func beyond(_ representation: RepresentationSummary?, of product: ProductRef) -> FrameSet? {
    guard let frames = representation?.frames, let range = project.folders[product.folder]?.frames else { return nil }
    return frames.subtracting(range).isEmpty ? nil : range
  }
}
