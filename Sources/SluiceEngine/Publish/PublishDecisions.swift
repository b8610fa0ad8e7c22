package import SluiceGraph
package import SluiceModel

/// What is recorded when somebody publishes: a pure function from what is known.
package enum PublishDecisions {
  /// A version whose files are in the store.
  package struct NewVersion: Sendable {
    package var product: ProductRef
    /// Without its number.
    package var fact: VersionPublished
    /// What is to point to it from now on.
    package var tag: String?
    package init(product: ProductRef, fact: VersionPublished, tag: String?) {
      (self.product, self.fact, self.tag) = (product, fact, tag)
    }
  }

  /// All versions, with the folders that are missing, or none.
  /// - Throws: `project.unknown`, `publish.madeByStep`.
  package static func publish(_ versions: [NewVersion], in registry: Registry) throws(SluiceError) -> [Draft] {
    var drafts: [Draft] = []
    var numbers: [ProductRef: Int] = [:]
    var made: Set<FolderPath> = []
    for version in versions {
      let ref = version.product
      let project = try registry.project(ref.project)
      try requireSource(ref, project)
      for folder in ([ref.folder] + ref.folder.ancestors).reversed()
      where !folder.isRoot && project.folders[folder] == nil && made.insert(folder).inserted {
        drafts.append(
          Draft(project: ref.project, folder: folder, fact: .folderChanged(FolderChanged(type: "folder"))))
      }
      var fact = version.fact
      fact.number = numbers[ref] ?? registry.nextNumber(of: ref)
      numbers[ref] = fact.number.map { $0 + 1 }
      drafts.append(Draft(project: ref.project, product: ref, fact: .versionPublished(fact)))
      if let tag = version.tag {
        drafts.append(
          Draft(project: ref.project, product: ref, fact: .tagMoved(TagMoved(tag: tag, version: fact.version))))
      }
    }
    return drafts
  }

  /// - Throws: `publish.madeByStep`.
  package static func requireSource(_ ref: ProductRef, _ project: Project) throws(SluiceError) {
    guard let producer = project.graph?.producer(of: ref) else { return }
    throw SluiceError(
      .publishMade, what: "'\(ref)' is made by the step '\(producer.step.name)', so nobody publishes it by hand",
      at: "product '\(ref)'",
      fix: "change what it is made from and run `sluice apply \(ref.project)`, or publish under another name")
  }
}
