import SluiceModel

/// Lays a pipeline over folders: finds the units, numbers their products, and puts makers before users.
struct GraphLaying {
  /// What a step takes and makes, with names as numbers; nil for a name that no product can have.
  private struct Template {
    enum Source {
      case here(UInt32)
      case elsewhere(folder: UInt32, name: UInt32)
      case gathered(StepInput, ProductPlace)
      case nothing
    }
    enum ProductPlace {
      case there(UInt32)
      case elsewhere(folder: UInt32, name: UInt32)
    }
    var inputs: [Source] = []
    var outputs: [UInt32] = []
  }

  private let steps: [Step]
  private var layout: GraphNumbers
  private var templates: [Template?] = []
  private let gathering: Gathering
  /// Units by step, then folder.
  private var foundSteps: [UInt32] = []
  private var foundFolders: [UInt32] = []

  init(
    pipeline: Pipeline, folders: some Sequence<Folder>, casting: Table<FolderPath, Set<FolderPath>>
  ) {
    steps = pipeline.steps
    layout = GraphNumbers(project: pipeline.project)
    let active = Gathering.active(folders)
    gathering = Gathering(active, casting: casting)
    nameEverything(active)
    templates = steps.map { template(of: $0) }
    find(active)
    number()
    link()
  }

  /// Products that two units would make.
  var contested: [(product: ProductRef, units: [UnitID])] {
    let makers = Lists(reversing: layout.outputs, count: layout.productNames.count)
    return (0..<makers.count).filter { makers[$0].count > 1 }.map { product in
      (
        product: ProductRef(
          stored: layout.project, folder: layout.paths[Int(layout.productFolders[product])],
          name: layout.names[Int(layout.productNames[product])]),
        units: makers[product].map { id(Int($0)) }
      )
    }
  }

  private func id(_ found: Int) -> UnitID {
    UnitID(step: steps[Int(foundSteps[found])].name, folder: layout.paths[Int(foundFolders[found])])
  }

  // MARK: Names

  private mutating func nameEverything(_ active: [Folder]) {
    var paths = active.map(\.path)
    var names: Set<String> = []
    for step in steps {
      for output in step.outputs { names.insert(output.product) }
      for input in step.inputs {
        switch input.product {
        case .here(let name): names.insert(name)
        case .absolute(let folder, let name):
          names.insert(name)
          paths.append(folder)
        }
      }
    }
    if paths.count > active.count {
      let unique = Set(paths)
      paths = unique.sorted()
    }
    layout.paths = paths
    layout.folderIndex = Dictionary(
      uniqueKeysWithValues: paths.enumerated().map { ($1, UInt32($0)) })
    layout.names = names.filter { NameRule.problem(in: $0) == nil }.sorted()
    layout.nameIndex = Dictionary(uniqueKeysWithValues: layout.names.enumerated().map { ($1, UInt32($0)) })
  }

  private func template(of step: Step) -> Template? {
    var template = Template()
    for output in step.outputs {
      guard let name = layout.nameIndex[output.product] else { return nil }
      template.outputs.append(name)
    }
    for input in step.inputs {
      let place: Template.ProductPlace
      switch input.product {
      case .here(let text):
        guard let name = layout.nameIndex[text] else {
          template.inputs.append(.nothing)
          continue
        }
        place = .there(name)
      case .absolute(let path, let text):
        guard let name = layout.nameIndex[text], let folder = layout.folderIndex[path] else {
          template.inputs.append(.nothing)
          continue
        }
        place = .elsewhere(folder: folder, name: name)
      }
      switch (input.gather, place) {
      case (.here, .there(let name)): template.inputs.append(.here(name))
      case (.here, .elsewhere(let folder, let name)): template.inputs.append(.elsewhere(folder: folder, name: name))
      default: template.inputs.append(.gathered(input, place))
      }
    }
    return template
  }

  // MARK: Units

  private mutating func find(_ active: [Folder]) {
    var byType: [String: [UInt32]] = [:]
    let numbers = active.map { layout.folderIndex[$0.path] ?? GraphNumbers.none }
    for (folder, number) in zip(active, numbers) { byType[folder.type, default: []].append(number) }
    layout.stepStarts = [0]
    for (index, step) in steps.enumerated() {
      if templates[index] != nil {
        let matching: [UInt32]
        switch step.folders {
        case .type(let type): matching = byType[type] ?? []
        case .glob(let pattern):
          let glob = Glob(pattern)
          matching = zip(active, numbers).filter { glob.matches($0.0.path.description) }.map(\.1)
        }
        foundFolders += matching
        foundSteps += repeatElement(UInt32(index), count: matching.count)
      }
      layout.stepStarts.append(UInt32(foundFolders.count))
    }
  }

  /// Calls with every product that a unit takes, with the place of its input, and then with those that it makes.
  private func forEachProduct(
    ofUnit found: Int, input: (Int, UInt32, UInt32) -> Void, output: (UInt32, UInt32) -> Void
  ) {
    let folder = foundFolders[found]
    guard let template = templates[Int(foundSteps[found])] else { return }
    for (place, source) in template.inputs.enumerated() {
      switch source {
      case .here(let name): input(place, folder, name)
      case .elsewhere(let folder, let name): input(place, folder, name)
      case .nothing: continue
      case .gathered(let step, let product):
        for path in gathering.folders(of: step.gather, at: layout.paths[Int(folder)]) {
          switch product {
          case .elsewhere(let folder, let name): input(place, folder, name)
          case .there(let name):
            if let child = layout.folderIndex[path] { input(place, child, name) }
          }
        }
      }
    }
    for name in template.outputs { output(folder, name) }
  }

  // MARK: Products

  private mutating func number() {
    var counts = [UInt32](repeating: 0, count: layout.paths.count + 1)
    for unit in foundFolders.indices {
      forEachProduct(
        ofUnit: unit, input: { _, folder, _ in counts[Int(folder) + 1] += 1 },
        output: { folder, _ in counts[Int(folder) + 1] += 1 })
    }
    for folder in layout.paths.indices { counts[folder + 1] += counts[folder] }
    var next = counts
    var all = [UInt32](repeating: 0, count: Int(counts.last ?? 0))
    func put(_ folder: UInt32, _ name: UInt32) {
      all[Int(next[Int(folder)])] = name
      next[Int(folder)] += 1
    }
    for unit in foundFolders.indices {
      forEachProduct(ofUnit: unit, input: { put($1, $2) }, output: { put($0, $1) })
    }
    layout.folderStarts = [0]
    for folder in layout.paths.indices {
      all[Int(counts[folder])..<Int(counts[folder + 1])].sort()
      var last = GraphNumbers.none
      for name in all[Int(counts[folder])..<Int(counts[folder + 1])] where name != last {
        layout.productNames.append(name)
        layout.productFolders.append(UInt32(folder))
        last = name
      }
      layout.folderStarts.append(UInt32(layout.productNames.count))
    }
  }

  private func product(_ folder: UInt32, _ name: UInt32) -> UInt32 {
    layout.product(folder: folder, name: name).map { UInt32($0) } ?? GraphNumbers.none
  }

  /// Links of the units as they were found.
  private mutating func link() {
    var (inputs, outputs, starts) = (Lists(), Lists(), [UInt32(0)])
    for unit in foundFolders.indices {
      let count = templates[Int(foundSteps[unit])]?.inputs.count ?? 0
      var closed = 0
      forEachProduct(
        ofUnit: unit,
        input: { place, folder, name in
          while closed < place {
            inputs.close()
            closed += 1
          }
          inputs.put(product(folder, name))
        }, output: { folder, name in outputs.put(product(folder, name)) })
      for _ in closed..<count { inputs.close() }
      outputs.close()
      starts.append(starts[unit] + UInt32(count))
    }
    (layout.inputs, layout.outputs, layout.inputStarts) = (inputs, outputs, starts)
  }

  // MARK: Order

  /// The layout with its units in order, and those that cannot be ordered, because they feed each other.
  mutating func ordered() -> (GraphNumbers, cycle: [UnitID]) {
    var order = ranked()
    var cycle: [UnitID] = []
    if order.count < foundFolders.count {
      let kept = Set(order)
      cycle = foundFolders.indices.filter { !kept.contains($0) }.map { id($0) }.sorted()
      drop(allBut: kept)
      order = ranked()
    }
    arrange(order)
    return (layout, cycle)
  }

  private mutating func drop(allBut kept: Set<Int>) {
    var starts: [UInt32] = [0]
    var (steps, folders): ([UInt32], [UInt32]) = ([], [])
    for step in self.steps.indices {
      for place in layout.places(ofStep: step) where kept.contains(place) {
        steps.append(foundSteps[place])
        folders.append(foundFolders[place])
      }
      starts.append(UInt32(folders.count))
    }
    (foundSteps, foundFolders, layout.stepStarts) = (steps, folders, starts)
    (layout.productNames, layout.productFolders) = ([], [])
    number()
    link()
  }

  /// Kahn's algorithm, always taking the first unit that is ready; also says where each level begins.
  private mutating func ranked() -> [Int] {
    let count = foundFolders.count
    let products = layout.productNames.count
    var makers = [UInt32](repeating: GraphNumbers.none, count: products)
    for unit in (0..<count).reversed() { for product in layout.outputs[unit] { makers[Int(product)] = UInt32(unit) } }
    let users = Lists(reversing: taken((0..<count).lazy.map { $0 }) { $0 != .association }, count: products)
    var waitsFor = [UInt32](repeating: 0, count: count)
    for product in 0..<products where makers[product] != GraphNumbers.none {
      for user in users[product] { waitsFor[Int(user)] += 1 }
    }
    var order: [Int] = []
    order.reserveCapacity(count)
    layout.levels = []
    var ready = (0..<count).filter { waitsFor[$0] == 0 }
    while !ready.isEmpty {
      layout.levels.append(UInt32(order.count))
      order += ready
      var next: [Int] = []
      for unit in ready {
        for product in layout.outputs[unit] where makers[Int(product)] == UInt32(unit) {
          for user in users[Int(product)] {
            waitsFor[Int(user)] -= 1
            if waitsFor[Int(user)] == 0 { next.append(Int(user)) }
          }
        }
      }
      ready = next.sorted()
    }
    return order
  }

  /// What units take by some kinds of link, each product once.
  private func taken(_ units: some Sequence<Int>, _ belongs: (Link) -> Bool) -> Lists {
    let places = steps.map { step in step.inputs.indices.filter { belongs(step.inputs[$0].link) } }
    var lists = Lists()
    for unit in units {
      let (start, mine) = (Int(layout.inputStarts[unit]), places[Int(foundSteps[unit])])
      let all = mine.count == 1 ? Array(layout.inputs[start + mine[0]]) : mine.flatMap { layout.inputs[start + $0] }
      if all.count < 16 {
        for index in all.indices where !all[..<index].contains(all[index]) { lists.put(all[index]) }
      } else {
        for product in Set(all) { lists.put(product) }
      }
      lists.close()
    }
    return lists
  }

  /// Which units take each product by a kind of link; no lists where no step has it.
  private func users(by link: Link, _ order: [Int]) -> Lists {
    guard steps.contains(where: { $0.inputs.contains { $0.link == link } }) else { return Lists() }
    return Lists(reversing: taken(order) { $0 == link }, count: layout.productNames.count)
  }

  private mutating func arrange(_ order: [Int]) {
    var ranks = [UInt32](repeating: GraphNumbers.none, count: foundFolders.count)
    for (rank, found) in order.enumerated() { ranks[found] = UInt32(rank) }
    let links = (users(by: .dependency, order), users(by: .reference, order), users(by: .association, order))
    var (inputs, outputs, starts) = (Lists(), Lists(), [UInt32(0)])
    for found in order {
      let lists = Int(layout.inputStarts[found])..<Int(layout.inputStarts[found + 1])
      for list in lists {
        for product in layout.inputs[list] { inputs.put(product) }
        inputs.close()
      }
      for product in layout.outputs[found] { outputs.put(product) }
      outputs.close()
      starts.append(starts[starts.count - 1] + UInt32(lists.count))
    }
    layout.unitSteps = order.map { foundSteps[$0] }
    layout.unitFolders = order.map { foundFolders[$0] }
    (layout.ranks, layout.placeFolders) = (ranks, foundFolders)
    (layout.inputs, layout.outputs, layout.inputStarts) = (inputs, outputs, starts)
    (layout.consumers, layout.referrers, layout.noters) = links
    layout.makers = [UInt32](repeating: GraphNumbers.none, count: layout.productNames.count)
    for unit in order.indices.reversed() {
      for product in outputs[unit] { layout.makers[Int(product)] = UInt32(unit) }
    }
    layout.madeCount = layout.makers.reduce(0) { $0 + ($1 == GraphNumbers.none ? 0 : 1) }
  }
}
