/// A parsed document with the place of each part, so that errors can point at it.
package indirect enum DocumentNode: Sendable, Hashable {
  case scalar(String, quoted: Bool, DocumentPlace)
  case sequence([DocumentNode], DocumentPlace)
  case mapping([DocumentEntry], DocumentPlace)

  package var place: DocumentPlace {
    switch self {
    case .scalar(_, _, let place), .sequence(_, let place), .mapping(_, let place): place
    }
  }
}

package struct DocumentEntry: Sendable, Hashable {
  package let key: String
  package let keyPlace: DocumentPlace
  /// Whether the key stands in quotes, and so is a text even where it reads like a number.
  package let isKeyQuoted: Bool
  package let value: DocumentNode
  package init(key: String, keyPlace: DocumentPlace, isKeyQuoted: Bool = false, value: DocumentNode) {
    (self.key, self.keyPlace, self.isKeyQuoted, self.value) = (key, keyPlace, isKeyQuoted, value)
  }
}

/// Both from 1, as editors count.
package struct DocumentPlace: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let line: Int
  package let column: Int
  package init(line: Int, column: Int) { (self.line, self.column) = (line, column) }
  package var description: String { "line \(line), column \(column)" }
  package static func < (left: Self, right: Self) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// One thing that is wrong in a pipeline file, and where.
package struct PipelineProblem: Error, Sendable, Hashable, Codable {
  package let code: String
  package let what: String
  package let fix: String
  package let line: Int?
  package let column: Int?

  package init(_ code: ErrorCode, _ what: String, fix: String, at place: DocumentPlace?) {
    (self.code, self.what, self.fix) = (code.rawValue, what, fix)
    (line, column) = (place?.line, place?.column)
  }

  package func error(file: String) -> SluiceError {
    let place = line.map { " line \($0)" + (column.map { ", column \($0)" } ?? "") } ?? ""
    return SluiceError(ErrorCode(rawValue: code) ?? .pipelineShape, what: what, at: file + place, fix: fix)
  }
}
