/// The name of a subscription; names are the site's, not a project's.
package struct SubscriptionName: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let description: String

  package init(_ text: some StringProtocol) throws(SluiceError) {
    try NameRule.require(text, as: "subscription", in: text)
    description = String(text)
  }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
  package init(from decoder: any Decoder) throws {
    description = try decoder.singleValueContainer().decode(String.self)
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// How events reach a subscriber.
package enum SubscriptionTarget: Sendable, Hashable {
  /// The subscriber asks, and says what is done.
  case pull
  /// Sluice sends; `isSigned` where requests carry a signature. The secret itself is never in the log.
  case webhook(url: String, mode: Webhook.Mode, timeoutSeconds: Int, isSigned: Bool)
  /// A program of the server's configuration gets each event on its standard input.
  case command(String)

  package var kind: String {
    switch self {
    case .pull: "pull"
    case .webhook: "webhook"
    case .command: "command"
    }
  }
}

extension SubscriptionTarget: Codable {
  private enum Key: String, CodingKey { case kind, url, mode, timeout, signed, command }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(String.self, forKey: .kind) {
    case "pull": self = .pull
    case "webhook":
      self = .webhook(
        url: try container.decode(String.self, forKey: .url),
        mode: try container.decode(Webhook.Mode.self, forKey: .mode),
        timeoutSeconds: try container.decode(Int.self, forKey: .timeout),
        isSigned: try container.decode(Bool.self, forKey: .signed))
    case "command": self = .command(try container.decode(String.self, forKey: .command))
    case let other:
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "no kind of subscription: \(other.prefix(40))"))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(kind, forKey: .kind)
    switch self {
    case .pull: return
    case .webhook(let url, let mode, let timeoutSeconds, let isSigned):
      try container.encode(url, forKey: .url)
      try container.encode(mode, forKey: .mode)
      try container.encode(timeoutSeconds, forKey: .timeout)
      try container.encode(isSigned, forKey: .signed)
    case .command(let name): try container.encode(name, forKey: .command)
    }
  }
}

/// Which events somebody wants: of any of these types, and such as the expression admits.
package struct EventFilter: Sendable, Hashable {
  private let globs: [TypeGlob]
  /// A CESQL expression over the attributes.
  package let expression: CESQL?

  /// - Parameter types: globs in which `*` spans the dots of a type's name; none means all.
  /// - Throws: `filter.syntax`.
  package init(types: [String], expression: String?) throws(SluiceError) {
    globs = types.map(TypeGlob.init)
    self.expression = try expression.map { (text) throws(SluiceError) in try CESQL(text) }
  }

  package func admits(_ envelope: Envelope) -> Bool {
    if !globs.isEmpty {
      guard let type = envelope.text("type"), globs.contains(where: { $0.matches(type) }) else { return false }
    }
    return expression?.admits { envelope[$0] } ?? true
  }
}

/// A pattern over event types; the common forms need no walk.
private enum TypeGlob: Sendable, Hashable {
  case all
  case exact(String)
  case prefix(String)
  case pattern(Glob)

  init(_ text: String) {
    if text == "*" || text == "**" {
      self = .all
    } else if !Glob.isPattern(text) {
      self = .exact(text)
    } else if text.hasSuffix("*"), !Glob.isPattern(text.dropLast()) {
      self = .prefix(String(text.dropLast()))
    } else {
      self = .pattern(Glob(text, separator: "/"))
    }
  }

  func matches(_ type: String) -> Bool {
    switch self {
    case .all: true
    case .exact(let text): type == text
    case .prefix(let text): type.utf8.starts(with: text.utf8)
    case .pattern(let glob): glob.matches(type)
    }
  }
}
