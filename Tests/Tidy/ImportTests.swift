import Testing

/// Which target may import what: the table of layers in ARCHITECTURE.md and the records in docs/decisions.
enum ImportMap {
  static let allowed: [String: Set<String>] = [
    "SluiceModel": ["FoundationEssentials", "Crypto", "Glibc"],
    "SluiceGraph": ["SluiceModel", "FoundationEssentials", "HashTreeCollections"],
    "SluicePolicy": ["SluiceModel"],
    "SluiceEngine": [
      "SluiceModel", "SluiceGraph", "SluicePolicy", "ServiceLifecycle", "Logging", "Synchronization",
      "FoundationEssentials",
    ],
    "SluiceStorage": [
      "SluiceModel", "SluiceGraph", "GRDB", "FoundationEssentials", "Glibc", "Dispatch", "Synchronization",
    ],
    "SluiceAdapters": [
      "SluiceModel", "CSluiceProcess", "Subprocess", "SystemPackage", "Yams", "AsyncHTTPClient", "NIOCore", "NIOHTTP1",
      "NIOPosix", "NIOSSL", "FoundationEssentials", "Glibc", "Synchronization",
    ],
    "SluiceServer": [
      "SluiceModel", "SluiceGraph", "SluicePolicy", "SluiceEngine", "Hummingbird", "HTTPTypes", "NIOCore",
      "FoundationEssentials",
    ],
    "SluiceTestKit": [
      "SluiceModel", "SluiceGraph", "SluicePolicy", "SluiceEngine", "SluiceStorage", "ServiceLifecycle", "Logging",
      "Synchronization", "FoundationEssentials",
    ],
  ]

  /// Wires everything together.
  static let open: Set<String> = ["sluice"]

  /// Modules that one file stands in front of, everywhere or in one target.
  static let onlyIn = [
    "HashTreeCollections": "Sources/SluiceGraph/Registry/Table.swift",
    // For `pow` alone, which the standard library lacks.
    "SluiceModel/Glibc": "Sources/SluiceModel/OpenJD/Expressions/Power.swift",
  ]

  static func findings(in file: SwiftFile) -> [Finding] {
    guard !open.contains(file.target) else { return [] }
    guard let allowed = allowed[file.target] else {
      return [Finding(path: file.path, line: 1, what: "target \(file.target) is not in the import map")]
    }
    return file.findings { code, _ in
      modules(imported: code).compactMap { module in
        if !allowed.contains(module) { return "\(file.target) may not import \(module)" }
        if let place = onlyIn["\(file.target)/\(module)"] ?? onlyIn[module], place != file.path {
          return "\(module) is imported in \(place) only"
        }
        return nil
      }
    }
  }

  static func modules(imported code: Substring) -> [String] {
    code.split(separator: ";").compactMap { statement in
      var words = statement.split(separator: " ")[...]
      while let word = words.first, word.hasPrefix("@") || levels.contains(word) { words = words.dropFirst() }
      guard words.popFirst() == "import" else { return nil }
      if let word = words.first, kinds.contains(word) { words = words.dropFirst() }
      return words.first.map { String($0.prefix { $0 != "." }) }
    }
  }

  private static let levels: Set<Substring> = ["package", "public", "internal", "fileprivate", "private"]
  private static let kinds: Set<Substring> = [
    "struct", "class", "enum", "protocol", "typealias", "func", "var", "let",
  ]
}

@Suite struct `The import map` {
  @Test func `holds for every file of Sources`() {
    let files = SourceTree.sources
    #expect(files.count > 80)
    #expect(files.flatMap(ImportMap.findings) == [])
  }

  @Test func `has every target, and no target that is gone`() {
    #expect(Set(SourceTree.sources.map(\.target)) == Set(ImportMap.allowed.keys).union(ImportMap.open))
  }

  @Test(arguments: [
    ("SluiceModel", "import Foundation"),
    ("SluiceModel", "package import SluiceGraph"),
    ("SluiceModel", "import Glibc"),
    ("SluiceGraph", "private import struct GRDB.Row"),
    ("SluiceGraph", "import HashTreeCollections"),
    ("SluicePolicy", "@preconcurrency import SluiceEngine"),
    ("SluiceEngine", "import SluiceStorage"),
    ("SluiceEngine", "import SluiceModel; import SluiceAdapters"),
    ("SluiceStorage", "import NIOCore"),
    ("SluiceAdapters", "import SluiceGraph"),
    ("SluiceServer", "import SluiceStorage"),
    ("SluiceTestKit", "import Glibc"),
    ("SluiceNew", "import SluiceModel"),
  ])
  func `refuses an arrow that points up, or out`(target: String, text: String) {
    let file = SwiftFile(path: "Sources/\(target)/Folder/Planted.swift", text: text)
    #expect(ImportMap.findings(in: file).count == 1)
  }

  @Test func `lets a module through where it belongs, and in words`() {
    let table = SwiftFile(path: "Sources/SluiceGraph/Registry/Table.swift", text: "import HashTreeCollections")
    let words = SwiftFile(
      path: "Sources/SluiceModel/Ids/Planted.swift", text: "// import GRDB\nlet a = \"import GRDB\"")
    #expect(ImportMap.findings(in: table) + ImportMap.findings(in: words) == [])
  }
}
