package import SluiceGraph
package import SluiceModel

/// What is recorded of a cut: folder facts, all in one record.
package enum ConformDecisions {
  /// - Throws: `project.unknown`, `folder.unknown`, `cut.invalid`, `cut.ambiguous`.
  package static func conform(
    _ cut: Cut, _ name: ProjectName, sequence: FolderPath, said: [String: FolderPath], in registry: Registry
  ) throws(SluiceError) -> Conforming {
    let project = try registry.project(name)
    guard sequence.isRoot || project.folders[sequence] != nil else { throw Decisions.unknown(name, sequence, project) }
    return try Conforming(cut, project: project, sequence: sequence, said: said)
  }

  /// - Parameter shown: what whoever says yes has seen; another difference is refused.
  /// - Throws: `cut.changed`, `record.tooLarge`, `pipeline.cycle`, `pipeline.doubleOutput`, and what `conform` throws.
  package static func record(
    _ cut: Cut, _ name: ProjectName, sequence: FolderPath, said: [String: FolderPath], shown: CutDifference,
    in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    let conforming = try conform(cut, name, sequence: sequence, said: said, in: registry)
    guard conforming.difference == shown else {
      throw SluiceError(
        .cutChanged, what: "somebody changed the shots meanwhile", at: "project '\(name)'",
        fix: "look at the difference again, then record it")
    }
    let known = registry.projects[name]?.folders
    var drafts: [Draft] = []
    var made: Set<FolderPath> = []
    for edit in conforming.edits {
      for above in edit.path.ancestors.reversed() where known?[above] == nil && made.insert(above).inserted {
        // One that is a shot itself comes with its own fact.
        if conforming.edits.contains(where: { $0.path == above }) { continue }
        drafts.append(Draft(project: name, folder: above, fact: .folderChanged(FolderChanged(type: "folder"))))
      }
      drafts.append(Draft(project: name, folder: edit.path, fact: .folderChanged(edit.change)))
    }
    guard drafts.count <= Limits.factsPerRecord else {
      throw SluiceError(
        .recordTooLarge,
        what: "the cut changes \(drafts.count) folders; at most \(Limits.factsPerRecord) are changed in one record",
        at: "project '\(name)'", fix: "conform one sequence at a time, with --sequence")
    }
    try Decisions.check(drafts, in: registry, name)
    return drafts
  }
}
