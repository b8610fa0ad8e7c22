import SluiceModel

/// Why a unit cannot run.
extension Assessor {
  func findObstacles(_ result: inout Assessment, _ upstream: (ProductRef) -> Finding?) {
    if let trigger = result.unit.step.on, result.told == nil {
      result.obstacle = "no event '\(NameRule.printable(trigger.event))' has come in for it"
    }
    for state in result.inputs {
      if state.sources.isEmpty, state.input.gather != .cast {
        result.obstacle =
          result.obstacle
          ?? "there are no folders below \(result.unit.folder.path) to gather '\(state.input.name)' from"
      }
      for source in state.sources.lazy.flatMap(\.all) {
        if let obstacle = obstacle(state.input, source, source.above(upstream)) {
          result.obstacle = result.obstacle ?? obstacle
          if source.version == nil, source.upstream == nil { note(state.input, source, on: &result) }
        }
      }
    }
    result.obstacle = result.obstacle ?? frameObstacle(result)
  }

  /// That an input has no version which could be taken.
  private func note(_ input: StepInput, _ source: InputState.Source, on result: inout Assessment) {
    let product = source.product
    if project.products[product] == nil, graph.maker(of: product) == nil { result.missingSources.append(product) }
    result.lacking.append(
      Reason(kind: .missingInput, input: "\(product)", used: nil, now: nil, text: lack(of: source, input)))
  }

  /// Why a source has no version.
  /// - Parameter naming: who names it by a reference.
  func lack(of source: InputState.Source, _ input: StepInput, naming: String = "") -> String {
    if project.products[source.product] != nil { return noVersion(of: source.product, tag(input, source)) + naming }
    return graph.maker(of: source.product) == nil
      ? "nobody has published \(source.product.spoken)\(naming)"
      : "\(source.product.spoken)\(naming) has not been made yet"
  }

  /// - Parameter upstream: its maker, where that is to be made anew first.
  func obstacle(_ input: StepInput, _ source: InputState.Source, _ upstream: Finding?) -> String? {
    if let upstream { return upstream.obstacle.map { "waits for \(upstream.unit): \($0)" } }
    let naming = source.through.map { ", which \($0.spoken) names" } ?? ""
    guard let version = source.version else { return lack(of: source, input, naming: naming) }
    guard let representation = source.representation else {
      let names = version.published.representations.map(\.name).joined(separator: ", ")
      let asker = source.through.map { "the step that makes \($0.spoken)" } ?? "input '\(input.name)'"
      return "\(source.product.spoken) has the representations \(names), and \(asker) does not say which"
    }
    if source.isPerFrame, representation.kind != .sequence {
      return
        "\(source.product.spoken)\(naming) is no image sequence, and the step works frame by frame: "
        + "publish its files, not its folder"
    }
    if let limit = source.limit, source.relations.contains(.all),
      representation.frames?.intersection(limit).isEmpty == true
    {
      return "\(source.product.spoken)\(naming) has no frame within the range \(limit)"
    }
    return nil
  }

  private func tag(_ input: StepInput, _ source: InputState.Source) -> VersionSelector {
    guard let namer = source.through else { return input.tag }
    return graph.named[namer]?.first { $0.product == source.product }?.tag ?? input.tag
  }

  /// What keeps a unit from having any frame. One that has frames, all beyond its range, keeps them.
  private func frameObstacle(_ result: Assessment) -> String? {
    guard let frames = result.frames else { return nil }
    let folder = result.unit.folder
    if result.unit.step.frames == .range {
      guard let range = folder.frames else {
        return "\(folder.path) has no frame range, and the step works over it: "
          + "`sluice folder set \(project.name)/\(folder.path) --set range=1001-1024`"
      }
      if result.unit.workRange == nil {
        return "\(folder.path) has a range of \(range.count) frames, and at most \(Limits.rangeFrames) can be worked on"
      }
    }
    guard frames.isKnown, frames.expected.isEmpty, result.existing?.isEmpty != false || !result.lost.isEmpty else {
      return nil
    }
    if frames.available?.isEmpty == true { return "its inputs have no frame in common" }
    return "its inputs have no frame within the range \(folder.spokenRange)"
  }
}
