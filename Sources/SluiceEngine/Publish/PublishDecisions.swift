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
    /// Where it is laid over what a step makes; nil elsewhere.
    package var override: Override?
    package init(product: ProductRef, fact: VersionPublished, tag: String?, override: Override? = nil) {
      (self.product, self.fact, self.tag, self.override) = (product, fact, tag, override)
    }
  }

  /// A person takes a product out of its step's hands, and says why.
  package struct Override: Sendable {
    package var because: String
    package init(because: String) { self.because = because }
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
      try requireOpen(ref, project, isOverriding: version.override != nil)
      for folder in ([ref.folder] + ref.folder.ancestors).reversed()
      where !folder.isRoot && project.folders[folder] == nil && made.insert(folder).inserted {
        drafts.append(
          Draft(project: ref.project, folder: folder, fact: .folderChanged(FolderChanged(type: "folder"))))
      }
      var fact = version.fact
      fact.number = numbers[ref] ?? registry.nextNumber(of: ref)
      numbers[ref] = fact.number.map { $0 + 1 }
      drafts.append(Draft(project: ref.project, product: ref, fact: .versionPublished(fact)))
      if let override = version.override {
        drafts.append(
          Draft(
            project: ref.project, product: ref,
            fact: .productHeld(ProductHeld(held: true, because: override.because))))
      }
      if let tag = version.tag {
        drafts.append(
          Draft(project: ref.project, product: ref, fact: .tagMoved(TagMoved(tag: tag, version: fact.version))))
      }
    }
    return drafts
  }

  /// People publish sources and what human steps make; over what a command makes they publish with `override`.
  /// - Throws: `publish.madeByStep`; `usage` where there is nothing to override.
  package static func requireOpen(
    _ ref: ProductRef, _ project: Project, isOverriding: Bool
  ) throws(SluiceError) {
    guard let maker = project.graph?.maker(of: ref) else {
      guard isOverriding else { return }
      throw SluiceError(
        .usage, what: "no command makes '\(ref)', so there is nothing to override", at: "product '\(ref)'",
        fix: "publish without --override")
    }
    guard !isOverriding else { return }
    throw SluiceError(
      .publishMade, what: "'\(ref)' is made by the step '\(maker.step.name)', so nobody publishes it by hand",
      at: "product '\(ref)'",
      fix: "change what it is made from and run `sluice apply \(ref.project)`, publish under another name, "
        + "or paint over it: --override --because TEXT")
  }
}
