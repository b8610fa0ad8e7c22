extension OpenJD.Library {
  private typealias Fault = OpenJD.ExpressionFault
  private typealias Value = OpenJD.Value
  private typealias Scalars = String.UnicodeScalarView

  static let texts: [(String, [Signature])] = [
    (
      "__add__",
      [
        Signature("(string, string) -> string") { try joined($1, &$0) },
        Signature("(string, range_expr) -> string") { try joined($1, &$0) },
        Signature("(range_expr, string) -> string") { try joined($1, &$0) },
      ]
    ),
    (
      "__mul__",
      [
        Signature("(string, int) -> string") {
          let (text, count) = ($1[0].text, max(0, $1[1].number))
          let (bytes, isTooLarge) = text.utf8.count.multipliedReportingOverflow(by: count)
          if isTooLarge { throw OpenJD.Evaluation.overflow }
          try $0.spend(bytes: bytes)
          try $0.wants(bytes)
          return .string(String(repeating: text, count: bytes == 0 ? 0 : count))
        }
      ]
    ),
    (
      "__getitem__",
      [
        Signature("(string, int) -> string") {
          let scalars = Array($1[0].text.unicodeScalars)
          try $0.spend(bytes: scalars.count)
          return .string(String(scalars[try index($1[1].number, of: scalars.count, "text")]))
        },
        Signature("(string, int | nulltype, int | nulltype, int | nulltype) -> string") {
          let scalars = Array($1[0].text.unicodeScalars)
          try $0.spend(bytes: scalars.count)
          return .string(String(Scalars(try Slice($1, count: scalars.count).indices.map { scalars[$0] })))
        },
      ]
    ),
    ("upper", [text { $0.cased(\.uppercaseMapping) }]),
    ("lower", [text(\.small)]),
    ("title", [text(\.titled)]),
    ("capitalize", [text(\.capitalized)]),
    ("strip", strips(start: true, end: true)),
    ("lstrip", strips(start: true, end: false)),
    ("rstrip", strips(start: false, end: true)),
    ("startswith", [texts("bool") { .bool($0.utf8.starts(with: $1.utf8)) }]),
    ("endswith", [texts("bool") { .bool($0.utf8.reversed().starts(with: $1.utf8.reversed())) }]),
    (
      "removeprefix",
      [
        texts("string") { .string($0.utf8.starts(with: $1.utf8) ? String($0.utf8.dropFirst($1.utf8.count)) ?? $0 : $0) }
      ]
    ),
    (
      "removesuffix",
      [
        texts("string") {
          .string(
            $0.utf8.reversed().starts(with: $1.utf8.reversed()) ? String($0.utf8.dropLast($1.utf8.count)) ?? $0 : $0)
        }
      ]
    ),
    (
      "replace",
      [
        Signature("(string, string, string) -> string") {
          let (text, search, new) = (Array($1[0].text.utf8), try TextSearch(wanted: $1[1].text), Array($1[2].text.utf8))
          let places = search.all(in: text)
          try $0.spend(bytes: text.count)
          let (bytes, isTooLarge) = places.count.multipliedReportingOverflow(by: new.count)
          if isTooLarge { throw OpenJD.Evaluation.overflow }
          try $0.spend(bytes: bytes)
          try $0.wants(bytes + text.count)
          return .string(search.pieces(of: text, at: places).joined(separator: String(decoding: new, as: UTF8.self)))
        }
      ]
    ),
    ("split", splits(fromEnd: false)),
    ("rsplit", splits(fromEnd: true)),
    ("find", [search { search, text in .int(search.first(in: text).map { scalars(text, $0) } ?? -1) }]),
    ("rfind", [search { search, text in .int(search.last(in: text).map { scalars(text, $0) } ?? -1) }]),
    (
      "index",
      [
        search { search, text in
          guard let place = search.first(in: text) else { throw Fault("the text has no '\(search.wanted)'") }
          return .int(scalars(text, place))
        }
      ]
    ),
    (
      "rindex",
      [
        search { search, text in
          guard let place = search.last(in: text) else { throw Fault("the text has no '\(search.wanted)'") }
          return .int(scalars(text, place))
        }
      ]
    ),
    ("count", [search { search, text in .int(search.all(in: text).count) }]),
    ("isdigit", [are { $0.numericType == .decimal || $0.numericType == .digit }]),
    ("isalpha", [are { $0.isLetter }]),
    ("isalnum", [are { $0.isLetter || $0.numericType != nil }]),
    (
      "isspace",
      [
        Signature("(string) -> bool") {
          try $0.spend(bytes: $1[0].text.utf8.count)
          return .bool(!$1[0].text.isEmpty && $1[0].text.unicodeScalars.allSatisfy(\.isBlank))
        }
      ]
    ),
    ("isupper", [cased { $0.isUppercase }]),
    ("islower", [cased { $0.isLowercase }]),
    (
      "isascii",
      [
        Signature("(string) -> bool") {
          try $0.spend(bytes: $1[0].text.utf8.count)
          return .bool($1[0].text.utf8.allSatisfy { $0 < 0x80 })
        }
      ]
    ),
    (
      "center",
      [
        padded { text, width, count in
          let pad = width - count
          let left = pad / 2 + (pad & width & 1)
          return blanks(left) + text + blanks(pad - left)
        }
      ]
    ),
    ("ljust", [padded { text, width, count in text + blanks(width - count) }]),
    ("rjust", [padded { text, width, count in blanks(width - count) + text }]),
    (
      "zfill",
      ["string", "int", "float"].map { type in
        padded(type) { text, width, count in
          let sign = text.utf8.first == 0x2B || text.utf8.first == 0x2D ? text.prefix(1) : ""
          return sign + String(repeating: "0", count: width - count) + text.dropFirst(sign.count)
        }
      }
    ),
  ]

  // MARK: Makers of signatures

  private static func text(_ map: @escaping @Sendable (String) -> String) -> Signature {
    Signature("(string) -> string") {
      try $0.spend(bytes: $1[0].text.utf8.count)
      return .string(map($1[0].text))
    }
  }

  private static func texts(_ result: String, _ map: @escaping @Sendable (String, String) -> Value) -> Signature {
    Signature("(string, string) -> \(result)") {
      try $0.spend(bytes: $1[0].text.utf8.count)
      return map($1[0].text, $1[1].text)
    }
  }

  private static func search(
    _ map: @escaping @Sendable (TextSearch, [UInt8]) throws -> Value
  ) -> Signature {
    Signature("(string, string) -> int") {
      let search = try TextSearch(wanted: $1[1].text)
      try $0.spend(bytes: $1[0].text.utf8.count)
      return try map(search, Array($1[0].text.utf8))
    }
  }

  private static func are(_ isSuch: @escaping @Sendable (Unicode.Scalar.Properties) -> Bool) -> Signature {
    Signature("(string) -> bool") {
      try $0.spend(bytes: $1[0].text.utf8.count)
      return .bool(!$1[0].text.isEmpty && $1[0].text.unicodeScalars.allSatisfy { isSuch($0.properties) })
    }
  }

  private static func cased(_ isSuch: @escaping @Sendable (Unicode.Scalar.Properties) -> Bool) -> Signature {
    Signature("(string) -> bool") {
      try $0.spend(bytes: $1[0].text.utf8.count)
      let cased = $1[0].text.unicodeScalars.filter(\.properties.isCased)
      return .bool(!cased.isEmpty && cased.allSatisfy { isSuch($0.properties) })
    }
  }

  private static func padded(
    _ type: String = "string", _ map: @escaping @Sendable (String, Int, Int) -> String
  ) -> Signature {
    Signature("(\(type), int) -> string") {
      let (text, width) = ($1[0].text, $1[1].number)
      try $0.spend(bytes: text.utf8.count)
      let count = text.unicodeScalars.count
      guard width > count else { return .string(text) }
      try $0.spend(bytes: width)
      try $0.wants(width)
      return .string(map(text, width, count))
    }
  }

  private static func strips(start: Bool, end: Bool) -> [Signature] {
    @Sendable func stripped(_ text: String, _ isGone: (Unicode.Scalar) -> Bool) -> String {
      var rest = Substring(text).unicodeScalars
      if start { rest = rest.drop(while: isGone) }
      while end, let last = rest.last, isGone(last) { rest.removeLast() }
      return String(rest)
    }
    return [
      Signature("(string) -> string") {
        try $0.spend(bytes: $1[0].text.utf8.count)
        return .string(stripped($1[0].text, \.isBlank))
      },
      Signature("(string, string) -> string") {
        try $0.spend(bytes: $1[0].text.utf8.count)
        let gone = Set($1[1].text.unicodeScalars)
        return .string(stripped($1[0].text, gone.contains))
      },
    ]
  }

  private static func splits(fromEnd: Bool) -> [Signature] {
    @Sendable func parts(
      _ budget: inout OpenJD.Budget, _ arguments: [Value]
    ) throws(OpenJD.ExpressionFault) -> Value {
      let (text, search) = (Array(arguments[0].text.utf8), try TextSearch(wanted: arguments[1].text))
      try budget.spend(bytes: text.count)
      var places = search.all(in: text)
      if arguments.count > 2, arguments[2].number >= 0 {
        let most = arguments[2].number
        if fromEnd { places = search.allFromEnd(in: text, most: most) } else { places = Array(places.prefix(most)) }
      }
      try budget.wants(places.count * 40 + text.count)
      return .list(search.pieces(of: text, at: places).map { .string($0) }, of: .string)
    }
    return [
      Signature("(string) -> list[string]") {
        try $0.spend(bytes: $1[0].text.utf8.count)
        let words = $1[0].text.unicodeScalars.split(whereSeparator: \.isBlank)
        try $0.wants(words.count * 40 + $1[0].text.utf8.count)
        return .list(words.map { .string(String($0)) }, of: .string)
      },
      Signature("(string, string) -> list[string]", parts),
      Signature("(string, string, int) -> list[string]", parts),
    ]
  }

  private static func joined(_ values: [Value], _ budget: inout OpenJD.Budget) throws(Fault) -> Value {
    let text = values[0].text + values[1].text
    try budget.spend(bytes: text.utf8.count)
    return .string(text)
  }

  private static func blanks(_ count: Int) -> String { String(repeating: " ", count: count) }

  /// How many characters stand before a byte.
  private static func scalars(_ text: [UInt8], _ byte: Int) -> Int { text[..<byte].count { $0 & 0xC0 != 0x80 } }
}

extension Unicode.Scalar.Properties {
  fileprivate var isLetter: Bool {
    switch generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

}

extension Unicode.Scalar {
  /// White space as Python has it: with the separators of files, groups, records and units.
  var isBlank: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}

extension String {
  fileprivate func cased(_ mapping: (Unicode.Scalar.Properties) -> String) -> String {
    unicodeScalars.reduce(into: "") { $0 += mapping($1.properties) }
  }

  fileprivate var small: String {
    let all = Array(unicodeScalars)
    return all.indices.reduce(into: "") { $0 += Self.small(all, $1) }
  }

  /// A small letter; a sigma at the end of a word has a form of its own.
  private static func small(_ all: [Unicode.Scalar], _ index: Int) -> String {
    guard all[index] == "Σ" else { return all[index].properties.lowercaseMapping }
    let before = all[..<index].last { !$0.properties.isCaseIgnorable }
    let after = all[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased == true && after?.properties.isCased != true ? "ς" : "σ"
  }

  fileprivate var titled: String {
    let all = Array(unicodeScalars)
    var (text, isInWord) = ("", false)
    for (index, scalar) in all.enumerated() {
      text += isInWord ? Self.small(all, index) : scalar.properties.titlecaseMapping
      isInWord = scalar.properties.isCased
    }
    return text
  }

  fileprivate var capitalized: String {
    guard let first = unicodeScalars.first else { return "" }
    return first.properties.titlecaseMapping + String(unicodeScalars.dropFirst()).small
  }
}
