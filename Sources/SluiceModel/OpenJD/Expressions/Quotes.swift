/// Texts as other languages write them.
enum Quotes {
  /// - Parameter isASCII: whether other characters are escaped.
  static func json(_ text: String, isASCII: Bool) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\u{08}": quoted += "\\b"
      case "\u{0C}": quoted += "\\f"
      default:
        if scalar.value < 0x20 || isASCII && scalar.value > 0x7F {
          for unit in String(scalar).utf16 { quoted += "\\u" + hexadecimal(UInt32(unit), 4) }
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }

  static func python(_ text: String) -> String {
    let quote = text.contains("'") && !text.contains("\"") ? "\"" : "'"
    var quoted = quote
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      default:
        if String(scalar) == quote {
          quoted += "\\" + quote
        } else if isShown(scalar) {
          quoted.unicodeScalars.append(scalar)
        } else if scalar.value < 0x100 {
          quoted += "\\x" + hexadecimal(scalar.value, 2)
        } else if scalar.value < 0x10000 {
          quoted += "\\u" + hexadecimal(scalar.value, 4)
        } else {
          quoted += "\\U" + hexadecimal(scalar.value, 8)
        }
      }
    }
    return quoted + quote
  }

  /// Whether Python shows a character as it is.
  private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == " " { return true }
    return switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      false
    default: true
    }
  }

  private static func hexadecimal(_ value: UInt32, _ count: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
  }

  // MARK: Shells

  /// One word of a POSIX shell, quoted where that is needed, in the quotes that all shells understand alike.
  /// - Throws: for a NUL, which no word can have.
  static func shell(_ text: String) throws(OpenJD.ExpressionFault) -> String {
    var rest = Array(text.utf8)[...]
    if rest.isEmpty { return "''" }
    if rest.contains(0) { throw OpenJD.ExpressionFault("a word of a shell cannot have the character NUL") }
    var quoted = ""
    while !rest.isEmpty {
      let (count, way) = chunk(rest)
      let piece = rest.prefix(count)
      if way == .bare, quoted.isEmpty, count == rest.count { return text }
      switch way {
      case .bare: quoted += String(decoding: piece, as: UTF8.self)
      case .single: quoted += "'" + String(decoding: piece, as: UTF8.self) + "'"
      case .double:
        var escaped: [UInt8] = []
        for byte in piece {
          if "$`\"\\".utf8.contains(byte) { escaped.append(0x5C) }
          escaped.append(byte)
        }
        quoted += "\"" + String(decoding: escaped, as: UTF8.self) + "\""
      }
      rest = rest.dropFirst(count)
    }
    return quoted
  }

  private enum Way: CaseIterable { case bare, single, double }

  /// How much of a word can be written in one way, and which.
  private static func chunk(_ bytes: ArraySlice<UInt8>) -> (count: Int, way: Way) {
    var (ways, count) = (Way.allCases, 0)
    // `^` is safe nowhere but right behind the opening of single quotes.
    if bytes.first == 0x5E { (ways, count) = ([.single], 1) }
    for byte in bytes.dropFirst(count) {
      let left = ways.filter { way in
        switch way {
        case .bare: byte < 0x80 && (byte.isWord || "+-./:@]_".utf8.contains(byte))
        case .single: !"'\\^".utf8.contains(byte)
        case .double: !"`$!^".utf8.contains(byte)
        }
      }
      if left.isEmpty { break }
      ways = left
      count += 1
    }
    return (count, ways[0])
  }

  /// For a `.bat` file, where quotes keep `%` and `^` from meaning anything.
  static func batch(_ text: String) -> String {
    let line = text.unicodeScalars.filter { $0 != "\n" && $0 != "\r" }
    guard line.isEmpty || line.contains(where: { " \t&|<>^\"()%!".unicodeScalars.contains($0) }) else {
      return String(String.UnicodeScalarView(line))
    }
    var quoted = "\""
    for scalar in line {
      switch scalar {
      case "^", "\"": quoted += "^\(scalar)"
      case "%": quoted += "%%"
      case "!": quoted += "^^!"
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

extension UInt8 {
  fileprivate var isWord: Bool {
    (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
  }
}
