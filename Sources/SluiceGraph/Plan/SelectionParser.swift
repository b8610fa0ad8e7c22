import SluiceModel

/// Reads a selection by recursive descent. A list of terms binds tightest, then `not`, `and`, `or`:
///
///     either  = both { "or" both }
///     both    = negated { "and" negated }
///     negated = "not" negated | list
///     list    = primary { primary }
///     primary = [links "+"] "(" either ")" ["+" links] | [links "+"] term ["+" links]
struct SelectionParser {
  private let tokens: [SelectionToken]
  private var at = 0
  /// Parentheses and `not` that are open: whatever reads or answers a selection calls itself this deep.
  private var depth = 0

  /// Nil for a selection of nothing but spaces, which means everything.
  /// - Throws: `selection.invalid`.
  /// - Complexity: O(length).
  static func expression(of text: String) throws(SluiceError) -> SelectionExpression? {
    var parser = SelectionParser(tokens: try SelectionTokenizer.tokens(of: text))
    if parser.token.kind == .end { return nil }
    let expression = try parser.either()
    guard parser.token.kind == .end else {
      throw SelectionProblem.at(parser.token, "there is a ')' without its '('", fix: "take it out, or open it before")
    }
    return expression
  }

  private init(tokens: [SelectionToken]) { self.tokens = tokens }

  private var token: SelectionToken { tokens[at] }

  private mutating func either() throws(SluiceError) -> SelectionExpression {
    var parts = [try both()]
    while token.isWord("or") {
      at += 1
      parts.append(try both())
    }
    return .any(of: parts)
  }

  private mutating func both() throws(SluiceError) -> SelectionExpression {
    var parts = [try negated()]
    while token.isWord("and") {
      at += 1
      parts.append(try negated())
    }
    return .all(of: parts)
  }

  private mutating func negated() throws(SluiceError) -> SelectionExpression {
    guard token.isWord("not") else { return try list() }
    try descend()
    at += 1
    let inner = try negated()
    depth -= 1
    return .not(inner)
  }

  private mutating func list() throws(SluiceError) -> SelectionExpression {
    var parts = [try primary()]
    while true {
      if token.isWord("not") {
        throw SelectionProblem.at(
          token, "'not' stands behind '\(NameRule.printable(tokens[at - 1].text))' without 'and' or 'or'",
          fix: "write 'and not' to take something away")
      }
      guard !token.isOperator else { break }
      if case .close = token.kind { break }
      if token.kind == .end { break }
      parts.append(try primary())
    }
    return .any(of: parts)
  }

  private mutating func primary() throws(SluiceError) -> SelectionExpression {
    let first = token
    switch first.kind {
    case .word where !first.isOperator:
      at += 1
      return try SelectionWord(first).expression()
    case .open(let upstream):
      try descend()
      at += 1
      let inner = try either()
      guard case .close(let downstream) = token.kind else {
        throw SelectionProblem.at(first, "the '(' here is not closed", fix: "close it with )")
      }
      at += 1
      depth -= 1
      if upstream == .none, downstream == .none { return inner }
      return .reaching(inner, upstream: upstream, downstream: downstream)
    case .word, .close, .end:
      let before = at > 0 ? "behind '\(NameRule.printable(tokens[at - 1].text))'" : "at the beginning"
      throw SelectionProblem.at(
        first, "something to select is missing \(before)",
        fix: first.isOperator
          ? "put a term there; a folder that is called '\(first.text)' is written folder:\(first.text)"
          : "put a term there, such as sq010 or step:review")
    }
  }

  private mutating func descend() throws(SluiceError) {
    depth += 1
    guard depth <= Limits.selectionDepth else {
      throw SelectionProblem.at(
        token, "parentheses and 'not' are nested more than \(Limits.selectionDepth) deep", fix: "write it flatter")
    }
  }
}

/// One word: links before and behind it, and the term between them.
struct SelectionWord {
  private let token: SelectionToken

  init(_ token: SelectionToken) { self.token = token }

  func expression() throws(SluiceError) -> SelectionExpression {
    var rest = token.text
    var (upstream, downstream) = (SelectionLinks.none, SelectionLinks.none)
    let digits = rest.prefix(while: SelectionTokenizer.isDigit)
    let behind = rest[digits.endIndex...]
    // `2+` alone is what is made from a product called 2.
    if behind.first == "+", digits.isEmpty || behind.count > 1 {
      upstream = try SelectionLinks(digits: digits, in: token)
      rest = behind.dropFirst()
    }
    if let plus = rest.lastIndex(of: "+") {
      let digits = rest[rest.index(after: plus)...]
      if digits.allSatisfy(SelectionTokenizer.isDigit) {
        downstream = try SelectionLinks(digits: digits, in: token)
        rest = rest[..<plus]
      }
    }
    // An offset of UTC has a plus of its own.
    guard !rest.isEmpty, !rest.contains("+") || rest.hasPrefix("changed:") else {
      throw SelectionProblem.at(token, "'\(NameRule.printable(token.text))' names nothing")
    }
    let term = SelectionExpression.term(try term(rest))
    if upstream == .none, downstream == .none { return term }
    return .reaching(term, upstream: upstream, downstream: downstream)
  }

  private static let selectors = ["step", "state", "type", "folder", "@cast", "changed", "on"]

  private func term(_ text: Substring) throws(SluiceError) -> SelectionTerm {
    guard let colon = text.firstIndex(of: ":"), !text.hasPrefix("sluice:") else {
      guard text.first != "@" else { throw SelectionProblem.at(token, "'\(NameRule.printable(text))' names nothing") }
      return .products(String(text))
    }
    let (selector, value) = (text[..<colon], text[text.index(after: colon)...])
    guard SelectionWord.selectors.contains(String(selector)) else {
      let meant = nearest(to: String(selector), in: SelectionWord.selectors)
      throw SelectionProblem.at(
        token,
        "'\(NameRule.printable(text))' is no selector that Sluice knows"
          + (meant.map { "; did you mean '\($0):'?" } ?? ""))
    }
    guard !value.isEmpty else {
      throw SelectionProblem.at(token, "'\(selector):' has nothing behind it", fix: "write \(selector):NAME, no space")
    }
    return try term(String(selector), String(value))
  }

  private func term(_ selector: String, _ value: String) throws(SluiceError) -> SelectionTerm {
    switch selector {
    case "step": return .step(value)
    case "type": return .folderType(value)
    case "folder": return .folder(value)
    case "@cast": return .cast(value)
    case "state": return .state(try word(value, "state"))
    case "on": return .onChange(try word(value, "policy"))
    default:
      guard let moment = SelectionMoment(value) else {
        throw SelectionProblem.at(
          token, "'\(NameRule.printable(value))' is no time", fix: "write \(SelectionMoment.examples)")
      }
      return .changed(moment)
    }
  }

  private func word<Value: RawRepresentable & CaseIterable>(
    _ name: String, _ noun: String
  ) throws(SluiceError) -> Value where Value.RawValue == String {
    if let value = Value(rawValue: name) { return value }
    let known = Value.allCases.map(\.rawValue)
    throw SelectionProblem.at(
      token,
      "there is no \(noun) '\(NameRule.printable(name))'"
        + (nearest(to: name, in: known).map { "; did you mean '\($0)'?" } ?? ""),
      fix: "use one of \(known.joined(separator: ", "))")
  }
}
