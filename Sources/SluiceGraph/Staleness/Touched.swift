/// Units that are to be looked at, the first of the graph first.
struct Touched {
  private let graph: StepGraph
  /// By level: nothing is added at or above the one that is looked at.
  private var levels: [[Int]]
  private var level = 0
  /// What is left of the level, or of the folder that is looked at, the first one last.
  private var current: [Int] = []
  /// The folder that is looked at; -1 for none.
  private var folder = -1

  /// Units through whose references was looked.
  private var passed: Set<Int> = []

  init(_ graph: StepGraph) {
    self.graph = graph
    levels = Array(repeating: [], count: graph.levels)
  }

  /// False the second time: who looks through this unit comes after it, and so is still to be looked at.
  mutating func pass(_ unit: Int) -> Bool { passed.insert(unit).inserted }

  mutating func add(_ unit: Int) {
    guard folder >= 0, graph.folderIndex(ofUnit: unit) == folder else { return postpone(unit) }
    var place = current.count
    while place > 0, current[place - 1] < unit { place -= 1 }
    guard place == 0 || current[place - 1] != unit else { return }
    current.insert(unit, at: place)
  }

  mutating func postpone(_ unit: Int) { levels[graph.level(ofUnit: unit)].append(unit) }

  mutating func next() -> Int? {
    while current.isEmpty {
      guard level < levels.count else { return nil }
      current = levels[level].sorted(by: >)
      levels[level] = []
      level += 1
    }
    guard let next = current.popLast() else { return nil }
    while current.last == next { current.removeLast() }
    return next
  }

  // MARK: Folder by folder

  /// All of them, those of each folder together, the first one last.
  mutating func takeFolders() -> [[Int]] {
    var all: [(folder: Int, unit: Int)] = []
    for level in levels.indices where !levels[level].isEmpty {
      for unit in levels[level] { all.append((graph.folderIndex(ofUnit: unit), unit)) }
      levels[level] = []
    }
    all.sort { ($0.folder, $1.unit) < ($1.folder, $0.unit) }
    var folders: [[Int]] = []
    for index in all.indices {
      if index > 0, all[index - 1].folder == all[index].folder {
        if all[index - 1].unit != all[index].unit { folders[folders.count - 1].append(all[index].unit) }
      } else {
        folders.append([all[index].unit])
      }
    }
    return folders
  }

  /// Goes on with the units of a folder, and with whatever is added of it.
  mutating func open(_ units: [Int]) {
    current = units
    folder = units.first.map { graph.folderIndex(ofUnit: $0) } ?? -1
  }
  mutating func nextHere() -> Int? { current.popLast() }
  /// Goes on with what was added of other folders.
  mutating func close() { (current, folder) = ([], -1) }
}
