/// A file's name taken apart: `plate.1001.exr` is base `plate.`, digits `1001`, extension `exr`.
///
/// A frame is the last number before the extension.
package struct FileName: Sendable, Hashable {
  package let directory: String
  /// Everything before the frame's digits, without the directory.
  package let base: String
  package let digits: String
  /// Between the frame and the extension; empty for most.
  package let tail: String
  package let fileExtension: String

  package init(_ path: some StringProtocol) {
    let slash = path.lastIndex(of: "/")
    directory = slash.map { String(path[...$0]) } ?? ""
    let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
    var stem = name
    var found = ""
    if let dot = name.lastIndex(of: "."), dot != name.startIndex {
      let suffix = name[name.index(after: dot)...]
      // `plate.1001` has a frame and no extension.
      if !suffix.isEmpty, !suffix.allSatisfy(\.isASCIIDigit) {
        found = String(suffix)
        stem = name[..<dot]
      }
    }
    fileExtension = found
    guard let last = stem.lastIndex(where: \.isASCIIDigit) else {
      (base, digits, tail) = (String(stem), "", "")
      return
    }
    let end = stem.index(after: last)
    var start = last
    while start > stem.startIndex, stem[stem.index(before: start)].isASCIIDigit { start = stem.index(before: start) }
    base = String(stem[..<start])
    digits = String(stem[start..<end])
    tail = String(stem[end...])
  }

  /// Nil for a number that no film has: `notes.20261122.txt` carries a date.
  package var frame: Int? { digits.count <= 9 ? Int(digits).flatMap { FrameSet.limits.contains($0) ? $0 : nil } : nil }

  /// The same name without its frame: what the files of one sequence share.
  package var sequenceKey: String { "\(directory)\(base)#\(tail).\(fileExtension)" }

  /// `####` filled with a frame; as many digits as there are `#`, more where the number needs them.
  package static func fill(_ pattern: String, frame: Int) -> String {
    guard let first = pattern.firstIndex(of: "#") else { return pattern }
    let rest = pattern[first...]
    let end = rest.firstIndex { $0 != "#" } ?? rest.endIndex
    return pattern[..<first] + padded(frame, width: rest[..<end].count) + pattern[end...]
  }

  /// `plate.####.exr` as `plate.%04d.exr`, behind a folder; a percent sign of the path itself is doubled.
  package static func printf(_ folder: String, name: String) -> String {
    guard let first = name.firstIndex(of: "#") else { return folder + name }
    let rest = name[first...]
    let end = rest.firstIndex { $0 != "#" } ?? rest.endIndex
    let width = rest[..<end].count
    return folder.doublingPercents + name[..<first].doublingPercents + "%0\(width)d" + name[end...].doublingPercents
  }

  /// As C's printf writes `%04d`, the sign counted in: a program that is given the pattern writes the same name.
  package static func padded(_ frame: Int, width: Int) -> String {
    let (sign, digits) = (frame < 0 ? "-" : "", String(frame.magnitude))
    return sign + String(repeating: "0", count: max(0, width - sign.count - digits.count)) + digits
  }
}

extension Character {
  package var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

extension StringProtocol {
  fileprivate var doublingPercents: String {
    split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
  }
}
