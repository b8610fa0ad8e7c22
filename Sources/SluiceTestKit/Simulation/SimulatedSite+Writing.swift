import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceStorage

/// Commands: decided at once, written together, answered when they are durable.
extension SimulatedSite {
  private static let nobody = WriterState(registry: Registry(), names: names)

  /// Changes the writer where it stands.
  mutating func withWriter<Result>(
    _ change: (inout WriterState) throws(SluiceError) -> Result
  ) throws(SluiceError) -> Result? {
    guard case .open(var writer)? = running?.phase else { return nil }
    // Nobody else keeps a copy, so that it is changed in place.
    running?.phase = .open(SimulatedSite.nobody)
    defer { running?.phase = .open(writer) }
    return try change(&writer)
  }

  mutating func command(_ id: CommandID, _ order: Order, from caller: Party, _ world: inout Surroundings) {
    guard let writer else { return }
    if let last = writer.record(of: id) ?? (writer.isInFlight(id) ? nil : views.record(of: id)) {
      return reply(.done(last, record(at: last, of: id)), to: caller, id, &world)
    }
    let ambient = ambient(at: world.now)
    let cause = order.plan.flatMap { writer.confirmed.plans[$0]?.event }
    let origin = Origin(actor: Actor(name: "ada", trust: .claimed), cause: cause, command: id)
    var seen = Frontier()
    do throws(SluiceError) {
      let answer = try withWriter { (writer) throws(SluiceError) in
        let version = order.made.map { writer.reserveVersion(of: $0, ambient: ambient) }
        let blobs = order.manifest(version).map { [$0] } ?? []
        return try writer.submit(origin, blobs: blobs, ambient: ambient) { registry throws(SluiceError) in
          seen = registry.head.frontier
          return try order.drafts(in: registry, command: id, version: version)
        }
      }
      switch answer {
      case .known(let last): reply(.done(last, nil), to: caller, id, &world)
      case .waiting(let ticket):
        world.witness.decided(id, at: index, seen: seen)
        running?.callers[ticket, default: []].append((id, caller))
        planFlush(&world)
      case nil: return
      }
    } catch {
      let home = error.code == .siteElsewhere ? homeOfProject(order) : nil
      reply(.refused(error.code, home: home), to: caller, id, &world)
    }
  }

  private func homeOfProject(_ order: Order) -> String? {
    let project: ProjectName? =
      switch order {
      case .apply(let plan), .begin(let plan, _), .finish(let plan, _, _, _), .end(let plan, _, _, _),
        .endPlan(let plan), .farm(let plan, _, _):
        plan.project
      case .pipeline(let project, _): project
      default: nil
      }
    return project.flatMap { registry?.projects[$0]?.home }
  }

  /// Everything that the site owes.
  mutating func giveNumbers(_ world: inout Surroundings) {
    let home = registry?.projects.values.filter { $0.home == name } ?? []
    giveNumbers(to: home.flatMap { Array($0.products.keys) }.sorted(), &world)
  }

  /// What the site itself owes: numbers for versions that others published.
  mutating func giveNumbers(to products: [ProductRef], _ world: inout Surroundings) {
    let ambient = ambient(at: world.now)
    var seen = Frontier()
    var hasDecided = false
    _ = try? withWriter { (writer) throws(SluiceError) in
      try writer.submit(.system, blobs: [], ambient: ambient) { registry in
        seen = registry.head.frontier
        let drafts = Decisions.giveNumbers(to: products, in: registry)
        hasDecided = !drafts.isEmpty
        return drafts
      }
    }
    if hasDecided {
      world.witness.decided(nil, at: index, seen: seen)
      planFlush(&world)
    }
  }

  private func reply(_ reply: Reply, to caller: Party, _ id: CommandID, _ world: inout Surroundings) {
    world.witness.answered(id, reply, at: index, life: life)
    world.say("\(name) answers \(id) with \(Witness.spoken(reply))")
    world.send(.answer(id, reply), from: index, to: caller)
  }

  private func spoken(_ stored: StoredRecord) -> String {
    let types = stored.record.events.map { String($0.fact.type.dropFirst(7).dropLast(3)) }.joined(separator: ", ")
    return "\(stored.last): \(types) for \(stored.record.command?.description ?? "itself"), having seen "
      + spoken(stored.record.seen)
  }

  private func record(at last: Int64, of id: CommandID) -> StoredRecord? {
    guard let stream = running?.streams[index] else { return nil }
    let place = stream.partitioning { $0.stored.last >= last }
    guard place < stream.count, stream[place].stored.last == last else { return nil }
    let stored = stream[place].stored
    return stored.record.command == id ? stored : nil
  }

  // MARK: The log

  private mutating func planFlush(_ world: inout Surroundings) {
    guard running?.isFlushPlanned == false, running?.appending.isEmpty == true else { return }
    running?.isFlushPlanned = true
    world.after(200...3_000, .flush)
  }

  mutating func flush(_ world: inout Surroundings) {
    running?.isFlushPlanned = false
    guard running?.appending.isEmpty == true, let batch = try? withWriter({ $0.nextBatch() }), !batch.isEmpty else {
      return
    }
    running?.appending = batch
    world.after(500...9_000, .commit)
  }

  mutating func commit(_ world: inout Surroundings) {
    guard let batch = running?.appending, !batch.isEmpty, let log = running?.log else { return }
    running?.appending = []
    do throws(SluiceError) {
      let places = try log.append(
        batch.map(\.encoded), blobs: batch.flatMap(\.blobs), now: milliseconds(at: world.now))
      confirm(batch, places, &world)
    } catch {
      guard !disk.isOff else {
        world.hasCrashed = true
        return
      }
      world.witness.refusals += 1
      world.say("\(name) cannot write: \(error.code.rawValue)")
      let dropped = (try? withWriter { $0.refuse() }) ?? []
      world.witness.refused(at: index)
      // What it decided by itself nobody asks for again.
      world.after(200_000...800_000, .number)
      for ticket in dropped {
        for (id, caller) in running?.callers.removeValue(forKey: ticket) ?? [] {
          reply(.refused(error.code, home: nil), to: caller, id, &world)
        }
      }
    }
    if running?.appending.isEmpty == true { planFlush(&world) }
  }

  private mutating func confirm(_ batch: [WriterState.Pending], _ places: [Int64], _ world: inout Surroundings) {
    let records = (try? withWriter { $0.confirm(places) }) ?? []
    let carried = zip(batch, records).map { Carried(stored: $1.stored, bytes: $0.encoded.bytes) }
    for record in carried { world.pool.add(record, of: name) }
    running?.streams[index] += carried
    for record in carried { world.say("\(name) writes \(spoken(record.stored))") }
    world.witness.confirmed(carried.map(\.stored), at: index)
    for (ticket, stored) in records {
      for (id, caller) in running?.callers.removeValue(forKey: ticket) ?? [] {
        reply(.done(stored.last, stored.record.command == id ? stored : nil), to: caller, id, &world)
      }
    }
    do throws(SluiceError) {
      try running?.intake.wrote(carried.map(\.stored), at: name)
    } catch {
      world.witness.fail(.convergence, "\(name) takes its own stream for a fork: \(error.what)")
    }
    follow(carried.map(\.stored), of: name, &world)
    planStore(&world)
    let durable = running?.intake.durable ?? Frontier()
    world.witness.told(durable, at: index)
    for other in sites.indices where other != index {
      world.send(.records(stream: index, carried, known: durable), from: index, to: .site(other))
    }
    world.after(500...5_000, .deliver)
  }
}

extension Array {
  /// The first place whose element answers true, where all before answer false.
  func partitioning(_ isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
