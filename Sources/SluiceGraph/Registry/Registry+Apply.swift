package import SluiceModel

extension Registry {
  /// What a fact's record says of its place among the facts of all sites.
  struct Place {
    var site: String
    var sequence: Int64
    var clock: HybridTime?
    var seen: Frontier
  }

  /// Takes records of one site in, in their order. Never fails for what they say: what is in a log happened.
  /// The graph of a project whose folders changed is laid anew only once.
  /// - Returns: the rows that are different now.
  /// - Throws: `log.damaged` for a critical event of a type that this Sluice does not know.
  @discardableResult
  package mutating func apply(_ records: [StoredRecord], from site: String) throws(SluiceError) -> [RowKey] {
    var rows: [RowKey] = []
    var reshaped: Set<ProjectName> = []
    for stored in records {
      var seen = stored.record.seen
      seen.advance(site, to: stored.first - 1)
      for (index, event) in stored.record.events.enumerated() {
        rows += try take(
          event,
          Place(
            site: site, sequence: stored.sequence(ofEvent: index), clock: stored.record.clock, seen: seen))
        switch event.fact {
        case .folderChanged, .pipelineApplied, .projectCreated: event.project.map { _ = reshaped.insert($0) }
        default: continue
        }
      }
      head.frontier.advance(site, to: stored.last)
      if site == self.site, let time = stored.record.events.last?.time {
        head.written = .init(time: time, clock: stored.record.clock ?? HybridTime(wall: time))
      }
    }
    for name in reshaped { projects[name]?.compileGraph() }
    return rows
  }

  /// Takes events of the own site in, as one record behind all that is known.
  @discardableResult
  package mutating func apply(_ events: [Event]) throws(SluiceError) -> [RowKey] {
    let last = sequence + Int64(events.count)
    let record = Record(seen: head.frontier.without(site), events: events)
    return try apply([StoredRecord(last: last, record: record)], from: site)
  }

  private mutating func take(_ event: Event, _ place: Place) throws(SluiceError) -> [RowKey] {
    switch event.fact {
    case .projectCreated(let fact):
      return withProject(of: event) { project in
        let rows = project.write(.home, fact.home, event, place)
        project.home = project.registers[.home]?.value ?? fact.home
        project.folders[.root] = Folder(path: .root, type: "project")
        return rows + [.folder(project.name, .root)]
      }
    case .folderChanged(let fact): return apply(fact, event, place)
    case .pipelineApplied(let fact):
      return withProject(of: event) { project in
        project.pipeline = PipelineRevision(
          revision: fact.revision, pipeline: fact.pipeline, source: fact.source, event: event.id, time: event.time,
          actor: event.actor)
        return [.pipeline(project.name)]
      }
    case .versionPublished(let fact): return apply(fact, event)
    case .tagMoved(let fact):
      guard let ref = event.product else { return [] }
      return withProject(of: event) { project in
        let key = RegisterKey.tag(ref, fact.tag)
        let rows = project.write(key, fact.version.description, event, place)
        project.products[ref]?.tags[fact.tag] = project.registers[key]?.value.flatMap { VersionID($0) }
        return rows + [.product(ref)]
      }
    case .planProposed(let fact): return apply(fact, event)
    case .planDeclined(let fact):
      guard plans[fact.plan] != nil else { return [] }
      plans[fact.plan]?.status = .declined
      plans[fact.plan]?.declined = Decline(actor: event.actor, time: event.time, because: fact.because)
      return [.plan(fact.plan)]
    case .planSuperseded(let fact): return supersede(fact.plan, by: nil)
    case .planApplied(let fact): return apply(fact, event)
    case .planFinished(let fact):
      guard plans[fact.plan] != nil else { return [] }
      plans[fact.plan]?.status = PlanState.Status(rawValue: fact.outcome.rawValue) ?? .failed
      plans[fact.plan]?.counts = fact.counts
      plans[fact.plan]?.finished = event.time
      return [.plan(fact.plan)]
    case .runStarted(let fact): return apply(fact, event)
    case .taskFinished(let fact): return apply(fact)
    case .runFinished(let fact): return apply(fact, event)
    case .tokenCreated(let fact):
      tokens[fact.digest] = Token(name: fact.name, digest: fact.digest, rights: fact.rights)
      return [.token(fact.digest)]
    case .subscriptionCreated(let fact): return apply(fact, event)
    case .subscriptionPaused(let fact): return apply(fact)
    case .subscriptionReset(let fact): return apply(fact, event)
    case .subscriptionDeleted(let fact): return apply(fact)
    case .replayRequested(let fact): return apply(fact, event)
    case .personErased(let fact):
      erased[fact.alias] = ErasedPerson(alias: fact.alias, time: event.time)
      return [.erased(fact.alias)]
    case .unknown(let type, true, _):
      throw SluiceError(
        .logDamaged, what: "the log holds an event of type '\(type)' that must be understood and is not",
        at: "event \(event.id)", fix: "start the Sluice that wrote it, or a newer one")
    case .unknown: return hear(event, place)
    }
  }

  private mutating func withProject(of event: Event, _ change: (inout Project) -> [RowKey]) -> [RowKey] {
    guard let name = event.project else { return [] }
    return change(&projects[name, default: Project(name: name, home: event.site)]) + [.project(name)]
  }

  private mutating func apply(_ fact: FolderChanged, _ event: Event, _ place: Place) -> [RowKey] {
    guard let path = event.folder else { return [] }
    return withProject(of: event) { project in
      var folder = project.folders[path] ?? Folder(path: path, type: "folder")
      var rows: [RowKey] = [.folder(project.name, path)]
      if let type = fact.type {
        rows += project.write(.folderType(path), type, event, place)
        folder.type = project.registers[.folderType(path)]?.value ?? type
      }
      if let omitted = fact.omitted {
        rows += project.write(.folderOmitted(path), "\(omitted)", event, place)
        folder.omitted = project.registers[.folderOmitted(path)]?.value == "true"
      }
      for (key, value) in fact.set ?? [:] {
        rows += project.write(.folderAttribute(path, key), value, event, place)
        let shown = project.registers[.folderAttribute(path, key)]?.value ?? ""
        folder.attributes[key] = shown.isEmpty ? nil : shown
      }
      project.folders[path] = folder
      return rows
    }
  }

  private mutating func apply(_ fact: VersionPublished, _ event: Event) -> [RowKey] {
    guard let ref = event.product else { return [] }
    let address = VersionAddress(product: ref, version: fact.version)
    link(ref, to: fact.madeFrom)
    return withProject(of: event) { project in
      var product = project.products[ref] ?? Product(ref: ref)
      let place = product.versions.lastIndex { $0 < fact.version }.map { $0 + 1 } ?? 0
      if !product.versions.contains(fact.version) { product.versions.insert(fact.version, at: place) }
      if let number = fact.number { product.numbers[number] = fact.version }
      project.products[ref] = product
      project.versions[address] = Version(
        address: address, published: fact, time: event.time, actor: event.actor, event: event.id, cause: event.cause)
      return [.product(ref), .version(address)]
    }
  }

  /// Lineage, the other way round.
  mutating func link(_ user: ProductRef, to used: [Used]) {
    for source in Set(used.map(\.product)) where projects[source.project] != nil {
      projects[source.project]?.users[source, default: []].insert(user)
    }
  }

  private mutating func apply(_ fact: PlanProposed, _ event: Event) -> [RowKey] {
    guard let project = event.project else { return [] }
    plans[fact.plan] = PlanState(
      id: fact.plan, project: project, status: .proposed, body: fact.body,
      applications: plans[fact.plan]?.applications ?? 0, runs: fact.runs, tasks: fact.tasks, counts: RunCounts(),
      actor: event.actor, applied: event.time, finished: nil, event: event.id, only: nil)
    return [.plan(fact.plan)] + (fact.superseded.map { supersede($0, by: fact.plan) } ?? [])
  }

  private mutating func supersede(_ old: PlanID, by new: PlanID?) -> [RowKey] {
    guard plans[old]?.status == .proposed, old != new else { return [] }
    plans[old]?.status = .superseded
    plans[old]?.supersededBy = new
    return [.plan(old)]
  }

  private mutating func apply(_ fact: PlanApplied, _ event: Event) -> [RowKey] {
    guard let project = event.project else { return [] }
    plans[fact.plan] = PlanState(
      id: fact.plan, project: project, status: .running, body: fact.body,
      applications: (plans[fact.plan]?.applications ?? 0) + 1, runs: fact.runs, tasks: fact.tasks,
      counts: RunCounts(), actor: event.actor, applied: event.time, finished: nil, event: event.id,
      only: fact.only)
    return [.plan(fact.plan)]
  }

  private mutating func apply(_ fact: RunStarted, _ event: Event) -> [RowKey] {
    guard let project = event.project, let folder = event.folder else { return [] }
    runs[fact.run] = RunState(
      id: fact.run, plan: fact.plan, project: project, folder: folder, step: fact.step, status: .running,
      application: plans[fact.plan]?.applications ?? 1, attempt: fact.attempt, executed: 0, reused: 0, recipe: nil,
      failure: nil, event: event.id,
      tasks: runs[fact.run]?.tasks ?? [:], failedTasks: [])
    projects[project]?.lastRuns[UnitID(step: fact.step, folder: folder)] = fact.run
    return [.run(fact.run)]
  }

  private mutating func apply(_ fact: TaskFinished) -> [RowKey] {
    let run = fact.task.run
    guard runs[run] != nil else { return [] }
    switch fact.outcome {
    case .succeeded: runs[run]?.tasks[fact.task] = fact
    case .failed: runs[run]?.failedTasks.append(fact.task)
    case .cancelled: break
    }
    return [.run(run)]
  }

  private mutating func apply(_ fact: RunFinished, _ event: Event) -> [RowKey] {
    guard let project = event.project, let folder = event.folder else { return [] }
    var changed: [RowKey] = [.run(fact.run)]
    let before = runs[fact.run]
    let succeeded = fact.outcome == .succeeded || fact.outcome == .unchanged
    runs[fact.run] = RunState(
      id: fact.run, plan: fact.plan, project: project, folder: folder, step: fact.step,
      status: RunState.Status(rawValue: fact.outcome.rawValue) ?? .failed,
      application: plans[fact.plan]?.applications ?? 1, attempt: fact.attempt,
      executed: fact.executed, reused: fact.reused, recipe: fact.recipe, failure: fact.failure, event: event.id,
      tasks: succeeded ? [:] : before?.tasks ?? [:], failedTasks: before?.failedTasks ?? [])
    projects[project]?.lastRuns[UnitID(step: fact.step, folder: folder)] = fact.run
    if fact.outcome == .succeeded, fact.executed > 0 {
      projects[project]?.timings[fact.step] = StepTiming(secondsPerTask: fact.seconds / Double(fact.executed))
      changed.append(.timing(project, fact.step))
    }
    return changed
  }
}

extension Project {
  mutating func write(_ key: RegisterKey, _ value: String, _ event: Event, _ place: Registry.Place) -> [RowKey] {
    registers[key, default: Register()].take(
      Register.Write(
        value: value, site: place.site, sequence: place.sequence, clock: place.clock ?? HybridTime(wall: event.time),
        actor: event.actor,
        time: event.time), seen: place.seen)
    return [.register(name, key)]
  }

  mutating func compileGraph() {
    graph = pipeline.map { StepGraph(pipeline: $0.pipeline, folders: folders.values) }
  }
}
