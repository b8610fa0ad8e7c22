/// Names of people in a filter: texts that it compares `actor` with by `=`, `!=`, `<>` or `IN`.
///
/// A filter is kept with aliases in their place and read with the names of the day. Other texts that name somebody,
/// such as the pattern of a `LIKE`, stay as they were written.
struct FilterPeople {
  private let tokens: [FilterToken]

  init(_ tokens: [FilterToken]) { self.tokens = tokens }

  /// Where the texts stand among the tokens, in order.
  var places: [Int] {
    tokens.indices.filter { index in
      guard case .text = tokens[index].kind else { return false }
      return isActor(index - 2) && isEquality(index - 1) || isEquality(index + 1) && isActor(index + 2)
        || isInList(index)
    }
  }

  /// Whether only texts and commas lie between the token and `actor IN (`.
  private func isInList(_ index: Int) -> Bool {
    var at = index - 1
    while kind(at) == .sign(.comma), case .text? = kind(at - 1) { at -= 2 }
    guard kind(at) == .sign(.open), kind(at - 1) == .keyword(.in) else { return false }
    return isActor(at - 2) || kind(at - 2) == .keyword(.not) && isActor(at - 3)
  }

  private func isActor(_ index: Int) -> Bool {
    if case .name(let name)? = kind(index) { name.lowercased() == "actor" } else { false }
  }

  private func isEquality(_ index: Int) -> Bool {
    switch kind(index) {
    case .sign(.equal), .sign(.notEqual), .sign(.different): true
    default: false
    }
  }

  private func kind(_ index: Int) -> FilterToken.Kind? { tokens.indices.contains(index) ? tokens[index].kind : nil }
}

extension FilterPeople {
  /// The tokens with names in place of aliases.
  func named(by names: KnownNames) -> [FilterToken] {
    var named = tokens
    for place in places {
      guard case .text(let text) = named[place].kind else { continue }
      named[place] = FilterToken(kind: .text(names.shown(text)), range: named[place].range)
    }
    return named
  }
}

extension CESQL {
  /// The text of a filter as it is kept: with aliases in place of the names that it compares `actor` with.
  /// - Throws: `filter.syntax`, and what `alias` throws.
  package static func underAliases(
    _ text: String, _ alias: (String) throws(SluiceError) -> PersonAlias
  ) throws(SluiceError) -> String {
    let filter = FilterText(text)
    let tokens = try FilterTokenizer.tokens(of: filter)
    var result = ""
    var copied = 0
    for place in FilterPeople(tokens).places {
      guard case .text(let name) = tokens[place].kind, !name.isEmpty, name != Actor.system.name else { continue }
      result += filter[copied..<tokens[place].range.lowerBound] + "'\(try alias(name))'"
      copied = tokens[place].range.upperBound
    }
    return result + filter[copied..<filter.bytes.count]
  }
}
