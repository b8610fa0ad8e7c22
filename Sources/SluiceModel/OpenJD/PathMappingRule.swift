extension OpenJD {
  /// Where a path of the machine that a job comes from lies on the machine that runs it.
  ///
  /// Source: "How Jobs Are Run", path mapping; `pathmapping-1.0` files.
  package struct PathMappingRule: Sendable, Hashable, Codable {
    package enum Format: String, Sendable, Hashable, Codable, CaseIterable { case posix = "POSIX", windows = "WINDOWS" }
    package var format: Format
    package var source: String
    package var destination: String

    package init(format: Format, source: String, destination: String) {
      (self.format, self.source, self.destination) = (format, source, destination)
    }

    private enum CodingKeys: String, CodingKey {
      case format = "source_path_format"
      case source = "source_path"
      case destination = "destination_path"
    }

    /// The path on this machine; nil where the rule says nothing of it.
    package func mapped(_ path: String) -> String? {
      let (whole, parts) = (Self.parts(source, format), Self.parts(path, format))
      guard parts.count >= whole.count,
        zip(whole, parts).allSatisfy({ format == .windows ? Self.lowered($0) == Self.lowered($1) : $0 == $1 })
      else { return nil }
      let rest = parts.dropFirst(whole.count)
      let base = destination.count > 1 && destination.hasSuffix("/") ? String(destination.dropLast()) : destination
      var result = base
      for part in rest { result += (result.hasSuffix("/") ? "" : "/") + part }
      let endsInSlash = path.hasSuffix("/") || format == .windows && path.hasSuffix("\\")
      return endsInSlash && !result.hasSuffix("/") ? result + "/" : result
    }

    /// The first of several rules that says something decides.
    package static func map(_ path: String, by rules: [PathMappingRule]) -> String {
      for rule in rules { if let mapped = rule.mapped(path) { return mapped } }
      return path
    }

    /// A path taken apart; the root is a part of its own, so that relative paths match no absolute ones.
    private static func parts(_ path: String, _ format: Format) -> [String] {
      let isSeparator: (Character) -> Bool = { $0 == "/" || format == .windows && $0 == "\\" }
      let names = path.split(whereSeparator: isSeparator).map(String.init).filter { $0 != "." }
      return path.first.map(isSeparator) == true ? ["/"] + names : names
    }

    /// Latin letters only, as the original does: other letters are other names.
    private static func lowered(_ text: String) -> String {
      String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
    }
  }

  /// What a session writes into its file of rules, and what is given on a command line.
  package struct PathMapping: Sendable, Hashable, Codable {
    package static let knownVersion = "pathmapping-1.0"
    package var version: String
    package var rules: [PathMappingRule]
    package init(_ rules: [PathMappingRule]) { (version, self.rules) = (Self.knownVersion, rules) }
    private enum CodingKeys: String, CodingKey {
      case version
      case rules = "path_mapping_rules"
    }
  }
}
