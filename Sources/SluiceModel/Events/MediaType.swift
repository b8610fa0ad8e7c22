/// What a `Content-Type` says (RFC 9110): type and subtype in lower case, and the character set where it names one.
package struct MediaType: Sendable, Hashable {
  package let essence: String
  package let charset: String?

  /// Nil for what is none.
  package init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(MediaType.trimmed)
    let names = parts[0].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard names.count == 2, names.allSatisfy(MediaType.isToken) else { return nil }
    var charset: String?
    for part in parts.dropFirst() where !part.isEmpty {
      let sides = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, MediaType.isToken(sides[0]), sides[1].allSatisfy({ 0x20..<0x7F ~= $0 }) else {
        return nil
      }
      if MediaType.lowercased(sides[0]) == "charset" {
        charset = MediaType.lowercased(sides[1]).filter { $0 != "\"" }
      }
    }
    (essence, self.charset) = (MediaType.lowercased(parts[0]), charset)
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

  private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
    var text = text
    while text.first == 0x20 || text.first == 0x09 { text.removeFirst() }
    while text.last == 0x20 || text.last == 0x09 { text.removeLast() }
    return text
  }

  private static func lowercased(_ text: Substring.UTF8View) -> String {
    String(decoding: text.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  private static func isToken(_ text: Substring.UTF8View) -> Bool {
    !text.isEmpty
      && text.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}
