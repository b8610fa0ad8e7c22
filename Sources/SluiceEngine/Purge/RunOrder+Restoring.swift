import SluiceGraph
import SluiceModel

extension RunOrder {
  /// What a planned run has to do: make something new, or bring purged versions back.
  ///
  /// A run whose inputs came out the same makes nothing; where its version was purged and the plan has others that take
  /// it, it brings that back.
  /// - Throws: `task.input`, `store.damaged`.
  static func order(
    _ run: PlannedRun, of plan: Plan, _ unit: Unit, project: Project, assessor: Assessor
  ) throws(SluiceError) -> RunOrder {
    if let addresses = run.restores {
      return try restoring(addresses.compactMap { project.versions[$0] }, unit, project: project, assessor: assessor)
    }
    let order = try RunOrder(
      unit, project: project, assessor: assessor, manifests: assessor.manifests, limit: plan.frames,
      forced: plan.force == true)
    guard order.isUnchanged else { return order }
    let takers = Set(
      plan.runs.flatMap { assessor.graph.needs(ofUnit: UnitID(step: $0.step, folder: $0.folder)) ?? [] })
    let gone = unit.outputs.filter(takers.contains).compactMap { project.version(of: $0, .latest) }
      .filter(\.isPurged)
    return gone.isEmpty ? order : try restoring(gone, unit, project: project, assessor: assessor)
  }

  /// - Parameter versions: of one earlier run.
  static func restoring(
    _ versions: [Version], _ unit: Unit, project: Project, assessor: Assessor
  ) throws(SluiceError) -> RunOrder {
    let place = "\(project.name)/\(unit.id.folder), step \(unit.id.step)"
    guard let first = versions.first, let past = try project.asMade(first, by: unit, assessor.manifests) else {
      throw SluiceError(
        .taskInput, what: "\(unit.id) cannot be made again: nothing says from what", at: place, fix: "plan again")
    }
    var remaking = Remaking(assessor)
    for version in versions {
      guard let hindrance = try remaking.hindrance(to: version) else { continue }
      throw SluiceError(
        .taskInput, what: "\(unit.id) \(version.spoken) cannot be made again: \(hindrance.text)", at: place,
        fix: "plan again")
    }
    return try RunOrder(
      unit, project: past, assessor: assessor.over(past), manifests: assessor.manifests, limit: nil,
      restoring: versions)
  }

  /// Whether everything that it was to bring back is there meanwhile.
  func isRestored(in registry: Registry) -> Bool {
    !restores.isEmpty && restores.allSatisfy { !registry.isPurged($0.address) }
  }

  /// - Throws: `task.input` where the files of an input are gone.
  func refusePurgedInputs() throws(SluiceError) {
    guard !isUnchanged else { return }
    for version in assessment.inputs.lazy.flatMap(\.sources).flatMap(\.all).compactMap(\.version)
    where version.isPurged {
      let error = version.purgedError
      throw SluiceError(.taskInput, what: "\(unit.id) cannot run: \(error.what)", at: error.at, fix: error.fix)
    }
  }

  /// An earlier result that went while the run was being prepared.
  /// - Throws: `task.input`.
  static func refusePurged(_ addresses: [VersionAddress], in registry: Registry) throws(SluiceError) {
    guard let gone = addresses.first(where: registry.isPurged) else { return }
    throw SluiceError(
      .taskInput, what: "an earlier result that was to be used, \(gone.product)@\(gone.version), was purged meanwhile",
      at: "product '\(gone.product)'", fix: "retry the run: it is then made anew")
  }
}
