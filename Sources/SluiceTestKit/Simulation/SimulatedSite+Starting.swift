import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceStorage

/// A start: what is on disk is read, checked and applied, and what is missing is asked for.
extension SimulatedSite {
  static let settings = {
    var settings = SegmentEngine.Settings()
    // Small, so that a short life sees many segments.
    (settings.segmentBytes, settings.zerosAheadBytes, settings.indexedBytes) = (24 * 1_024, 4 * 1_024, 2 * 1_024)
    return settings
  }()

  func folder(_ stream: Int, _ number: Int? = nil) -> String {
    "/\(sites[stream])-\(number ?? folders[stream])"
  }

  /// Opens the own log or a mirror. A mirror that is damaged is thrown away: it comes again.
  mutating func open(
    _ stream: Int, _ world: inout Surroundings
  ) throws(SluiceError) -> (engine: SegmentEngine, records: [Carried]) {
    do throws(SluiceError) {
      let (engine, found) = try SegmentEngine.open(
        folder(stream), disk, SimulatedSite.settings, now: milliseconds(at: world.now), chance: { world.dice.next() })
      if let damage = found.damages.first { throw damage.error(in: folder(stream)) }
      if found.torn != nil { world.witness.tornTails += 1 }
      var records: [Carried] = []
      while true {
        let page = try engine.scan(after: records.last?.stored.last ?? 0, limit: 1_000)
        if page.isEmpty { return (engine, records) }
        for logged in page { records.append(try world.pool.carried(logged, of: sites[stream])) }
      }
    } catch {
      guard error.code == .logDamaged, stream != index else { throw error }
      world.witness.threwAway(stream, at: index)
      folders[stream] += 1
      return try open(stream, &world)
    }
  }

  mutating func start(_ world: inout Surroundings) {
    life += 1
    do throws(SluiceError) {
      var (engines, streams) = ([SegmentEngine](), [[Carried]]())
      for stream in sites.indices {
        let (engine, records) = try open(stream, &world)
        engines.append(engine)
        streams.append(records)
      }
      begin(engines, streams, &world)
    } catch {
      if disk.isOff { world.hasCrashed = true } else { world.needsRestore = true }
    }
  }

  private mutating func begin(_ engines: [SegmentEngine], _ streams: [[Carried]], _ world: inout Surroundings) {
    var durable = Frontier()
    for (site, stream) in zip(sites, streams) {
      if let last = stream.last { durable.advance(site, to: last.stored.last) }
    }
    world.witness.restarted(streams[index].map(\.stored), durable: durable, at: index)
    let registry = storedRegistry(durable)
    world.say("\(name) has \(spoken(durable)) on disk and views at \(spoken(registry.head.frontier))")
    let order = CausalOrder(from: registry.head.frontier, room: .max)
    running = Running(
      phase: .recovering(registry, order, Unsaved()), log: engines[index], mirrors: engines,
      streams: streams, intake: MirrorIntake(from: durable, room: 40),
      follower: CausalOrder(from: followed.current, room: .max))
    world.witness.followsAgain(from: followed.current, at: index)
    recover(
      zip(sites, streams).flatMap { site, records in
        records.map { CausalOrder.Placed(site: site, stored: $0.stored) }
      }, &world)
    refollow(&world)
    world.after(1_000...60_000, .poll)
    world.after(100_000...500_000, .saveViews)
  }

  /// The views, unless they are gone or say more than the logs do.
  private mutating func storedRegistry(_ durable: Frontier) -> Registry {
    if let head = views.head, durable.covers(head.frontier),
      let registry = try? Registry(rows: views.read(), site: name, head: head)
    {
      return registry
    }
    views = StoredViews()
    return Registry(site: name)
  }

  /// Applies what can be applied of what is on disk; once that is everything, the site is open for commands.
  mutating func recover(_ batch: [CausalOrder.Placed], _ world: inout Surroundings) {
    guard case .recovering(var registry, var order, var unsaved)? = running?.phase else { return }
    do throws(SluiceError) {
      for placed in batch {
        for next in try order.add([placed.stored], of: placed.site) {
          world.witness.takes([next.stored], of: next.site, into: registry, at: index)
          unsaved.rows.formUnion(try registry.apply([next.stored], from: next.site))
          if next.site == name { unsaved.index.add(next.stored) } else { unsaved.index.addVersions(of: next.stored) }
          follow([next.stored], of: next.site, &world)
        }
      }
    } catch {
      world.witness.fail(.convergence, "\(name) cannot read its own disk: \(error.what)")
    }
    guard order.heldCount == 0 else {
      running?.phase = .recovering(registry, order, unsaved)
      world.say("\(name) waits for \(order.wanted.map { "\($0.site):\($0.after)–\($0.through)" })")
      world.witness.waitingStarts += 1
      return
    }
    views.save(unsaved.rows, of: registry, index: unsaved.index)
    running?.phase = .open(WriterState(registry: registry, names: SimulatedSite.names))
    world.say("\(name) is open for commands at \(spoken(registry.head.frontier))")
    world.after(1_000...9_000, .deliver)
    giveNumbers(&world)
  }

  mutating func saveViews(_ world: inout Surroundings) {
    world.after(2_000_000...9_000_000, .saveViews)
    let fails = world.dice.percent(8)
    var saved: WriterState.Unsaved?
    _ = try? withWriter { writer in
      guard let unsaved = writer.takeUnsaved() else { return }
      if fails {
        writer.failed(unsaved)
      } else {
        saved = unsaved
        writer.saved(unsaved)
      }
    }
    if let saved { views.save(saved.keys, of: saved.registry, index: saved.index) }
  }
}
