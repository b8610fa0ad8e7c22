extension TemplateNode {
  /// Reads JSON (RFC 8259) with the place of each value.
  /// - Throws: `TemplateProblem` with `openjd.syntax` or `openjd.tooLarge`.
  init(json text: String) throws(TemplateProblem) {
    var reader = Reader(bytes: Array(text.utf8))
    self = try reader.document()
  }
}

private struct Reader {
  let bytes: [UInt8]
  var at = 0
  var line = 1
  /// Where the line begins.
  var start = 0
  var budget = Limits.pipelineNodes

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(TemplateProblem) -> TemplateNode {
    let node = try value(depth: 0)
    guard peek() == nil else { throw problem("something stands after the end") }
    return node
  }

  private var place: DocumentPlace {
    DocumentPlace(line: line, column: String(decoding: bytes[start..<min(at, bytes.count)], as: UTF8.self).count + 1)
  }

  private func problem(_ what: String) -> TemplateProblem {
    TemplateProblem(.openjdSyntax, "it is not JSON: \(what)", fix: "mend the syntax at that place", path: "", at: place)
  }

  private mutating func peek() -> UInt8? {
    while at < bytes.count {
      switch bytes[at] {
      case 0x0A:
        line += 1
        start = at + 1
      case 0x20, 0x09, 0x0D: break
      default: return bytes[at]
      }
      at += 1
    }
    return nil
  }

  private mutating func take(_ byte: UInt8, _ what: String) throws(TemplateProblem) {
    guard peek() == byte else { throw problem(what) }
    at += 1
  }

  private mutating func value(depth: Int) throws(TemplateProblem) -> TemplateNode {
    budget -= 1
    guard budget >= 0, depth <= Limits.pipelineDepth else {
      throw TemplateProblem(
        .openjdTooLarge, "it has too many values, or they are nested too deep", fix: "write a smaller template",
        path: "", at: place)
    }
    guard let first = peek() else { throw problem("a value is missing") }
    let place = place
    switch first {
    case UInt8(ascii: "{"): return TemplateNode(value: .map(try map(depth: depth)), place: place)
    case UInt8(ascii: "["): return TemplateNode(value: .list(try list(depth: depth)), place: place)
    case UInt8(ascii: "\""): return TemplateNode(value: .text(try string()), place: place)
    default: return TemplateNode(value: try word(), place: place)
    }
  }

  private mutating func map(depth: Int) throws(TemplateProblem) -> [TemplateNode.Entry] {
    at += 1
    var entries: [TemplateNode.Entry] = []
    var keys: Set<String> = []
    if peek() == UInt8(ascii: "}") {
      at += 1
      return []
    }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw problem("a key in quotes is missing") }
      let place = place
      let key = try string()
      guard keys.insert(key).inserted else {
        throw TemplateProblem(
          .openjdSyntax, "the key '\(key)' stands twice in one map", fix: "keep one of them", path: "", at: place)
      }
      try take(UInt8(ascii: ":"), "':' is missing after a key")
      entries.append(.init(key: key, shown: key, place: place, value: try value(depth: depth + 1)))
      if peek() == UInt8(ascii: ",") {
        at += 1
      } else {
        try take(UInt8(ascii: "}"), "',' or '}' is missing")
        return entries
      }
    }
  }

  private mutating func list(depth: Int) throws(TemplateProblem) -> [TemplateNode] {
    at += 1
    var elements: [TemplateNode] = []
    if peek() == UInt8(ascii: "]") {
      at += 1
      return []
    }
    while true {
      elements.append(try value(depth: depth + 1))
      if peek() == UInt8(ascii: ",") {
        at += 1
      } else {
        try take(UInt8(ascii: "]"), "',' or ']' is missing")
        return elements
      }
    }
  }

  private mutating func word() throws(TemplateProblem) -> TemplateNode.Value {
    let begin = at
    while at < bytes.count, ![0x2C, 0x5D, 0x7D, 0x20, 0x09, 0x0A, 0x0D, 0x3A].contains(bytes[at]) { at += 1 }
    let word = String(decoding: bytes[begin..<at], as: UTF8.self)
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    default: break
    }
    let digits = word.hasPrefix("-") ? word.dropFirst() : word[...]
    let isNumber =
      digits.utf8.first.map { (0x30...0x39).contains($0) } == true
      && !(digits.hasPrefix("0") && digits.utf8.dropFirst().first.map { (0x30...0x39).contains($0) } == true)
    if isNumber, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return .integer(Int(word)) }
    if isNumber, digits.allSatisfy({ "0123456789+-.eE".contains($0) }), !digits.hasSuffix("."), !digits.contains(".e"),
      !digits.contains(".E"), let number = Double(word)
    {
      return .float(number)
    }
    at = begin
    throw problem("'\(word.prefix(20))' is no value")
  }

  private mutating func string() throws(TemplateProblem) -> String {
    at += 1
    var units: [UInt16] = []
    var plain = at
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        units += String(decoding: bytes[plain..<at], as: UTF8.self).utf16
        at += 1
        return String(decoding: units, as: UTF16.self)
      case UInt8(ascii: "\\"):
        units += String(decoding: bytes[plain..<at], as: UTF8.self).utf16
        units.append(try escape())
        plain = at
      case 0..<0x20: throw problem("a control character stands in a text without being escaped")
      default: at += 1
      }
    }
    throw problem("a text is never closed")
  }

  private mutating func escape() throws(TemplateProblem) -> UInt16 {
    let known: [UInt8: UInt16] = [
      0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
    ]
    guard at + 1 < bytes.count else { throw problem("a text is never closed") }
    if let unit = known[bytes[at + 1]] {
      at += 2
      return unit
    }
    guard bytes[at + 1] == UInt8(ascii: "u"), at + 6 <= bytes.count,
      let unit = UInt16(String(decoding: bytes[(at + 2)..<(at + 6)], as: UTF8.self), radix: 16)
    else { throw problem("an escape is not one that JSON knows") }
    at += 6
    return unit
  }
}
