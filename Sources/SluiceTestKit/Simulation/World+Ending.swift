import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceStorage

/// The end: waits until everything is at rest, settles what is contested, and compares.
extension World {
  mutating func look() {
    guard unrest.isEmpty else {
      queue.plan(.look, at: now + 500_000)
      return
    }
    if !isSettled {
      isSettled = true
      let open = contested
      contestedAtEnd = open.count
      surroundings.say("all is at rest; \(open.count) registers are contested")
      for (project, key) in open { start(.ask(.settle(project, key)), at: surroundings.dice.below(sites.count)) }
      queue.plan(.look, at: now + 500_000)
      return
    }
    check()
    isOver = true
  }

  private var contested: [(ProjectName, RegisterKey)] {
    guard let registry = sites[0].registry else { return [] }
    return registry.projects.keys.sorted().flatMap { name in
      (registry.projects[name]?.contested ?? []).filter { $0 != .home }.map { (name, $0) }
    }
  }

  /// What is not at rest yet, in words.
  var unrest: [String] {
    var open: [String] = []
    for errand in errands where !errand.isDone {
      open.append("\(errand.command) waits for \(Scenario.sites[errand.site])")
    }
    var ends = Frontier()
    for (site, stream) in surroundings.witness.truth.enumerated() {
      if let last = stream.last { ends.advance(Scenario.sites[site], to: last.last) }
    }
    for site in sites {
      guard let writer = site.writer, let running = site.running else {
        open.append("\(site.name) is not open")
        continue
      }
      if writer.confirmed.head.frontier != ends {
        open.append("\(site.name) stands at \(writer.confirmed.head.frontier.sequences) of \(ends.sequences)")
      }
      if !running.appending.isEmpty || !running.callers.isEmpty { open.append("\(site.name) still writes") }
      if let delivered = surroundings.witness.lastDelivered(at: site.index), delivered < writer.confirmed.sequence {
        open.append("\(site.name) has delivered \(delivered) of \(writer.confirmed.sequence)")
      }
      if surroundings.witness.followed[site.index] != ends { open.append("the follower at \(site.name) lags") }
    }
    return open
  }

  // MARK: Comparing

  private mutating func check() {
    let registries = sites.compactMap(\.registry)
    for (site, other) in registries.enumerated().dropFirst() where !registries[0].knowsTheSame(as: other) {
      let rows = difference(common(registries[0].allRows), common(other.allRows))
      fail(.convergence, "\(sites[0].name) and \(sites[site].name) differ: \(rows)")
    }
    // Reading everything anew costs much, and each site has its turn.
    let turn = Int(scenario.seed % UInt64(sites.count))
    for site in sites.indices { checkDisk(site, registries[site], isThorough: site == turn) }
    if let left = contested.first { fail(.registers, "\(left.1) of \(left.0) is contested after somebody wrote it") }
    checkRuns()
    checkNumbers(registries[0])
    checkCommands()
  }

  private mutating func fail(_ invariant: Invariant, _ text: String) {
    surroundings.witness.fail(invariant, text)
  }

  /// Subscriptions and agents are each site's own.
  private func common(_ rows: [ViewRow]) -> [ViewRow] {
    rows.filter { $0.model != "subscription" && $0.model != "agent" }
  }

  private func difference(_ some: [ViewRow], _ others: [ViewRow]) -> String {
    let rows = Set(some).symmetricDifference(others).sorted { ($0.model, $0.key) < ($1.model, $1.key) }
    guard !rows.isEmpty else { return "in what follows from the same rows" }
    return rows.prefix(2).map { "\($0.model) \($0.key) \(String(decoding: $0.body ?? [], as: UTF8.self))" }
      .joined(separator: " against ")
  }

  /// What a site has on disk is what was written, and gives what it shows.
  private mutating func checkDisk(_ site: Int, _ shown: Registry, isThorough: Bool) {
    let name = sites[site].name
    if isThorough { sites[site].saveAllViews() }
    var reader = sites[site]
    do throws(SluiceError) {
      var order = CausalOrder(from: Frontier(), room: .max)
      var anew = Registry(site: name)
      for stream in sites.indices.reversed() {
        let (engine, records) = try reader.open(stream, &surroundings)
        if stream == site { checkBlobs(records, engine, name) }
        let truth = surroundings.witness.truth[stream]
        if records.map(\.stored) != truth {
          fail(.streams, "\(name) does not have the stream of \(sites[stream].name) on disk as it was written")
        }
        guard isThorough else { continue }
        for placed in try order.add(records.map(\.stored), of: sites[stream].name) {
          try anew.apply([placed.stored], from: placed.site)
        }
      }
      guard isThorough else { return }
      if anew.head.frontier != shown.head.frontier { fail(.rebuilding, "\(name) has more on disk than it shows") }
      if !anew.knowsTheSame(as: shown) || anew.subscriptions != shown.subscriptions || anew.agents != shown.agents {
        fail(.rebuilding, "\(name) built anew differs: \(difference(anew.allRows, shown.allRows))")
      }
      checkViews(&reader.views, shown)
    } catch {
      fail(.durability, "\(name) cannot read its disk: \(error.what)")
    }
  }

  private mutating func checkViews(_ views: inout StoredViews, _ shown: Registry) {
    guard let head = views.head, let loaded = try? Registry(rows: views.read(), site: shown.site, head: head) else {
      return fail(.rebuilding, "the views of \(shown.site) cannot be read")
    }
    if head != shown.head { fail(.rebuilding, "the views of \(shown.site) say another place than they are at") }
    if !loaded.knowsTheSame(as: shown) || loaded.subscriptions != shown.subscriptions || loaded.agents != shown.agents {
      fail(.rebuilding, "\(shown.site) read from its views differs: \(difference(loaded.allRows, shown.allRows))")
    }
  }

  private mutating func checkBlobs(_ records: [Carried], _ engine: SegmentEngine, _ site: String) {
    for record in records {
      for blob in record.blobs where (try? engine.blob(blob.digest)) != blob.bytes {
        fail(.durability, "\(site):\(record.stored.last) names a manifest that is not there")
      }
    }
  }

  /// The sites that made each project. One that two made without knowing of one another has two homes until they do.
  private var makers: [ProjectName: Set<Int>] {
    var makers: [ProjectName: Set<Int>] = [:]
    for (site, stream) in surroundings.witness.truth.enumerated() {
      for event in stream.flatMap(\.record.events) {
        if case .projectCreated = event.fact, let project = event.project { makers[project, default: []].insert(site) }
      }
    }
    return makers
  }

  private mutating func checkRuns() {
    let makers = makers
    var published: [String: String] = [:]
    for (site, stream) in surroundings.witness.truth.enumerated() {
      for event in stream.flatMap(\.record.events) {
        guard case .versionPublished(let fact) = event.fact, let run = fact.made?.run, let product = event.product
        else {
          continue
        }
        let isContested = event.project.map { (makers[$0]?.count ?? 0) > 1 } ?? false
        let key = "\(run) \(product)" + (isContested ? " \(site)" : "")
        if let before = published.updateValue("\(Scenario.sites[site]) \(fact.version)", forKey: key) {
          fail(.publication, "run \(run) was published as \(before) and as \(Scenario.sites[site]) \(fact.version)")
        }
      }
    }
  }

  private mutating func checkNumbers(_ registry: Registry) {
    let makers = makers
    for (site, stream) in surroundings.witness.truth.enumerated() {
      for event in stream.flatMap(\.record.events) {
        let isNumbered =
          switch event.fact {
          case .versionPublished(let fact): fact.number != nil
          case .versionNumbered: true
          default: false
          }
        guard isNumbered, let project = event.project else { continue }
        if makers[project]?.contains(site) != true {
          fail(.numbers, "\(Scenario.sites[site]) gave a number in \(project)")
        }
      }
    }
    for project in registry.projects.values {
      for product in project.products.values {
        let numbers = product.versions.compactMap {
          project.versions[VersionAddress(product: product.ref, version: $0)]?.number
        }
        if numbers.count != product.versions.count || Set(numbers).count != numbers.count {
          fail(.numbers, "of \(product.ref) \(product.versions.count) versions have the numbers \(numbers.sorted())")
        }
      }
    }
  }

  /// A command, and an outside event of one source and id, is in a site's log once.
  private mutating func checkCommands() {
    for (site, stream) in surroundings.witness.truth.enumerated() {
      let commands = stream.compactMap(\.record.command)
      let twice = Dictionary(grouping: commands, by: { $0 }).filter { $0.value.count > 1 }.keys.sorted().first
      if let twice { fail(.answers, "\(twice) was carried out twice at \(Scenario.sites[site])") }
      let ids = stream.flatMap(\.record.events).map { "\($0.source) \($0.id)" }
      if Set(ids).count != ids.count { fail(.answers, "an event is twice in the log of \(Scenario.sites[site])") }
    }
  }
}

extension SimulatedSite {
  /// Everything that the views have not got yet.
  fileprivate mutating func saveAllViews() {
    var saved: WriterState.Unsaved?
    _ = try? withWriter { writer in
      saved = writer.takeUnsaved()
      if let saved { writer.saved(saved) }
    }
    if let saved { views.save(saved.keys, of: saved.registry, index: saved.index) }
  }
}
