import Testing

/// Codes of errors, as declared and as documented.
enum ErrorCodes {
  /// Codes that have no section of their own, and sections that no code has.
  static func findings(source: String, document: String) -> [String] {
    let (codes, sections) = (declared(in: source), documented(in: document))
    return Set(codes).subtracting(sections).sorted().map { "\($0) has no section" }
      + Set(sections).subtracting(codes).sorted().map { "\($0) is no code" }
      + Set(sections.filter { code in sections.count { $0 == code } > 1 }).sorted().map { "\($0) has two sections" }
  }

  /// `case name = "code"`, one a line.
  static func declared(in source: String) -> [String] {
    source.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 4, words[0] == "case", words[2] == "=" else { return nil }
      return String(words[3].dropFirst().dropLast())
    }
  }

  static func documented(in document: String) -> [String] {
    document.split(separator: "\n").filter { $0.hasPrefix("## ") }.map { String($0.dropFirst(3)) }
  }
}

@Suite struct `Every error code` {
  private let source = SourceTree.text(of: "Sources/SluiceModel/Errors/SluiceError.swift")
  private let document = SourceTree.text(of: "docs/reference/errors.md")

  @Test func `has its section in docs/reference/errors.md`() {
    #expect(ErrorCodes.declared(in: source).count > 50)
    #expect(ErrorCodes.findings(source: source, document: document) == [])
  }

  @Test func `says there how it comes and how to mend it`() {
    for section in document.split(separator: "\n## ").dropFirst() {
      for part in ["**Cause.** ", "**Example.** ", "**Fix.** "] {
        #expect(section.contains(part), "\(section.prefix { $0 != "\n" })")
      }
    }
  }

  @Test(arguments: [
    ("  case hole = \"publish.hole\"\n", "# Errors\n", "publish.hole has no section"),
    ("  case hole = \"publish.hole\"\n", "## publish.holes\n## publish.hole\n", "publish.holes is no code"),
    ("  case usage = \"usage\"\n", "## usage\n\n## usage\n", "usage has two sections"),
  ])
  func `is missed where the section is wrong`(source: String, document: String, found: String) {
    #expect(ErrorCodes.findings(source: source, document: document) == [found])
  }
}
