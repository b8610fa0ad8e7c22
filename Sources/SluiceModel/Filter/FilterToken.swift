/// The smallest part of a filter that means something, and where it stands.
struct FilterToken {
  enum Kind: Hashable {
    /// The name of an attribute or a function, as written.
    case name(String)
    case keyword(Keyword)
    /// Digits without a sign; they may be more than 32 bits hold.
    case digits
    /// What stands between the quotes, its escapes resolved.
    case text(String)
    case sign(Sign)
    case end
  }

  /// Written in any case.
  enum Keyword: String { case and, or, xor, not, like, exists, `in`, `true`, `false` }

  enum Sign: String {
    case open = "("
    case close = ")"
    case comma = ","
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case remainder = "%"
    case equal = "="
    case notEqual = "!="
    case different = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  let kind: Kind
  let range: Range<Int>
}
