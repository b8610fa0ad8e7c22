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

  package func inputs(_ link: Link) -> [UnitInput] { inputs.filter { $0.input.link == link } }
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
  /// Which units are made from a product.
  package let consumers: [ProductRef: [Int]]
  /// Which units make something that names a product.
  package let referrers: [ProductRef: [Int]]
  /// What a product names by references, directly and through others; whoever is made from it is made from these too.
  package let named: [ProductRef: [NamedProduct]]
  /// Units that could not be ordered, because they feed each other.
  package let cycle: [UnitID]
  /// Products that two units would make; the first one counts.
  package let contested: [(product: ProductRef, units: [UnitID])]

  /// - Parameter casting: the assets in each shot.
  package init(
    pipeline: Pipeline, folders: some Sequence<Folder>, casting: Table<FolderPath, Set<FolderPath>> = [:]
  ) {
    let active = Gathering.active(folders)
    let gathering = Gathering(active, casting: casting)
    var found: [Unit] = []
    for step in pipeline.steps {
      for folder in active where step.folders.matches(folder) {
        guard let unit = StepGraph.unit(step, folder, in: pipeline.project, gathering) else { continue }
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
    consumers = StepGraph.users(of: .dependency, in: units)
    referrers = StepGraph.users(of: .reference, in: units)
    named = StepGraph.named(in: units, producers: producers)
  }

  package func unit(_ id: UnitID) -> Unit? { byID[id].map { units[$0] } }
  package func producer(of product: ProductRef) -> Unit? { producers[product].map { units[$0] } }
  /// The unit that makes a product by a command; nil for what people publish.
  package func maker(of product: ProductRef) -> Unit? {
    producer(of: product).flatMap { $0.step.isHuman ? nil : $0 }
  }

  /// Every product of the graph: what steps take and what they make, sorted.
  package var products: [ProductRef] {
    Set(producers.keys).union(units.flatMap { $0.inputs.flatMap(\.products) }).sorted()
  }

  /// What must be made before a unit is: its dependencies, and what those name. Nil for a unit that is not there.
  package func needs(ofUnit id: UnitID) -> Set<ProductRef>? {
    guard let unit = unit(id) else { return nil }
    let direct = unit.inputs(.dependency).flatMap(\.products)
    return Set(direct + direct.flatMap { (named[$0] ?? []).map(\.product) })
  }

  private static func users(of link: Link, in units: [Unit]) -> [ProductRef: [Int]] {
    var users: [ProductRef: [Int]] = [:]
    for (index, unit) in units.enumerated() {
      for product in Set(unit.inputs(link).flatMap(\.products)) { users[product, default: []].append(index) }
    }
    return users
  }

  private static func unit(
    _ step: Step, _ folder: Folder, in project: ProjectName, _ gathering: Gathering
  ) -> Unit? {
    let inputs = step.inputs.map { input in
      let folders = gathering.folders(of: input.gather, at: folder.path)
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
      for maker in unit.inputs.filter({ $0.input.link != .association }).flatMap(\.products).compactMap({ makers[$0] })
      {
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
