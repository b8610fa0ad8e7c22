import SluiceModel

/// A step without a command: people do it and publish what comes out.
extension PipelineReader {
  private static let meaningless = ["chunk", "timeout", "tools", "max_core_hours", "on", "needs", "tests", "retries"]

  /// Whether a step is meant to have no command; a misspelt key is no human step.
  static func isHuman(_ map: [String: DocumentNode], knownKeys: [String]) -> Bool {
    let unknown = map.keys.filter { !knownKeys.contains($0) }
    return ["command", "body"].allSatisfy { map[$0] == nil && nearest(to: $0, in: unknown) == nil }
  }

  /// What is said of running a step that nothing runs.
  mutating func checkHuman(_ name: String, _ map: [String: DocumentNode]) {
    for key in Self.meaningless {
      guard let node = map[key] else { continue }
      report(
        .pipelineShape, "step '\(name)' has no command, so people do it, and '\(key)' says nothing",
        "remove '\(key)', or give the step a command", node)
    }
    if let node = map["on_change"], text(node) == OnChange.auto.rawValue {
      report(
        .pipelineShape, "step '\(name)' has no command and cannot run by itself",
        "remove 'on_change', or give the step a command", node)
    }
  }
}
