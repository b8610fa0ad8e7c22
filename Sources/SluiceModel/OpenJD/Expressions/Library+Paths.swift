extension OpenJD.Library {
  private typealias Fault = OpenJD.ExpressionFault
  private typealias Value = OpenJD.Value

  static let paths: [(String, [Signature])] = [
    (
      "path",
      [
        Signature("(string) -> path") {
          try $0.spend(bytes: $1[0].text.utf8.count)
          return .path(PathText.tidy($1[0].text))
        },
        Signature("(list[string]) -> path") {
          let parts = $1[0].elements.map(\.text)
          try $0.spend(bytes: parts.reduce(0) { $0 + $1.utf8.count })
          return .path(PathText.tidy(parts: parts))
        },
      ]
    ),
    (
      "__truediv__",
      ["string", "path"].map { type in
        Signature("(path, \(type)) -> path") {
          try $0.spend(bytes: $1[0].text.utf8.count + $1[1].text.utf8.count)
          return .path(PathText($1[0].text).joined($1[1].text))
        }
      }
    ),
    (
      "__add__",
      [
        Signature("(path, string) -> path") {
          try $0.spend(bytes: $1[0].text.utf8.count + $1[1].text.utf8.count)
          return .path($1[0].text + $1[1].text)
        }
      ]
    ),
    ("as_posix", [path("string") { .string($0.text.replacing("\\", with: "/")) }]),
    ("with_name", [renaming("with_name") { _, name in name }]),
    (
      "with_stem",
      [
        renaming("with_stem") { path, stem in
          if stem.isEmpty, !path.suffix.isEmpty { throw Fault("with_stem(): a stem is wanted") }
          return stem + path.suffix
        }
      ]
    ),
    (
      "with_suffix",
      [
        renaming("with_suffix") { path, suffix in
          guard suffix.isEmpty || suffix.hasPrefix(".") && suffix != "." && !suffix.contains("/") else {
            throw Fault("with_suffix(): '\(suffix)' is no ending; write '.exr'")
          }
          return path.stem + suffix
        }
      ]
    ),
    (
      "with_number",
      [
        Signature("(path, int) -> path") { .path(try numbered($1, &$0)) },
        Signature("(string, int) -> string") { .string(try numbered($1, &$0)) },
      ]
    ),
    ("is_absolute", [path("bool") { .bool($0.isAbsolute) }]),
    (
      "is_relative_to",
      ["path", "string"].map { type in
        Signature("(path, \(type)) -> bool") {
          try $0.spend(bytes: max($1[0].text.utf8.count, $1[1].text.utf8.count))
          return .bool(PathText($1[0].text).relative(to: $1[1].text) != nil)
        }
      }
    ),
    (
      "relative_to",
      ["path", "string"].map { type in
        Signature("(path, \(type)) -> path") {
          try $0.spend(bytes: max($1[0].text.utf8.count, $1[1].text.utf8.count))
          guard let below = PathText($1[0].text).relative(to: $1[1].text) else {
            throw Fault("'\($1[0].text)' does not lie in '\($1[1].text)'")
          }
          return .path(below)
        }
      }
    ),
    ("__property_name__", [path("string") { .string($0.name) }]),
    ("__property_stem__", [path("string") { .string($0.stem) }]),
    ("__property_suffix__", [path("string") { .string($0.suffix) }]),
    ("__property_suffixes__", [path("list[string]") { .list($0.suffixes.map { .string($0) }, of: .string) }]),
    ("__property_parent__", [path("path") { .path($0.parent) }]),
    ("__property_parts__", [path("list[string]") { .list($0.parts.map { .string($0) }, of: .string) }]),
  ]

  private static func path(_ result: String, _ map: @escaping @Sendable (PathText) -> Value) -> Signature {
    Signature("(path) -> \(result)") {
      try $0.spend(bytes: $1[0].text.utf8.count)
      return map(PathText($1[0].text))
    }
  }

  private static func renaming(
    _ function: String, _ map: @escaping @Sendable (PathText, String) throws -> String
  ) -> Signature {
    Signature("(path, string) -> path") {
      let path = PathText($1[0].text)
      try $0.spend(bytes: $1[0].text.utf8.count)
      if path.name.isEmpty { throw Fault("\(function)(): the path '\(path.text)' has no name") }
      let name = try map(path, $1[1].text)
      guard !name.isEmpty, name != ".", !name.contains("/") else { throw Fault("\(function)(): '\(name)' is no name") }
      return .path(path.named(name))
    }
  }

  private static func numbered(_ values: [Value], _ budget: inout OpenJD.Budget) throws(Fault) -> String {
    let path = PathText(values[0].text)
    try budget.spend(bytes: path.text.utf8.count)
    if path.name.isEmpty { throw Fault("with_number(): '\(path.text)' has no name") }
    return path.named(try PathText.numbered(path.stem, values[1].number) + path.suffix)
  }
}
