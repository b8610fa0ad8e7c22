/// What there is to say of units, by their numbers; a copy shares what is the same.
///
/// Three levels of arrays: units of which something is to be said lie side by side, and a look costs three loads.
struct Findings: Sendable {
  private static let width = 64
  private var blocks: [[[Finding?]]] = []

  var isEmpty: Bool { blocks.isEmpty }

  /// Ascending.
  var all: [(unit: Int, finding: Finding)] {
    var found: [(unit: Int, finding: Finding)] = []
    for (high, block) in blocks.enumerated() {
      for (middle, row) in block.enumerated() {
        for (low, finding) in row.enumerated() {
          guard let finding else { continue }
          found.append(((high * Findings.width + middle) * Findings.width + low, finding))
        }
      }
    }
    return found
  }

  /// Ascending.
  var keys: [Int] { all.map(\.unit) }

  subscript(unit: Int) -> Finding? {
    get {
      let (high, middle, low) = Findings.places(of: unit)
      guard high < blocks.count, middle < blocks[high].count, low < blocks[high][middle].count else { return nil }
      return blocks[high][middle][low]
    }
    set {
      let (high, middle, low) = Findings.places(of: unit)
      guard newValue != nil || high < blocks.count && middle < blocks[high].count else { return }
      while blocks.count <= high { blocks.append([]) }
      while blocks[high].count <= middle { blocks[high].append([]) }
      if blocks[high][middle].isEmpty {
        blocks[high][middle] = Array(repeating: nil, count: Findings.width)
      }
      blocks[high][middle][low] = newValue
    }
  }

  private static func places(of unit: Int) -> (Int, Int, Int) {
    (unit / (width * width), unit / width % width, unit % width)
  }
}
