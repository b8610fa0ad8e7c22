import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceStorage

/// Streams of other sites: asked for, ordered, stored on this site's disk, and only then applied.
extension SimulatedSite {
  /// Records that one answer has at most.
  static let page = 12

  mutating func poll(_ world: inout Surroundings) {
    world.after(300_000...800_000, .poll)
    guard let intake = running?.intake else { return }
    var asked: [Int: Int64] = [:]
    for stream in sites.indices where stream != index { asked[stream] = intake.arrived[sites[stream]] }
    for wanted in intake.wanted {
      guard let stream = sites.firstIndex(of: wanted.site), stream != index, asked[stream] != wanted.after else {
        continue
      }
      ask(stream, after: wanted.after, &world)
    }
    for (stream, after) in asked.sorted(by: { $0.key < $1.key }) { ask(stream, after: after, &world) }
  }

  /// The origin itself, or somebody else who has a mirror.
  private func ask(_ stream: Int, after: Int64, _ world: inout Surroundings) {
    let others = sites.indices.filter { $0 != index }
    let peer = world.dice.percent(65) ? stream : world.dice.pick(others)
    let durable = running?.intake.durable ?? Frontier()
    world.witness.told(durable, at: index)
    world.send(.ask(stream: stream, after: after, durable: durable), from: index, to: .site(peer))
  }

  func answer(_ asker: Party, _ stream: Int, _ after: Int64, _ world: inout Surroundings) {
    guard let records = running?.streams[stream], let intake = running?.intake else { return }
    let start = records.partitioning { $0.stored.last > after }
    guard start < records.count else { return }
    world.witness.told(intake.durable, at: index)
    world.send(
      .records(stream: stream, Array(records[start...].prefix(Self.page)), known: intake.durable), from: index,
      to: asker)
  }

  mutating func receive(_ records: [Carried], _ stream: Int, from sender: Party, _ world: inout Surroundings) {
    guard stream != index else { return }
    for record in records { running?.arriving[sites[stream], default: [:]][record.stored.last] = record.bytes }
    do throws(SluiceError) {
      try running?.intake.arrive(records.map(\.stored), of: sites[stream])
    } catch {
      world.witness.fail(.convergence, "\(name) got a forked stream of \(sites[stream]): \(error.what)")
    }
    planStore(&world)
    if records.count == Self.page, case .site(let peer) = sender {
      let after = running?.intake.arrived[sites[stream]] ?? 0
      let durable = running?.intake.durable ?? Frontier()
      world.witness.told(durable, at: index)
      world.send(.ask(stream: stream, after: after, durable: durable), from: index, to: .site(peer))
    }
  }

  mutating func planStore(_ world: inout Surroundings) {
    guard running?.isStorePlanned == false, running?.storing.isEmpty == true else { return }
    running?.isStorePlanned = true
    world.after(500...6_000, .store)
  }

  mutating func store(_ world: inout Surroundings) {
    running?.isStorePlanned = false
    guard running?.storing.isEmpty == true, let batch = running?.intake.nextBatch(), !batch.isEmpty else { return }
    running?.storing = batch
    world.after(500...9_000, .stored)
  }

  mutating func stored(_ world: inout Surroundings) {
    guard let batch = running?.storing, !batch.isEmpty else { return }
    running?.storing = []
    do throws(SluiceError) {
      for stream in sites.indices where stream != index {
        let head = try running?.mirrors[stream].head() ?? 0
        let records = batch.filter { $0.site == sites[stream] && $0.stored.last > head }.map { placed in
          Carried(
            stored: placed.stored,
            bytes: running?.arriving[placed.site]?[placed.stored.last] ?? placed.stored.record.json)
        }
        if !records.isEmpty { try mirror(records, stream, &world) }
      }
    } catch {
      guard !disk.isOff else {
        world.hasCrashed = true
        return
      }
      world.witness.refusals += 1
      world.say("\(name) cannot write its mirrors: \(error.code.rawValue)")
      running?.intake.refuse()
      running?.isStorePlanned = true
      return world.after(100_000...300_000, .store)
    }
    guard let placed = running?.intake.stored() else { return }
    for record in placed { running?.arriving[record.site]?[record.stored.last] = nil }
    apply(placed, &world)
    planStore(&world)
  }

  private mutating func mirror(
    _ records: [Carried], _ stream: Int, _ world: inout Surroundings
  ) throws(SluiceError) {
    if misdirectsMirror {
      misdirectsMirror = false
      disk.misdirectNextSync(by: 1 + world.dice.below(5))
      world.witness.excuse(index, stream: stream)
    }
    _ = try running?.mirrors[stream].append(
      records.map(\.encoded), blobs: [], now: milliseconds(at: world.now))
    running?.streams[stream] += records
  }

  /// What this site has of all streams, as far as it knows.
  var onDisk: Frontier {
    var frontier = Frontier()
    for (stream, site) in sites.enumerated() {
      if let last = running?.streams[stream].last { frontier.advance(site, to: last.stored.last) }
    }
    return frontier
  }

  /// Applies what is durable.
  private mutating func apply(_ batch: [CausalOrder.Placed], _ world: inout Surroundings) {
    guard case .open? = running?.phase else { return recover(batch, &world) }
    var products: [ProductRef] = []
    let wall = clock.date(at: world.now)
    var rest = batch[...]
    while let first = rest.first {
      let run = rest.prefix { $0.site == first.site }.map(\.stored)
      rest = rest.dropFirst(run.count)
      world.say("\(name) applies \(first.site):\(run.map { "\($0.last)" }.joined(separator: ","))")
      if let registry { world.witness.takes(run, of: first.site, into: registry, at: index) }
      do throws(SluiceError) {
        let rows = try withWriter { (writer) throws(SluiceError) in
          try writer.take(run, from: first.site, wall: wall)
        }
        for case .product(let ref) in rows ?? [] { products.append(ref) }
      } catch {
        world.witness.fail(.convergence, "\(name) cannot take records of \(first.site) in: \(error.what)")
      }
      follow(run, of: first.site, &world)
    }
    if !products.isEmpty { giveNumbers(to: products, &world) }
  }
}
