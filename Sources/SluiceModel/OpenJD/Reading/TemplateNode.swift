/// A value of a template's document as YAML 1.1 or JSON understand it, and where it stands.
struct TemplateNode: Sendable, Hashable {
  indirect enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    /// Nil for one that 64 bits do not hold.
    case integer(Int?)
    case float(Double)
    case text(String)
    /// What YAML takes for something that no template wants, such as a date.
    case other(String)
    case list([TemplateNode])
    case map([Entry])
  }

  struct Entry: Sendable, Hashable {
    /// Nil for a key that is no text, such as `1:` or `yes:`.
    let key: String?
    let shown: String
    let place: DocumentPlace
    let value: TemplateNode
  }

  let value: Value
  let place: DocumentPlace

  var isNull: Bool { value == .null }
  var text: String? { if case .text(let text) = value { text } else { nil } }
  var list: [TemplateNode]? { if case .list(let list) = value { list } else { nil } }
  var map: [Entry]? { if case .map(let map) = value { map } else { nil } }

  /// The value of a key; nil where there is no such key, or this is no map.
  func child(_ key: String) -> TemplateNode? { map?.last { $0.key == key }?.value }

  /// What it is, for messages: `a list`, `the number 5`.
  var kind: String {
    switch value {
    case .null: "nothing"
    case .bool(let value): "the truth value \(value)"
    case .integer(let value): value.map { "the number \($0)" } ?? "a number past 64 bits"
    case .float(let value): "the number \(value)"
    case .text(let text): text.isEmpty ? "an empty text" : "the text '\(text.prefix(40))'"
    case .other(let what): what
    case .list: "a list"
    case .map: "a map"
    }
  }
}

extension TemplateNode {
  /// JSON with sorted keys and without values that say nothing: the same for every layout of a document.
  var canonical: String {
    switch value {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): value.map(String.init) ?? "null"
    // Its digits stay, as templates put numbers into texts.
    case .float(let value): value.isFinite ? "\(value)" : "null"
    case .text(let text): StableJSON.text(text)
    case .other: "null"
    case .list(let list): "[" + list.map(\.canonical).joined(separator: ",") + "]"
    case .map(let entries):
      "{"
        + entries.filter { !$0.value.isNull }.sorted { $0.shown < $1.shown }
        .map { StableJSON.text($0.shown) + ":" + $0.value.canonical }.joined(separator: ",") + "}"
    }
  }
}
