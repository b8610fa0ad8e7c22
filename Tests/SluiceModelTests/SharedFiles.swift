import FoundationEssentials
import SluiceModel

/// Files of `../shared/data` beside the package, where that folder is.
enum SharedFiles {
  static let root = #filePath.split(separator: "/").dropLast(4).reduce(into: "") { $0 += "/\($1)" } + "/shared/data/"

  /// Nil where the file is not there; the test says so and ends.
  static func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value? {
    guard let bytes = FileManager.default.contents(atPath: root + path) else {
      print("skipped: no shared data")
      return nil
    }
    return try StableJSON.decode(type, from: bytes)
  }
}
