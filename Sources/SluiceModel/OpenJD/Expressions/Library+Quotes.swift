extension OpenJD.Library {
  private typealias Fault = OpenJD.ExpressionFault
  private typealias Value = OpenJD.Value

  static let quotes: [(String, [Signature])] = [
    ("repr_py", all(python)),
    ("repr_json", all(json)),
    ("repr_pwsh", all(powerShell)),
    ("repr_sh", words { value in try Quotes.shell(value) }),
    ("repr_cmd", words { Quotes.batch($0) }),
  ]

  private static func all(_ written: @escaping @Sendable (Value) -> String) -> [Signature] {
    ["int", "float", "string", "bool", "path", "nulltype", "list[T1]", "range_expr"].map { type in
      Signature("(\(type)) -> string") {
        try $0.spend($1[0].elements.count)
        // No character becomes more than six.
        try $0.spend(bytes: $1[0].size &* 6)
        try $0.wants($1[0].size &* 6)
        return .string(written($1[0]))
      }
    }
  }

  private static func words(_ quoted: @escaping @Sendable (String) throws -> String) -> [Signature] {
    ["string", "path", "list[string]", "list[path]", "list[nulltype]"].map { type in
      Signature("(\(type)) -> string") {
        try $0.spend($1[0].elements.count)
        try $0.spend(bytes: $1[0].size &* 6)
        try $0.wants($1[0].size &* 6)
        guard case .list(let elements, _) = $1[0] else { return .string(try quoted($1[0].text)) }
        var words: [String] = []
        for element in elements { words.append(try quoted(element.text)) }
        return .string(words.joined(separator: " "))
      }
    }
  }

  private static func python(_ value: Value) -> String {
    switch value {
    case .null: "None"
    case .bool(let value): value ? "True" : "False"
    case .string(let text), .path(let text): Quotes.python(text)
    case .range(let range): Quotes.python(range.description)
    case .list(let elements, _): "[" + elements.map(python).joined(separator: ", ") + "]"
    case .int, .float, .unknown: value.text
    }
  }

  private static func json(_ value: Value) -> String {
    switch value {
    case .string(let text), .path(let text): Quotes.json(text, isASCII: true)
    case .range(let range): "\"\(range)\""
    case .list(let elements, _): "[" + elements.map(json).joined(separator: ", ") + "]"
    case .null, .bool, .int, .float, .unknown: value.text
    }
  }

  private static func powerShell(_ value: Value) -> String {
    switch value {
    case .null: return "$null"
    case .bool(let value): return value ? "$true" : "$false"
    case .string(let text), .path(let text): return "'" + text.replacing("'", with: "''") + "'"
    case .range(let range): return "'\(range)'"
    case .list(let elements, let type):
      // A list in a list of one would be unfolded without the comma.
      let comma = elements.count == 1 && type.element != nil ? "," : ""
      return "@(" + comma + elements.map(powerShell).joined(separator: ", ") + ")"
    case .int, .float, .unknown: return value.text
    }
  }
}
