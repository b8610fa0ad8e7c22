extension OpenJD.ExpressionLexer {
  /// A text between quotes, one or three of them; the quotes are next.
  mutating func string(isRaw: Bool) throws(OpenJD.ExpressionFault) -> String {
    let begin = at
    guard let quote = peek() else { return "" }
    let isLong = peek(1) == quote && peek(2) == quote
    advance(isLong ? 3 : 1)
    var text = String.UnicodeScalarView()
    while let scalar = peek() {
      if scalar == quote, !isLong || peek(1) == quote && peek(2) == quote {
        advance(isLong ? 3 : 1)
        return String(text)
      }
      if !isLong, scalar == "\n" || scalar == "\r" { break }
      if scalar == "\\" {
        if isRaw {
          text.append(scalar)
          if let next = peek(1) { text.append(next) }
          advance(2)
        } else {
          try escape(into: &text)
        }
      } else {
        text.append(scalar)
        advance()
      }
    }
    throw OpenJD.ExpressionFault(
      "a text is never closed by \(isLong ? String(repeating: "\(quote)", count: 3) : "\(quote)")", at: begin)
  }

  private mutating func escape(into text: inout String.UnicodeScalarView) throws(OpenJD.ExpressionFault) {
    let begin = at
    guard let letter = peek(1) else {
      advance()
      return
    }
    advance(2)
    switch letter {
    case "\n": break
    case "\r": if peek() == "\n" { advance() }
    case "\\", "'", "\"": text.append(letter)
    case "a": text.append("\u{07}")
    case "b": text.append("\u{08}")
    case "f": text.append("\u{0C}")
    case "n": text.append("\n")
    case "r": text.append("\r")
    case "t": text.append("\t")
    case "v": text.append("\u{0B}")
    case "0"..."7":
      var value = letter.value - 0x30
      for _ in 0..<2 {
        guard let next = peek(), ("0"..."7").contains(next) else { break }
        value = value * 8 + next.value - 0x30
        advance()
      }
      text.append(try scalar(value, begin))
    case "x": text.append(try hexadecimal(2, begin))
    case "u": text.append(try hexadecimal(4, begin))
    case "U": text.append(try hexadecimal(8, begin))
    case "N": text.append(try named(begin))
    default:
      text.append("\\")
      text.append(letter)
    }
  }

  private mutating func hexadecimal(_ count: Int, _ begin: Int) throws(OpenJD.ExpressionFault) -> Unicode.Scalar {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = peek().flatMap({ Character($0).hexDigitValue }), peek()?.isASCII == true else {
        throw OpenJD.ExpressionFault("the escape wants \(count) hexadecimal digits", at: begin)
      }
      value = value &* 16 &+ UInt32(digit)
      advance()
    }
    return try scalar(value, begin)
  }

  private func scalar(_ value: UInt32, _ begin: Int) throws(OpenJD.ExpressionFault) -> Unicode.Scalar {
    guard let scalar = Unicode.Scalar(value) else {
      throw OpenJD.ExpressionFault("the escape is no character", at: begin)
    }
    return scalar
  }

  /// `\N{BULLET}`.
  private mutating func named(_ begin: Int) throws(OpenJD.ExpressionFault) -> Unicode.Scalar {
    var name = ""
    if peek() == "{" {
      advance()
      while let next = peek(), next != "}" {
        name.unicodeScalars.append(next)
        advance()
      }
      advance()
    }
    let wanted = name.uppercased()
    for value in UInt32(0x20)...0x1FFFF {
      if let scalar = Unicode.Scalar(value), scalar.properties.name == wanted || scalar.properties.nameAlias == wanted {
        return scalar
      }
    }
    throw OpenJD.ExpressionFault("there is no character '\(name)'", at: begin)
  }
}
