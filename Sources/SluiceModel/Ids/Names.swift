/// What a project, a folder, a product, a tag or a representation may be called.
///
/// Names become parts of paths in the store and of USD asset paths, on every file system:
/// ASCII letters, digits, `_`, `-` and `.`; the first a letter, a digit or `_`; at most `Limits.nameBytes`;
/// never beginning with `v-`, which marks a version in an entity reference.
package enum NameRule {
  package static func problem(in name: some StringProtocol) -> String? {
    if name.isEmpty { return "it is empty" }
    if name.utf8.count > Limits.nameBytes {
      return "it is \(name.utf8.count) bytes long, and at most \(Limits.nameBytes) are allowed"
    }
    if name == ".." || name == "." { return "'\(name)' is not a name" }
    for scalar in name.unicodeScalars where !isAllowed(scalar) {
      let shown = scalar.value < 0x20 || scalar.value == 0x7F ? "a control character" : "'\(scalar)'"
      return "it has \(shown), and only letters, digits, '_', '-' and '.' are allowed"
    }
    if name.first == "." || name.first == "-" { return "it begins with '\(name.prefix(1))'" }
    if name.hasPrefix("v-") { return "it begins with 'v-', which marks a version" }
    return nil
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E: true
    default: false
    }
  }

  package static func require(
    _ name: some StringProtocol, as noun: String, in whole: some StringProtocol
  ) throws(SluiceError) {
    guard let problem = problem(in: name) else { return }
    throw SluiceError(
      .referenceInvalid, what: "'\(printable(name))' cannot name a \(noun): \(problem)",
      at: "reference '\(printable(whole))'",
      fix: "write references as project/folder/product, for example demo/sq010/sh0010/plate")
  }

  /// Text from outside made fit for a message: no control characters, not longer than a line.
  package static func printable(_ text: some StringProtocol, atMost count: Int = 80) -> String {
    var shown = String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(count).map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }))
    if text.unicodeScalars.dropFirst(count).first != nil { shown += "…" }
    return shown
  }
}

/// The name of a project (a show).
package struct ProjectName: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let description: String

  package init(_ text: some StringProtocol) throws(SluiceError) {
    try NameRule.require(text, as: "project", in: text)
    description = String(text)
  }

  /// A name that was checked before it was stored.
  package init(stored: String) { description = stored }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
  package init(from decoder: any Decoder) throws {
    description = try decoder.singleValueContainer().decode(String.self)
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Where a sequence, shot or asset stands below its project, such as `sq010/sh0010`; empty for the project itself.
package struct FolderPath: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let description: String

  package static let root = FolderPath(stored: "")

  package init(_ text: some StringProtocol) throws(SluiceError) {
    let parts = text.isEmpty ? [] : text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= Limits.folderDepth else {
      throw SluiceError(
        .referenceInvalid, what: "the folder is \(parts.count) levels deep; at most \(Limits.folderDepth) are allowed",
        at: "folder '\(NameRule.printable(text))'", fix: "use fewer levels")
    }
    for part in parts { try NameRule.require(part, as: "folder", in: text) }
    description = String(text)
  }

  /// A path that was checked before it was stored.
  package init(stored: String) { description = stored }

  package var isRoot: Bool { description.isEmpty }
  package var parts: [Substring] { description.split(separator: "/") }
  package var name: String { parts.last.map(String.init) ?? "" }

  package var parent: FolderPath? {
    guard !isRoot else { return nil }
    guard let slash = description.lastIndex(of: "/") else { return .root }
    return FolderPath(stored: String(description[..<slash]))
  }

  /// The folders above, nearest first, without the project's root.
  package var ancestors: [FolderPath] {
    Array(sequence(first: self, next: \.parent).dropFirst().prefix { !$0.isRoot })
  }

  package func isInside(_ other: FolderPath) -> Bool {
    other.isRoot || description == other.description || description.hasPrefix(other.description + "/")
  }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
  package init(from decoder: any Decoder) throws {
    description = try decoder.singleValueContainer().decode(String.self)
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A product: a named stream of versions in a folder, written `project/folder/…/product`.
package struct ProductRef: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let project: ProjectName
  package let folder: FolderPath
  package let name: String

  package init(project: ProjectName, folder: FolderPath, name: some StringProtocol) throws(SluiceError) {
    try NameRule.require(name, as: "product", in: name)
    (self.project, self.folder, self.name) = (project, folder, String(name))
  }

  /// Of a name that was checked before.
  package init(stored project: ProjectName, folder: FolderPath, name: String) {
    (self.project, self.folder, self.name) = (project, folder, name)
  }

  /// Reads `project/folder/…/product`; the shortest has a project and a product.
  package init(_ text: some StringProtocol) throws(SluiceError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 2 else {
      throw SluiceError(
        .referenceInvalid, what: "a product needs at least a project and a name",
        at: "reference '\(NameRule.printable(text))'",
        fix: "write project/folder/product, for example demo/sq010/sh0010/plate")
    }
    project = try ProjectName(parts[0])
    for part in parts.dropFirst().dropLast() { try NameRule.require(part, as: "folder", in: text) }
    folder = try FolderPath(parts[1..<(parts.count - 1)].joined(separator: "/"))
    name = String(parts[parts.count - 1])
    try NameRule.require(name, as: "product", in: text)
  }

  package var description: String {
    folder.isRoot ? "\(project)/\(name)" : "\(project)/\(folder)/\(name)"
  }
  /// The product without its project, as people in the show say it.
  package var spoken: String { folder.isRoot ? name : "\(folder)/\(name)" }

  package static func < (left: Self, right: Self) -> Bool {
    (left.project, left.folder, left.name) < (right.project, right.folder, right.name)
  }
}

extension ProductRef: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    try self.init(text)
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
