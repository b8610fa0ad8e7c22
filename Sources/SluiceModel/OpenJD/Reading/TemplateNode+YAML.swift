extension TemplateNode {
  /// What YAML 1.1 makes of a document: `yes` is a truth value, `1:30` a number and `2026-01-31` a date, unless quoted.
  init(_ node: DocumentNode) {
    place = node.place
    switch node {
    case .scalar(let text, let isQuoted, _): value = isQuoted ? .text(text) : PlainScalar.value(text)
    case .sequence(let elements, _): value = .list(elements.map(TemplateNode.init))
    case .mapping(let entries, _):
      var own: [Entry] = []
      var merged: [Entry] = []
      for entry in entries {
        let node = TemplateNode(entry.value)
        guard entry.key == "<<", !entry.isKeyQuoted else {
          own.append(Entry(entry, node))
          continue
        }
        // The map that is named first wins, and what stands here wins over all.
        for source in (node.list ?? [node]).reversed() { merged += source.map ?? [] }
      }
      let known = Set(own.compactMap(\.key))
      value = .map(merged.filter { $0.key.map(known.contains) != true } + own)
    }
  }
}

extension TemplateNode.Entry {
  fileprivate init(_ entry: DocumentEntry, _ value: TemplateNode) {
    let isPlainText = if case .text = PlainScalar.value(entry.key) { true } else { false }
    self.init(
      key: isPlainText || entry.isKeyQuoted ? entry.key : nil, shown: entry.key, place: entry.keyPlace, value: value)
  }
}

/// What a word without quotes means in YAML 1.1.
private enum PlainScalar {
  static func value(_ text: String) -> TemplateNode.Value {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .bool(true)
    case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return .bool(false)
    case "=", "<<": return .other("the sign '\(text)'")
    default: break
    }
    let bytes = Array(text.utf8)
    // Numbers and dates begin with one of these; everything else is text.
    guard let first = bytes.first, isDigit(first) || [0x2B, 0x2D, 0x2E].contains(first) else { return .text(text) }
    return integer(bytes) ?? float(bytes) ?? (isDate(bytes) ? .other("the date \(text)") : .text(text))
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isSign(_ byte: UInt8) -> Bool { byte == 0x2B || byte == 0x2D }
  private static let underscore = UInt8(ascii: "_")

  private static func integer(_ bytes: [UInt8]) -> TemplateNode.Value? {
    let isNegative = bytes.first == 0x2D
    let digits = bytes.dropFirst(bytes.first.map(isSign) == true ? 1 : 0)
    guard let first = digits.first, isDigit(first) else { return nil }
    func number(_ digits: some Sequence<UInt8>, radix: Int) -> TemplateNode.Value? {
      let text = String(decoding: digits.filter { $0 != underscore }, as: UTF8.self)
      guard !text.isEmpty else { return nil }
      return .integer(Int((isNegative ? "-" : "") + text, radix: radix))
    }
    if first == 0x30, digits.count > 1 {
      let rest = digits.dropFirst()
      switch rest.first {
      case UInt8(ascii: "b"):
        guard rest.count > 1, rest.dropFirst().allSatisfy({ $0 == 0x30 || $0 == 0x31 || $0 == underscore }) else {
          return nil
        }
        return number(rest.dropFirst(), radix: 2)
      case UInt8(ascii: "x"):
        guard rest.count > 1, rest.dropFirst().allSatisfy({ isHex($0) || $0 == underscore }) else { return nil }
        return number(rest.dropFirst(), radix: 16)
      default:
        guard rest.allSatisfy({ (0x30...0x37).contains($0) || $0 == underscore }) else { return nil }
        return number(rest, radix: 8)
      }
    }
    if digits.allSatisfy({ isDigit($0) || $0 == underscore }) { return number(digits, radix: 10) }
    return first == 0x30 ? nil : sexagesimal(digits, isNegative)
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
  }

  /// `1:30` counts minutes and seconds.
  private static func sexagesimal(_ digits: ArraySlice<UInt8>, _ isNegative: Bool) -> TemplateNode.Value? {
    let parts = digits.split(separator: 0x3A, omittingEmptySubsequences: false)
    guard parts.count > 1, parts[0].allSatisfy({ isDigit($0) || $0 == underscore }), isSixty(parts.dropFirst()) else {
      return nil
    }
    var value: Int? = 0
    for part in parts {
      let number = Int(String(decoding: part.filter { $0 != underscore }, as: UTF8.self))
      value = value.flatMap { sum in
        let (product, isOver) = sum.multipliedReportingOverflow(by: 60)
        return isOver ? nil : number.map { product &+ $0 }
      }
    }
    return .integer(value.map { isNegative ? -$0 : $0 })
  }

  private static func isSixty(_ parts: ArraySlice<ArraySlice<UInt8>>) -> Bool {
    parts.allSatisfy { part in
      (1...2).contains(part.count) && part.allSatisfy(isDigit)
        && (part.count == 1 || part.first.map { $0 < 0x36 } == true)
    }
  }

  private static func float(_ bytes: [UInt8]) -> TemplateNode.Value? {
    let isNegative = bytes.first == 0x2D
    let isSigned = bytes.first.map(isSign) == true
    let text = String(decoding: bytes.dropFirst(isSigned ? 1 : 0), as: UTF8.self)
    if [".inf", ".Inf", ".INF"].contains(text) { return .float(isNegative ? -.infinity : .infinity) }
    if !isSigned, [".nan", ".NaN", ".NAN"].contains(text) { return .float(.nan) }
    guard let point = text.utf8.firstIndex(of: 0x2E) else { return nil }
    let whole = Array(text.utf8[..<point])
    var rest = Array(text.utf8[text.utf8.index(after: point)...])[...]
    let isSixties = whole.contains(0x3A)
    if isSixties {
      let parts = whole.split(separator: 0x3A, omittingEmptySubsequences: false)
      guard parts[0].first.map(isDigit) == true, parts[0].allSatisfy({ isDigit($0) || $0 == underscore }),
        isSixty(parts.dropFirst()), rest.allSatisfy({ isDigit($0) || $0 == underscore })
      else { return nil }
      return .float(.nan)
    }
    guard whole.isEmpty ? !isSigned && rest.first.map(isDigit) == true : whole.first.map(isDigit) == true,
      whole.allSatisfy({ isDigit($0) || $0 == underscore })
    else { return nil }
    let fraction = rest.prefix { isDigit($0) || $0 == underscore }
    rest = rest.dropFirst(fraction.count)
    if let byte = rest.first {
      guard byte | 0x20 == 0x65, rest.count > 2, isSign(rest[rest.index(after: rest.startIndex)]),
        rest.dropFirst(2).allSatisfy(isDigit)
      else { return nil }
    }
    // Swift wants digits on both sides of the point.
    let digits = text.filter { $0 != "_" }.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let (before, after) = (digits[0].isEmpty ? "0" : digits[0], digits[1])
    let between = after.first?.isNumber == true ? "." : ".0"
    return Double((isNegative ? "-" : "") + before + between + after).map { .float($0) }
  }

  /// `2026-01-31`, and what else begins so and goes on with a time.
  private static func isDate(_ bytes: [UInt8]) -> Bool {
    let parts = bytes.split(separator: 0x2D, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, parts[0].allSatisfy(isDigit), (1...2).contains(parts[1].count),
      parts[1].allSatisfy(isDigit)
    else { return false }
    let day = parts[2].prefix(while: isDigit)
    let time = parts[2].dropFirst(day.count)
    if time.isEmpty { return parts[1].count == 2 && day.count == 2 }
    guard (1...2).contains(day.count), let mark = time.first, [0x54, 0x74, 0x20, 0x09].contains(mark) else {
      return false
    }
    let clock = time.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
    return clock.count >= 7 && clock.allSatisfy { isDigit($0) || ":.Z+- \t".utf8.contains($0) } && clock.contains(0x3A)
  }
}
