import SluiceModel

/// The runs that bring purged versions back for a plan: those that somebody selected, and those that other runs take.
struct Restoring {
  private var remaking: Remaking
  private var wanted: [UnitID: [RunID: [VersionAddress: Reason]]] = [:]

  init(_ assessor: Assessor) { remaking = Remaking(assessor) }

  private var project: Project { remaking.assessor.project }
  private var graph: StepGraph { remaking.assessor.graph }

  /// Asks for what a run takes that nothing in its plan makes anew.
  /// - Returns: why it cannot be had, in words; nil where it can, or where nothing is purged.
  mutating func want(inputsOf assessment: Assessment) throws(SluiceError) -> String? {
    for source in assessment.inputs.lazy.flatMap(\.sources).flatMap(\.all)
    where source.upstream == nil {
      guard let version = source.version, version.isPurged else { continue }
      if let hindrance = try want(version, for: "\(assessment.unit.id) takes it") {
        return
          "the files of \(source.product.spoken) \(version.spoken) were purged and cannot be made again: \(hindrance)"
      }
    }
    return nil
  }

  /// Asks for a version, and for everything purged that it is made from.
  /// - Parameter need: why, in words; nil where it was selected.
  /// - Returns: why it cannot be had, in words.
  mutating func want(_ version: Version, for need: String?) throws(SluiceError) -> String? {
    if let hindrance = try remaking.hindrance(to: version) { return hindrance.text }
    guard let made = version.published.made, let unit = graph.producer(of: version.address.product) else { return nil }
    guard wanted[unit.id]?[made.run]?[version.address] == nil else { return nil }
    let purge = version.purge
    var text = "the files of \(version.address.product.spoken) \(version.spoken) were purged"
    if let purge { text += " (\(purge.spoken))" }
    if let need { text += ", and \(need)" }
    wanted[unit.id, default: [:]][made.run, default: [:]][version.address] = Reason(
      kind: .purged, input: "\(version.address.product)", used: "\(version.address.version)", now: nil, text: text)
    for used in version.sources(of: unit) {
      let source = project.versions[VersionAddress(product: used.product, version: used.version)]
      guard let source, source.isPurged else { continue }
      _ = try want(source, for: "\(unit.id) is made from it")
    }
    return nil
  }

  /// Asks for the purged versions that a selection means: a version that it names, else the latest of a product.
  /// Without a selection nothing is asked for: what was purged is to stay away until somebody needs it.
  /// - Parameter made: products that the plan makes anew.
  mutating func want(
    _ selection: Selection, products: Set<ProductRef>, except made: Set<ProductRef>
  ) throws(SluiceError) -> [BlockedRun] {
    guard let expression = selection.expression else { return [] }
    let named = namedVersions(in: expression)
    var blocked: [BlockedRun] = []
    for ref in products.sorted() {
      let versions =
        named[ref] ?? (made.contains(ref) ? [] : [project.version(of: ref, .latest)].compactMap { $0 })
      for version in versions where version.isPurged {
        guard let text = try want(version, for: nil), let unit = graph.producer(of: ref) else { continue }
        blocked.append(
          BlockedRun(
            step: unit.id.step, folder: unit.id.folder,
            text: "the files of \(ref.spoken) \(version.spoken) cannot be made again: \(text)"))
      }
    }
    return blocked
  }

  /// `demo/look/graded@3`, or the same without the project.
  private func namedVersions(in expression: SelectionExpression) -> [ProductRef: [Version]] {
    var found: [ProductRef: [Version]] = [:]
    for word in expression.wantedNames where word.contains("@") {
      for text in [word, "\(project.name)/\(word)"] {
        guard let reference = try? Reference(text), reference.product.project == project.name,
          let version = project.version(of: reference.product, reference.selector)
        else { continue }
        found[reference.product, default: []].append(version)
      }
    }
    return found
  }

  /// Makers before users, without ids.
  /// - Complexity: O(n log n) for n runs.
  func runs() throws(SluiceError) -> [PlannedRun] {
    var runs: [PlannedRun] = []
    for index in wanted.keys.compactMap({ graph.index(of: $0) }).sorted() {
      let unit = graph.unit(at: index)
      for (_, versions) in (wanted[unit.id] ?? [:]).sorted(by: { $0.key < $1.key }) {
        let addresses = versions.keys.sorted { ($0.product, $0.version) < ($1.product, $1.version) }
        guard let first = addresses.first.flatMap({ project.versions[$0] }) else { continue }
        let frames = unit.step.isPerFrame ? first.published.representations.first?.frames ?? .empty : nil
        let tasks = frames.map { unit.step.tasks(of: $0).count } ?? 1
        var run = PlannedRun(
          id: RunID(""), step: unit.id.step, folder: unit.id.folder, outputs: addresses.map(\.product),
          reasons: addresses.compactMap { versions[$0] }, tasks: tasks, frames: frames,
          estimate: project.estimate(of: unit.id.step, tasks: tasks), work: nil)
        run.restores = addresses
        runs.append(run)
      }
    }
    return runs
  }
}

extension SelectionExpression {
  /// The references and globs of what is meant, without those of what is left out.
  fileprivate var wantedNames: [String] {
    switch self {
    case .term(.products(let text)): [text]
    case .term, .not: []
    case .reaching(let inner, _, _): inner.wantedNames
    case .any(let parts), .all(let parts): parts.flatMap(\.wantedNames)
    }
  }
}

extension Project {
  /// Which purges a run undoes: purged once more, a version is another situation.
  func purges(undoneBy run: PlannedRun) -> [EventID]? {
    run.restores?.compactMap { versions[$0]?.purge?.event }
  }
}
