import SluiceModel

/// Why a unit cannot run.
extension Assessor {
  func findObstacles(_ result: inout Assessment, _ upstream: (ProductRef) -> Assessment?) {
    if let trigger = result.unit.step.on, result.told == nil {
      result.obstacle = "no event '\(NameRule.printable(trigger.event))' has come in for it"
    }
    for state in result.inputs {
      if state.sources.isEmpty {
        result.obstacle =
          result.obstacle
          ?? "there are no folders below \(result.unit.folder.path) to gather '\(state.input.name)' from"
      }
      for source in state.sources {
        if let obstacle = obstacle(state.input, source, source.above(upstream)) {
          result.obstacle = result.obstacle ?? obstacle
          if source.version == nil, graph.producer(of: source.product) == nil {
            result.missingSources.append(source.product)
          }
        }
      }
    }
  }

  private func obstacle(_ input: StepInput, _ source: InputState.Source, _ upstream: Assessment?) -> String? {
    if let upstream { return upstream.obstacle.map { "waits for \(upstream.unit.id): \($0)" } }
    guard let version = source.version else {
      if project.products[source.product] != nil { return "\(source.product.spoken) has no version '\(input.tag)'" }
      return graph.producer(of: source.product) == nil
        ? "nobody has published \(source.product.spoken)" : "\(source.product.spoken) has not been made yet"
    }
    guard let representation = source.representation else {
      let names = version.published.representations.map(\.name).joined(separator: ", ")
      return "\(source.product.spoken) has the representations \(names), and input '\(input.name)' does not say which"
    }
    if input.frames == .oneToOne, representation.kind != .sequence {
      return
        "\(source.product.spoken) is no image sequence, and the step works frame by frame: "
        + "publish its files, not its folder"
    }
    return nil
  }
}
