import SluiceModel

/// Lists of numbers, one behind the other: list `i` lies between two entries of `starts`.
struct Lists: Sendable {
  private(set) var starts: [UInt32] = [0]
  private(set) var values: [UInt32] = []

  init() {}

  /// The other way round: for each value below `count` the lists that hold it, ascending.
  init(reversing lists: Lists, count: Int) {
    var starts = [UInt32](repeating: 0, count: count + 1)
    for value in lists.values { starts[Int(value) + 1] += 1 }
    for index in 0..<count { starts[index + 1] += starts[index] }
    var next = starts
    var values = [UInt32](repeating: 0, count: lists.values.count)
    for list in 0..<lists.count {
      for value in lists[list] {
        values[Int(next[Int(value)])] = UInt32(list)
        next[Int(value)] += 1
      }
    }
    (self.starts, self.values) = (starts, values)
  }

  var count: Int { starts.count - 1 }
  subscript(index: Int) -> ArraySlice<UInt32> { values[Int(starts[index])..<Int(starts[index + 1])] }
  func places(of index: Int) -> Range<Int> { Int(starts[index])..<Int(starts[index + 1]) }
  /// Empty where there are no lists at all.
  subscript(ifAny index: Int) -> ArraySlice<UInt32> { count == 0 ? [] : self[index] }
  subscript(range: Range<Int>) -> ArraySlice<UInt32> {
    values[Int(starts[range.lowerBound])..<Int(starts[range.upperBound])]
  }

  /// Goes on with the last list.
  mutating func put(_ value: UInt32) { values.append(value) }
  /// Ends the last list.
  mutating func close() { starts.append(UInt32(values.count)) }
}

/// Which unit makes and takes which product, in numbers.
///
/// A product is numbered by its folder, then its name, so that numbers are in the order of references; a unit by its
/// level, then its step, then its folder.
/// - Complexity: 12 bytes and two numbers for each link of a unit; 12 and the users for each product.
struct GraphNumbers: Sendable {
  static let none = UInt32.max

  var project: ProjectName
  /// Of everything that has a unit or a product, sorted.
  var paths: [FolderPath] = []
  var folderIndex: [FolderPath: UInt32] = [:]
  /// What products are called, sorted.
  var names: [String] = []
  var nameIndex: [String: UInt32] = [:]

  var unitSteps: [UInt32] = []
  var unitFolders: [UInt32] = []
  /// The first unit of each level.
  var levels: [UInt32] = []
  /// Units by step, then folder: where each step's begin, the folder of each, and its number.
  var stepStarts: [UInt32] = []
  var placeFolders: [UInt32] = []
  var ranks: [UInt32] = []

  var productFolders: [UInt32] = []
  var productNames: [UInt32] = []
  /// The first product of each folder, and their count behind the last.
  var folderStarts: [UInt32] = []
  var makers: [UInt32] = []
  var madeCount = 0

  /// A list for each input of each unit.
  var inputs = Lists()
  /// The first of a unit's lists in `inputs`, and their count behind the last.
  var inputStarts: [UInt32] = [0]
  var outputs = Lists()
  /// Units that are made from each product, that only name it, and that only note it; a kind of link that no step has
  /// has no lists.
  var consumers = Lists()
  var referrers = Lists()
  var noters = Lists()

  func inputs(of unit: Int, at place: Int) -> ArraySlice<UInt32> { inputs[Int(inputStarts[unit]) + place] }

  func inputPlaces(of unit: Int, at place: Int) -> Range<Int> { inputs.places(of: Int(inputStarts[unit]) + place) }

  func products(ofFolder folder: UInt32) -> Range<Int> {
    Int(folderStarts[Int(folder)])..<Int(folderStarts[Int(folder) + 1])
  }
  func product(folder: UInt32, name: UInt32) -> Int? { productNames[products(ofFolder: folder)].search(name) }

  func places(ofStep step: Int) -> Range<Int> { Int(stepStarts[step])..<Int(stepStarts[step + 1]) }

  func unit(step: Int, folder: UInt32) -> Int? {
    placeFolders[places(ofStep: step)].search(folder).flatMap { ranks[$0] == GraphNumbers.none ? nil : Int(ranks[$0]) }
  }

  /// All units, makers before users, and otherwise those of a folder together.
  /// - Parameter isOrdered: whether makers come before users, for each input of each step.
  func unitsFolderByFolder(isOrdered: [[Bool]]) -> [Int] {
    // By folder, and within it by number: most makers of a unit are in its folder, and have a smaller one.
    var starts = [UInt32](repeating: 0, count: paths.count + 1)
    for folder in unitFolders { starts[Int(folder) + 1] += 1 }
    for folder in paths.indices { starts[folder + 1] += starts[folder] }
    var sorted = [UInt32](repeating: 0, count: unitFolders.count)
    for unit in unitFolders.indices {
      sorted[Int(starts[Int(unitFolders[unit])])] = UInt32(unit)
      starts[Int(unitFolders[unit])] += 1
    }
    var order: [Int] = []
    order.reserveCapacity(sorted.count)
    var isDone = [Bool](repeating: false, count: sorted.count)
    var waiting: [(unit: Int, isOpen: Bool)] = []
    for unit in sorted where !isDone[Int(unit)] {
      waiting.append((Int(unit), false))
      while let next = waiting.popLast() {
        if next.isOpen {
          order.append(next.unit)
          continue
        }
        if isDone[next.unit] { continue }
        isDone[next.unit] = true
        waiting.append((next.unit, true))
        let (start, ordered) = (Int(inputStarts[next.unit]), isOrdered[Int(unitSteps[next.unit])])
        for place in ordered.indices where ordered[place] {
          for product in inputs[start + place] {
            let maker = makers[Int(product)]
            if maker != GraphNumbers.none, !isDone[Int(maker)] { waiting.append((Int(maker), false)) }
          }
        }
      }
    }
    return order
  }

  func level(of unit: Int) -> Int {
    var (low, high) = (0, levels.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(levels[middle]) <= unit { low = middle } else { high = middle }
    }
    return low
  }
}

extension ArraySlice<UInt32> {
  /// Where a number stands in ascending ones.
  /// - Complexity: O(log count).
  fileprivate func search(_ wanted: UInt32) -> Int? {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < wanted { low = middle + 1 } else { high = middle }
    }
    return low < endIndex && self[low] == wanted ? low : nil
  }
}

// MARK: Two layouts

extension GraphNumbers {
  /// Which unit of one layout is which of another.
  struct Correspondence {
    /// By the number in the earlier one; `none` where it is gone.
    var later: [UInt32]
    /// Units of the later one that are new, take or make something else, or whose inputs another unit makes now.
    var changed: [Int]
  }

  /// - Complexity: O(units + links + folders + names).
  func correspondence(to other: GraphNumbers, steps: [Step], laterSteps: [Step]) -> Correspondence {
    let folders = paths.map { other.folderIndex[$0] ?? GraphNumbers.none }
    let names = names.map { other.nameIndex[$0] ?? GraphNumbers.none }
    let products = productNames.indices.map { index -> UInt32 in
      let (folder, name) = (folders[Int(productFolders[index])], names[Int(productNames[index])])
      guard folder != GraphNumbers.none, name != GraphNumbers.none,
        let product = other.product(folder: folder, name: name)
      else { return GraphNumbers.none }
      return UInt32(product)
    }
    let stepNow = steps.map { step in laterSteps.firstIndex { $0.name == step.name } }
    let isSame = zip(steps, stepNow).map { step, now in now.map { laterSteps[$0] == step } ?? false }
    var later = [UInt32](repeating: GraphNumbers.none, count: unitSteps.count)
    for unit in unitSteps.indices {
      let folder = folders[Int(unitFolders[unit])]
      guard let step = stepNow[Int(unitSteps[unit])], folder != GraphNumbers.none,
        let now = other.unit(step: step, folder: folder)
      else { continue }
      later[unit] = UInt32(now)
    }
    var isKept = [Bool](repeating: false, count: other.unitSteps.count)
    for unit in unitSteps.indices where later[unit] != GraphNumbers.none && isSame[Int(unitSteps[unit])] {
      isKept[Int(later[unit])] = isEqual(unit, Int(later[unit]), other, products: products, units: later)
    }
    return Correspondence(later: later, changed: isKept.indices.filter { !isKept[$0] })
  }

  private func isEqual(
    _ unit: Int, _ now: Int, _ other: GraphNumbers, products: [UInt32], units: [UInt32]
  ) -> Bool {
    let count = Int(inputStarts[unit + 1] - inputStarts[unit])
    for place in 0..<count {
      let (before, after) = (inputs(of: unit, at: place), other.inputs(of: now, at: place))
      guard before.count == after.count else { return false }
      for (old, new) in zip(before, after) {
        guard products[Int(old)] == new else { return false }
        let maker = makers[Int(old)]
        guard (maker == GraphNumbers.none ? maker : units[Int(maker)]) == other.makers[Int(new)],
          maker == GraphNumbers.none || units[Int(maker)] != GraphNumbers.none
        else { return false }
      }
    }
    return outputs[unit].map { products[Int($0)] } == Array(other.outputs[now])
  }
}
