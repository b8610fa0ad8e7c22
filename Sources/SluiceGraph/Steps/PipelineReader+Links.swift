import SluiceModel

/// What an input says of its frames and of how it hangs together with the outputs.
extension PipelineReader {
  private enum Word: String, CaseIterable {
    case oneToOne = "one-to-one"
    case all
  }

  /// `one-to-one`, `all`, `{ offset: [-1, 1] }`, or a map from outputs to one of these.
  mutating func frameRelations(_ node: DocumentNode) -> FrameRelations? {
    guard case .mapping(let entries, _) = node, !isOffset(entries) else {
      return frameRelation(node).map { .same($0) }
    }
    var relations: [String: FrameRelation] = [:]
    for entry in entries { relations[entry.key] = frameRelation(entry.value) }
    return .byOutput(relations)
  }

  /// A map `{ offset: … }` is an offset, unless what stands there can only be the relation of an output of that name.
  private func isOffset(_ entries: [DocumentEntry]) -> Bool {
    guard entries.count == 1, entries[0].key == "offset" else { return false }
    if case .scalar(let text, _, _) = entries[0].value { return Word(rawValue: text) == nil }
    if case .mapping = entries[0].value { return false }
    return true
  }

  private mutating func frameRelation(_ node: DocumentNode) -> FrameRelation? {
    if case .mapping = node {
      let map = fields(node, of: "a relation of frames", required: ["offset"], allowed: ["offset"])
      return map?["offset"].flatMap { offset($0) }
    }
    return word(node, Word.self).map { $0 == .all ? .all : .oneToOne }
  }

  private mutating func offset(_ node: DocumentNode) -> FrameRelation? {
    if case .sequence(let items, _) = node {
      let numbers = items.compactMap { item -> Int? in
        if case .scalar(let text, _, _) = item { Int(text) } else { nil }
      }
      if numbers.count == 2, items.count == 2, (-Limits.offsetFrames...0).contains(numbers[0]),
        (0...Limits.offsetFrames).contains(numbers[1])
      {
        return numbers == [0, 0] ? .oneToOne : .offset(numbers[0]...numbers[1])
      }
    }
    report(
      .pipelineShape,
      "an offset is two whole numbers: frames before, from -\(Limits.offsetFrames) to 0, and frames after, from 0 to "
        + "\(Limits.offsetFrames)", "write offset: [-1, 1]", node)
    return nil
  }

  // MARK: Between the parts of a step

  func child(_ key: String, of node: DocumentNode?) -> DocumentEntry? {
    guard case .mapping(let entries, _)? = node else { return nil }
    return entries.first { $0.key == key }
  }

  mutating func checkLinks(of step: Step, _ inputs: DocumentNode?) {
    let outputs = step.outputs.map(\.name)
    for input in step.inputs {
      guard let node = child(input.name, of: inputs)?.value, let frames = child("frames", of: node)?.value else {
        continue
      }
      if input.link == .association {
        report(
          .pipelineShape, "input '\(input.name)' is an association, and nothing is made from its frames",
          "leave out 'frames'", frames)
      } else if input.link == .reference, input.frames.isPerFrame, !step.isPerFrame {
        report(
          .pipelineShape,
          "input '\(input.name)' is a reference frame by frame, and step '\(step.name)' does not work frame by frame",
          "leave out 'frames', or give the step 'frames: range'", frames)
      }
      guard case .byOutput(let relations) = input.frames else { continue }
      for name in relations.keys.sorted() where !outputs.contains(name) {
        let meant = nearest(to: name, in: outputs)
        report(
          .pipelineUnknownKey, "step '\(step.name)' has no output '\(NameRule.printable(name))'",
          meant.map { "did you mean '\($0)'?" } ?? "it has \(outputs.joined(separator: ", "))",
          child(name, of: frames)?.keyPlace ?? frames.place)
      }
    }
  }

  /// What holds for placeholders of inputs that nothing is made from, and for what inputs name.
  /// - Returns: whether nothing more is to be checked.
  mutating func checkLink(of placeholder: CommandTemplate.Placeholder, _ step: Step, _ node: DocumentNode) -> Bool {
    let link = step.inputs.first { $0.name == placeholder.name }?.link
    switch (link, placeholder.field) {
    case (.association, _):
      report(
        .pipelinePlaceholder, "'{\(placeholder)}' is an association, which no command sees",
        "let it be a reference or a dependency: link: dependency", node)
      return true
    case (.reference, nil), (.dependency, "through"): return true
    case (.reference, .some):
      report(
        .pipelinePlaceholder, "'{\(placeholder)}' stands for nothing",
        "a reference is a name and no file: write {\(placeholder.name)}", node)
      return true
    default: return false
    }
  }
}
