import FoundationEssentials
package import Logging
import ServiceLifecycle
import SluiceGraph
package import SluiceModel

/// Follows the log and reacts: after changes have come to rest it looks at what is out of date, sets plans of `auto`
/// steps going and proposes the rest.
///
/// What to do is decided by `ChangeGathering` and `Reaction`; everything it does is a fact, so that a restart goes on
/// from the log alone. It reads snapshots and never holds the writer up.
package actor Reactor: Service {
  package struct Parts: Sendable {
    package var writer: Writer
    package var log: any EventLog
    package var feed: Feed
    package var queries: Queries
    package var runner: Runner
    package var bodies: PlanBodies
    package var ambient: Ambient
    package var logger: Logger

    package init(
      writer: Writer, log: any EventLog, feed: Feed, queries: Queries, runner: Runner, bodies: PlanBodies,
      ambient: Ambient, logger: Logger
    ) {
      (self.writer, self.log, self.feed, self.queries) = (writer, log, feed, queries)
      (self.runner, self.bodies, self.ambient, self.logger) = (runner, bodies, ambient, logger)
    }
  }

  private let parts: Parts
  private var place: Int64
  private var gatherings: [ProjectName: ChangeGathering] = [:]
  /// When the next freeze ends by itself: no fact says that what it kept out comes in then.
  private var thaws: [ProjectName: Duration] = [:]
  private let wakeups: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation

  /// It looks once at every project: what changed while no server ran, or just before the last one ended, is still out
  /// of date.
  package init(_ parts: Parts) {
    self.parts = parts
    let registry = parts.writer.current
    place = registry.sequence
    (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    for name in registry.projects.keys {
      gatherings[name, default: ChangeGathering()].change(at: parts.ambient.uptime(), cause: nil)
    }
  }

  // MARK: The loops

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.follow() }
        group.addTask { await self.keepTime() }
      }
    }
  }

  /// Hears every fact; what was lost because it fell behind, it reads from the log.
  private func follow() async {
    while !Task.isCancelled {
      let live = parts.feed.records()
      do throws(SluiceError) {
        try await catchUp()
      } catch {
        parts.logger.error("reactions cannot read the log: \(error.what)", metadata: ["code": "\(error.code.rawValue)"])
        if (try? await parts.ambient.sleep(Limits.reactionRetry)) == nil { return }
        continue
      }
      for await stored in live { hear(stored) }
    }
  }

  private func keepTime() async {
    var signals = wakeups.makeAsyncIterator()
    while !Task.isCancelled {
      guard let due = await react() else {
        if await signals.next() == nil { return }
        continue
      }
      // Another project may be due sooner than this one's rest is over, never sooner than a change takes to settle.
      let pause = min(max(due - parts.ambient.uptime(), .milliseconds(1)), Limits.reactionQuiet)
      if (try? await parts.ambient.sleep(pause)) == nil { return }
    }
  }

  // MARK: Hearing

  /// Reads what the log has beyond the last fact that was heard.
  /// - Throws: `log.failed`, `log.damaged`.
  package func catchUp() async throws(SluiceError) {
    while true {
      let records = try await parts.log.read(after: place, limit: Limits.recordsPerCommit)
      if records.isEmpty { return }
      for stored in records { hear(stored) }
    }
  }

  private func hear(_ stored: StoredRecord) {
    for (index, event) in stored.record.events.enumerated() where stored.sequence(ofEvent: index) > place {
      hear(event)
    }
    place = max(place, stored.last)
  }

  private func hear(_ event: Event) {
    guard let project = event.project, isChange(event, in: project) else { return }
    if case .folderChanged(let fact) = event.fact, fact.omitted == true { parts.runner.endOmitted(in: project) }
    gatherings[project, default: ChangeGathering()].change(at: parts.ambient.uptime(), cause: event.id)
    wake.yield()
  }

  /// Facts after which something may be out of date, or no longer in the way.
  private func isChange(_ event: Event, in project: ProjectName) -> Bool {
    switch event.fact {
    case .versionPublished, .versionHashed, .tagMoved, .folderChanged, .castingChanged, .pipelineApplied,
      .planFinished, .versionJudged, .versionVouched, .productFrozen, .productHeld:
      true
    case .planApplied: event.actor.trust != .system
    case .projectCreated, .versionNumbered, .versionDamaged, .versionPurged, .versionRestored, .planProposed,
      .planDeclined, .planSuperseded, .runStarted, .taskFinished, .taskRetried, .queueChanged, .agentChanged,
      .runFinished,
      .tokenCreated, .subscriptionCreated, .subscriptionPaused, .subscriptionReset, .subscriptionDeleted,
      .replayRequested, .personErased:
      false
    case .unknown(let type, _, _):
      parts.writer.current.projects[project]?.pipeline?.pipeline.steps.contains { $0.on?.event == type } ?? false
    }
  }

  // MARK: Reacting

  /// Looks at every project whose changes have come to rest.
  /// - Returns: when the next one is due; nil while nothing has changed.
  package func react() async -> Duration? {
    for (name, end) in thaws where end <= parts.ambient.uptime() {
      thaws[name] = nil
      gatherings[name, default: ChangeGathering()].change(at: parts.ambient.uptime(), cause: nil)
    }
    for name in gatherings.keys.sorted() {
      let began = parts.ambient.uptime()
      guard gatherings[name]?.fire(at: began) == true else { continue }
      do throws(SluiceError) {
        try await react(in: name, gathered: gatherings[name]?.cause)
        gatherings[name]?.rest(at: parts.ambient.uptime(), took: parts.ambient.uptime() - began)
      } catch {
        parts.logger.error(
          "no reaction in '\(name)': \(error.what)", metadata: ["code": "\(error.code.rawValue)", "at": "\(error.at)"])
        gatherings[name]?.retry(at: parts.ambient.uptime())
      }
    }
    return (gatherings.values.compactMap(\.due) + thaws.values).min()
  }

  private func react(in name: ProjectName, gathered: EventID?) async throws(SluiceError) {
    // Only the home site reacts by itself.
    guard let known = parts.writer.current.projects[name], known.home == parts.writer.site, known.graph != nil else {
      return
    }
    let survey = try await parts.queries.survey(name)
    let now = survey.assessor.now
    thaws[name] = survey.assessments.nextThaw.map { parts.ambient.uptime() + .seconds($0.timeIntervalSince(now)) }
    let (planner, reaction) = (Planner(survey.assessments), survey.reaction)
    let auto = survey.registry.unspent(try planner.plan(reaction: .auto, units: reaction.runs))
    if !auto.runs.isEmpty { try await run(auto, survey, gathered) }
    let proposal = survey.registry.unspent(
      try planner.plan(reaction: .propose, units: reaction.proposals, notes: reaction.notes))
    try await propose(proposal, survey, besides: auto.runs.isEmpty ? nil : auto.id, gathered)
  }

  private func origin(_ plan: Plan, _ survey: Queries.Survey, _ gathered: EventID?) -> Origin {
    Origin(actor: .system, cause: Reaction.cause(of: plan, in: survey.project) ?? gathered)
  }

  private func run(_ plan: Plan, _ survey: Queries.Survey, _ gathered: EventID?) async throws(SluiceError) {
    let (body, standing, name) = (Blob(plan), survey.standing, survey.project.name)
    try await parts.writer.submit(origin(plan, survey, gathered), blobs: [body]) { registry in
      // Somebody was quicker: what is left is looked at when that is heard.
      guard standing.holds(for: name, in: registry) else { return [] }
      return [
        Draft(
          project: name,
          fact: .planApplied(
            PlanApplied(plan: plan.id, body: body.digest, runs: plan.runs.count, tasks: plan.tasks)))
      ]
    }
    guard parts.writer.current.plans[plan.id]?.status == .running else { return }
    parts.logger.info("plan \(plan.id) runs by itself: \(plan.runs.count) runs in '\(name)'")
    await parts.runner.begin(plan)
  }

  /// One proposal waits at a time: a wider one replaces it, and one of which nothing is left goes.
  private func propose(
    _ plan: Plan, _ survey: Queries.Survey, besides own: PlanID?, _ gathered: EventID?
  ) async throws(SluiceError) {
    let (body, standing, name) = (Blob(plan), survey.standing, survey.project.name)
    guard standing.waiting?.id != (plan.runs.isEmpty ? nil : plan.id) else { return }
    let fact: Fact
    if plan.runs.isEmpty {
      guard let waiting = standing.waiting else { return }
      fact = .planSuperseded(PlanSuperseded(plan: waiting.id))
    } else {
      fact = .planProposed(
        PlanProposed(
          plan: plan.id, body: body.digest, runs: plan.runs.count, tasks: plan.tasks, superseded: standing.waiting?.id))
    }
    try await parts.writer.submit(
      origin(plan, survey, gathered), blobs: plan.runs.isEmpty ? [] : [body]
    ) { registry in
      standing.holds(for: name, in: registry, besides: own) ? [Draft(project: name, fact: fact)] : []
    }
  }
}
