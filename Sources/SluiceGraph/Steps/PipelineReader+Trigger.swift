import SluiceModel

extension PipelineReader {
  /// `{ event: TYPE, where: FILTER, parameters: { take: data.take } }`.
  mutating func trigger(_ node: DocumentNode) -> EventTrigger? {
    guard let map = fields(node, of: "'on'", required: ["event"], allowed: ["event", "where", "parameters"]) else {
      return nil
    }
    let type = map["event"].flatMap { eventType($0) }
    let condition = map["where"].flatMap { readFilter($0) }
    var parameters: [String: DataPath] = [:]
    for (name, node) in entries(map["parameters"], of: "parameters", example: "take: data.take") {
      // A command that uses a parameter of which the path is wrong has nothing wrong with it.
      parameters[name] = dataPath(node, of: name) ?? DataPath("data.\(name)")
    }
    return type.map { EventTrigger(event: $0, filter: condition, parameters: parameters) }
  }

  private mutating func eventType(_ node: DocumentNode) -> String? {
    guard let text = text(node) else { return nil }
    if text.hasPrefix("sluice.") {
      report(
        .pipelineShape, "'\(NameRule.printable(text))' is a fact of Sluice's own, and 'on' is for other tools' events",
        "name what is published as an input: its changes are followed by themselves", node)
      return nil
    }
    guard !text.isEmpty, text.utf8.count <= Limits.eventTypeBytes,
      text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F && $0 != "*" })
    else {
      report(
        .pipelineShape, "'\(NameRule.printable(text))' is no type of an event",
        "write the whole type, without '*': event: com.studio.render.complete", node)
      return nil
    }
    return text
  }

  private mutating func readFilter(_ node: DocumentNode) -> String? {
    guard let text = text(node) else { return nil }
    do throws(SluiceError) {
      _ = try CESQL(text)
      guard try !CESQL.mentions("actor", in: text) else {
        // Events carry aliases of people, and what a step does must not hang on who is known today.
        report(
          .pipelineShape, "'where' asks who sent the event", "ask for 'source' or an attribute of the tool's own", node)
        return nil
      }
      return text
    } catch {
      report(error.code, "\(error.what), at \(error.at)", error.fix, node)
      return nil
    }
  }

  private mutating func dataPath(_ node: DocumentNode, of name: String) -> DataPath? {
    guard let text = text(node) else { return nil }
    if let path = DataPath(text) { return path }
    let isName = NameRule.problem(in: text) == nil && !text.contains(".")
    report(
      .pipelineShape, "'\(NameRule.printable(text))' is no place in an event's data",
      isName
        ? "write \(name): data.\(text); attributes are for 'where'"
        : "write data and the names of members, with dots between: \(name): data.shot.take", node)
    return nil
  }
}

extension Step {
  /// What the command may call things.
  var names: [String] { inputs.map(\.name) + outputs.map(\.name) + (on?.parameters.keys.sorted() ?? []) }
}
