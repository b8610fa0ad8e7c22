package import FoundationEssentials
package import SluiceModel

/// How every unit of a project stands, kept up with the facts: what is current and has nothing to be said of it costs
/// nothing, and a fact costs what it touches (ADR 0013).
///
/// After every fact it is what an assessment of all units from scratch would be.
package struct Assessments: Sendable {
  /// The rules, and the project as it is assessed.
  package private(set) var assessor: Assessor
  /// Of the units that are not plainly current, by their numbers in the graph.
  private var open = Findings()
  /// Products that somebody published and no unit makes.
  private var sources = 0
  /// When freezes end, or have ended, by product: the one thing that changes by itself.
  private var thaws: [ProductRef: Date] = [:]
  /// What the steps of this graph say, as far as glances had to know.
  private var rules = GlanceRules(steps: 0)

  private var graph: StepGraph { assessor.graph }

  /// From scratch.
  /// - Throws: `store.damaged` where a manifest cannot be read.
  /// - Complexity: O(units + links + products).
  package init(_ assessor: Assessor) throws(SluiceError) {
    self.assessor = assessor
    var glance = Glance(assessor, isThorough: true)
    for unit in assessor.graph.unitsFolderByFolder {
      if let finding = try find(unit, &glance) { open[unit] = finding }
    }
    rules = glance.rules
    countSources()
    thaws = assessor.project.stock.thaws
  }

  /// The same, where all units have been sighted.
  /// - Complexity: O(units that are not plainly current, and what they reach).
  package init(_ assessor: Assessor, _ sightings: [Sighting]) throws(SluiceError) {
    self.assessor = assessor
    var touched = Touched(assessor.graph)
    for sighting in sightings {
      sources += sighting.sources
      for unit in sighting.units { touched.add(unit) }
    }
    thaws = assessor.project.stock.thaws
    var changes: [Change] = []
    try assess(&touched, &changes) { _ in true }
  }

  // MARK: Looking

  /// Nil for what is plainly current, and for what is no unit.
  package subscript(unit: UnitID) -> Assessment? { graph.index(of: unit).flatMap { self[$0] } }

  subscript(unit: Int) -> Assessment? {
    switch open[unit] {
    case nil: nil
    case .full(let assessment): assessment
    // No manifest is read for what could be said briefly, and nothing else fails.
    case .brief: try? assess(unit)
    }
  }

  /// The same as far as plans look at it, without putting an assessment together.
  package func finding(of unit: UnitID) -> Finding? { graph.index(of: unit).flatMap { open[$0] } }
  func finding(at unit: Int) -> Finding? { open[unit] }

  /// Every unit that needs work, makers before users.
  /// - Complexity: O(n log n) for n units that are not plainly current.
  package var needingWork: [Finding] { findings(among: nil).map(\.finding).filter(\.needsWork) }

  /// Every unit of which there is something to say, makers before users.
  /// - Parameter chosen: numbers of units; nil for all.
  func findings(among chosen: Set<Int>?) -> [(unit: Int, finding: Finding)] {
    chosen.map { chosen in open.all.filter { chosen.contains($0.unit) } } ?? open.all
  }

  /// Assessments of all of them.
  func noteworthy(among chosen: Set<Int>?) -> [Assessment] {
    findings(among: chosen).compactMap { self[$0.unit] }
  }

  /// What is to be made anew before a unit is.
  package func makers(above unit: UnitID) -> Set<UnitID> {
    guard let index = graph.index(of: unit), let finding = open[index] else { return [] }
    if case .full(let assessment) = finding {
      return Set(assessment.inputs.flatMap(\.sources).flatMap(\.all).compactMap(\.upstream))
    }
    var makers: Set<UnitID> = []
    for place in graph.step(ofUnit: index).inputs.indices {
      for product in graph.inputs(ofUnit: index, at: place) {
        guard let maker = graph.makerIndex(ofProduct: Int(product)), let above = open[maker], above.needsWork else {
          continue
        }
        makers.insert(above.unit)
      }
    }
    return makers
  }

  /// Of a unit that is plainly current too.
  package func assessment(of unit: UnitID) throws(SluiceError) -> Assessment? {
    guard let index = graph.index(of: unit) else { return nil }
    return try assessment(at: index)
  }

  func assessment(at unit: Int) throws(SluiceError) -> Assessment {
    if case .full(let known) = open[unit] { return known }
    return try assess(unit)
  }

  /// How many products there are beside those that these units make.
  /// - Parameter busy: numbers of units, each once.
  package func untouched(by busy: [Int]) -> Int {
    let graph = graph
    var count = graph.madeCount + sources
    for unit in busy {
      for product in graph.outputs(ofUnit: unit) where graph.makerIndex(ofProduct: Int(product)) == unit { count -= 1 }
    }
    return count
  }

  /// When the first freeze ends that is in force; nil where none of them ends.
  package var nextThaw: Date? { thaws.values.filter { $0 > assessor.now }.min() }

  // MARK: Following

  /// Goes on to what the project has become.
  /// - Parameters:
  ///   - next: the same project later, with the same manifests.
  ///   - rows: what is different in it, each once; rows of other projects do no harm.
  /// - Throws: `store.damaged` where a manifest cannot be read; then nothing has changed.
  /// - Complexity: O(rows, and the units and links that they reach); O(units + links) where folders or steps came or
  ///   went.
  package mutating func follow(_ next: Assessor, _ rows: Set<RowKey>) throws(SluiceError) {
    let (before, sourcesBefore, thawsBefore) = (assessor, sources, thaws)
    let isLaid = before.graph.turn != next.graph.turn
    // Kept only then: what somebody else has, too, is copied before it is changed.
    let all = isLaid ? open : nil
    assessor = next
    var touched = Touched(next.graph)
    if isLaid {
      lay(from: before.graph, &touched)
    } else {
      countSources(since: before.project, rows)
    }
    for row in rows { touch(row, &touched) }
    touch(gatheringSince: rows, &touched)
    touch(toolsSince: before.tools, &touched)
    thaw(since: before.now, rows, &touched)
    var changes: [Change] = []
    do {
      try assess(&touched, &changes) { _ in true }
    } catch {
      if let all { open = all } else { for change in changes.reversed() { open[change.unit] = change.before } }
      (assessor, sources, thaws, rules) = (before, sourcesBefore, thawsBefore, GlanceRules(steps: 0))
      throw error
    }
  }

  /// What was said of a unit before something else was.
  private struct Change {
    let unit: Int
    let before: Finding?
  }

  /// The same where only some units will be made anew, so that what is out of date elsewhere makes nothing stale; it
  /// knows nothing of those others.
  /// - Complexity: O(units that are not plainly current, and what they reach).
  package func limited(to chosen: Set<Int>) throws(SluiceError) -> Assessments {
    var limited = self
    var touched = Touched(graph)
    for unit in open.keys where !chosen.contains(unit) {
      limited.open[unit] = nil
      limited.touch(usersOf: unit, &touched)
    }
    var changes: [Change] = []
    try limited.assess(&touched, &changes) { chosen.contains($0) }
    return limited
  }

  /// Nil for what is plainly current.
  private func find(_ unit: Int, _ glance: inout Glance) throws(SluiceError) -> Finding? {
    switch glance.look(at: unit, open) {
    case .plain: return nil
    case .brief(let brief): return .brief(brief)
    case .unsaid:
      let assessment = try assess(unit)
      return assessment.isPlain ? nil : .full(assessment)
    }
  }

  private func assess(_ unit: Int) throws(SluiceError) -> Assessment {
    try assessor.assess(assessor.graph.unit(at: unit)) { (product) -> Finding? in
      guard let maker = assessor.graph.makerIndex(of: product), let above = open[maker] else { return nil }
      return above.freshness == .current ? nil : above
    }
  }

  /// Assesses what was touched, and goes on to what takes its products where it stands otherwise now.
  private mutating func assess(
    _ touched: inout Touched, _ changes: inout [Change], _ isMeant: (Int) -> Bool
  ) throws(SluiceError) {
    var glance = Glance(assessor, isThorough: false, rules: rules)
    // What names others leads from folder to folder.
    if graph.named.isEmpty { glanceAtFolders(&touched, &changes, &glance, isMeant) }
    while let unit = touched.next() {
      guard isMeant(unit) else { continue }
      take(try find(unit, &glance), at: unit, &touched, &changes)
    }
    rules = glance.rules
  }

  /// Looks at what was touched folder by folder, as far as that leads within each: most of what is made of something
  /// lies beside it, and what lies in a folder is looked at once. What a glance cannot say, and what lies elsewhere,
  /// waits; whoever takes something that is another one then is looked at again.
  private mutating func glanceAtFolders(
    _ touched: inout Touched, _ changes: inout [Change], _ glance: inout Glance, _ isMeant: (Int) -> Bool
  ) {
    for units in touched.takeFolders() {
      touched.open(units)
      while let unit = touched.nextHere() {
        guard isMeant(unit) else { continue }
        switch glance.look(at: unit, open) {
        case .plain: take(nil, at: unit, &touched, &changes)
        case .brief(let brief): take(.brief(brief), at: unit, &touched, &changes)
        case .unsaid: touched.postpone(unit)
        }
      }
    }
    touched.close()
  }

  private mutating func take(
    _ now: Finding?, at unit: Int, _ touched: inout Touched, _ changes: inout [Change]
  ) {
    let before = open[unit]
    guard now != before else { return }
    changes.append(Change(unit: unit, before: before))
    open[unit] = now
    touch(usersOf: unit, &touched)
  }

  // MARK: Sources

  private mutating func countSources(since before: Project, _ rows: Set<RowKey>) {
    for case .product(let ref) in rows where ref.project == before.name && before.products[ref] == nil {
      if assessor.project.products[ref] != nil, graph.makerIndex(of: ref) == nil { sources += 1 }
    }
  }

  private mutating func countSources() {
    sources = assessor.project.stock.count(ofSourcesIn: graph)
  }
}

// MARK: What a row touches

extension Assessments {
  private func touch(_ row: RowKey, _ touched: inout Touched) {
    let project = assessor.project
    switch row {
    case .product(let ref) where ref.project == project.name: touch(ref, &touched)
    case .version(let address) where address.product.project == project.name: touch(address.product, &touched)
    case .folder(project.name, let path):
      for unit in graph.units(on: path) { touched.add(unit) }
    case .heard(project.name, let unit):
      if let unit = graph.index(of: unit) { touched.add(unit) }
    case .pipeline(project.name):
      // Words about an edited step name the revision.
      for unit in open.keys { touched.add(unit) }
    case .register(project.name, let key): touch(key, &touched)
    case .product, .version, .folder, .heard, .pipeline, .register, .project, .timing, .plan, .run, .task, .token,
      .subscription, .erased, .agent:
      return
    }
  }

  /// Words name who wrote a register last, also where it says the same again.
  private func touch(_ key: RegisterKey, _ touched: inout Touched) {
    switch key {
    case .folderAttribute(let path, "range"), .folderAttribute(let path, "handles"):
      for unit in graph.units(on: path) { touched.add(unit) }
      touch(usersIn: path, &touched)
    case .folderAttribute(let path, "order"): touch(usersIn: path, &touched)
    case .cast(let shot, _):
      for unit in graph.units(on: shot) { touched.add(unit) }
    // Omissions are looked at together, and of the others the rows of what shows them tell.
    case .folderOmitted, .folderAttribute, .folderType, .home, .tag, .verdict, .frozen, .held: return
    }
  }

  /// Who left out what was gathered, and who took it back, is told by whoever gathers, or did.
  private func touch(gatheringSince rows: Set<RowKey>, _ touched: inout Touched) {
    let isAnyOmitted = rows.contains { row in
      if case .register(assessor.project.name, .folderOmitted) = row { true } else { false }
    }
    guard isAnyOmitted else { return }
    for unit in open.keys where graph.step(ofUnit: unit).inputs.contains(where: { $0.gather != .here }) {
      touched.add(unit)
    }
  }

  private func touch(_ ref: ProductRef, _ touched: inout Touched) {
    guard let product = graph.index(of: ref) else { return }
    if let maker = graph.makerIndex(ofProduct: product) { touched.add(maker) }
    touch(usersOfProduct: product, &touched)
  }

  private func touch(usersIn folder: FolderPath, _ touched: inout Touched) {
    for product in graph.products(in: folder) { touch(usersOfProduct: product, &touched) }
  }

  private func touch(toolsSince before: [String: ToolVersion], _ touched: inout Touched) {
    let now = assessor.tools
    guard now != before else { return }
    let changed = Set(now.keys).union(before.keys).filter { now[$0] != before[$0] }
    for (index, step) in graph.steps.enumerated() where step.tools.contains(where: changed.contains) {
      for unit in graph.units(ofStep: index) { touched.add(unit) }
    }
  }

  /// Freezes that have ended since, and those that began to be in force again because a clock was set back.
  private mutating func thaw(since before: Date, _ rows: Set<RowKey>, _ touched: inout Touched) {
    for case .product(let ref) in rows where ref.project == assessor.project.name {
      thaws[ref] = assessor.project.products[ref]?.freeze?.until
    }
    guard assessor.now != before else { return }
    for (ref, end) in thaws where (before < end) != (assessor.now < end) { touch(ref, &touched) }
  }

  /// Takes what is known over to a graph that was laid anew.
  private mutating func lay(from before: StepGraph, _ touched: inout Touched) {
    rules = GlanceRules(steps: 0)
    let units = before.correspondence(to: graph)
    var moved = Findings()
    for unit in open.keys where units.later[unit] != GraphNumbers.none { moved[Int(units.later[unit])] = open[unit] }
    open = moved
    for unit in units.changed {
      touched.add(unit)
      touch(whatNamesThrough: unit, &touched)
    }
    for product in before.namingOtherwise(in: graph) { touch(usersOfProduct: product, &touched) }
    countSources()
  }

  // MARK: Who looks at what

  /// Who looks at what a unit makes.
  private func touch(usersOf unit: Int, _ touched: inout Touched) {
    for product in graph.outputs(ofUnit: unit) { touch(usersOfProduct: Int(product), &touched) }
  }

  /// Who looks at a product: whoever takes it, and whoever is made from something that names it, directly or through
  /// others.
  private func touch(usersOfProduct product: Int, _ touched: inout Touched) {
    for user in graph.consumers(ofProduct: product) { touched.add(Int(user)) }
    for user in graph.noters(ofProduct: product) { touched.add(Int(user)) }
    for unit in graph.referrers(ofProduct: product) {
      touched.add(Int(unit))
      touch(whatNamesThrough: Int(unit), &touched)
    }
  }

  /// Who is made from what a unit makes and, by its references, from what that names.
  private func touch(whatNamesThrough unit: Int, _ touched: inout Touched) {
    guard touched.pass(unit), graph.step(ofUnit: unit).inputs.contains(where: { $0.link == .reference }) else {
      return
    }
    touch(usersOf: unit, &touched)
  }
}
