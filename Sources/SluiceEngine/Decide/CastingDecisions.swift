package import SluiceGraph
package import SluiceModel

/// Which assets are in which shots: pure, from what is known to what is recorded.
package enum CastingDecisions {
  /// What is asked of one shot.
  package enum Wish: Sendable, Equatable {
    case add([FolderPath])
    case remove([FolderPath])
    /// Exactly these.
    case set([FolderPath])

    var assets: [FolderPath] {
      switch self {
      case .add(let assets), .remove(let assets), .set(let assets): assets
      }
    }
  }

  /// One fact for each shot whose cast is different then; what is so already is not recorded again, unless sites
  /// disagreed about it.
  /// - Throws: `project.unknown`, `folder.unknown`, `usage`, `pipeline.cycle`.
  package static func cast(
    _ name: ProjectName, _ wishes: [FolderPath: Wish], in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    let project = try registry.project(name)
    var drafts: [Draft] = []
    var casting = project.casting
    for (shot, wish) in wishes.sorted(by: { $0.key < $1.key }) {
      for folder in [shot] + wish.assets.sorted() where project.folders[folder] == nil {
        throw Decisions.unknown(name, folder, project)
      }
      if wish.assets.contains(where: { $0 == shot || $0.isRoot }) {
        throw SluiceError(
          .usage,
          what: "'\(wish.assets.contains(shot) ? "\(shot)" : "the project's root")' cannot be cast in '\(shot)'",
          at: "folder '\(name)/\(shot)'", fix: "cast folders of assets, such as \(name)/assets/chair")
      }
      let now = project.casting[shot] ?? []
      func isOpen(_ asset: FolderPath) -> Bool { project.isContested(.cast(shot, asset)) }
      let (wanted, unwanted): (Set<FolderPath>, Set<FolderPath>) =
        switch wish {
        case .add(let assets): (Set(assets), [])
        case .remove(let assets): ([], Set(assets))
        case .set(let assets): (Set(assets), now.subtracting(assets))
        }
      let add = wanted.filter { !now.contains($0) || isOpen($0) }.sorted()
      let remove = unwanted.filter { now.contains($0) || isOpen($0) }.sorted()
      guard !add.isEmpty || !remove.isEmpty else { continue }
      casting[shot] = now.union(add).subtracting(remove)
      drafts.append(
        Draft(
          project: name, folder: shot,
          fact: .castingChanged(
            CastingChanged(add: add.isEmpty ? nil : add, remove: remove.isEmpty ? nil : remove))))
    }
    if let pipeline = project.pipeline?.pipeline, !drafts.isEmpty {
      try Decisions.check(StepGraph(pipeline: pipeline, folders: project.folders.values, casting: casting))
    }
    return drafts
  }

  package static func unknown(_ folder: FolderPath, in project: Project) -> SluiceError {
    Decisions.unknown(project.name, folder, project)
  }

  /// As many of the facts as one record surely holds.
  package static func prefix(_ drafts: [Draft]) -> [Draft] {
    var left = Limits.factsPerRecord
    return Array(
      drafts.prefix { draft in
        guard case .castingChanged(let fact) = draft.fact else { return true }
        // A path is a fifth of a small fact.
        let size = 1 + ((fact.add?.count ?? 0) + (fact.remove?.count ?? 0)) / 5
        defer { left -= size }
        return left == Limits.factsPerRecord || size <= left
      })
  }

  /// What facts change, for who asked.
  package static func changes(_ drafts: [Draft]) -> [CastingChange] {
    drafts.compactMap { draft in
      guard case .castingChanged(let fact) = draft.fact, let shot = draft.folder else { return nil }
      return CastingChange(shot: shot, added: fact.add ?? [], removed: fact.remove ?? [])
    }
  }
}
