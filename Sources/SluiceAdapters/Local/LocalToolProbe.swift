import FoundationEssentials
package import SluiceModel

/// Asks programs for their version, and asks again only when the file changed.
package actor LocalToolProbe: ToolProbe {
  private struct Seen {
    var path: String
    var modified: Date?
    var size: UInt64?
    var version: ToolVersion
  }
  private let environment: [String: String]
  private let folder: String
  private let ambient: Ambient
  private var seen: [String: Seen] = [:]

  /// - Parameter folder: what relative program paths in steps start from.
  package init(environment: [String: String], folder: String, ambient: Ambient) {
    (self.environment, self.folder, self.ambient) = (environment, folder, ambient)
  }

  package func version(of tool: String) async -> ToolVersion? {
    let name = tool.contains("/") && !tool.hasPrefix("/") ? folder + "/" + tool : tool
    guard let path = Program.path(of: name, environment: environment) else { return nil }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let (modified, size) = (attributes?[.modificationDate] as? Date, attributes?[.size] as? UInt64)
    if let known = seen[tool], known.path == path, known.modified == modified, known.size == size {
      return known.version
    }
    guard let version = await ask(path) else { return nil }
    seen[tool] = Seen(path: path, modified: modified, size: size, version: version)
    return version
  }

  private func ask(_ path: String) async -> ToolVersion? {
    let answer = await Program.output(
      path, ["--version"], environment: environment, within: .seconds(10), sleep: ambient.sleep)
    if let answer, answer.isSuccess, let line = answer.text.split(whereSeparator: \.isNewline).first {
      return ToolVersion(digest: Digest.of(answer.text), line: String(line.prefix(120)))
    }
    guard let bytes = try? Data(contentsOf: URL(filePath: path)) else { return nil }
    let digest = Digest.of(bytes)
    return ToolVersion(digest: digest, line: "program \(digest.hex.prefix(12))")
  }
}
