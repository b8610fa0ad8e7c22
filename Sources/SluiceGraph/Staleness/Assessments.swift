package import SluiceModel

/// How every unit of a project stands, kept up with the facts: what is current costs nothing, and a fact costs what it
/// touches (ADR 0013).
///
/// After every fact it is what an assessment of all units from scratch would be.
package struct Assessments: Sendable {
  /// The rules, and the project as it is assessed.
  package private(set) var assessor: Assessor
  /// Of the units that need work, by their numbers in the graph.
  private var open: Table<Int, Assessment> = [:]
  /// Products that somebody published and no unit makes.
  private var sources = 0

  private var graph: StepGraph { assessor.graph }

  /// From scratch.
  /// - Throws: `store.damaged` where a manifest cannot be read.
  /// - Complexity: O(units + links + products).
  package init(_ assessor: Assessor) throws(SluiceError) {
    self.assessor = assessor
    for unit in 0..<assessor.graph.unitCount {
      let assessment = try assess(unit) { _ in true }
      if assessment.needsWork { open[unit] = assessment }
    }
    countSources()
  }

  // MARK: Looking

  /// Nil for what is current, and for what is no unit.
  package subscript(unit: UnitID) -> Assessment? { graph.index(of: unit).flatMap { open[$0] } }

  /// Of every unit that needs work, makers before users.
  /// - Complexity: O(n log n) for n units that need work.
  package var needingWork: [Assessment] { open.keys.sorted().compactMap { open[$0] } }

  /// - Parameter chosen: numbers of units; nil for all.
  func needingWork(among chosen: Set<Int>?) -> [Assessment] {
    guard let chosen else { return needingWork }
    return open.keys.filter(chosen.contains).sorted().compactMap { open[$0] }
  }

  /// Of a unit that needs no work too.
  package func assessment(of unit: UnitID) throws(SluiceError) -> Assessment? {
    guard let index = graph.index(of: unit) else { return nil }
    if let known = open[index] { return known }
    return try assess(index) { _ in true }
  }

  /// How many products there are beside those that these units make.
  package func untouched(by busy: Set<UnitID>) -> Int {
    graph.madeCount + sources - count(ofProductsMadeBy: busy)
  }

  private func count(ofProductsMadeBy units: Set<UnitID>) -> Int {
    units.reduce(0) { count, unit in
      guard let index = graph.index(of: unit) else { return count }
      return count + graph.outputs(ofUnit: index).count { graph.maker(ofProduct: Int($0)) == index }
    }
  }

  // MARK: Following

  /// Goes on to what the project has become.
  /// - Parameters:
  ///   - next: the same project later, with the same manifests.
  ///   - rows: what is different in it, each once; rows of other projects do no harm.
  /// - Throws: `store.damaged` where a manifest cannot be read; then nothing has changed.
  /// - Complexity: O(rows, and the units and links that they reach); O(units + links) where folders or steps came or
  ///   went.
  package mutating func follow(_ next: Assessor, _ rows: Set<RowKey>) throws(SluiceError) {
    let before = assessor
    var after = self
    after.assessor = next
    var touched = Touched(next.graph)
    let isLaidAnew = before.graph.turn != next.graph.turn
    if isLaidAnew { after.lay(from: before.graph, &touched) } else { after.countSources(since: before.project, rows) }
    for row in rows { after.touch(row, &touched) }
    after.touch(toolsSince: before.tools, &touched)
    try after.assess(&touched) { _ in true }
    self = after
  }

  /// The same where only some units will be made anew, so that what is out of date elsewhere makes nothing stale; says
  /// nothing of those others.
  /// - Complexity: O(units that need work, and what they reach).
  package func limited(to chosen: Set<Int>) throws(SluiceError) -> Assessments {
    var limited = self
    var touched = Touched(graph)
    for unit in open.keys where !chosen.contains(unit) {
      for product in graph.outputs(ofUnit: unit) {
        for user in graph.users(ofProduct: Int(product)) where chosen.contains(Int(user)) { touched.add(Int(user)) }
      }
    }
    try limited.assess(&touched) { chosen.contains($0) }
    return limited
  }

  private func assess(_ unit: Int, passesOn: (Int) -> Bool) throws(SluiceError) -> Assessment {
    try assessor.assess(assessor.graph.unit(at: unit)) { product in
      guard let maker = assessor.graph.maker(of: product), passesOn(maker) else { return nil }
      return open[maker]
    }
  }

  /// Assesses what was touched, and goes on to what takes its products where it stands otherwise now.
  private mutating func assess(_ touched: inout Touched, passesOn: (Int) -> Bool) throws(SluiceError) {
    while let unit = touched.next() {
      guard passesOn(unit) else { continue }
      let assessment = try assess(unit, passesOn: passesOn)
      let now = assessment.needsWork ? assessment : nil
      guard now != open[unit] else { continue }
      open[unit] = now
      for product in graph.outputs(ofUnit: unit) {
        for user in graph.users(ofProduct: Int(product)) { touched.add(Int(user)) }
      }
    }
  }

  // MARK: What a row touches

  private func touch(_ row: RowKey, _ touched: inout Touched) {
    switch row {
    case .product(let ref): touch(ref, &touched)
    case .version(let address): touch(address.product, &touched)
    case .folder(let project, let path) where project == assessor.project.name:
      for unit in graph.units(on: path) { touched.add(unit) }
    case .heard(let project, let unit) where project == assessor.project.name:
      if let unit = graph.index(of: unit) { touched.add(unit) }
    case .pipeline(let project) where project == assessor.project.name:
      // Words about an edited step name the revision.
      for unit in open.keys { touched.add(unit) }
    case .folder, .heard, .pipeline, .project, .timing, .plan, .run, .token, .register, .subscription, .erased: return
    }
  }

  private func touch(_ ref: ProductRef, _ touched: inout Touched) {
    guard let product = graph.index(of: ref) else { return }
    if let maker = graph.maker(ofProduct: product) { touched.add(maker) }
    for user in graph.users(ofProduct: product) { touched.add(Int(user)) }
  }

  private func touch(toolsSince before: [String: ToolVersion], _ touched: inout Touched) {
    let now = assessor.tools
    guard now != before else { return }
    let changed = Set(now.keys).union(before.keys).filter { now[$0] != before[$0] }
    for (index, step) in graph.steps.enumerated() where step.tools.contains(where: changed.contains) {
      for unit in graph.units(ofStep: index) { touched.add(unit) }
    }
  }

  /// Takes what is known over to a graph that was laid anew.
  private mutating func lay(from before: StepGraph, _ touched: inout Touched) {
    let units = before.correspondence(to: graph)
    var moved: Table<Int, Assessment> = [:]
    for unit in open.keys where units.later[unit] != GraphLayout.none { moved[Int(units.later[unit])] = open[unit] }
    open = moved
    for unit in units.changed { touched.add(unit) }
    countSources()
  }

  private mutating func countSources(since before: Project, _ rows: Set<RowKey>) {
    for case .product(let ref) in rows where ref.project == before.name && before.products[ref] == nil {
      if assessor.project.products[ref] != nil, graph.maker(of: ref) == nil { sources += 1 }
    }
  }

  private mutating func countSources() {
    sources = assessor.project.products.keys.count { graph.maker(of: $0) == nil }
  }
}

/// Units that are to be looked at, the first of the graph first.
private struct Touched {
  private let graph: StepGraph
  /// By level: nothing is added at or above the one that is looked at.
  private var levels: [[Int]]
  private var level = 0
  /// What is left of the level, the first one last.
  private var current: [Int] = []

  init(_ graph: StepGraph) {
    self.graph = graph
    levels = Array(repeating: [], count: graph.levels)
  }

  mutating func add(_ unit: Int) { levels[graph.level(ofUnit: unit)].append(unit) }

  mutating func next() -> Int? {
    while current.isEmpty {
      guard level < levels.count else { return nil }
      current = Set(levels[level]).sorted(by: >)
      levels[level] = []
      level += 1
    }
    return current.popLast()
  }
}
