// Values travel to the process that works with them; they are never stored this way.

extension OpenJD.Value: Codable {
  private enum CodingKeys: String, CodingKey { case type, value }

  /// `{"type": "list[int]", "value": ["1", "2"]}`: what is no list is its text.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let word = try container.decode(String.self, forKey: .type)
    guard let type = OpenJD.ValueType(word) else {
      throw DecodingError.dataCorruptedError(forKey: .type, in: container, debugDescription: "'\(word)' is no type")
    }
    func wrong() -> DecodingError {
      DecodingError.dataCorruptedError(forKey: .value, in: container, debugDescription: "this is no \(word)")
    }
    if case .list(let element) = type {
      // A list of lists is said by each of its elements.
      if case .list = element {
        self = .list(try container.decode([Self].self, forKey: .value), of: element)
        return
      }
      let texts = try container.decode([String].self, forKey: .value)
      let elements = texts.compactMap { Self(text: $0, type: element) }
      guard elements.count == texts.count else { throw wrong() }
      self = .list(elements, of: element)
    } else {
      guard let value = Self(text: try container.decode(String.self, forKey: .value), type: type) else { throw wrong() }
      self = value
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(type.description, forKey: .type)
    switch self {
    case .list(let elements, .list): try container.encode(elements, forKey: .value)
    case .list(let elements, _): try container.encode(elements.map(\.text), forKey: .value)
    default: try container.encode(text, forKey: .value)
    }
  }
}

extension OpenJD.Value {
  /// The value of a type that a text means; nil where it means none, and for lists.
  package init?(text: String, type: OpenJD.ValueType) {
    switch type {
    case .null: self = .null
    case .bool:
      guard let truth = OpenJD.truth(text) else { return nil }
      self = .bool(truth)
    case .int:
      guard let number = Int(text) else { return nil }
      self = .int(number)
    case .float:
      guard let value = Double(float: text), let real = try? OpenJD.Real(value, written: text) else { return nil }
      self = .float(real)
    case .string: self = .string(text)
    case .path: self = .path(text)
    case .range:
      guard let range = text.isEmpty ? OpenJD.IntegerRange([]) : try? OpenJD.IntegerRange(text) else { return nil }
      self = .range(range)
    default: return nil
    }
  }
}
