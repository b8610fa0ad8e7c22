import FoundationEssentials
import Glibc
import SluiceModel

/// What goes to the terminal: answers to stdout, everything else to stderr.
enum Console {
  /// A number with its noun: "1 event", "2 events".
  static func counted(_ count: some BinaryInteger, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }

  static var wantsJSON: Bool { CommandLine.arguments.contains("--json") }
  static let isTerminal = isatty(2) == 1

  static func complain(_ text: String) {
    FileHandleStandardError.write(text + "\n")
  }

  static func report(_ error: SluiceError) {
    guard wantsJSON else {
      complain("sluice: \(error)")
      return
    }
    complain(StableJSON.text(["error": Failure(error)]))
  }

  static func json(_ value: some Encodable) { print(StableJSON.text(value)) }

  /// Bytes as they are.
  static func write(_ bytes: [UInt8]) {
    flushOutput()
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { return }
      rest = rest.dropFirst(max(0, count))
    }
  }

  /// One line that is written over, on a terminal; nothing elsewhere.
  static func progress(_ text: String) {
    guard isTerminal else { return }
    FileHandleStandardError.write("\r\u{1B}[K" + text)
  }

  static func endProgress() {
    if isTerminal { FileHandleStandardError.write("\r\u{1B}[K") }
  }

  /// Columns, each as wide as its widest text.
  /// - Parameter isSparse: leaves out columns in which no row has anything.
  static func table(_ rows: [[String]], header: [String]? = nil, isSparse: Bool = false) {
    if isSparse {
      let used = (header ?? rows.first ?? []).indices.filter { column in
        rows.contains { $0.count > column && !$0[column].isEmpty }
      }
      let kept = { (row: [String]) in used.map { row[$0] } }
      return table(rows.map(kept), header: header.map(kept))
    }
    let all = (header.map { [$0] } ?? []) + rows
    guard let columns = all.map(\.count).max() else { return }
    let widths = (0..<columns).map { column in all.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    for row in all {
      var line = ""
      for (column, text) in row.enumerated() {
        line += column == row.count - 1 ? text : text + String(repeating: " ", count: widths[column] - text.count + 2)
      }
      print(line.reversed().drop { $0 == " " }.reversed().map { "\($0)" }.joined())
    }
  }

  /// A folder in its project.
  static func place(_ project: ProjectName, _ folder: FolderPath) -> String {
    folder.isRoot ? "\(project)" : "\(project)/\(folder)"
  }

  /// `1 core`, `2 cores`.
  static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  static func bytes(_ count: Int64) -> String {
    ByteWords.text(count)
  }

  static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<9.95: "\((seconds * 10).rounded() / 10) s"
    case ..<60: "\(Int(seconds.rounded())) s"
    case ..<3_600: "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
    default: "\(Int(seconds) / 3_600) h \(Int(seconds) % 3_600 / 60) min"
    }
  }

  static func number(_ number: Int?) -> String { number.map { "v" + FileName.padded($0, width: 3) } ?? "–" }
}

private enum FileHandleStandardError {
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
  }
}

/// A pipe gets each line at once, not when the buffer is full.
func flushOutput() { fflush(nil) }
