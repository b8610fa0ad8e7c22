package import SluiceModel

extension Registry {
  /// What a fact's record says of its place among the facts of all sites.
  struct Place {
    var site: String
    var sequence: Int64
    var clock: HybridTime?
    /// What the writer had seen, its own facts before this one included.
    var seen: Frontier
    var rank: Rank { Rank(after: seen, at: site) }
  }

  /// Takes records of one site in, in their order and behind their causes. Never fails for what they say: what is in a
  /// log happened. Records that are in here already are passed over.
  ///
  /// Every order that puts causes first gives the same registry. The graph of a project whose folders changed is laid
  /// anew only once.
  /// - Returns: the rows that are different now.
  /// - Throws: `log.damaged` for a critical event of a type that this Sluice does not know; then nothing was taken in.
  @discardableResult
  package mutating func apply(_ records: [StoredRecord], from site: String) throws(SluiceError) -> [RowKey] {
    for stored in records { try Registry.requireKnown(stored.record) }
    var rows: [RowKey] = []
    var (reshaped, described): (Set<ProjectName>, Set<ProjectName>) = ([], [])
    for stored in records where stored.last > head.frontier[site] {
      var place = Place(site: site, sequence: stored.first, clock: stored.record.clock, seen: stored.record.seen)
      for (index, event) in stored.record.events.enumerated() {
        place.sequence = stored.sequence(ofEvent: index)
        place.seen.advance(site, to: place.sequence - 1)
        switch event.fact {
        case .folderChanged:
          let before = laidFolder(of: event)
          rows += take(event, place)
          guard let name = event.project else { continue }
          if before == laidFolder(of: event) { described.insert(name) } else { reshaped.insert(name) }
        case .castingChanged:
          let before = cast(of: event)
          rows += take(event, place)
          guard let name = event.project, before != cast(of: event) else { continue }
          reshaped.insert(name)
        case .pipelineApplied, .projectCreated:
          rows += take(event, place)
          event.project.map { _ = reshaped.insert($0) }
        default: rows += take(event, place)
        }
      }
      head.frontier.advance(site, to: stored.last)
      if site == self.site, let time = stored.record.events.last?.time {
        head.written = .init(time: time, clock: stored.record.clock ?? HybridTime(wall: time))
      }
    }
    for name in reshaped { projects[name]?.layGraph() }
    for name in described.subtracting(reshaped) { projects[name]?.describeGraph() }
    return rows
  }

  /// Takes events of the own site in, as one record behind all that is known.
  @discardableResult
  package mutating func apply(_ events: [Event]) throws(SluiceError) -> [RowKey] {
    let last = sequence + Int64(events.count)
    let record = Record(seen: head.frontier.without(site), events: events)
    return try apply([StoredRecord(last: last, record: record)], from: site)
  }

  private func laidFolder(of event: Event) -> Folder.Laid? {
    guard let name = event.project, let path = event.folder else { return nil }
    return projects[name]?.folders[path]?.isLaid
  }

  private func cast(of event: Event) -> Set<FolderPath>? {
    guard let name = event.project, let path = event.folder else { return nil }
    return projects[name]?.casting[path]
  }

  private static func requireKnown(_ record: Record) throws(SluiceError) {
    for event in record.events {
      guard case .unknown(let type, true, _) = event.fact, event.outside == nil else { continue }
      throw SluiceError(
        .logDamaged, what: "the log holds an event of type '\(type)' that must be understood and is not",
        at: "event \(event.id)", fix: "start the Sluice that wrote it, or a newer one")
    }
  }

  private mutating func take(_ event: Event, _ place: Place) -> [RowKey] {
    switch event.fact {
    case .projectCreated(let fact):
      return withProject(of: event) { project in
        let rows = project.write(.home, fact.home, event, place)
        project.home = project.registers[.home]?.value ?? fact.home
        if project.folders[.root] == nil { project.folders[.root] = Folder(path: .root, type: "project") }
        return rows + [.folder(project.name, .root)]
      }
    case .folderChanged(let fact): return apply(fact, event, place)
    case .castingChanged(let fact): return apply(fact, event, place)
    case .pipelineApplied(let fact):
      return withProject(of: event) { project in
        if let other = project.pipeline, other.rank > place.rank { return [] }
        project.pipeline = PipelineRevision(
          revision: fact.revision, pipeline: fact.pipeline, source: fact.source, event: event.id, time: event.time,
          actor: event.actor, rank: place.rank)
        return [.pipeline(project.name)]
      }
    case .versionPublished(let fact): return apply(fact, event, place)
    case .tagMoved(let fact):
      guard let ref = event.product else { return [] }
      return withProject(of: event) { project in
        let key = RegisterKey.tag(ref, fact.tag)
        let rows = project.write(key, fact.version.description, event, place)
        let shown = project.registers[key]?.value.flatMap { VersionID($0) }
        project.products[ref]?.tags[fact.tag] = shown
        return rows + [.product(ref)]
      }
    case .versionNumbered(let fact):
      guard let ref = event.product else { return [] }
      return withProject(of: event) { project in
        project.give(fact.number, to: VersionAddress(product: ref, version: fact.version))
      }
    case .versionJudged(let fact): return apply(fact, event, place)
    case .versionVouched(let fact): return apply(fact, event, place)
    case .productFrozen(let fact): return apply(fact, event, place)
    case .productHeld(let fact): return apply(fact, event, place)
    case .versionHashed(let fact): return apply(fact, event, place.rank)
    case .versionDamaged(let fact): return apply(fact, event, place.rank)
    case .versionPurged(let fact): return apply(fact, event, place.rank)
    case .versionRestored(let fact): return apply(fact, event, place.rank)
    case .planProposed(let fact): return apply(fact, event, place.rank)
    case .planDeclined(let fact): return apply(fact, event, place.rank)
    case .planSuperseded(let fact): return supersede(fact.plan, by: nil, place.rank)
    case .planApplied(let fact): return apply(fact, event, place.rank)
    case .planFinished(let fact): return apply(fact, event, place.rank)
    case .runStarted(let fact): return apply(fact, event, place.rank)
    case .taskFinished(let fact): return apply(fact, place.rank)
    case .taskRetried(let fact): return apply(fact, place.rank)
    case .queueChanged(let fact): return apply(fact, place.rank)
    case .agentChanged(let fact): return apply(fact, event, place)
    case .runFinished(let fact): return apply(fact, event, place.rank)
    case .tokenCreated(let fact):
      tokens[fact.digest] = Token(name: fact.name, digest: fact.digest, rights: fact.rights)
      return [.token(fact.digest)]
    case .subscriptionCreated, .subscriptionPaused, .subscriptionReset, .subscriptionDeleted, .replayRequested:
      // Each site delivers its own, so that two sites may give one name.
      return place.site == site ? takeSubscription(event) : []
    case .personErased(let fact):
      let time = min(event.time, erased[fact.alias]?.time ?? event.time)
      erased[fact.alias] = ErasedPerson(alias: fact.alias, time: time)
      return [.erased(fact.alias)]
    case .unknown: return hear(event, place)
    }
  }

  mutating func withProject(of event: Event, _ change: (inout Project) -> [RowKey]) -> [RowKey] {
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

  private mutating func apply(_ fact: VersionPublished, _ event: Event, _ place: Place) -> [RowKey] {
    guard let ref = event.product else { return [] }
    let address = VersionAddress(product: ref, version: fact.version)
    link(ref, to: fact.madeFrom)
    if fact.inPlace != nil { placed[address] = place.site }
    return withProject(of: event) { project in
      var product = project.products[ref] ?? Product(ref: ref)
      let isKnown = product.versions.contains(fact.version)
      if !isKnown {
        let index = product.versions.lastIndex { $0 < fact.version }.map { $0 + 1 } ?? 0
        product.versions.insert(fact.version, at: index)
      }
      var version = Version(
        address: address, published: fact, time: event.time, actor: event.actor, event: event.id, cause: event.cause,
        place: VersionPlace(
          site: place.site, sequence: place.sequence, clock: place.clock ?? HybridTime(wall: event.time),
          seen: place.seen.without(place.site)), vouches: isKnown ? project.versions[address]?.vouches ?? [] : [])
      version.judgement = project.verdict(on: address)
      // Nobody else has the number: no other version has to give it up.
      let isFree = !isKnown && fact.number.map { product.numbers[$0] == nil } ?? false
      if isFree, let number = fact.number {
        product.numbers[number] = fact.version
        version.number = product.number(of: fact.version)
      }
      project.versions[address] = version
      project.addHead(version, to: &product)
      project.products[ref] = product
      let rows: [RowKey] = [.product(ref), .version(address)]
      return isFree ? rows : rows + (fact.number.map { project.give($0, to: address) } ?? [])
    }
  }

  /// Lineage, the other way round.
  mutating func link(_ user: ProductRef, to used: [Used]) {
    for source in Set(used.map(\.product)) where projects[source.project] != nil {
      projects[source.project]?.stock.add(user: user, of: source)
    }
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

  /// The older version keeps a number that two were given.
  mutating func give(_ number: Int, to address: VersionAddress) -> [RowKey] {
    guard var product = products[address.product] else { return [] }
    let before = product.numbers[number]
    if let before, before <= address.version { return [] }
    product.numbers[number] = address.version
    products[address.product] = product
    let changed = [address.version, before].compactMap { $0 }
      .map { VersionAddress(product: address.product, version: $0) }
    for address in changed { versions[address]?.number = product.number(of: address.version) }
    return [.product(address.product)] + changed.map { .version($0) }
  }

  mutating func layGraph() {
    let turn = (graph?.turn ?? 0) + 1
    graph = pipeline.map { StepGraph(pipeline: $0.pipeline, folders: folders, casting: casting, turn: turn) }
  }

  /// The same graph, where folders only say something else of themselves.
  mutating func describeGraph() { graph?.update(folders) }
}
