/// Divides the text of a filter into tokens.
struct FilterTokenizer {
  private let text: FilterText
  private var tokens: [FilterToken] = []
  private var at = 0

  /// The tokens, and the end behind them.
  /// - Throws: `filter.syntax` for what no token begins with, an open quote, or more than `Limits.filterTokens`.
  /// - Complexity: O(length).
  static func tokens(of text: FilterText) throws(SluiceError) -> [FilterToken] {
    var tokenizer = FilterTokenizer(text: text)
    while try tokenizer.step() {}
    return tokenizer.tokens
  }

  private init(text: FilterText) { self.text = text }

  /// Whether there may be more.
  private mutating func step() throws(SluiceError) -> Bool {
    skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
    let start = at
    guard at < text.bytes.count else {
      tokens.append(FilterToken(kind: .end, range: at..<at))
      return false
    }
    let kind = try kind()
    guard tokens.count < Limits.filterTokens else {
      throw text.error(
        "the filter has more than \(Limits.filterTokens) words and signs", at: start..<at, fix: "write a shorter one")
    }
    tokens.append(FilterToken(kind: kind, range: start..<at))
    return true
  }

  private mutating func kind() throws(SluiceError) -> FilterToken.Kind {
    switch text.bytes[at] {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): try quoted()
    case let byte where FilterTokenizer.isOfWord(byte): word()
    default: try sign()
    }
  }

  private mutating func word() -> FilterToken.Kind {
    let start = at
    skip(while: FilterTokenizer.isOfWord)
    if text.bytes[start..<at].allSatisfy(FilterTokenizer.isDigit) { return .digits }
    let word = text[start..<at]
    return FilterToken.Keyword(rawValue: word.lowercased()).map(FilterToken.Kind.keyword) ?? .name(word)
  }

  /// A backslash takes the byte behind it along, so that a quote there does not end the text; only before that quote
  /// does the backslash itself go.
  private mutating func quoted() throws(SluiceError) -> FilterToken.Kind {
    let (start, quote) = (at, text.bytes[at])
    var content: [UInt8] = []
    at += 1
    while at < text.bytes.count, text.bytes[at] != quote {
      if text.bytes[at] == UInt8(ascii: "\\"), at + 1 < text.bytes.count {
        if text.bytes[at + 1] != quote { content.append(text.bytes[at]) }
        at += 1
      }
      content.append(text.bytes[at])
      at += 1
    }
    guard at < text.bytes.count else {
      let mark = String(decoding: [quote], as: UTF8.self)
      throw text.error(
        "the text that begins here has no end", at: start..<at,
        fix: "close it with \(mark); inside of it, write \\\(mark) for the mark itself")
    }
    at += 1
    return .text(String(decoding: content, as: UTF8.self))
  }

  private mutating func sign() throws(SluiceError) -> FilterToken.Kind {
    for length in [2, 1] where at + length <= text.bytes.count {
      let piece = text[at..<(at + length)]
      if let known = FilterTokenizer.foreign[piece] {
        throw text.error("'\(piece)' is no operator here", at: at..<(at + length), fix: "write \(known)")
      }
      if let sign = FilterToken.Sign(rawValue: piece) {
        at += length
        return .sign(sign)
      }
    }
    let start = at
    at += 1
    skip { $0 & 0xC0 == 0x80 }
    throw text.error(
      "the filter has a character that means nothing outside of quotes", at: start..<at,
      fix: "take it out, or put text in quotes: 'text'")
  }

  /// Operators of other languages, and ours for them.
  private static let foreign = ["==": "=", "&&": "AND", "||": "OR", "!": "NOT"]

  private mutating func skip(while belongs: (UInt8) -> Bool) {
    while at < text.bytes.count, belongs(text.bytes[at]) { at += 1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
    default: isDigit(byte)
    }
  }
}
