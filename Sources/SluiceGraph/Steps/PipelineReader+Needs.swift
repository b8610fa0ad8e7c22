import SluiceModel

/// What a step's tasks take of a machine.
extension PipelineReader {
  private static let needKeys = ["size", "cores", "memory", "gpus", "exclusive", "labels", "limits"]

  mutating func needs(_ node: DocumentNode) -> StepNeeds? {
    guard let map = fields(node, of: "'needs'", required: [], allowed: Self.needKeys) else { return nil }
    return StepNeeds(
      size: map["size"].flatMap { word($0, SizeName.self) },
      cores: map["cores"].flatMap { count($0, "cores", 1...Limits.agentCores) },
      memory: map["memory"].flatMap { memory($0) },
      gpus: map["gpus"].flatMap { count($0, "gpus", 0...Limits.agentGPUs) },
      exclusive: map["exclusive"].flatMap { truth($0) },
      labels: map["labels"].map { labels($0) }, limits: map["limits"].map { limits($0) })
  }

  mutating func count(_ node: DocumentNode, _ key: String, _ range: ClosedRange<Int>) -> Int? {
    guard let text = text(node) else { return nil }
    if let value = Int(text), range.contains(value) { return value }
    report(
      .pipelineShape, "'\(key)' must be a number from \(range.lowerBound) to \(range.upperBound)",
      "write \(key): \(max(1, range.lowerBound))", node)
    return nil
  }

  private mutating func memory(_ node: DocumentNode) -> Int? {
    guard let text = text(node) else { return nil }
    if let value = MemorySize.mebibytes(text) { return value }
    report(.pipelineShape, "'\(NameRule.printable(text))' is no amount of memory", "write memory: 512M or 16G", node)
    return nil
  }

  private mutating func labels(_ node: DocumentNode) -> [String: String] {
    var labels: [String: String] = [:]
    for (name, value) in entries(node, of: "labels", example: "os: linux") { labels[name] = text(value) }
    return labels
  }

  private mutating func limits(_ node: DocumentNode) -> [String: Int] {
    var limits: [String: Int] = [:]
    for (name, value) in entries(node, of: "limits", example: "nuke: 1") {
      limits[name] = count(value, name, 1...Limits.agentCores)
    }
    return limits
  }
}
