/// Which version of a product is meant: the newest, a version id, a number that people say, or a moving tag.
package enum VersionSelector: Sendable, Hashable {
  case latest
  case id(VersionID)
  case number(Int)
  case tag(String)

  /// Reads what stands behind the `@`: `v-…`, `43`, `v043` or a tag.
  package init(_ text: some StringProtocol, in whole: some StringProtocol) throws(SluiceError) {
    if text == "latest" || text == "v-latest" {
      self = .latest
    } else if let id = VersionID(text) {
      self = .id(id)
    } else if let number = Int(text), number > 0 {
      self = .number(number)
    } else if text.first == "v", let number = Int(text.dropFirst()), number > 0 {
      self = .number(number)
    } else {
      let tag = text.hasPrefix("v-") ? String(text.dropFirst(2)) : String(text)
      try NameRule.require(tag, as: "version or tag", in: whole)
      guard tag.first?.isLetter == true else {
        throw SluiceError(
          .referenceInvalid, what: "'\(tag)' is neither a version, a number nor a tag (tags start with a letter)",
          at: "reference '\(NameRule.printable(whole))'", fix: "use @v-…, @43, @latest or a tag such as @approved")
      }
      self = .tag(tag)
    }
  }
}

extension VersionSelector: CustomStringConvertible {
  package var description: String {
    switch self {
    case .latest: "latest"
    case .id(let id): "\(id)"
    case .number(let number): "\(number)"
    case .tag(let tag): tag
    }
  }
}

extension VersionSelector: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    try self.init(text, in: text)
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A version or a file of a product, as people and hosts write it:
/// `project/folder/…/product[@selector]` or `sluice:///project/folder/…/product/VERSION/file.ext`.
package struct Reference: Sendable, Hashable {
  package let product: ProductRef
  package let selector: VersionSelector
  /// The file inside the version, where the entity form names one.
  package let file: String?

  package init(product: ProductRef, selector: VersionSelector = .latest, file: String? = nil) {
    (self.product, self.selector, self.file) = (product, selector, file)
  }

  /// - Throws: `reference.invalid`.
  package init(_ text: String) throws(SluiceError) {
    guard text.utf8.count <= Limits.referenceBytes else {
      throw SluiceError(
        .referenceInvalid,
        what: "the reference is \(text.utf8.count) bytes long; at most \(Limits.referenceBytes) are allowed",
        at: "reference '\(NameRule.printable(text))'", fix: "write project/folder/product")
    }
    if text.hasPrefix("sluice:") {
      try self.init(entity: text)
      return
    }
    let (path, selector) = try Reference.splitSelector(text)
    self.init(product: try ProductRef(path), selector: selector)
  }

  private static func splitSelector(_ text: String) throws(SluiceError) -> (Substring, VersionSelector) {
    guard let at = text.firstIndex(of: "@") else { return (text[...], .latest) }
    return (text[..<at], try VersionSelector(text[text.index(after: at)...], in: text))
  }

  /// USD folds `sluice:///a` to `sluice:/a`; both are accepted.
  private init(entity text: String) throws(SluiceError) {
    var rest = text.dropFirst("sluice:".count)
    guard rest.hasPrefix("/"), !rest.hasPrefix("//") || rest.hasPrefix("///") else {
      throw SluiceError(
        .referenceInvalid, what: "an entity reference has an empty authority",
        at: "reference '\(NameRule.printable(text))'", fix: "write sluice:///project/folder/product/v-latest/file.ext")
    }
    rest = rest.drop { $0 == "/" }
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
    guard let version = parts.firstIndex(where: { $0.hasPrefix("v-") }) else {
      self.init(product: try ProductRef(rest))
      return
    }
    let inside = parts[(version + 1)...]
    try PathRule.require(inside, in: text)
    self.init(
      product: try ProductRef(parts[..<version].joined(separator: "/")),
      selector: try VersionSelector(parts[version], in: text),
      file: inside.isEmpty ? nil : inside.joined(separator: "/"))
  }
}

/// What a file inside a version may be called: a relative path that cannot leave it.
package enum PathRule {
  package static func require(_ parts: some Collection<Substring>, in whole: String) throws(SluiceError) {
    for part in parts {
      let control = part.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
      guard !part.isEmpty, part != ".", part != "..", !control, part.utf8.count <= 255, !part.contains("\\") else {
        throw SluiceError(
          .pathInvalid, what: "'\(NameRule.printable(part))' cannot be part of a file's path in a version",
          at: "'\(NameRule.printable(whole))'", fix: "use plain relative paths without '..' or control characters")
      }
    }
  }

  package static func require(_ path: String) throws(SluiceError) {
    guard !path.isEmpty, path.utf8.count <= Limits.referenceBytes else {
      throw SluiceError(
        .pathInvalid, what: path.isEmpty ? "a file's path is empty" : "a file's path is too long",
        at: "'\(NameRule.printable(path))'", fix: "give each file a relative path of at most 2,048 bytes")
    }
    try require(path.split(separator: "/", omittingEmptySubsequences: false), in: path)
  }
}
