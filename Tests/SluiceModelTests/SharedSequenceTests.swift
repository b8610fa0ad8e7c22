import SluiceModel
import Testing

/// What fileseq 3.4.0 says of many names and ranges, from `../shared/data/sequences` beside the package.
///
/// Fileseq knows more than Sluice wants to: steps, subframes, negative frames in names, padding as part of a sequence.
/// What it reads and Sluice does not, Sluice must refuse or leave alone, never read as something else.
private enum SharedSequences {
  static func cases(_ name: String) throws -> [String: JSONValue]? {
    try SharedFiles.decode([String: JSONValue].self, "sequences/\(name).json")
  }
}

extension JSONValue {
  fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
  fileprivate var list: [JSONValue] { if case .array(let list) = self { list } else { [] } }
  fileprivate var number: Int64? { if case .integer(let number) = self { number } else { nil } }
  fileprivate subscript(key: String) -> JSONValue? { if case .object(let fields) = self { fields[key] } else { nil } }
}

@Suite struct `Frame ranges as fileseq has them` {
  private func ranges() throws -> [(text: String, frames: [Int]?, canonical: String)]? {
    try SharedSequences.cases("frame_ranges").map { root in
      (root["cases"]?.list ?? []).map { item in
        let frames = item["frames"]?.list.map { $0.text.flatMap { Int($0) } }
        let whole = item["valid"] == .bool(true) ? frames?.compactMap(\.self) : nil
        let isWhole = whole?.count == frames?.count
        return (item["range"]?.text ?? "", isWhole ? whole : nil, item["normalised"]?.text ?? "")
      }
    }
  }

  /// Whole frames, ascending, without steps and without spaces inside of a range.
  private func applies(_ text: String) -> Bool {
    text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { part in
      guard let match = part.wholeMatch(of: /\s*(-?\d+)(?:-(-?\d+))?\s*/), let first = Int(match.1) else {
        return false
      }
      return match.2.map { Int($0).map { first <= $0 } ?? false } ?? true
    }
  }

  @Test func `have the same frames`() throws {
    guard let ranges = try ranges() else { return }
    let applying = ranges.filter { applies($0.text) }
    #expect(applying.count > 25)
    for range in applying {
      #expect(FrameSet(range.text).map { Array($0.frames) } == range.frames.map { Set($0).sorted() }, "'\(range.text)'")
    }
  }

  @Test func `are written the same way where no step is in them`() throws {
    guard let ranges = try ranges() else { return }
    for range in ranges where applies(range.text) && !range.canonical.contains("x") {
      #expect(FrameSet(range.text)?.description == range.canonical, "'\(range.text)'")
    }
  }

  @Test func `are refused where they have steps, subframes or go backwards`() throws {
    guard let ranges = try ranges() else { return }
    let others = ranges.filter { !applies($0.text) }
    #expect(others.count > 40)
    for range in others { #expect(FrameSet(range.text) == nil, "'\(range.text)'") }
  }
}

@Suite struct `File names as fileseq has them` {
  private struct Pattern {
    let pattern, directory, base, range, suffix, first: String
    let width: Int
    init(_ item: JSONValue) {
      pattern = item["pattern"]?.text ?? ""
      (directory, base) = (item["dirname"]?.text ?? "", item["basename"]?.text ?? "")
      (range, suffix) = (item["range"]?.text ?? "", item["ext"]?.text ?? "")
      (first, width) = (item["first"]?.text ?? "", Int(item["zfill"]?.number ?? 0))
    }
  }

  private func patterns() throws -> [Pattern]? {
    try SharedSequences.cases("patterns").map { ($0["cases"]?.list ?? []).map(Pattern.init) }
  }

  @Test func `have the same frame, extension and rest where they name one file`() throws {
    guard let patterns = try patterns() else { return }
    let names = patterns.filter { $0.pattern == $0.first && $0.range.wholeMatch(of: /\d+/) != nil }
    #expect(names.count > 25)
    for name in names {
      let found = FileName(name.pattern)
      #expect(
        [found.directory + found.base, found.digits, found.tail + "." + found.fileExtension]
          == [name.directory + name.base, name.range, name.suffix], "\(name.pattern)")
    }
  }

  @Test func `are filled the same way, negative frames too`() throws {
    guard let patterns = try patterns() else { return }
    let filled = patterns.compactMap { pattern -> (Pattern, Int)? in
      guard pattern.width > 0, !(pattern.directory + pattern.base).contains("#"), !pattern.range.contains("."),
        let digits = pattern.range.firstMatch(of: /^-?\d+/)?.0, let frame = Int(digits)
      else { return nil }
      return (pattern, frame)
    }
    #expect(filled.count > 50)
    #expect(filled.contains { $0.1 < 0 })
    for (pattern, frame) in filled {
      let marks = pattern.directory + pattern.base + String(repeating: "#", count: pattern.width) + pattern.suffix
      #expect(FileName.fill(marks, frame: frame) == pattern.first, "\(pattern.pattern)")
    }
  }
}

@Suite struct `Folders of sequences as fileseq has them` {
  /// Padding is no part of our sequences, and `-` before a frame is a separator.
  private static let others = ["mixed", "seqneg"]

  private struct Group: Hashable, Comparable {
    let base: String
    let frames: FrameSet
    let rest: String
    static func < (left: Self, right: Self) -> Bool { (left.base, left.rest) < (right.base, right.rest) }
  }

  private func ours(_ names: [String]) -> [Group] {
    Dictionary(grouping: names.map { FileName($0) }.filter { $0.frame != nil }, by: \.sequenceKey).values.map { files in
      Group(
        base: files[0].base, frames: FrameSet(files.compactMap(\.frame)),
        rest: files[0].tail + "." + files[0].fileExtension)
    }.sorted()
  }

  private func theirs(_ text: String) -> Group? {
    guard let match = text.wholeMatch(of: /(.*?)(\d[-\d,x]*)[#@]+(\..*)/) else {
      // A name with one number in it is a sequence to us; fileseq wants the number at the end.
      let name = FileName(text)
      return name.frame.map {
        Group(base: name.base, frames: FrameSet([$0]), rest: name.tail + "." + name.fileExtension)
      }
    }
    let frames = match.2.split(separator: ",").flatMap { part -> [Int] in
      let numbers = part.split { $0 == "-" || $0 == "x" }.compactMap { Int($0) }
      return Array(
        stride(
          from: numbers[0], through: numbers.count > 1 ? numbers[1] : numbers[0], by: numbers.count > 2 ? numbers[2] : 1
        ))
    }
    return Group(base: String(match.1), frames: FrameSet(frames), rest: String(match.3))
  }

  @Test func `fall into the same sequences`() throws {
    guard let root = try SharedSequences.cases("directories"), case .object(let folders) = root["dirs"] else { return }
    #expect(folders.count > 8)
    for (name, folder) in folders where !Self.others.contains(name) {
      let files = (folder["files"]?.list ?? []).compactMap(\.text)
      #expect(
        ours(files) == (folder["sequences"]?.list ?? []).compactMap(\.text).compactMap(theirs).sorted(), "\(name)")
    }
  }
}
