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

extension StepInput: Codable {
  private enum Key: String, CodingKey {
    case name, product
    case gather = "from"
    case link, frames, tag, representation
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    self.init(
      name: try values.decode(String.self, forKey: .name),
      product: try values.decode(ProductAddress.self, forKey: .product),
      gather: try values.decode(Gather.self, forKey: .gather),
      // Pipelines of before have no links: every input was a dependency.
      link: try values.decodeIfPresent(Link.self, forKey: .link) ?? .dependency,
      frames: try values.decode(FrameRelations.self, forKey: .frames),
      tag: try values.decode(VersionSelector.self, forKey: .tag),
      representation: try values.decodeIfPresent(String.self, forKey: .representation))
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(name, forKey: .name)
    try values.encode(product, forKey: .product)
    try values.encode(gather, forKey: .gather)
    if link != .dependency { try values.encode(link, forKey: .link) }
    try values.encode(frames, forKey: .frames)
    try values.encode(tag, forKey: .tag)
    try values.encodeIfPresent(representation, forKey: .representation)
  }
}

extension FrameRelation: Codable {
  private enum Key: String, CodingKey { case offset }

  /// `one-to-one`, `all` or `{"offset": [-1, 1]}`.
  package init(from decoder: any Decoder) throws {
    let relation: FrameRelation?
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      relation = [FrameRelation.oneToOne, .all].first { $0.description == word }
    } else {
      let offsets = try decoder.container(keyedBy: Key.self).decode([Int].self, forKey: .offset)
      relation = offsets.count == 2 && offsets[0] <= offsets[1] ? .offset(offsets[0]...offsets[1]) : nil
    }
    guard let relation else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no frame relation"))
    }
    self = relation
  }

  package func encode(to encoder: any Encoder) throws {
    if case .offset(let offsets) = self {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode([offsets.lowerBound, offsets.upperBound], forKey: .offset)
    } else {
      var container = encoder.singleValueContainer()
      try container.encode(description)
    }
  }
}

extension FrameRelations: Codable {
  /// A relation, or a map from outputs to relations.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let relation = try? container.decode(FrameRelation.self) {
      self = .same(relation)
    } else {
      self = .byOutput(try container.decode([String: FrameRelation].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .same(let relation): try container.encode(relation)
    case .byOutput(let relations): try container.encode(relations)
    }
  }
}
