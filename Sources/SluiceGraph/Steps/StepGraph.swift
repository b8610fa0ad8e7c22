package import SluiceModel

/// One step on one folder: what a run works on.
package struct UnitID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let step: String
  package let folder: FolderPath
  package init(step: String, folder: FolderPath) { (self.step, self.folder) = (step, folder) }
  package var description: String { folder.isRoot ? step : "\(folder) \(step)" }
  package static func < (left: Self, right: Self) -> Bool { (left.step, left.folder) < (right.step, right.folder) }
}

/// A unit with its products.
package struct Unit: Sendable, Hashable {
  package let id: UnitID
  package let step: Step
  package let folder: Folder
  package let inputs: [UnitInput]
  /// In the order of the step's outputs.
  package let outputs: [ProductRef]
}

package struct UnitInput: Sendable, Hashable {
  package let input: StepInput
  /// One, or several in the order of their folders where the input is gathered.
  package let products: [ProductRef]
}

/// A pipeline laid over the folders of its project: which step makes which product from which.
package struct StepGraph: Sendable {
  /// Makers before users; equal ones by step order, then folder.
  package let units: [Unit]
  package let byID: [UnitID: Int]
  /// Which unit makes a product.
  package let producers: [ProductRef: Int]
  /// Which units take a product.
  package let consumers: [ProductRef: [Int]]
  /// Units that could not be ordered, because they feed each other.
  package let cycle: [UnitID]
  /// Products that two units would make; the first one counts.
  package let contested: [(product: ProductRef, units: [UnitID])]

  package init(pipeline: Pipeline, folders: some Sequence<Folder>) {
    let active = folders.filter { !$0.omitted }.sorted { $0.path < $1.path }
    let children = Dictionary(grouping: active.filter { !$0.path.isRoot }) { $0.path.parent ?? .root }
    var found: [Unit] = []
    for step in pipeline.steps {
      for folder in active where step.folders.matches(folder) {
        guard let unit = StepGraph.unit(step, folder, in: pipeline.project, children: children) else { continue }
        found.append(unit)
      }
    }
    var makers: [ProductRef: [Int]] = [:]
    for (index, unit) in found.enumerated() {
      for output in unit.outputs { makers[output, default: []].append(index) }
    }
    contested = makers.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
      .map { (product: $0.key, units: $0.value.map { found[$0].id }) }

    let order = StepGraph.order(found, makers: makers.compactMapValues(\.first))
    cycle = Set(found.indices).subtracting(order).map { found[$0].id }.sorted()
    units = order.map { found[$0] }
    byID = Dictionary(uniqueKeysWithValues: units.enumerated().map { ($1.id, $0) })
    producers = Dictionary(
      units.enumerated().flatMap { index, unit in unit.outputs.map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
    var users: [ProductRef: [Int]] = [:]
    for (index, unit) in units.enumerated() {
      for product in Set(unit.inputs.flatMap(\.products)) { users[product, default: []].append(index) }
    }
    consumers = users
  }

  package func unit(_ id: UnitID) -> Unit? { byID[id].map { units[$0] } }
  package func producer(of product: ProductRef) -> Unit? { producers[product].map { units[$0] } }
  /// The unit that makes a product by a command; nil for what people publish.
  package func maker(of product: ProductRef) -> Unit? {
    producer(of: product).flatMap { $0.step.isHuman ? nil : $0 }
  }

  /// Every product of the graph: what steps take and what they make, sorted.
  package var products: [ProductRef] { Set(producers.keys).union(consumers.keys).sorted() }

  private static func unit(
    _ step: Step, _ folder: Folder, in project: ProjectName, children: [FolderPath: [Folder]]
  ) -> Unit? {
    let inputs = step.inputs.map { input in
      let folders = input.gather == .here ? [folder.path] : (children[folder.path] ?? []).map(\.path)
      return UnitInput(input: input, products: folders.compactMap { input.product.ref(in: project, folder: $0) })
    }
    let outputs = step.outputs.compactMap { try? ProductRef(project: project, folder: folder.path, name: $0.product) }
    guard outputs.count == step.outputs.count else { return nil }
    return Unit(
      id: UnitID(step: step.name, folder: folder.path), step: step, folder: folder, inputs: inputs, outputs: outputs)
  }

  /// Kahn's algorithm, always taking the first unit that is ready.
  private static func order(_ units: [Unit], makers: [ProductRef: Int]) -> [Int] {
    var waitsFor = [Set<Int>](repeating: [], count: units.count)
    var feeds = [Set<Int>](repeating: [], count: units.count)
    for (index, unit) in units.enumerated() {
      for maker in unit.inputs.flatMap(\.products).compactMap({ makers[$0] }) {
        waitsFor[index].insert(maker)
        feeds[maker].insert(index)
      }
    }
    var order: [Int] = []
    var ready = units.indices.filter { waitsFor[$0].isEmpty }
    while !ready.isEmpty {
      var next: [Int] = []
      for index in ready {
        order.append(index)
        for user in feeds[index] {
          waitsFor[user].remove(index)
          if waitsFor[user].isEmpty { next.append(user) }
        }
      }
      ready = next.sorted()
    }
    return order
  }
}

extension ProductAddress {
  package func ref(in project: ProjectName, folder: FolderPath) -> ProductRef? {
    switch self {
    case .here(let name): try? ProductRef(project: project, folder: folder, name: name)
    case .absolute(let folder, let name): try? ProductRef(project: project, folder: folder, name: name)
    }
  }
}

extension FolderPattern {
  package func matches(_ folder: Folder) -> Bool {
    switch self {
    case .type(let type): folder.type == type
    case .glob(let pattern): Glob(pattern).matches(folder.path.description)
    }
  }
}
