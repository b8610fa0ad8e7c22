/// What a step reacts to beside changes of its inputs: an event of another tool, and what of its data the step sees.
package struct EventTrigger: Sendable, Hashable, Codable {
  /// The type, in full.
  package var event: String
  /// A CESQL expression over the event's attributes; nil admits all.
  package var filter: String?
  /// By the names that the command uses.
  package var parameters: [String: DataPath]

  package init(event: String, filter: String? = nil, parameters: [String: DataPath] = [:]) {
    (self.event, self.filter, self.parameters) = (event, filter, parameters)
  }

  private enum CodingKeys: String, CodingKey {
    case event
    case filter = "where"
    case parameters
  }

  /// The parameters that an event binds; nil where it does not fit: another type, refused by the filter, or without one
  /// of the values.
  package func parameters(from event: Event) -> [String: String]? {
    guard case .unknown(self.event, _, let content) = event.fact, admits(event) else { return nil }
    if parameters.isEmpty { return [:] }
    guard let data = content.value else { return nil }
    var bound: [String: String] = [:]
    for (name, path) in parameters {
      guard let value = path.value(in: data) else { return nil }
      bound[name] = value
    }
    return bound
  }

  private func admits(_ event: Event) -> Bool {
    guard let filter else { return true }
    guard let expression = try? CESQL(filter), let envelope = try? Envelope(event.json) else { return false }
    return expression.admits { envelope[$0] }
  }
}

/// Where a value stands in an event's data: `data.take`, `data.shot.camera`.
package struct DataPath: Sendable, Hashable, CustomStringConvertible {
  /// Names of members, from the outermost.
  private let members: [String]

  /// Nil for what is no such path.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 2, parts[0] == "data", parts.allSatisfy({ NameRule.problem(in: $0) == nil }) else {
      return nil
    }
    members = Array(parts.dropFirst())
  }

  package var description: String { "data." + members.joined(separator: ".") }

  /// The value as a command sees it: a text, a number, `true` or `false`.
  ///
  /// Nil where there is none, and for a text that no argument should be: an empty one, one beyond
  /// `Limits.eventParameterBytes` or with a control character, and one that a program could take for an option. Who may
  /// send events may not thereby choose what a command does.
  func value(in data: JSONValue) -> String? {
    var found = data
    for member in members {
      guard case .object(let object) = found, let inner = object[member] else { return nil }
      found = inner
    }
    switch found {
    case .string(let text): return DataPath.isHarmless(text) ? text : nil
    case .integer(let number): return "\(number)"
    case .number(let number): return "\(number)"
    case .bool(let flag): return "\(flag)"
    case .null, .array, .object: return nil
    }
  }

  private static func isHarmless(_ text: String) -> Bool {
    !text.isEmpty && !text.hasPrefix("-") && text.utf8.count <= Limits.eventParameterBytes
      && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0 ~= $0.value) }
  }
}

extension DataPath: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let path = DataPath(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a path into an event's data")
    }
    self = path
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension CESQL {
  /// Whether a filter speaks of an attribute.
  /// - Throws: `filter.syntax`.
  package static func mentions(_ attribute: String, in text: String) throws(SluiceError) -> Bool {
    try FilterTokenizer.tokens(of: FilterText(text)).contains { token in
      if case .name(let name) = token.kind { name.lowercased() == attribute } else { false }
    }
  }
}
