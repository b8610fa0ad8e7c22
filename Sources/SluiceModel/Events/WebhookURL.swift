/// The address of a webhook, read strictly: what we check is what we connect to, whatever else a text could mean.
package struct WebhookURL: Sendable, Hashable, CustomStringConvertible {
  package enum Scheme: String, Sendable { case http, https }

  package let scheme: Scheme
  /// In lower case; an IPv6 address without its brackets.
  package let host: String
  package let port: Int
  /// With the query, without a fragment.
  package let path: String

  /// - Throws: `WebhookProblem` for another scheme than http and https, a user or password, a host that is neither a
  ///   DNS name nor an address, a fragment, and anything that is not visible ASCII.
  package init(_ text: String) throws(WebhookProblem) {
    guard text.utf8.count <= Limits.webhookURLBytes else {
      throw WebhookProblem("it is longer than \(Limits.webhookURLBytes) bytes")
    }
    guard text.utf8.allSatisfy({ 0x21..<0x7F ~= $0 && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") }) else {
      throw WebhookProblem("it has a character that no URL has, or a '#'")
    }
    guard let mark = text.firstRange(of: "://") else {
      throw WebhookProblem("it does not begin with http:// or https://")
    }
    guard let scheme = Scheme(rawValue: text[..<mark.lowerBound].lowercased()) else {
      throw WebhookProblem("only http and https are spoken, not '\(NameRule.printable(text[..<mark.lowerBound]))'")
    }
    let rest = text[mark.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard !authority.contains("@") else {
      throw WebhookProblem("it has a user or a password; sign with a secret instead")
    }
    let path = rest[authority.endIndex...]
    (host, port) = try WebhookURL.place(authority, scheme)
    self.scheme = scheme
    self.path = path.hasPrefix("/") ? String(path) : "/" + path
  }

  private init(_ scheme: Scheme, _ host: String, _ port: Int, _ path: String) {
    (self.scheme, self.host, self.port, self.path) = (scheme, host, port, path)
  }

  private static func place(
    _ authority: some StringProtocol, _ scheme: Scheme
  ) throws(WebhookProblem) -> (host: String, port: Int) {
    let isBracketed = authority.hasPrefix("[")
    let end = isBracketed ? authority.firstIndex(of: "]") : authority.firstIndex(of: ":") ?? authority.endIndex
    guard let end else { throw WebhookProblem("its '[' is not closed") }
    let name = (isBracketed ? authority[..<end].dropFirst() : authority[..<end]).lowercased()
    let rest = isBracketed ? authority[end...].dropFirst() : authority[end...]
    let isAllowed = { (byte: UInt8) in
      switch byte {
      case 0x30...0x39, 0x61...0x66, UInt8(ascii: "."): true
      case UInt8(ascii: ":"): isBracketed
      case 0x67...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): !isBracketed
      default: false
      }
    }
    guard !name.isEmpty, name.utf8.count <= 253, name.utf8.allSatisfy(isAllowed), name.contains(":") == isBracketed
    else {
      throw WebhookProblem("its host is neither a name nor an address")
    }
    if rest.isEmpty { return (name, scheme == .https ? 443 : 80) }
    guard rest.hasPrefix(":"), rest.dropFirst().utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
      let port = Int(rest.dropFirst()), (1...65_535).contains(port)
    else { throw WebhookProblem("its port is no number from 1 to 65535") }
    return (name, port)
  }

  /// Where a redirect leads.
  /// - Throws: `WebhookProblem` for another host, and for less safety than before.
  package func redirected(to location: String) throws(WebhookProblem) -> WebhookURL {
    let next: WebhookURL
    if location.contains("://") {
      next = try WebhookURL(location)
    } else if location.hasPrefix("//") {
      next = try WebhookURL("\(scheme.rawValue):\(location)")
    } else {
      let bare = path.prefix { $0 != "?" }
      let stem =
        location.hasPrefix("/") ? "" : location.hasPrefix("?") ? String(bare) : String(bare.untilLastSlash)
      next = try WebhookURL(origin + stem + location)
    }
    guard next.host == host else { throw WebhookProblem("it redirects to another host, '\(next.host)'") }
    guard scheme == .http || next.scheme == .https else { throw WebhookProblem("it redirects from https to http") }
    return next
  }

  private var origin: String {
    "\(scheme.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }

  package var description: String { origin + path }
}

extension Substring {
  /// A path's folder, with its slash.
  fileprivate var untilLastSlash: Substring { lastIndex(of: "/").map { self[...$0] } ?? self }
}
