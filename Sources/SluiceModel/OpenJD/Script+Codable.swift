// Scripts travel to the process that runs them; they are never stored this way.

extension OpenJD.FormatString: Codable {
  /// A text; one that stands for itself although it has braces is in a list of one, and one with expressions is the
  /// value of `expressions`.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let plain = try? container.decode(String.self)
    let keyed = plain == nil ? (try? container.decode([String: String].self))?["expressions"] : nil
    if let text = plain ?? keyed {
      do { try self.init(text, hasExpressions: keyed != nil) } catch {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: error.what)
      }
    } else {
      self.init(literal: try container.decode([String].self).first ?? "")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if !expressions.isEmpty {
      try container.encode(["expressions": text])
    } else if (try? OpenJD.FormatString(text)) == self {
      try container.encode(text)
    } else {
      try container.encode([text])
    }
  }
}

extension OpenJD.Quantity: Codable where Value: Codable {
  /// A number, or a text with variables.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Value.self) {
      self = .fixed(value)
    } else {
      self = .text(try container.decode(OpenJD.FormatString.self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .fixed(let value): try container.encode(value)
    case .text(let text): try container.encode(text)
    }
  }
}
