package import SluiceGraph
package import SluiceModel

/// Small decisions: pure functions from what is known to what is recorded.
package enum Decisions {
  /// Makes a folder, or changes what is known of it.
  package static func changeFolder(
    _ project: ProjectName, _ path: FolderPath, type: String?, set: [String: String], omitted: Bool?,
    mustBeNew: Bool, in registry: Registry, site: String
  ) throws(SluiceError) -> [Draft] {
    if let type { try NameRule.require(type, as: "folder type", in: type) }
    for (key, value) in set.sorted(by: { $0.key < $1.key }) {
      try NameRule.require(key, as: "attribute", in: key)
      if let problem = FolderAttributes.problem(key, value) {
        throw SluiceError(
          .usage, what: problem, at: "folder '\(project)/\(path)', \(key)",
          fix: "write range=1001-1024, handles=8, fps=24 or order=10")
      }
    }
    var drafts: [Draft] = []
    let known = registry.projects[project]
    if known == nil {
      guard mustBeNew else { _ = try registry.project(project); return [] }
      drafts.append(Draft(project: project, fact: .projectCreated(ProjectCreated(home: site))))
      if path.isRoot, type == nil, set.isEmpty { return drafts }
    }
    let folder = known?.folders[path]
    if folder == nil, !mustBeNew { throw unknown(project, path, known) }
    for above in path.ancestors.reversed() where known?.folders[above] == nil {
      drafts.append(Draft(project: project, folder: above, fact: .folderChanged(FolderChanged(type: "folder"))))
    }
    // Saying again what is shown settles what sites wrote without knowing of one another.
    func isOpen(_ key: RegisterKey) -> Bool { known?.isContested(key) == true }
    let newSet = set.filter {
      (folder?.attributes[$0.key] ?? "") != $0.value || isOpen(.folderAttribute(path, $0.key))
    }
    let change = FolderChanged(
      type: type == folder?.type && !isOpen(.folderType(path)) ? nil : type, set: newSet.isEmpty ? nil : newSet,
      omitted: omitted == (folder?.omitted ?? false) && !isOpen(.folderOmitted(path)) ? nil : omitted)
    if folder == nil || change.type != nil || change.set != nil || change.omitted != nil {
      drafts.append(Draft(project: project, folder: path, fact: .folderChanged(change)))
    }
    try check(drafts, in: registry, project)
    return drafts
  }

  static func unknown(_ project: ProjectName, _ path: FolderPath, _ known: Project?) -> SluiceError {
    let meant = nearest(to: path.description, in: known?.folders.keys.map(\.description) ?? [])
    return SluiceError(
      .folderUnknown, what: "there is no folder '\(path)' in '\(project)'", at: "folder '\(project)/\(path)'",
      fix: meant.map { "did you mean '\($0)'?" } ?? "make it: sluice folder add \(project)/\(path)")
  }

  /// A folder that a pattern now matches may give a product a second maker, or close a circle.
  static func check(_ drafts: [Draft], in registry: Registry, _ name: ProjectName) throws(SluiceError) {
    guard let pipeline = registry.projects[name]?.pipeline?.pipeline else { return }
    var folders = Dictionary(
      (registry.projects[name]?.folders.values.map { ($0.path, $0) }) ?? [], uniquingKeysWith: { first, _ in first })
    for case (let path?, .folderChanged(let change)) in drafts.map({ ($0.folder, $0.fact) }) {
      var folder = folders[path] ?? Folder(path: path, type: change.type ?? "folder")
      folder.type = change.type ?? folder.type
      folder.omitted = change.omitted ?? folder.omitted
      folders[path] = folder
    }
    try check(
      StepGraph(pipeline: pipeline, folders: folders.values, casting: registry.projects[name]?.casting ?? [:]))
  }

  static func check(_ graph: StepGraph) throws(SluiceError) {
    if let first = graph.contested.first {
      throw SluiceError(
        .pipelineDoubleOutput,
        what: "\(first.units.map { "'\($0)'" }.joined(separator: " and ")) would both make \(first.product.spoken)",
        at: "product '\(first.product)'", fix: "let their 'for' name different folders, or give one another product")
    }
    if !graph.cycle.isEmpty {
      throw SluiceError(
        .pipelineCycle, what: "\(graph.cycle.map { "'\($0)'" }.joined(separator: ", ")) feed each other in a circle",
        at: "steps \(Set(graph.cycle.map(\.step)).sorted().joined(separator: ", "))",
        fix: "take one of the inputs away, or let it name another product")
    }
  }

  /// A new revision of a project's step templates, with the folders that the file adds.
  /// - Parameter former: the folders of the file that was applied before; empty where nobody knows.
  package static func applyPipeline(
    _ pipeline: Pipeline, source: Digest, former: [FolderDeclaration] = [], in registry: Registry, site: String
  ) throws(SluiceError) -> [Draft] {
    let known = registry.projects[pipeline.project]
    guard pipeline.project.description != Plan.jobsProject else {
      throw SluiceError(
        .pipelineShape, what: "'\(pipeline.project)' is the project of submitted jobs, and has no pipeline",
        at: "project '\(pipeline.project)'", fix: "give the project another name")
    }
    if known != nil { try requireHome(of: pipeline.project, in: registry) }
    var drafts: [Draft] = []
    if known == nil {
      drafts.append(Draft(project: pipeline.project, fact: .projectCreated(ProjectCreated(home: site))))
    }
    let declared = DeclaredFolders(pipeline.folders, former: former, in: known)
    drafts += declared.changes.map { folder, fact in
      Draft(project: pipeline.project, folder: folder, fact: .folderChanged(fact))
    }
    try check(StepGraph(pipeline: pipeline, folders: declared.folders.values, casting: known?.casting ?? [:]))
    // Its folders are facts of their own.
    var steps = pipeline
    steps.folders = []
    if known?.pipeline?.pipeline != steps || known?.pipeline?.source != source {
      drafts.append(
        Draft(
          project: pipeline.project,
          fact: .pipelineApplied(
            PipelineApplied(revision: (known?.pipeline?.revision ?? 0) + 1, pipeline: steps, source: source))))
    }
    return drafts
  }

  /// A new revision with vouches for what exists, which stand before the steps that they are about.
  package static func applyPipeline(
    _ pipeline: Pipeline, source: Digest, former: [FolderDeclaration] = [], accepting grandfather: Grandfather?,
    in registry: Registry, site: String
  ) throws(SluiceError) -> [Draft] {
    let edit = try applyPipeline(pipeline, source: source, former: former, in: registry, site: site)
    guard let grandfather else { return edit }
    let vouches = try grandfather.vouches(for: edit, to: pipeline.project, in: registry)
    let steps = edit.firstIndex { if case .pipelineApplied = $0.fact { true } else { false } } ?? edit.endIndex
    return edit[..<steps] + vouches + edit[steps...]
  }

  /// A person's no to a proposal; said twice it is recorded once.
  /// - Throws: `plan.unknown`, `plan.notWaiting`.
  package static func decline(_ id: PlanID, because: String?, in registry: Registry) throws(SluiceError) -> [Draft] {
    guard let plan = registry.plans[id] else {
      throw SluiceError(
        .planUnknown, what: "there is no proposal '\(NameRule.printable(id.description))'", at: "plan",
        fix: "`sluice plans PROJECT` lists what is proposed")
    }
    if plan.status == .declined { return [] }
    guard plan.status == .proposed else {
      let now = plan.supersededBy.map { ", and \($0) took its place" } ?? ""
      throw SluiceError(
        .planNotWaiting, what: "the plan \(id) does not wait for a decision: it is \(plan.status.rawValue)\(now)",
        at: "plan \(id)", fix: "`sluice plans \(plan.project)` lists what is proposed")
    }
    guard because.map({ $0.utf8.count <= Limits.noteBytes }) ?? true else {
      throw SluiceError(
        .usage, what: "the reason is longer than \(Limits.noteBytes) bytes", at: "plan \(id)", fix: "say it shorter")
    }
    return [Draft(project: plan.project, fact: .planDeclined(PlanDeclined(plan: id, because: because)))]
  }

  package static func moveTag(
    _ reference: Reference, to tag: String, in registry: Registry
  ) throws(SluiceError) -> [Draft] {
    try Publisher.checkTag(tag)
    let version = try registry.version(reference)
    let product = try registry.product(reference.product)
    let isOpen = try registry.project(reference.product.project).isContested(.tag(reference.product, tag))
    // Saying again what is shown settles what sites wrote without knowing of one another, and approves nothing.
    let isSaidAgain = isOpen && product.tags[tag] == version.address.version
    if tag == Judgement.approvedTag, let judgement = version.judgement, judgement.verdict != .approved, !isSaidAgain {
      let what = judgement.verdict == .rejected ? "was rejected" : "lost its approval"
      throw SluiceError(
        .usage, what: "\(version.spoken) \(what) (\(judgement.actor.name)), and a tag alone does not approve it",
        at: "product '\(reference.product)'",
        fix: "approve it: sluice approve \(reference.product)@\(version.address.version)")
    }
    guard product.tags[tag] != version.address.version || isSaidAgain else { return [] }
    return [
      Draft(
        project: reference.product.project, product: reference.product,
        fact: .tagMoved(TagMoved(tag: tag, version: version.address.version)))
    ]
  }

  /// What a home site owes to versions that others published, or that lost a number given twice. It still owes what the
  /// log refused: whoever asked asks again, after a start for all products.
  /// - Parameter products: those that changed; others than its own projects' are passed over.
  package static func giveNumbers(to products: some Sequence<ProductRef>, in registry: Registry) -> [Draft] {
    var drafts: [Draft] = []
    for ref in Set(products).sorted() {
      guard let project = registry.projects[ref.project], project.home == registry.site,
        let product = project.products[ref]
      else { continue }
      let nameless = product.versions.filter {
        project.versions[VersionAddress(product: ref, version: $0)]?.number == nil
      }
      for (index, version) in nameless.enumerated() {
        let fact = VersionNumbered(version: version, number: product.nextNumber + index)
        drafts.append(Draft(project: ref.project, product: ref, fact: .versionNumbered(fact)))
      }
    }
    return drafts
  }

  /// - Throws: `site.elsewhere`.
  package static func requireHome(of name: ProjectName, in registry: Registry) throws(SluiceError) {
    let home = try registry.project(name).home
    guard home != registry.site else { return }
    throw SluiceError(
      .siteElsewhere, what: "'\(name)' is at home at the site '\(home)', which alone plans, runs and changes its steps",
      at: "project '\(name)', asked at the site '\(registry.site)'", fix: "ask the site '\(home)'")
  }
}
