import Testing

/// Bounds, as declared and as tested.
enum TestedLimits {
  /// `static let name`, one a line.
  static func declared(in source: String) -> [String] {
    source.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.starts(with: ["package", "static", "let"]), words.count > 3 else { return nil }
      return String(words[3].prefix { $0 != ":" })
    }
  }

  static func untested(source: String, tests: String) -> [String] {
    let named = Set(tests.split { !($0.isLetter || $0.isNumber || $0 == ".") }.map(String.init))
    return declared(in: source).filter { !named.contains("Limits.\($0)") }
  }
}

@Suite struct `Every limit` {
  @Test func `stands in a test, so that nobody changes one alone`() {
    let source = SourceTree.text(of: "Sources/SluiceModel/Limits.swift")
    #expect(TestedLimits.declared(in: source).count > 100)
    #expect(
      TestedLimits.untested(source: source, tests: SourceTree.text(of: "Tests/SluiceModelTests/LimitsTests.swift"))
        == [])
  }

  @Test func `is found where it has a type, and missed where another one begins with its name`() {
    let source = "  package static let few = 1\n  package static let fewer: Int64 = 2\n  static func few() {}\n"
    #expect(TestedLimits.untested(source: source, tests: "#expect(Limits.fewer > 0)") == ["few"])
  }
}
