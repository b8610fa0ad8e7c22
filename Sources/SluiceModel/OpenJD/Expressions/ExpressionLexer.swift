extension OpenJD {
  /// Cuts an expression into its words: those of Python's expressions.
  struct ExpressionLexer {
    enum Token: Sendable, Hashable {
      case name(String)
      case int(UInt64?)
      case float(Double, String?)
      case string(String)
      case sign(String)
      case end
    }

    static let constants: Set<String> = ["True", "False", "None", "true", "false", "null"]
    /// Words that are no names, save after a dot.
    static let keywords: Set<String> = [
      "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
      "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass",
      "raise", "return", "try", "while", "with", "yield",
    ]
    private static let signs = [
      "**", "//", "<<", ">>", "<=", ">=", "==", "!=", ":=", "->", "(", ")", "[", "]", "{", "}", ",", ":", ".", "+", "-",
      "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "=", "!",
    ]

    let scalars: [Unicode.Scalar]
    private(set) var at = 0
    /// Where the last token begins.
    private(set) var start = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    func peek(_ offset: Int = 0) -> Unicode.Scalar? {
      at + offset < scalars.count ? scalars[at + offset] : nil
    }

    mutating func advance(_ count: Int = 1) { at += count }

    mutating func next() throws(ExpressionFault) -> Token {
      try skip()
      start = at
      guard let first = peek() else { return .end }
      if first.isDecimalDigit || first == "." && peek(1)?.isDecimalDigit == true { return try number() }
      if first == "'" || first == "\"" { return .string(try string(isRaw: false)) }
      if first == "_" || first.properties.isXIDStart { return try word() }
      for sign in Self.signs where starts(with: sign) {
        at += sign.unicodeScalars.count
        return .sign(sign)
      }
      throw ExpressionFault("'\(first)' does not belong into an expression", at: at)
    }

    private func starts(with text: String) -> Bool {
      var place = at
      for scalar in text.unicodeScalars {
        guard place < scalars.count, scalars[place] == scalar else { return false }
        place += 1
      }
      return true
    }

    /// Goes past spaces, ends of lines and remarks.
    private mutating func skip() throws(ExpressionFault) {
      while let scalar = peek() {
        switch scalar {
        case " ", "\t", "\u{0C}", "\n", "\r": at += 1
        case "\\" where peek(1) == "\n": at += 2
        case "#":
          while let next = peek(), next != "\n" { at += 1 }
        default: return
        }
      }
    }

    private mutating func word() throws(ExpressionFault) -> Token {
      while let scalar = peek(), scalar == "_" || scalar.properties.isXIDContinue { at += 1 }
      let name = String(String.UnicodeScalarView(scalars[start..<at]))
      guard peek() == "'" || peek() == "\"" else { return .name(name) }
      switch name.lowercased() {
      case "r": return .string(try string(isRaw: true))
      case "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt":
        throw ExpressionFault("texts with '\(name)' before them are not supported; write '…' or r'…'", at: start)
      default: return .name(name)
      }
    }

    // MARK: Numbers

    private mutating func number() throws(ExpressionFault) -> Token {
      if peek() == "0", let letter = peek(1), let radix = Self.radix(letter) {
        at += 2
        return .int(UInt64(try digits(radix, mayBeginWithLine: true), radix: radix))
      }
      var isFloat = false
      let whole = peek() == "." ? "" : try digits(10)
      if peek() == "." {
        isFloat = true
        at += 1
        if peek()?.isDecimalDigit == true { _ = try digits(10) }
      }
      if peek() == "e" || peek() == "E" {
        let isSigned = peek(1) == "+" || peek(1) == "-"
        if peek(isSigned ? 2 : 1)?.isDecimalDigit == true {
          isFloat = true
          at += isSigned ? 2 : 1
          _ = try digits(10)
        }
      }
      if peek() == "j" || peek() == "J" {
        throw ExpressionFault("complex numbers are not supported", at: start)
      }
      guard isFloat else {
        guard whole.first != "0" || whole.allSatisfy({ $0 == "0" }) else {
          throw ExpressionFault(
            "a whole number does not begin with 0; write 0o\(whole.dropFirst()) for octal", at: start)
        }
        return .int(UInt64(whole))
      }
      let text = String(String.UnicodeScalarView(scalars[start..<at]))
      guard let value = Double(float: text.filter { $0 != "_" }) else {
        throw ExpressionFault("'\(text)' is not a number", at: start)
      }
      let isKept = !text.hasSuffix(".") && !text.hasPrefix(".") && !text.contains("_")
      return .float(value, isKept ? text : nil)
    }

    private static func radix(_ letter: Unicode.Scalar) -> Int? {
      switch letter {
      case "x", "X": 16
      case "o", "O": 8
      case "b", "B": 2
      default: nil
      }
    }

    /// Digits with single underscores between them.
    private mutating func digits(_ radix: Int, mayBeginWithLine: Bool = false) throws(ExpressionFault) -> String {
      var digits = ""
      var isAfterLine = !mayBeginWithLine
      while let scalar = peek() {
        if scalar == "_", !digits.isEmpty || mayBeginWithLine, !(isAfterLine && digits.isEmpty),
          let next = peek(1), Character(next).isDigit(radix)
        {
          at += 1
          isAfterLine = true
        } else if Character(scalar).isDigit(radix) {
          digits.unicodeScalars.append(scalar)
          at += 1
          isAfterLine = false
        } else {
          break
        }
      }
      guard !digits.isEmpty else { throw ExpressionFault("the number has no digits", at: start) }
      return digits
    }
  }
}

extension Character {
  fileprivate func isDigit(_ radix: Int) -> Bool { isASCII && hexDigitValue.map { $0 < radix } == true }
}

extension Unicode.Scalar {
  /// One of 0...9.
  var isDecimalDigit: Bool { ("0"..."9").contains(self) }
}

extension Double {
  /// Reads `1.5`, `.5`, `5.`, `1e-3`, with a sign; nil for anything else, and infinite for what is too large.
  init?(float text: some StringProtocol) {
    var rest = Array(text.utf8)[...]
    if rest.first == 0x2B || rest.first == 0x2D { rest.removeFirst() }
    let whole = rest.prefix { (0x30...0x39).contains($0) }.count
    rest = rest.dropFirst(whole)
    var fraction = 0
    if rest.first == 0x2E {
      rest.removeFirst()
      fraction = rest.prefix { (0x30...0x39).contains($0) }.count
      rest = rest.dropFirst(fraction)
    }
    guard whole + fraction > 0 else { return nil }
    if let letter = rest.first {
      rest.removeFirst()
      if rest.first == 0x2B || rest.first == 0x2D { rest.removeFirst() }
      guard letter | 0x20 == 0x65, !rest.isEmpty, rest.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    }
    var written = text.hasPrefix("+") ? String(text.dropFirst()) : String(text)
    if written.hasPrefix(".") { written = "0" + written }
    if written.hasPrefix("-.") { written = "-0" + written.dropFirst() }
    written = written.replacing(".e", with: ".0e").replacing(".E", with: ".0E")
    if written.hasSuffix(".") { written += "0" }
    guard let value = Double(written) else { return nil }
    self = value
  }
}
