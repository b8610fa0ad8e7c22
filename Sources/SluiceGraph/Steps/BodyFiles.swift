package import SluiceModel

/// Templates that steps name by their files, kept in the pipeline file itself as comments: so a revision has all that
/// it is made of, and what `pipeline show` prints can be applied again.
package enum BodyFiles {
  private static let start = "#| body: "
  private static let line = "#| "

  /// The paths that bodies name, each once, in their order.
  package static func names(in document: DocumentNode) -> [String] {
    var names: [String] = []
    for step in child("steps", of: document).map(children) ?? [] {
      guard let body = child("body", of: step), case .scalar(let name, _, _)? = child("file", of: body),
        !names.contains(name)
      else { continue }
      names.append(name)
    }
    return names
  }

  /// The pipeline file with the templates behind it; those that it had are replaced.
  package static func joined(_ text: String, _ files: [(name: String, text: String)]) -> String {
    guard !files.isEmpty else { return text }
    var (result, old) = parts(of: text)
    if !result.isEmpty, !result.hasSuffix("\n") { result += "\n" }
    old = old.filter { file in !files.contains { $0.name == file.name } }
    for file in files + old {
      result += start + file.name + "\n"
      for part in file.text.split(separator: "\n", omittingEmptySubsequences: false) { result += line + part + "\n" }
    }
    return result
  }

  /// The pipeline file, and the templates that stand behind it.
  package static func parts(of text: String) -> (pipeline: String, files: [(name: String, text: String)]) {
    guard text.contains(start) else { return (text, []) }
    var pipeline: [Substring] = []
    var files: [(name: String, lines: [Substring])] = []
    for part in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if part.hasPrefix(start) {
        files.append((String(part.dropFirst(start.count)), []))
      } else if part.hasPrefix(line), !files.isEmpty {
        files[files.count - 1].lines.append(part.dropFirst(line.count))
      } else if files.isEmpty || !part.isEmpty {
        pipeline.append(part)
      }
    }
    let whole = pipeline.joined(separator: "\n") + (text.hasSuffix("\n") && pipeline.last?.isEmpty == false ? "\n" : "")
    return (whole, files.map { ($0.name, $0.lines.joined(separator: "\n")) })
  }

  private static func child(_ key: String, of node: DocumentNode) -> DocumentNode? {
    guard case .mapping(let entries, _) = node else { return nil }
    return entries.first { $0.key == key }?.value
  }

  private static func children(of node: DocumentNode) -> [DocumentNode] {
    guard case .mapping(let entries, _) = node else { return [] }
    return entries.map(\.value)
  }
}
