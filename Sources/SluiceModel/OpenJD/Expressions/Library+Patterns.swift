extension OpenJD.Library {
  private typealias Fault = OpenJD.ExpressionFault
  private typealias Value = OpenJD.Value

  static let patterns: [(String, [Signature])] = [
    ("re_match", [Signature("(string, string) -> list[string]?") { try first($1, isAnchored: true, &$0) }]),
    ("re_search", [Signature("(string, string) -> list[string]?") { try first($1, isAnchored: false, &$0) }]),
    ("re_findall", [Signature("(string, string) -> list[string]") { try all($1, &$0) }]),
    ("re_sub", [Signature("(string, string, string) -> string") { try replaced($1, &$0) }]),
    (
      "re_split",
      [
        Signature("(string, string) -> list[string]") { try split($1, &$0) },
        Signature("(string, string, int) -> list[string]") { try split($1, &$0) },
      ]
    ),
    (
      "re_escape",
      [
        Signature("(string) -> string") {
          try $0.spend(bytes: $1[0].text.utf8.count)
          return .string(
            $1[0].text.unicodeScalars.reduce(into: "") {
              $0 += "\\.+*?()|[]{}^$#&-~".unicodeScalars.contains($1) ? "\\\($1)" : "\($1)"
            })
        }
      ]
    ),
  ]

  private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> Value {
    .string(String(String.UnicodeScalarView(scalars)))
  }

  private static func first(
    _ values: [Value], isAnchored: Bool, _ budget: inout OpenJD.Budget
  ) throws(Fault) -> Value {
    let (text, pattern) = (Array(values[0].text.unicodeScalars), try OpenJD.Pattern(values[1].text))
    try budget.spend(bytes: text.count)
    guard let match = try pattern.match(in: text, from: 0, isAnchored: isAnchored, &budget) else { return .null }
    return .list(match.map { $0.map { self.text(text[$0]) } ?? .string("") }, of: .string)
  }

  private static func all(_ values: [Value], _ budget: inout OpenJD.Budget) throws(Fault) -> Value {
    let (text, pattern) = (Array(values[0].text.unicodeScalars), try OpenJD.Pattern(values[1].text))
    try budget.spend(bytes: text.count)
    let matches = try pattern.matches(in: text, &budget)
    try budget.wants((matches.count * (pattern.groups + 1)) &* 40)
    func part(_ match: OpenJD.Pattern.Match, _ group: Int) -> Value {
      match[group].map { self.text(text[$0]) } ?? .string("")
    }
    if pattern.groups < 2 { return .list(matches.map { part($0, pattern.groups) }, of: .string) }
    return .list(
      matches.map { match in .list((1...pattern.groups).map { part(match, $0) }, of: .string) }, of: .list(.string))
  }

  private static func replaced(_ values: [Value], _ budget: inout OpenJD.Budget) throws(Fault) -> Value {
    let (text, pattern) = (Array(values[0].text.unicodeScalars), try OpenJD.Pattern(values[1].text))
    let new = values[2].text
    let letters = Array(new.utf8)
    for (a, b) in zip(letters, letters.dropFirst()) {
      let isDigit = (0x30...0x39).contains(b)
      if a == 0x5C && (isDigit || b == 0x67 && new.contains("\\g<")) || a == 0x24 && (isDigit || b == 0x7B) {
        throw Fault("the replacement '\(new)' means a group of the pattern, which is not supported")
      }
    }
    try budget.spend(bytes: text.count)
    let matches = try pattern.matches(in: text, &budget)
    try budget.wants(text.count * 4 + matches.count &* letters.count)
    var (result, start) = ("", 0)
    for whole in matches.compactMap({ $0[0] }) {
      result += self.text(text[start..<whole.lowerBound]).text + new
      start = whole.upperBound
    }
    return .string(result + self.text(text[start...]).text)
  }

  private static func split(_ values: [Value], _ budget: inout OpenJD.Budget) throws(Fault) -> Value {
    let (text, pattern) = (Array(values[0].text.unicodeScalars), try OpenJD.Pattern(values[1].text))
    try budget.spend(bytes: text.count)
    // As Python has it: 0 is no bound, and below it nothing is split.
    let most = values.count > 2 ? values[2].number : 0
    let matches = most < 0 ? [] : try pattern.matches(in: text, most: most == 0 ? .max : most, &budget)
    try budget.wants(matches.count * 40 + text.count)
    var (pieces, start) = ([Value](), 0)
    for whole in matches.compactMap({ $0[0] }) {
      pieces.append(self.text(text[start..<whole.lowerBound]))
      start = whole.upperBound
    }
    return .list(pieces + [self.text(text[start...])], of: .string)
  }
}
