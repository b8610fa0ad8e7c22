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
  let form: RecipeForm
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
///
/// Units and products are numbers, links are arrays of numbers, and a `Unit` is put together when somebody looks at it
/// (ADR 0013). Units stand in an order in which makers come before users, so that the greater number is made later.
package struct StepGraph: Sendable {
  let steps: [Step]
  /// What each of them brings to recipes.
  private let forms: [RecipeForm]
  /// All folders of the project, those without units too; what they say of themselves may change under the graph.
  private(set) var folders: Table<FolderPath, Folder>
  private let layout: GraphNumbers
  /// Units that could not be ordered, because they feed each other.
  package let cycle: [UnitID]
  /// Products that two units would make; the first one counts.
  package let contested: [(product: ProductRef, units: [UnitID])]
  /// What a product names by references, directly and through others; whoever is made from it is made from these too.
  package private(set) var named: [ProductRef: [NamedProduct]] = [:]
  /// Counts how often the project's graph was laid anew: what is known of units of another turn has to be looked up.
  let turn: Int

  /// - Parameter casting: the assets in each shot.
  package init(
    pipeline: Pipeline, folders: some Sequence<Folder>, casting: Table<FolderPath, Set<FolderPath>> = [:]
  ) {
    var table: Table<FolderPath, Folder> = [:]
    for folder in folders { table[folder.path] = folder }
    self.init(pipeline: pipeline, folders: table, casting: casting, turn: 0)
  }

  /// - Complexity: O(folders * steps + links).
  init(pipeline: Pipeline, folders: Table<FolderPath, Folder>, casting: Table<FolderPath, Set<FolderPath>>, turn: Int) {
    (steps, self.folders, self.turn) = (pipeline.steps, folders, turn)
    forms = pipeline.steps.map { RecipeForm($0) }
    var laying = GraphLaying(pipeline: pipeline, folders: folders.values, casting: casting)
    contested = laying.contested
    (layout, cycle) = laying.ordered()
    named = StepGraph.named(in: self)
  }

  /// A folder says something else of itself, and has the units that it had.
  mutating func update(_ folders: Table<FolderPath, Folder>) { self.folders = folders }

  // MARK: Units

  /// Makers before users; equal ones by step order, then folder.
  package var units: Units { Units(graph: self) }

  package struct Units: RandomAccessCollection, Sendable, Equatable {
    fileprivate let graph: StepGraph
    package var startIndex: Int { 0 }
    package var endIndex: Int { graph.unitCount }
    package subscript(position: Int) -> Unit { graph.unit(at: position) }
    package static func == (left: Self, right: Self) -> Bool { left.elementsEqual(right) }
  }

  package var unitCount: Int { layout.unitSteps.count }

  package func unit(_ id: UnitID) -> Unit? { index(of: id).map { unit(at: $0) } }
  package func step(of id: UnitID) -> Step? { steps.first { $0.name == id.step } }
  package func producer(of product: ProductRef) -> Unit? { makerIndex(of: product).map { unit(at: $0) } }
  /// The unit that makes a product by a command; nil for what people publish.
  package func maker(of product: ProductRef) -> Unit? {
    guard let index = makerIndex(of: product), !step(ofUnit: index).isHuman else { return nil }
    return unit(at: index)
  }

  func unit(at index: Int) -> Unit {
    let (step, path) = (steps[Int(layout.unitSteps[index])], layout.paths[Int(layout.unitFolders[index])])
    return Unit(
      id: UnitID(step: step.name, folder: path), step: step, form: forms[Int(layout.unitSteps[index])],
      folder: folders[path] ?? Folder(path: path, type: "folder"),
      inputs: step.inputs.enumerated().map { place, input in
        UnitInput(input: input, products: layout.inputs(of: index, at: place).map { product(at: Int($0)) })
      }, outputs: layout.outputs[index].map { product(at: Int($0)) })
  }

  func stepIndex(ofUnit index: Int) -> Int { Int(layout.unitSteps[index]) }
  func form(ofStep index: Int) -> RecipeForm { forms[index] }
  func folderIndex(ofUnit index: Int) -> Int { Int(layout.unitFolders[index]) }
  func folderIndex(ofProduct index: Int) -> Int { Int(layout.productFolders[index]) }
  func path(ofFolder index: Int) -> FolderPath { layout.paths[index] }
  func name(ofProduct index: Int) -> String { layout.names[Int(layout.productNames[index])] }
  var folderCount: Int { layout.paths.count }
  /// The places of what a unit takes by one input of its step: to walk over them costs no reference to a list.
  func inputPlaces(ofUnit index: Int, at place: Int) -> Range<Int> { layout.inputPlaces(of: index, at: place) }
  func input(at place: Int) -> Int { Int(layout.inputs.values[place]) }
  func outputPlaces(ofUnit index: Int) -> Range<Int> { layout.outputs.places(of: index) }
  func output(at place: Int) -> Int { Int(layout.outputs.values[place]) }
  /// What a unit takes by one input of its step.
  func inputs(ofUnit index: Int, at place: Int) -> ArraySlice<UInt32> { layout.inputs(of: index, at: place) }

  func step(ofUnit index: Int) -> Step { steps[Int(layout.unitSteps[index])] }
  func id(ofUnit index: Int) -> UnitID {
    UnitID(step: step(ofUnit: index).name, folder: layout.paths[Int(layout.unitFolders[index])])
  }

  /// - Complexity: O(steps + log folders).
  func index(of id: UnitID) -> Int? {
    guard let step = steps.firstIndex(where: { $0.name == id.step }), let folder = layout.folderIndex[id.folder]
    else { return nil }
    return layout.unit(step: step, folder: folder)
  }

  var stepsWithUnits: [Step] { steps.indices.filter { !layout.places(ofStep: $0).isEmpty }.map { steps[$0] } }
  /// Programs that steps with units name.
  package var tools: Set<String> { Set(stepsWithUnits.flatMap(\.tools)) }

  /// The units of a folder, in no order.
  func units(on folder: FolderPath) -> [Int] {
    guard let folder = layout.folderIndex[folder] else { return [] }
    return steps.indices.compactMap { layout.unit(step: $0, folder: folder) }
  }

  /// The units of a step, in the order of their folders.
  func units(ofStep step: Int) -> some Sequence<Int> { layout.places(ofStep: step).lazy.map { Int(layout.ranks[$0]) } }
  func units(ofSteps belongs: (Step) -> Bool) -> [Int] {
    steps.indices.filter { belongs(steps[$0]) }.flatMap { units(ofStep: $0) }
  }

  /// All units, makers before users, and otherwise those of a folder together: what lies in a folder is looked at once.
  /// - Complexity: O(units + links).
  var unitsFolderByFolder: [Int] {
    layout.unitsFolderByFolder(isOrdered: steps.map { $0.inputs.map { $0.link != .association } })
  }

  /// The units of some folders, those of each together: the folders of one of so many parts.
  /// - Complexity: O(units).
  func units(ofPart part: Int, among count: Int) -> [Int] {
    let folders = (folderCount * part / count)..<(folderCount * (part + 1) / count)
    return layout.unitFolders.indices.filter { folders.contains(Int(layout.unitFolders[$0])) }
      .sorted { (layout.unitFolders[$0], $0) < (layout.unitFolders[$1], $1) }
  }

  /// How many units one behind the other lead to this one at most: links only go to greater levels.
  func level(ofUnit index: Int) -> Int { layout.level(of: index) }
  var levels: Int { layout.levels.count }

  // MARK: Products

  /// Every product of the graph: what steps take and what they make, sorted.
  package var products: Products { Products(graph: self) }

  package struct Products: RandomAccessCollection, Sendable {
    fileprivate let graph: StepGraph
    package var startIndex: Int { 0 }
    package var endIndex: Int { graph.layout.productNames.count }
    package subscript(position: Int) -> ProductRef { graph.product(at: position) }
    package func contains(_ ref: ProductRef) -> Bool { graph.index(of: ref) != nil }
    /// Those of a folder and of all below it.
    package func inside(_ top: FolderPath) -> [ProductRef] {
      graph.layout.paths.filter { $0.isInside(top) }.flatMap { graph.products(in: $0) }.map { graph.product(at: $0) }
    }
  }

  /// Which units are made from a product.
  package var consumers: Users { Users(graph: self, lists: layout.consumers) }
  /// Which units make something that names a product.
  package var referrers: Users { Users(graph: self, lists: layout.referrers) }

  package struct Users: Sendable {
    fileprivate let graph: StepGraph
    fileprivate let lists: Lists
    /// Ascending, each once; nil where none does.
    package subscript(product: ProductRef) -> [Int]? {
      guard let users = graph.index(of: product).map({ lists[ifAny: $0] }), !users.isEmpty else { return nil }
      return users.map(Int.init)
    }
  }

  /// What must be made before a unit is: its dependencies, and what those name. Nil for a unit that is not there.
  package func needs(ofUnit id: UnitID) -> Set<ProductRef>? {
    guard let unit = unit(id) else { return nil }
    let direct = unit.inputs(.dependency).flatMap(\.products)
    return Set(direct + direct.flatMap { (named[$0] ?? []).map(\.product) })
  }

  /// What a unit makes, without putting it together.
  package func products(madeByUnit index: Int) -> [ProductRef] { layout.outputs[index].map { product(at: Int($0)) } }

  func product(at index: Int) -> ProductRef {
    ProductRef(
      stored: layout.project, folder: layout.paths[Int(layout.productFolders[index])],
      name: layout.names[Int(layout.productNames[index])])
  }

  func index(of ref: ProductRef) -> Int? {
    guard ref.project == layout.project, let folder = layout.folderIndex[ref.folder],
      let name = layout.nameIndex[ref.name]
    else { return nil }
    return layout.product(folder: folder, name: name)
  }

  func index(ofFolder path: FolderPath) -> UInt32? { layout.folderIndex[path] }
  func makerIndex(of name: String, inFolder folder: UInt32) -> Int? {
    layout.nameIndex[name].flatMap { layout.product(folder: folder, name: $0) }.flatMap { makerIndex(ofProduct: $0) }
  }
  func makerIndex(of ref: ProductRef) -> Int? { index(of: ref).flatMap { makerIndex(ofProduct: $0) } }
  func makerIndex(ofProduct index: Int) -> Int? {
    let maker = layout.makers[index]
    return maker == GraphNumbers.none ? nil : Int(maker)
  }
  func consumers(ofProduct index: Int) -> ArraySlice<UInt32> { layout.consumers[ifAny: index] }
  func referrers(ofProduct index: Int) -> ArraySlice<UInt32> { layout.referrers[ifAny: index] }
  /// Units that only note a product.
  func noters(ofProduct index: Int) -> ArraySlice<UInt32> { layout.noters[ifAny: index] }
  func outputs(ofUnit index: Int) -> ArraySlice<UInt32> { layout.outputs[index] }
  /// The products of a folder.
  func products(in folder: FolderPath) -> Range<Int> {
    layout.folderIndex[folder].map { layout.products(ofFolder: $0) } ?? 0..<0
  }
  /// Every unit that makes one of these products.
  func makers(of products: Set<ProductRef>) -> Set<Int> {
    var makers = Set(products.compactMap { makerIndex(of: $0) })
    for (product, units) in contested where products.contains(product) {
      makers.formUnion(units.compactMap { index(of: $0) })
    }
    return makers
  }
  /// Products that a unit makes.
  var madeCount: Int { layout.madeCount }
}

extension StepGraph {
  /// What is known of this graph, seen from another one that was laid later.
  func correspondence(to later: StepGraph) -> GraphNumbers.Correspondence {
    layout.correspondence(to: later.layout, steps: steps, laterSteps: later.steps)
  }

  /// Products that name others than they do in a graph that was laid later, by their numbers there.
  func namingOtherwise(in later: StepGraph) -> [Int] {
    guard !named.isEmpty || !later.named.isEmpty else { return [] }
    return Set(named.keys).union(later.named.keys).filter { named[$0] != later.named[$0] }
      .compactMap { later.index(of: $0) }
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
