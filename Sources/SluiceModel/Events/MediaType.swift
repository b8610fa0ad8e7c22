/// What a `Content-Type` says (RFC 9110): type and subtype in lower case, and the character set where it names one.
package struct MediaType: Sendable, Hashable {
  package let essence: String
  package let charset: String?

  /// Nil for what is none.
  package init?(_ text: String) {
    let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(MediaType.trimmed)
    let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, names.allSatisfy(MediaType.isToken) else { return nil }
    var charset: String?
    for part in parts.dropFirst() where !part.isEmpty {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, MediaType.isToken(sides[0]), sides[1].utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) else {
        return nil
      }
      if sides[0].lowercased() == "charset" { charset = sides[1].filter { $0 != "\"" }.lowercased() }
    }
    (essence, self.charset) = (parts[0].lowercased(), charset)
  }

  /// RFC 6839: its own names, and everything that is written in it.
  package var isJSON: Bool {
    essence == "application/json" || essence == "text/json" || essence.hasSuffix("+json")
  }

  /// Whether people can read it, where its bytes are UTF-8.
  package var isText: Bool {
    essence.hasPrefix("text/") || essence == "application/xml" || essence.hasSuffix("+xml")
  }

  /// Whether its text is UTF-8, as far as it says.
  package var isUTF8: Bool { charset == nil || charset == "utf-8" || charset == "us-ascii" }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }

  private static func isToken(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        0x21..<0x7F ~= byte && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
      }
  }
}
