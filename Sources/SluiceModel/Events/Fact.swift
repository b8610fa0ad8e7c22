package import FoundationEssentials

/// What happened. Types live for ever: a change is a new optional field, or a new type with a version.
package enum Fact: Sendable, Equatable {
  case projectCreated(ProjectCreated)
  case folderChanged(FolderChanged)
  case castingChanged(CastingChanged)
  case pipelineApplied(PipelineApplied)
  case versionPublished(VersionPublished)
  case versionNumbered(VersionNumbered)
  case versionHashed(VersionHashed)
  case versionDamaged(VersionDamaged)
  case versionPurged(VersionPurged)
  case versionRestored(VersionRestored)
  case tagMoved(TagMoved)
  case versionJudged(VersionJudged)
  case versionVouched(VersionVouched)
  case productFrozen(ProductFrozen)
  case productHeld(ProductHeld)
  case planProposed(PlanProposed)
  case planDeclined(PlanDeclined)
  case planSuperseded(PlanSuperseded)
  case planApplied(PlanApplied)
  case planFinished(PlanFinished)
  case runStarted(RunStarted)
  case taskFinished(TaskFinished)
  case taskRetried(TaskRetried)
  case queueChanged(QueueChanged)
  case agentChanged(AgentChanged)
  case runFinished(RunFinished)
  case tokenCreated(TokenCreated)
  case subscriptionCreated(SubscriptionCreated)
  case subscriptionPaused(SubscriptionPaused)
  case subscriptionReset(SubscriptionReset)
  case subscriptionDeleted(SubscriptionDeleted)
  case replayRequested(ReplayRequested)
  case personErased(PersonErased)
  /// An outside tool's event, or a type that a later Sluice wrote: kept and passed on. A `critical` one stops the view
  /// that meets it.
  case unknown(type: String, critical: Bool, content: Content)

  package static let projectCreatedType = "sluice.project.created.v1"
  package static let folderChangedType = "sluice.folder.changed.v1"
  package static let castingChangedType = "sluice.casting.changed.v1"
  package static let pipelineAppliedType = "sluice.pipeline.applied.v1"
  package static let versionPublishedType = "sluice.version.published.v1"
  package static let versionNumberedType = "sluice.version.numbered.v1"
  package static let versionHashedType = "sluice.version.hashed.v1"
  package static let versionDamagedType = "sluice.version.damaged.v1"
  package static let versionPurgedType = "sluice.version.purged.v1"
  package static let versionRestoredType = "sluice.version.restored.v1"
  package static let tagMovedType = "sluice.tag.moved.v1"
  package static let versionJudgedType = "sluice.version.judged.v1"
  package static let versionVouchedType = "sluice.version.vouched.v1"
  package static let productFrozenType = "sluice.product.frozen.v1"
  package static let productHeldType = "sluice.product.held.v1"
  package static let planProposedType = "sluice.plan.proposed.v1"
  package static let planDeclinedType = "sluice.plan.declined.v1"
  package static let planSupersededType = "sluice.plan.superseded.v1"
  package static let planAppliedType = "sluice.plan.applied.v1"
  package static let planFinishedType = "sluice.plan.finished.v1"
  package static let runStartedType = "sluice.run.started.v1"
  package static let taskFinishedType = "sluice.task.finished.v1"
  package static let taskRetriedType = "sluice.task.retried.v1"
  package static let queueChangedType = "sluice.queue.changed.v1"
  package static let agentChangedType = "sluice.agent.changed.v1"
  package static let runFinishedType = "sluice.run.finished.v1"
  package static let tokenCreatedType = "sluice.token.created.v1"
  package static let subscriptionCreatedType = "sluice.subscription.created.v1"
  package static let subscriptionPausedType = "sluice.subscription.paused.v1"
  package static let subscriptionResetType = "sluice.subscription.reset.v1"
  package static let subscriptionDeletedType = "sluice.subscription.deleted.v1"
  package static let replayRequestedType = "sluice.replay.requested.v1"
  package static let personErasedType = "sluice.person.erased.v1"

  package static let types = [
    projectCreatedType, folderChangedType, castingChangedType, pipelineAppliedType, versionPublishedType,
    versionNumberedType, versionHashedType, versionDamagedType, versionPurgedType, versionRestoredType, tagMovedType,
    versionJudgedType, versionVouchedType,
    productFrozenType, productHeldType, planProposedType, planDeclinedType, planSupersededType, planAppliedType,
    planFinishedType, runStartedType, taskFinishedType, taskRetriedType, queueChangedType, agentChangedType,
    runFinishedType, tokenCreatedType, subscriptionCreatedType, subscriptionPausedType, subscriptionResetType,
    subscriptionDeletedType, replayRequestedType, personErasedType,
  ]

  package var type: String {
    switch self {
    case .projectCreated: Self.projectCreatedType
    case .folderChanged: Self.folderChangedType
    case .castingChanged: Self.castingChangedType
    case .pipelineApplied: Self.pipelineAppliedType
    case .versionPublished: Self.versionPublishedType
    case .versionNumbered: Self.versionNumberedType
    case .versionHashed: Self.versionHashedType
    case .versionDamaged: Self.versionDamagedType
    case .versionPurged: Self.versionPurgedType
    case .versionRestored: Self.versionRestoredType
    case .tagMoved: Self.tagMovedType
    case .versionJudged: Self.versionJudgedType
    case .versionVouched: Self.versionVouchedType
    case .productFrozen: Self.productFrozenType
    case .productHeld: Self.productHeldType
    case .planProposed: Self.planProposedType
    case .planDeclined: Self.planDeclinedType
    case .planSuperseded: Self.planSupersededType
    case .planApplied: Self.planAppliedType
    case .planFinished: Self.planFinishedType
    case .runStarted: Self.runStartedType
    case .taskFinished: Self.taskFinishedType
    case .taskRetried: Self.taskRetriedType
    case .queueChanged: Self.queueChangedType
    case .agentChanged: Self.agentChangedType
    case .runFinished: Self.runFinishedType
    case .tokenCreated: Self.tokenCreatedType
    case .subscriptionCreated: Self.subscriptionCreatedType
    case .subscriptionPaused: Self.subscriptionPausedType
    case .subscriptionReset: Self.subscriptionResetType
    case .subscriptionDeleted: Self.subscriptionDeletedType
    case .replayRequested: Self.replayRequestedType
    case .personErased: Self.personErasedType
    case .unknown(let type, _, _): type
    }
  }

  /// - Throws: a decoding error where the content is not what the type says.
  init(type: String, critical: Bool, content: Content) throws {
    func data<Data: Decodable>() throws -> Data {
      guard case .json(let bytes) = content else { throw EnvelopeProblem("an event of type \(type) has no data") }
      return try StableJSON.decode(Data.self, from: bytes)
    }
    switch type {
    case Self.projectCreatedType: self = .projectCreated(try data())
    case Self.folderChangedType: self = .folderChanged(try data())
    case Self.castingChangedType: self = .castingChanged(try data())
    case Self.pipelineAppliedType: self = .pipelineApplied(try data())
    case Self.versionPublishedType: self = .versionPublished(try data())
    case Self.versionNumberedType: self = .versionNumbered(try data())
    case Self.versionHashedType: self = .versionHashed(try data())
    case Self.versionDamagedType: self = .versionDamaged(try data())
    case Self.versionPurgedType: self = .versionPurged(try data())
    case Self.versionRestoredType: self = .versionRestored(try data())
    case Self.tagMovedType: self = .tagMoved(try data())
    case Self.versionJudgedType: self = .versionJudged(try data())
    case Self.versionVouchedType: self = .versionVouched(try data())
    case Self.productFrozenType: self = .productFrozen(try data())
    case Self.productHeldType: self = .productHeld(try data())
    case Self.planProposedType: self = .planProposed(try data())
    case Self.planDeclinedType: self = .planDeclined(try data())
    case Self.planSupersededType: self = .planSuperseded(try data())
    case Self.planAppliedType: self = .planApplied(try data())
    case Self.planFinishedType: self = .planFinished(try data())
    case Self.runStartedType: self = .runStarted(try data())
    case Self.taskFinishedType: self = .taskFinished(try data())
    case Self.taskRetriedType: self = .taskRetried(try data())
    case Self.queueChangedType: self = .queueChanged(try data())
    case Self.agentChangedType: self = .agentChanged(try data())
    case Self.runFinishedType: self = .runFinished(try data())
    case Self.tokenCreatedType: self = .tokenCreated(try data())
    case Self.subscriptionCreatedType: self = .subscriptionCreated(try data())
    case Self.subscriptionPausedType: self = .subscriptionPaused(try data())
    case Self.subscriptionResetType: self = .subscriptionReset(try data())
    case Self.subscriptionDeletedType: self = .subscriptionDeleted(try data())
    case Self.replayRequestedType: self = .replayRequested(try data())
    case Self.personErasedType: self = .personErased(try data())
    default: self = .unknown(type: type, critical: critical, content: content)
    }
  }

  /// The data part of the event.
  var content: Content {
    switch self {
    case .projectCreated(let data): .json(StableJSON.encode(data))
    case .folderChanged(let data): .json(StableJSON.encode(data))
    case .castingChanged(let data): .json(StableJSON.encode(data))
    case .pipelineApplied(let data): .json(StableJSON.encode(data))
    case .versionPublished(let data): .json(StableJSON.encode(data))
    case .versionNumbered(let data): .json(StableJSON.encode(data))
    case .versionHashed(let data): .json(StableJSON.encode(data))
    case .versionDamaged(let data): .json(StableJSON.encode(data))
    case .versionPurged(let data): .json(StableJSON.encode(data))
    case .versionRestored(let data): .json(StableJSON.encode(data))
    case .tagMoved(let data): .json(StableJSON.encode(data))
    case .versionJudged(let data): .json(StableJSON.encode(data))
    case .versionVouched(let data): .json(StableJSON.encode(data))
    case .productFrozen(let data): .json(StableJSON.encode(data))
    case .productHeld(let data): .json(StableJSON.encode(data))
    case .planProposed(let data): .json(StableJSON.encode(data))
    case .planDeclined(let data): .json(StableJSON.encode(data))
    case .planSuperseded(let data): .json(StableJSON.encode(data))
    case .planApplied(let data): .json(StableJSON.encode(data))
    case .planFinished(let data): .json(StableJSON.encode(data))
    case .runStarted(let data): .json(StableJSON.encode(data))
    case .taskFinished(let data): .json(StableJSON.encode(data))
    case .taskRetried(let data): .json(StableJSON.encode(data))
    case .queueChanged(let data): .json(StableJSON.encode(data))
    case .agentChanged(let data): .json(StableJSON.encode(data))
    case .runFinished(let data): .json(StableJSON.encode(data))
    case .tokenCreated(let data): .json(StableJSON.encode(data))
    case .subscriptionCreated(let data): .json(StableJSON.encode(data))
    case .subscriptionPaused(let data): .json(StableJSON.encode(data))
    case .subscriptionReset(let data): .json(StableJSON.encode(data))
    case .subscriptionDeleted(let data): .json(StableJSON.encode(data))
    case .replayRequested(let data): .json(StableJSON.encode(data))
    case .personErased(let data): .json(StableJSON.encode(data))
    case .unknown(_, _, let content): content
    }
  }
}

/// A project exists from here on; the site that made it gives its numbers.
package struct ProjectCreated: Sendable, Equatable, Codable {
  package var home: String
  package init(home: String) { self.home = home }
}

/// A folder was made, or what is known of it changed; what is nil stays as it was.
package struct FolderChanged: Sendable, Equatable, Codable {
  package var type: String?
  /// Attributes such as `range` and `fps`; an empty text removes one.
  package var set: [String: String]?
  package var omitted: Bool?
  package init(type: String? = nil, set: [String: String]? = nil, omitted: Bool? = nil) {
    (self.type, self.set, self.omitted) = (type, set, omitted)
  }
}

/// A revision of the project's step templates; revisions are immutable and follow one another.
package struct PipelineApplied: Sendable, Equatable, Codable {
  package var revision: Int
  package var pipeline: Pipeline
  /// The file as it was written, kept as a blob.
  package var source: Digest
  package init(revision: Int, pipeline: Pipeline, source: Digest) {
    (self.revision, self.pipeline, self.source) = (revision, pipeline, source)
  }
}

/// One form of a version, in figures; its files stand in the manifest.
package struct RepresentationSummary: Sendable, Equatable, Codable {
  package var name: String
  package var kind: RepresentationKind
  package var files: Int
  package var bytes: Int64
  /// Of the one file, or of the lines that `sha256sum` prints for all files sorted by path.
  package var sha256: Digest
  /// What staleness compares: frames and their identities, without names.
  package var content: Digest
  package var frames: FrameSet?

  package init(
    name: String, kind: RepresentationKind, files: Int, bytes: Int64, sha256: Digest, content: Digest,
    frames: FrameSet?
  ) {
    (self.name, self.kind, self.files, self.bytes) = (name, kind, files, bytes)
    (self.sha256, self.content, self.frames) = (sha256, content, frames)
  }
}

package enum RepresentationKind: String, Sendable, Codable {
  /// One file.
  case file
  /// Files that differ only in the last number before the extension.
  case sequence
  /// Several files, or a directory, with their relative paths.
  case tree
}

/// One version that another was made from.
package struct Used: Sendable, Hashable, Codable {
  /// The input's name in its step; nil where a person said it (`--from`).
  package var input: String?
  package var product: ProductRef
  package var version: VersionID
  package var content: Digest
  /// The frames of the made version that this holds for; nil for all.
  package var frames: FrameSet?
  /// The input's product that names this one by a reference; nil for the input's own.
  package var through: ProductRef?

  package init(
    input: String?, product: ProductRef, version: VersionID, content: Digest, frames: FrameSet? = nil,
    through: ProductRef? = nil
  ) {
    (self.input, self.product, self.version, self.content) = (input, product, version, content)
    (self.frames, self.through) = (frames, through)
  }
}

/// How a step made a version.
package struct Made: Sendable, Hashable, Codable {
  package var step: String
  package var run: RunID
  package var plan: PlanID
  /// Digest of command, parameters and tools, without the inputs.
  package var core: Digest
  package var tools: [String: ToolVersion]
  /// Digest of core and inputs as a whole.
  package var recipe: Digest
  /// The event of another tool that it was made by; nil where the step listens for none.
  package var told: Told?
  /// Whether every frame has the recipe of this run's inputs; false after `--frames`.
  package var uniform: Bool
  /// Cores that frames it carries were made by, and that somebody vouched for as good as its own; nil for none.
  package var accepted: [Digest]?
  /// Why the run was wanted, as the plan said.
  package var reasons: [Reason]

  package init(
    step: String, run: RunID, plan: PlanID, core: Digest, tools: [String: ToolVersion], recipe: Digest,
    told: Told? = nil, uniform: Bool, accepted: [Digest]? = nil, reasons: [Reason]
  ) {
    (self.told, self.accepted) = (told, accepted)
    (self.step, self.run, self.plan, self.core) = (step, run, plan, core)
    (self.tools, self.recipe, self.uniform, self.reasons) = (tools, recipe, uniform, reasons)
  }
}

/// An event of another tool, as far as a step that listens for it is made by it.
package struct Told: Sendable, Hashable, Codable {
  package var type: String
  package var source: String
  package var id: EventID
  /// When it was recorded, and by whom it was sent.
  package var time: Date
  package var actor: Actor
  /// What the step took out of its data.
  package var parameters: [String: String]

  package init(
    type: String, source: String, id: EventID, time: Date, actor: Actor, parameters: [String: String]
  ) {
    (self.type, self.source, self.id, self.time) = (type, source, id, time)
    (self.actor, self.parameters) = (actor, parameters)
  }
}

/// A program that a step names: its digest is part of the recipe.
package struct ToolVersion: Sendable, Hashable, Codable {
  package var digest: Digest
  /// The first line of `TOOL --version`, for people.
  package var line: String
  package init(digest: Digest, line: String) { (self.digest, self.line) = (digest, line) }
}

/// A version that another site published got its number from the project's home site.
package struct VersionNumbered: Sendable, Equatable, Codable {
  package var version: VersionID
  package var number: Int
  package init(version: VersionID, number: Int) { (self.version, self.number) = (version, number) }
}

package struct TagMoved: Sendable, Equatable, Codable {
  package var tag: String
  package var version: VersionID
  package init(tag: String, version: VersionID) { (self.tag, self.version) = (tag, version) }
}

/// A person or a reaction set a plan going; the plan itself is a blob.
package struct PlanApplied: Sendable, Equatable, Codable {
  package var plan: PlanID
  package var body: Digest
  package var runs: Int
  package var tasks: Int
  /// A retry names the runs that it wants again.
  package var only: [RunID]?
  package init(plan: PlanID, body: Digest, runs: Int, tasks: Int, only: [RunID]? = nil) {
    (self.plan, self.body, self.runs, self.tasks, self.only) = (plan, body, runs, tasks, only)
  }
}

package struct PlanFinished: Sendable, Equatable, Codable {
  package var plan: PlanID
  package var outcome: PlanOutcome
  package var counts: RunCounts
  package init(plan: PlanID, outcome: PlanOutcome, counts: RunCounts) {
    (self.plan, self.outcome, self.counts) = (plan, outcome, counts)
  }
}

package enum PlanOutcome: String, Sendable, Codable { case succeeded, failed, cancelled }

/// How the runs of a plan ended; a reused run is counted in `succeeded` and in `reused`.
package struct RunCounts: Sendable, Equatable, Codable {
  package var succeeded = 0
  package var failed = 0
  package var unchanged = 0
  package var reused = 0
  package var cancelled = 0
  package init() {}
}

/// A task ended; the files it made were durable before this event.
package struct TaskFinished: Sendable, Equatable, Codable {
  package var task: TaskID
  package var attempt: Int
  package var frames: FrameSet?
  package var outcome: TaskOutcome
  package var seconds: Double
  /// What the task's inputs and command were; a restart takes its files only for the same recipe.
  package var recipe: Digest
  /// Where stdout and stderr lie, relative to the data folder.
  package var log: String
  package var failure: Failure?
  /// Its run's step.
  package var step: String?
  /// The agent that ran it, `server` for the server's own machine.
  package var agent: String?
  package var given: TaskShare?
  package var used: TaskUse?
  /// Earlier tries of it since its plan was applied, the first one first; nil for none.
  package var tries: [TaskTry]?
  /// The step of its run's template; only where such steps are tasks of their own.
  package var part: String?
  package init(
    task: TaskID, attempt: Int, frames: FrameSet?, outcome: TaskOutcome, seconds: Double, recipe: Digest, log: String,
    failure: Failure? = nil
  ) {
    (self.task, self.attempt, self.frames, self.outcome) = (task, attempt, frames, outcome)
    (self.seconds, self.recipe, self.log, self.failure) = (seconds, recipe, log, failure)
  }
}

package enum TaskOutcome: String, Sendable, Codable { case succeeded, failed, cancelled }

/// An error as it is kept in the log.
package struct Failure: Sendable, Hashable, Codable {
  package var code: String
  package var what: String
  package var at: String
  package var fix: String
  package init(_ error: SluiceError) {
    (code, what, at, fix) = (error.code.rawValue, error.what, error.at, error.fix)
  }
}

package struct RunFinished: Sendable, Equatable, Codable {
  package var plan: PlanID
  package var run: RunID
  package var step: String
  package var attempt: Int
  package var outcome: RunOutcome
  package var executed: Int
  package var reused: Int
  /// Core-seconds of the tasks that ran.
  package var seconds: Double
  /// Of core and inputs as this run saw them.
  package var recipe: Digest?
  package var failure: Failure?
  /// Work that it did not have to do; nil where it did all, and in facts from before this was counted.
  package var spared: SparedWork?
  package init(
    plan: PlanID, run: RunID, step: String, attempt: Int, outcome: RunOutcome, executed: Int, reused: Int,
    seconds: Double, recipe: Digest?, failure: Failure? = nil, spared: SparedWork? = nil
  ) {
    self.spared = spared
    (self.plan, self.run, self.step, self.attempt) = (plan, run, step, attempt)
    (self.outcome, self.executed, self.reused, self.seconds) = (outcome, executed, reused, seconds)
    (self.recipe, self.failure) = (recipe, failure)
  }
}

package enum RunOutcome: String, Sendable, Codable { case succeeded, unchanged, failed, cancelled }

package struct TokenCreated: Sendable, Equatable, Codable {
  /// The alias of who it is for; the name itself in tokens of before there were aliases.
  package var name: String
  /// SHA-256 of the token; the token itself is shown once and kept nowhere.
  package var digest: Digest
  package var rights: [TokenRight]
  package init(name: String, digest: Digest, rights: [TokenRight]) {
    (self.name, self.digest, self.rights) = (name, digest, rights)
  }
}

/// What the owner of a token may do; reading is allowed to every token.
package enum TokenRight: String, Sendable, Codable, CaseIterable {
  /// Publish versions, move tags, change folders.
  case publish
  /// Apply, cancel and retry plans.
  case run
  /// Apply a pipeline: its commands run on the farm.
  case pipeline
  /// Make, change and read subscriptions, and replay.
  case subscribe
  /// Join the farm as an agent and take tasks.
  case agent
  /// Make tokens.
  case admin
}
