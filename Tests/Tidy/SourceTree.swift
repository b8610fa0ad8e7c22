import FoundationEssentials

/// The package as it lies on disk, found from where this file stands.
enum SourceTree {
  static let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" }

  /// Every Swift file that people wrote, sorted by path.
  static let files =
    paths
    .filter { $0.hasSuffix(".swift") }
    .map { SwiftFile(path: $0, text: text(of: $0)) }

  static var sources: [SwiftFile] { files.filter { $0.path.hasPrefix("Sources/") } }

  /// Folders that hold Swift files, and those above them.
  static let folders = Set(
    files.flatMap { file in
      sequence(first: file.path[...], next: parent).dropFirst().map(String.init)
    }
  ).sorted()

  static func text(of path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: "\(root)/\(path)") ?? Data(), as: UTF8.self)
  }

  private static let paths =
    ["Package.swift"]
    + ["Plugins", "Sources", "Tests"].flatMap { folder in
      ((try? FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")) ?? []).sorted().map {
        "\(folder)/\($0)"
      }
    }

  private static func parent(_ path: Substring) -> Substring? {
    path.lastIndex(of: "/").map { path[..<$0] }
  }
}
