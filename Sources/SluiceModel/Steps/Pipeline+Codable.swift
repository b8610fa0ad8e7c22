// Pipelines are stored in events for ever: their fields have the names that the pipeline file gives them.

extension FolderPattern: Codable {
  private enum Key: String, CodingKey { case type }

  /// `{"type": "shot"}`, or a glob as plain text.
  package init(from decoder: any Decoder) throws {
    if let glob = try? decoder.singleValueContainer().decode(String.self) {
      self = .glob(glob)
    } else {
      self = .type(try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .type))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    switch self {
    case .glob(let glob):
      var container = encoder.singleValueContainer()
      try container.encode(glob)
    case .type(let type):
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(type, forKey: .type)
    }
  }
}

extension ProductAddress: Codable {
  /// `plate`, or `/look/show_lut` from the project's root.
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard text.hasPrefix("/") else {
      self = .here(text)
      return
    }
    let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    self = .absolute(try FolderPath(parts.dropLast().joined(separator: "/")), String(parts.last ?? ""))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .here(let name): try container.encode(name)
    case .absolute(let folder, let name): try container.encode(folder.isRoot ? "/\(name)" : "/\(folder)/\(name)")
    }
  }
}
