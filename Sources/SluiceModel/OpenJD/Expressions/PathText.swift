/// A POSIX path, or an address such as `s3://bucket/key`, as text: nothing is looked up, and `..` stays.
///
/// Source: Expression Language (2026-02), "Path Type Properties and Functions"; Python's `PurePosixPath`.
struct PathText: Sendable {
  let text: String
  /// `s3://bucket` of an address.
  private let authority: String?
  /// What stands before the names: `/`, `//` or nothing.
  private let anchor: String
  /// Of an address also empty ones.
  private let names: [String]

  init(_ text: String) {
    self.text = text
    if let address = Self.address(text) {
      (authority, names) = address
      anchor = ""
    } else {
      authority = nil
      anchor = text.hasPrefix("//") && !text.hasPrefix("///") ? "//" : text.hasPrefix("/") ? "/" : ""
      names = text == "." ? [] : text.split(separator: "/").map(String.init)
    }
  }

  /// A scheme, and what comes after it.
  private static func address(_ text: String) -> (authority: String, names: [String])? {
    guard let colon = text.utf8.firstIndex(of: 0x3A), text[colon...].hasPrefix("://") else { return nil }
    let scheme = text[..<colon]
    guard scheme.utf8.first.map({ (0x41...0x5A).contains($0 & 0xDF) }) == true,
      scheme.unicodeScalars.allSatisfy({
        $0.isASCII && ($0.properties.isAlphabetic || $0.isDecimalDigit || "+.-".unicodeScalars.contains($0))
      })
    else { return nil }
    let rest = text[colon...].dropFirst(3)
    guard let slash = rest.utf8.firstIndex(of: 0x2F) else { return (text, []) }
    let path = rest[slash...].dropFirst()
    return (
      String(text[..<slash]),
      path.isEmpty ? [] : path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    )
  }

  static func isAddress(_ text: String) -> Bool { address(text) != nil }

  // MARK: Parts

  var name: String { names.last ?? "" }
  var isAbsolute: Bool { authority != nil || text.hasPrefix("/") || text.hasPrefix("\\\\") }
  var parts: [String] { (authority.map { [$0] } ?? (anchor.isEmpty ? [] : [anchor])) + names }

  var parent: String {
    if let authority { return names.count < 2 ? authority : authority + "/" + names.dropLast().joined(separator: "/") }
    return folder.isEmpty && !text.isEmpty ? "." : folder
  }

  /// The parent as it is written; nothing for a name alone.
  private var folder: String {
    if names.count < 2 { return anchor }
    let whole = text.utf8.reversed().drop { $0 == 0x2F }
    let before = whole.drop { $0 != 0x2F }.dropFirst()
    return String(decoding: before.reversed(), as: UTF8.self)
  }

  /// Where a name's last ending begins: not at its first and not at its last character.
  private static func dot(_ name: String) -> String.Index? {
    guard let dot = name.utf8.lastIndex(of: 0x2E), dot != name.startIndex, name.utf8.index(after: dot) != name.endIndex
    else { return nil }
    return dot
  }

  var suffix: String { Self.dot(name).map { String(name[$0...]) } ?? "" }
  var stem: String { Self.dot(name).map { String(name[..<$0]) } ?? name }

  var suffixes: [String] {
    if name.hasSuffix(".") { return [] }
    return name.drop { $0 == "." }.split(separator: ".", omittingEmptySubsequences: false).dropFirst().map { ".\($0)" }
  }

  // MARK: Others

  /// With another name; the name is a name alone.
  func named(_ name: String) -> String {
    if let authority { return (names.count < 2 ? authority : parent) + "/" + name }
    let folder = folder == "." ? "" : folder
    return folder.isEmpty || folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  func joined(_ child: String) -> String {
    if PathText(child).isAbsolute { return child }
    var base = text[...]
    while base.hasSuffix("/") { base.removeLast() }
    return base + "/" + child
  }

  /// One path of several parts, of which one with a slash at its beginning begins anew.
  static func tidy(parts: [String]) -> String {
    guard let first = parts.first else { return "." }
    if isAddress(first) { return parts.joined(separator: "/") }
    let from = parts.lastIndex { $0.hasPrefix("/") } ?? 0
    let names = parts[from...].flatMap { $0.split(separator: "/") }.filter { $0 != "." }.joined(separator: "/")
    if parts[from].hasPrefix("/") { return "/" + names }
    return names.isEmpty ? "." : names
  }

  /// Without `.`, and without slashes that say nothing.
  static func tidy(_ text: String) -> String {
    if isAddress(text) { return text }
    let path = PathText(text)
    let names = path.names.filter { $0 != "." }
    return names.isEmpty && path.anchor.isEmpty ? "." : path.anchor + names.joined(separator: "/")
  }

  /// What is left below another path; nil where it does not lie there.
  func relative(to base: String) -> String? {
    guard text.utf8.starts(with: base.utf8) else { return nil }
    let rest = text.utf8.dropFirst(base.utf8.count)
    guard rest.isEmpty || base.hasSuffix("/") || base.hasSuffix("\\") || rest.first == 0x2F || rest.first == 0x5C else {
      return nil
    }
    let below = rest.drop { $0 == 0x2F }.drop { $0 == 0x5C }
    return below.isEmpty ? "." : String(decoding: below, as: UTF8.self)
  }

  // MARK: Frames

  /// A name's stem with a number for its digits, `####`, `%d` or `%04d`, at its end; without such with `_0007` added.
  /// - Throws: for more than 32 places.
  static func numbered(_ stem: String, _ number: Int) throws(OpenJD.ExpressionFault) -> String {
    if let percent = stem.utf8.lastIndex(of: 0x25) {
      let after = stem[stem.utf8.index(after: percent)...]
      if after == "d" { return stem[..<percent] + String(number) }
      if after.hasPrefix("0"), after.hasSuffix("d") {
        return stem[..<percent] + (try padded(number, Int(after.dropFirst().dropLast()) ?? 1))
      }
    }
    let bytes = Array(stem.utf8)
    if let last = bytes.lastIndex(of: 0x23) {
      let first = (bytes[..<last].lastIndex { $0 != 0x23 }).map { $0 + 1 } ?? 0
      return String(decoding: bytes[..<first], as: UTF8.self) + (try padded(number, last - first + 1))
    }
    let digits = bytes.reversed().prefix { (0x30...0x39).contains($0) }.count
    if digits > 0 {
      let number = try padded(number, digits, isBounded: false)
      return String(decoding: bytes.dropLast(digits), as: UTF8.self) + number
    }
    return stem + "_" + (try padded(number, 4))
  }

  private static func padded(
    _ number: Int, _ width: Int, isBounded: Bool = true
  ) throws(OpenJD.ExpressionFault) -> String {
    if isBounded, width > 32 { throw OpenJD.ExpressionFault("a number of \(width) places; at most 32 are allowed") }
    let digits = String(number.magnitude)
    let sign = number < 0 ? "-" : ""
    return sign + String(repeating: "0", count: max(0, width - sign.utf8.count - digits.utf8.count)) + digits
  }
}
