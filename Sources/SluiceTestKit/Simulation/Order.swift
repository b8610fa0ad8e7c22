import SluiceEngine
package import SluiceGraph
package import SluiceModel

/// What somebody asks a site for.
package enum Order: Sendable {
  case folder(ProjectName, FolderPath, type: String?, set: [String: String], omitted: Bool?)
  case cast(ProjectName, FolderPath, FolderPath, isIn: Bool)
  case publish(ProductRef, content: Int, tag: String?)
  /// Moves a tag to the newest version, or to the oldest.
  case tag(ProductRef, String, toOldest: Bool)
  /// Says something of the newest version of a product, or of the product.
  case judge(ProductRef, Saying)
  case pipeline(ProjectName, Int)
  case token(String)
  /// Forgets the name that an alias stands for.
  case erase(PersonAlias)
  /// What another tool says has happened.
  case outside(source: String, id: String, text: String)
  case subscribe(SubscriptionName)
  case replay(SubscriptionName)
  /// As the reactor does: a project has one proposal at a time.
  case propose(ProjectName, Int)
  case decline(ProjectName)
  /// Nothing of what is proposed is left to do.
  case withdraw(ProjectName)
  case apply(SimulatedPlan)
  case begin(SimulatedPlan, run: Int)
  case finish(SimulatedPlan, run: Int, task: Int, attempt: Int)
  case end(SimulatedPlan, run: Int, attempt: Int, outcome: RunOutcome)
  case endPlan(SimulatedPlan)
  /// Says again what a contested register shows.
  case settle(ProjectName, RegisterKey)

  /// The product that a version is made of, if one is.
  var made: ProductRef? {
    switch self {
    case .publish(let ref, _, _): ref
    case .end(let plan, let run, _, .succeeded): plan.runs[run].product
    default: nil
    }
  }

  var plan: PlanID? {
    switch self {
    case .begin(let plan, _), .finish(let plan, _, _, _), .end(let plan, _, _, _), .endPlan(let plan): plan.id
    default: nil
    }
  }

  /// The bytes that stand for a version's manifest.
  func manifest(_ version: VersionID?) -> Blob? { version.map { Blob(Array("\($0)".utf8)) } }
}

/// A plan of a few runs, which an errand carries out.
package struct SimulatedPlan: Sendable {
  package struct Run: Sendable {
    let id: RunID
    let folder: FolderPath
    let product: ProductRef
    let tasks: Int
  }
  package let id: PlanID
  let project: ProjectName
  let runs: [Run]
  static let step = "render"

  var plan: Plan {
    Plan(
      id: id, project: project, selection: "", frames: nil, pipelineRevision: 1,
      runs: runs.map {
        PlannedRun(
          id: $0.id, step: SimulatedPlan.step, folder: $0.folder, outputs: [$0.product], reasons: [], tasks: $0.tasks,
          frames: nil, estimate: nil, work: Digest.of("work"))
      },
      untouched: 0, missing: [], blocked: [])
  }
}

// MARK: Deciding, by the rules of the engine

extension Order {
  /// - Parameter version: a version id that was reserved for what this makes.
  func drafts(
    in registry: Registry, command: CommandID, version: VersionID?
  ) throws(SluiceError) -> [Draft] {
    switch self {
    case .folder(let project, let path, let type, let set, let omitted):
      let isNew = registry.projects[project]?.folders[path] == nil
      return try Decisions.changeFolder(
        project, path, type: type ?? (isNew ? "shot" : nil), set: set, omitted: omitted, mustBeNew: isNew, in: registry,
        site: registry.site)
    case .cast(let project, let shot, let asset, let isIn):
      return try CastingDecisions.cast(project, [shot: isIn ? .add([asset]) : .remove([asset])], in: registry)
    case .publish(let ref, let content, let tag):
      guard let version else { return [] }
      let new = PublishDecisions.NewVersion(product: ref, fact: published(version, content), tag: tag)
      return try PublishDecisions.publish([new], in: registry)
    case .tag(let ref, let tag, let toOldest):
      let oldest = try registry.product(ref).versions.first
      let selector = toOldest ? oldest.map { VersionSelector.id($0) } ?? .latest : .latest
      return try Decisions.moveTag(Reference(product: ref, selector: selector), to: tag, in: registry)
    case .judge(let ref, let saying): return try saying.drafts(ref, in: registry)
    case .pipeline(let project, let number):
      let pipeline = Pipeline(project: project, folders: [], steps: [])
      return try Decisions.applyPipeline(
        pipeline, source: Digest.of("pipeline \(number)"), in: registry, site: registry.site)
    case .token(let name):
      return [Draft(project: nil, fact: .tokenCreated(TokenCreated(name: name, digest: Digest.of(name), rights: [])))]
    case .erase(let alias):
      return registry.erased[alias] == nil ? [Draft(project: nil, fact: .personErased(PersonErased(alias: alias)))] : []
    case .outside(let source, let id, let text):
      let outside = Draft.Outside(
        id: EventID(id), cause: nil, attributes: Event.Outside(source: source, contentType: "text/plain"),
        extensions: ["show": .string("alpha")])
      let fact = Fact.unknown(type: "com.example.render.done", critical: false, content: .text(text))
      return [Draft(project: nil, fact: fact, outside: outside)]
    case .subscribe(let name):
      guard registry.subscriptions[name] == nil else { return [] }
      let fact = SubscriptionCreated(
        name: name, types: ["*"], where: nil, target: .command("simulated"), tries: Limits.deliveryTries,
        after: registry.sequence + 1)
      return [Draft(project: nil, fact: .subscriptionCreated(fact))]
    case .replay(let name):
      let after = try registry.subscription(name).after
      let through = registry.sequence
      let fact = ReplayRequested(
        name: name, after: after, through: through, where: nil, count: Int(through - after), because: nil)
      return [Draft(project: nil, fact: .replayRequested(fact))]
    case .settle(let project, let key): return try Order.settle(project, key, registry)
    case .propose, .decline, .withdraw: return try proposalDrafts(in: registry)
    default: return try runDrafts(in: registry, version: version)
    }
  }

  private func proposalDrafts(in registry: Registry) throws(SluiceError) -> [Draft] {
    func waiting(_ project: ProjectName) throws(SluiceError) -> PlanID? {
      try Decisions.requireHome(of: project, in: registry)
      return registry.plans.values.filter { $0.project == project && $0.status == .proposed }.map(\.id).min()
    }
    switch self {
    case .propose(let project, let number):
      let (old, plan) = (try waiting(project), PlanID("q-\(project)-\(number)"))
      guard old != plan, registry.plans[plan]?.status != .declined else { return [] }
      let fact = PlanProposed(plan: plan, body: Digest.of("\(plan)"), runs: 1, tasks: 1, superseded: old)
      return [Draft(project: project, fact: .planProposed(fact))]
    case .decline(let project):
      return try waiting(project).map { (plan) throws(SluiceError) in
        try Decisions.decline(plan, because: nil, in: registry)
      } ?? []
    case .withdraw(let project):
      let fact = try waiting(project).map { Fact.planSuperseded(PlanSuperseded(plan: $0)) }
      return fact.map { [Draft(project: project, fact: $0)] } ?? []
    default: return []
    }
  }

  private func runDrafts(in registry: Registry, version: VersionID?) throws(SluiceError) -> [Draft] {
    switch self {
    case .apply(let plan):
      return try RunDecisions.apply(plan.plan, body: Digest.of("\(plan.id)"), only: nil, in: registry)
    case .begin(let plan, let run):
      let run = plan.runs[run]
      _ = try Order.known(plan, in: registry)
      let fact = RunStarted(
        plan: plan.id, run: run.id, step: SimulatedPlan.step, attempt: (registry.runs[run.id]?.attempt ?? 0) + 1,
        tasks: run.tasks)
      return try RunDecisions.begin(fact, plan.project, run.folder, in: registry)
    case .finish(let plan, let run, let task, let attempt):
      let run = plan.runs[run]
      let fact = TaskFinished(
        task: TaskID(run: run.id, frame: task), attempt: attempt, frames: nil, outcome: .succeeded, seconds: 2,
        recipe: Digest.of("recipe"), log: "logs/x")
      return try RunDecisions.finish(fact, plan.project, run.folder, in: registry)
    case .end(let plan, let run, let attempt, let outcome):
      let run = plan.runs[run]
      let end = RunFinished(
        plan: plan.id, run: run.id, step: SimulatedPlan.step, attempt: attempt, outcome: outcome, executed: run.tasks,
        reused: 0, seconds: 4, recipe: Digest.of("recipe"))
      let made = Made(
        step: SimulatedPlan.step, run: run.id, plan: plan.id, core: Digest.of("core"), tools: [:],
        recipe: Digest.of("recipe"), uniform: true, reasons: [])
      let versions = version.map { [(ref: run.product, fact: published($0, attempt, made: made))] } ?? []
      return try RunDecisions.end(end, publishing: versions, plan.project, run.folder, in: registry)
    case .endPlan(let plan):
      try Order.known(plan, in: registry)
      let fact = PlanFinished(plan: plan.id, outcome: .succeeded, counts: RunCounts())
      return try RunDecisions.end(fact, plan.project, in: registry)
    default: return []
    }
  }

  private static func known(_ plan: SimulatedPlan, in registry: Registry) throws(SluiceError) {
    try Decisions.requireHome(of: plan.project, in: registry)
    guard registry.plans[plan.id] == nil else { return }
    throw SluiceError(.planUnknown, what: "there is no plan '\(plan.id)'", at: "plan", fix: "apply it first")
  }

  private static func settle(
    _ project: ProjectName, _ key: RegisterKey, _ registry: Registry
  ) throws(SluiceError) -> [Draft] {
    let known = try registry.project(project)
    switch key {
    case .home: return []
    case .folderType(let path), .folderOmitted(let path), .folderAttribute(let path, _):
      guard let folder = known.folders[path] else { return [] }
      var set: [String: String] = [:]
      if case .folderAttribute(_, let name) = key { set[name] = folder.attributes[name] ?? "" }
      return try Decisions.changeFolder(
        project, path, type: folder.type, set: set, omitted: folder.omitted, mustBeNew: false, in: registry,
        site: registry.site)
    case .cast(let shot, let asset):
      let isIn = known.casting[shot]?.contains(asset) == true
      return try CastingDecisions.cast(project, [shot: isIn ? .add([asset]) : .remove([asset])], in: registry)
    case .tag(let ref, let tag):
      guard let version = try registry.product(ref).tags[tag] else { return [] }
      return try Decisions.moveTag(Reference(product: ref, selector: .id(version)), to: tag, in: registry)
    case .verdict(let ref, let version):
      guard let judgement = known.versions[VersionAddress(product: ref, version: version)]?.judgement else { return [] }
      return try JudgementDecisions.judge(
        Reference(product: ref, selector: .id(version)), judgement.verdict, because: judgement.because, in: registry)
    case .frozen(let ref):
      guard let freeze = known.products[ref]?.freeze else {
        return try JudgementDecisions.thaw(ref, because: nil, in: registry)
      }
      return [
        Draft(
          project: project, product: ref,
          fact: .productFrozen(ProductFrozen(at: freeze.at, until: freeze.until, because: freeze.because)))
      ]
    case .held(let ref):
      let hold = known.products[ref]?.hold
      let fact = ProductHeld(held: hold != nil, because: hold?.because)
      return [Draft(project: project, product: ref, fact: .productHeld(fact))]
    }
  }

  private func published(_ version: VersionID, _ content: Int, made: Made? = nil) -> VersionPublished {
    let digest = manifest(version)?.digest ?? Digest.of("")
    var fact = VersionPublished(
      version: version, number: nil, manifest: digest,
      representations: [
        RepresentationSummary(
          name: "exr", kind: .file, files: 1, bytes: Int64(content), sha256: digest, content: digest, frames: nil)
      ], madeFrom: [], made: made)
    // Some files stay where they lie, and nobody has read them yet.
    if made == nil, content.isMultiple(of: 2) { fact.inPlace = .unhashed }
    return fact
  }
}
