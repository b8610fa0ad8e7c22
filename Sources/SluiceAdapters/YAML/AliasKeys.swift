import SluiceModel

/// Refuses keys with an alias in them: the parser compares the keys of a map with all that they stand for, and an
/// alias of aliases of aliases stands for more than any machine can compare.
///
/// Looks at the text alone, and sees through quotes: no document can hide a key from it.
enum AliasKeys {
  /// - Complexity: O(length).
  static func refuse(_ text: String) throws(PipelineProblem) {
    let bytes = Array(text.utf8)
    // Scripts in a document are full of '&&' and '2>&1', which are no anchors.
    let marks = bytes.indices.lazy.filter { bytes[$0] == UInt8(ascii: "&") && isStart(bytes, $0) }
    let anchors = Set(marks.map { word(bytes, after: $0) }).subtracting([[]])
    guard !anchors.isEmpty else { return }
    var line = 1
    /// For each open bracket whether an alias stands in it.
    var open: [Bool] = []
    var hasAlias = false
    var explicitKey: Int?
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case UInt8(ascii: "\n"): line += 1
      case UInt8(ascii: "["), UInt8(ascii: "{"): open.append(false)
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        guard open.popLast() == true else { continue }
        if !open.isEmpty { open[open.count - 1] = true }
        if isKey(bytes, upTo: index + 1) { throw problem(line) }
      case UInt8(ascii: "*"):
        let name = word(bytes, after: index)
        guard isStart(bytes, index), anchors.contains(name) else { continue }
        hasAlias = true
        if !open.isEmpty { open[open.count - 1] = true }
        if isKey(bytes, upTo: index + 1 + name.count) { throw problem(line) }
      case UInt8(ascii: "?") where isStart(bytes, index): explicitKey = explicitKey ?? line
      default: continue
      }
    }
    if hasAlias, let explicitKey { throw problem(explicitKey) }
  }

  private static func word(_ bytes: [UInt8], after index: Int) -> [UInt8] {
    Array(
      bytes[(index + 1)...].prefix {
        switch $0 {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
      })
  }

  /// Whether a new value can begin here.
  private static func isStart(_ bytes: [UInt8], _ index: Int) -> Bool {
    // Bytes from 0x80 end the line breaks that are not ASCII.
    index == 0 || bytes[index - 1] >= 0x80 || Array(" \t\r\n[]{},-?:".utf8).contains(bytes[index - 1])
  }

  private static func isKey(_ bytes: [UInt8], upTo end: Int) -> Bool {
    bytes[end...].first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } == UInt8(ascii: ":")
  }

  private static func problem(_ line: Int) -> PipelineProblem {
    PipelineProblem(
      .pipelineShape, "a key must be plain text, not an alias", fix: "write the key out",
      at: DocumentPlace(line: line, column: 1))
  }
}
