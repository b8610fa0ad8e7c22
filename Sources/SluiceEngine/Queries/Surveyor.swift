package import SluiceGraph
package import SluiceModel

/// Keeps how everything in each project stands beside the writer's registry, so that a look costs what has changed
/// since the last one.
///
/// It is the one follower of the writer. What it keeps follows from the registry, and is made from scratch at the first
/// look after a start.
package actor Surveyor {
  private let writer: Writer
  private let manifests: any ManifestSource
  private let tools: any ToolProbe
  private var known: [ProjectName: Assessments] = [:]
  /// What has changed in a project since `known` was true.
  private var unseen: [ProjectName: Set<RowKey>] = [:]
  /// How many looks assess a project from scratch at this moment.
  private var making: [ProjectName: Int] = [:]
  /// Counts how often changes were lost: what was begun before is of no use.
  private var losses = 0

  package init(writer: Writer, manifests: any ManifestSource, tools: any ToolProbe) {
    (self.writer, self.manifests, self.tools) = (writer, manifests, tools)
  }

  /// How a project stands, with the registry in which it does.
  /// - Throws: `project.unknown`, `store.damaged`.
  package func look(
    at name: ProjectName
  ) async throws(SluiceError) -> (registry: Registry, assessments: Assessments) {
    while true {
      let wanted = try graph(of: writer.current.project(name)).tools
      let versions = await tools.versions(of: wanted)
      let registry = catchUp()
      let project = try registry.project(name)
      let graph = graph(of: project)
      // Steps may have come while their programs were looked at.
      guard graph.tools == wanted else { continue }
      let assessor = Assessor(
        project: project, graph: graph, manifests: manifests, tools: versions, now: writer.now)
      guard let assessments = try follow(assessor, name) else {
        try await make(assessor, name)
        continue
      }
      return (registry, assessments)
    }
  }

  private func catchUp() -> Registry {
    let (registry, changes) = writer.takeChanges()
    if changes.isLost {
      (known, unseen) = ([:], [:])
      losses += 1
    }
    for row in changes.rows {
      guard let name = row.project, known[name] != nil || making[name] != nil else { continue }
      unseen[name, default: []].insert(row)
    }
    return registry
  }

  /// Nil where the project was not assessed yet.
  private func follow(_ assessor: Assessor, _ name: ProjectName) throws(SluiceError) -> Assessments? {
    // In place: what others still look at is copied, and nothing else.
    guard try known[name]?.follow(assessor, unseen[name] ?? []) != nil else { return nil }
    unseen[name] = nil
    return known[name]
  }

  /// Assesses a project from scratch. Others may ask meanwhile and do the same; the first to be done counts, and what
  /// changed since the first began is unseen.
  private func make(_ assessor: Assessor, _ name: ProjectName) async throws(SluiceError) {
    let before = losses
    making[name, default: 0] += 1
    let made: Result<Assessments, SluiceError>
    do throws(SluiceError) {
      made = .success(try await Assessments.made(by: assessor))
    } catch {
      made = .failure(error)
    }
    making[name] = making[name].flatMap { $0 > 1 ? $0 - 1 : nil }
    let assessments = try made.get()
    if before == losses, known[name] == nil { known[name] = assessments }
  }

  private func graph(of project: Project) -> StepGraph {
    project.graph ?? StepGraph.empty(project.name)
  }
}
