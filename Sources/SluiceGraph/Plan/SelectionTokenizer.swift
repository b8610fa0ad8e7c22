import SluiceModel

/// A piece of a selection: a word, or a parenthesis with the links that belong to it.
struct SelectionToken: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case word
    /// `(`, `+(` or `2+(`.
    case open(SelectionLinks)
    /// `)`, `)+` or `)+3`.
    case close(SelectionLinks)
    case end
  }
  var kind: Kind
  var text: Substring
  /// Of its first character, from 1.
  var place: Int

  static let operators = ["and", "or", "not"]
  func isWord(_ word: String) -> Bool { kind == .word && text == word }
  var isOperator: Bool { kind == .word && SelectionToken.operators.contains(String(text)) }
}

/// Divides the text of a selection into tokens.
struct SelectionTokenizer {
  private var rest: Substring
  private var place = 1
  private var tokens: [SelectionToken] = []

  /// The tokens, and the end behind them.
  /// - Throws: `selection.invalid` for a text or a number of words beyond the limits, and links at a parenthesis that
  ///   cannot be read.
  /// - Complexity: O(length).
  static func tokens(of text: String) throws(SluiceError) -> [SelectionToken] {
    guard text.utf8.count <= Limits.selectionBytes else {
      throw SluiceError(
        .selectionInvalid,
        what: "the selection has \(text.utf8.count) bytes; at most \(Limits.selectionBytes) are allowed",
        at: "selection", fix: "select by folders, steps or globs instead of one by one")
    }
    var tokenizer = SelectionTokenizer(rest: text[...])
    while let token = try tokenizer.next() {
      guard tokenizer.tokens.count < Limits.selectionTokens else {
        throw SelectionProblem.at(
          token, "the selection has more than \(Limits.selectionTokens) words and parentheses",
          fix: "select by folders, steps or globs instead of one by one")
      }
      tokenizer.tokens.append(token)
    }
    tokenizer.tokens.append(SelectionToken(kind: .end, text: "", place: tokenizer.place))
    return tokenizer.tokens
  }

  private init(rest: Substring) { self.rest = rest }

  private mutating func next() throws(SluiceError) -> SelectionToken? {
    _ = take(while: \.isWhitespace)
    let start = place
    guard let first = rest.first else { return nil }
    if first == "(" {
      return SelectionToken(kind: .open(.none), text: take(1), place: start)
    }
    if first == ")" { return try close(at: start) }
    let word = take { !$0.isWhitespace && $0 != "(" && $0 != ")" }
    if rest.first == "(", word.last == "+", word.dropLast().allSatisfy(SelectionTokenizer.isDigit) {
      let token = SelectionToken(kind: .word, text: word, place: start)
      let links = try SelectionLinks(digits: word.dropLast(), in: token)
      _ = take(1)
      return SelectionToken(kind: .open(links), text: word, place: start)
    }
    return SelectionToken(kind: .word, text: word, place: start)
  }

  private mutating func close(at start: Int) throws(SluiceError) -> SelectionToken {
    var text = String(take(1))
    guard rest.first == "+" else { return SelectionToken(kind: .close(.none), text: text[...], place: start) }
    text += take(1)
    let digits = take(while: SelectionTokenizer.isDigit)
    text += digits
    let token = SelectionToken(kind: .word, text: text[...], place: start)
    if let next = rest.first, !next.isWhitespace, next != ")" {
      throw SelectionProblem.at(
        token, "'\(text)' has something directly behind it",
        fix: "write so many links as a number, )+2, and put a space before what follows")
    }
    let links = try SelectionLinks(digits: digits, in: token)
    return SelectionToken(kind: .close(links), text: text[...], place: start)
  }

  private mutating func take(_ count: Int) -> Substring {
    let taken = rest.prefix(count)
    rest = rest.dropFirst(count)
    place += count
    return taken
  }

  private mutating func take(while belongs: (Character) -> Bool) -> Substring {
    let taken = rest.prefix(while: belongs)
    rest = rest[taken.endIndex...]
    place += taken.count
    return taken
  }

  static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) && character.isASCII }
}

extension SelectionLinks {
  /// From what stands at a `+`: no digits for any number of links.
  init(digits: Substring, in token: SelectionToken) throws(SluiceError) {
    guard !digits.isEmpty else {
      self = .any
      return
    }
    guard digits.count <= 9, let count = Int(digits), count > 0 else {
      throw SelectionProblem.at(
        token, "'\(NameRule.printable(digits, atMost: 20))' is no number of links",
        fix: "write 1 or more: 2+x, x+3; x alone has no links")
    }
    self = .atMost(count)
  }
}

/// How an error points into a selection.
enum SelectionProblem {
  static let fix =
    "use references or globs, +x, x+, 2+x, step:, state:, type:, folder:, @cast:, changed:, on:, and, or, not, ( ); "
    + "see docs/reference/selection.md"

  static func at(_ token: SelectionToken, _ what: String, fix: String = SelectionProblem.fix) -> SluiceError {
    let piece = token.kind == .end ? "the end" : "'\(NameRule.printable(token.text))'"
    return SluiceError(
      .selectionInvalid, what: what, at: "selection, character \(token.place): \(piece)", fix: fix)
  }

  /// For a term that is understood, and of which the project knows nothing.
  static func unknown(_ what: String, _ term: SelectionTerm, meant: String?) -> SluiceError {
    SluiceError(
      .selectionInvalid, what: what + (meant.map { "; did you mean '\($0)'?" } ?? ""),
      at: "selection '\(NameRule.printable(term.description))'", fix: fix)
  }
}
