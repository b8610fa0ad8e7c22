import Testing

/// Types that code declares.
enum Declarations {
  static let keywords = ["struct", "class", "enum", "actor", "protocol", "typealias", "associatedtype"]
  static let emptyEndings = [
    "Manager", "Helper", "Util", "Common", "Data", "Info", "Item", "Processor", "Impl", "Base",
  ]

  static func types(in code: Substring) -> [(keyword: String, name: Substring)] {
    var found: [(String, Substring)] = []
    var words = code.split(separator: " ")[...]
    while let word = words.popFirst() {
      guard let keyword = keywords.first(where: { $0 == word }), let next = words.first else { continue }
      let name = next.drop { $0 == "`" }.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      if name.first?.isUppercase == true { found.append((keyword, name)) }
    }
    return found
  }

  static func findings(in file: SwiftFile) -> [Finding] {
    file.findings { code, _ in types(in: code).compactMap { hasEmptyEnding($0.name) ? "\($0.keyword) \($0.name)" : nil }
    }
  }

  static func hasEmptyEnding(_ name: some StringProtocol) -> Bool {
    emptyEndings.contains { name.hasSuffix($0) || name.hasSuffix($0 + "s") }
  }
}

@Suite struct `Names of types and folders` {
  @Test func `say what a thing is`() {
    #expect(SourceTree.files.count > 100)
    #expect(SourceTree.files.flatMap { file in file.code.flatMap(Declarations.types) }.count > 200)
    #expect(SourceTree.files.flatMap(Declarations.findings) == [])
  }

  @Test func `say what a folder holds`() {
    #expect(SourceTree.folders.count > 30)
    #expect(SourceTree.folders.filter(Declarations.hasEmptyEnding) == [])
  }

  @Test(arguments: [
    "package struct PlanInfo {", "enum StringUtils {", "final class StoreManager: Sendable {", "typealias Item = Int",
    "  private actor WriterImpl {", "protocol TaskProcessor: Sendable {", "indirect enum TreeBase {", "struct Common{",
    "associatedtype RowData", "struct `Data` {",
  ])
  func `refuse an empty ending`(text: String) {
    #expect(Declarations.findings(in: SwiftFile(path: "Sources/A/Planted.swift", text: text)).count == 1)
  }

  @Test(arguments: [
    "extension Data {", "struct Database {", "let item: Item", "func read(class name: Substring)",
    "struct DataFolder {",
    "// struct PlanInfo", "@Suite struct `A plan without data` {", "protocol EventLog: Sendable {",
  ])
  func `refuse nothing else`(text: String) {
    #expect(Declarations.findings(in: SwiftFile(path: "Sources/A/Planted.swift", text: text)) == [])
  }

  @Test(arguments: [
    ("Sources/SluiceEngine/Helper", true), ("Sources/sluice/Utils", true), ("Sources/SluiceModel/Ids", false),
  ])
  func `count for folders too`(path: String, refused: Bool) {
    #expect(Declarations.hasEmptyEnding(path) == refused)
  }
}
