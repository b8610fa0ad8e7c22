import SluiceModel

extension ToolProbe {
  /// The programs that stand on this machine, by name; one that is not installed is left out.
  func versions(of tools: Set<String>) async -> [String: ToolVersion] {
    var found: [String: ToolVersion] = [:]
    for tool in tools { found[tool] = await version(of: tool) }
    return found
  }
}
