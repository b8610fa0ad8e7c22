import SluiceEngine
import SluiceModel
import SluiceStorage

/// What goes wrong, and how it is made good again.
extension World {
  mutating func strike(_ fault: Fault, _ site: Int, _ fallen: Dice) {
    var dice = fallen
    let other = (site + 1 + dice.below(2)) % sites.count
    faults[fault, default: 0] += 1
    if let duration = fault.duration(&dice) { queue.plan(.ends(fault, site: site, other: other), at: now + duration) }
    switch fault {
    case .crash: if sites[site].isUp { crash(site) }
    case .powerLoss: sites[site].disk.losePower(in: 1 + dice.below(4), seed: dice.next())
    case .outage:
      out.insert(site)
      if sites[site].isUp { crash(site) }
    case .partition: network.isolate(site)
    case .brokenLink: network.cut(site, other)
    case .slowLink: network.slow(site, true)
    case .clockBack: sites[site].clock.jump(by: -dice.within(1_000_000...4_000_000_000))
    case .clockAhead: sites[site].clock.jump(by: Fault.far)
    case .clockDrift: sites[site].clock.drift(partsPerMillion: dice.within(-200_000...200_000), from: now)
    case .diskFull: sites[site].disk.limit(to: sites[site].disk.used + dice.below(600))
    case .syncFails: sites[site].disk.fail(.sync, times: 1 + dice.below(3))
    case .writeFails: sites[site].disk.fail(.write, times: 1 + dice.below(3))
    case .mirrorMisdirected:
      unread.insert(site)
      sites[site].misdirectsMirror = true
    case .logDamaged:
      unread.insert(site)
      damage(site, &dice)
    case .viewsLost: sites[site].losesViews = true
    case .subscriberDown: subscribers[site].isDown = true
    case .subscriberSlow: subscribers[site].isSlow = true
    }
  }

  mutating func end(_ fault: Fault, _ site: Int, _ other: Int) {
    surroundings.say("at \(sites[site].name) it is over that \(fault.rawValue)")
    switch fault {
    case .outage:
      out.remove(site)
      queue.plan(.starts(site: site, life: sites[site].life), at: now)
    case .partition: network.join(site)
    case .brokenLink: network.mend(site, other)
    case .slowLink: network.slow(site, false)
    case .clockAhead: sites[site].clock.jump(by: -Fault.far)
    case .diskFull: sites[site].disk.limit(to: nil)
    case .syncFails, .writeFails: sites[site].disk.heal()
    case .subscriberDown: subscribers[site].isDown = false
    case .subscriberSlow: subscribers[site].isSlow = false
    default: return
    }
  }

  /// Turns a bit of a record around that some other site has on its disk.
  private mutating func damage(_ site: Int, _ dice: inout Dice) {
    let mirrored =
      sites.indices.filter { $0 != site }
      .compactMap { sites[$0].running?.streams[site].last?.stored.last }.max() ?? 0
    let records = surroundings.witness.truth[site].filter { $0.last <= mirrored }
    guard !records.isEmpty else { return }
    let record = records[dice.below(records.count)]
    let mark = Array((record.record.events.first?.id.description ?? "").utf8)
    let folder = sites[site].folder(site)
    for file in (try? sites[site].disk.names(in: folder)) ?? [] {
      let path = folder + "/" + file
      guard let bytes = sites[site].disk.contents(path), let place = bytes.firstRange(of: mark) else { continue }
      sites[site].disk.flip(bit: dice.below(8), ofByte: place.lowerBound + dice.below(mark.count), in: path)
      surroundings.say("a bit of \(sites[site].name):\(record.last) turned around in \(path)")
      return
    }
  }

  /// What a person does whose log is damaged: makes it anew from another site's mirror, and what only it has itself.
  mutating func restore(_ site: Int) {
    if sites[site].disk.isOff { crash(site) }
    let donor = sites.indices.filter { $0 != site && sites[$0].isUp }
      .max { (sites[$0].onDisk[sites[site].name], $0) < (sites[$1].onDisk[sites[site].name], $1) }
    guard let donor, let mirrored = sites[donor].running?.streams[site] else {
      queue.plan(.restores(site: site), at: now + 500_000)
      return
    }
    let isDone = sites[site].restore(from: mirrored, &surroundings)
    if isDone { restoring.remove(site) }
    surroundings.say("\(sites[site].name) restores its log from \(sites[donor].name)'s mirror")
    queue.plan(
      isDone ? .starts(site: site, life: sites[site].life) : .restores(site: site), at: now + 400_000)
  }

  /// From now on nothing fails any more.
  mutating func heal() {
    surroundings.say("from now on nothing fails any more")
    isHealed = true
    network.heal()
    out = []
    for site in sites.indices {
      sites[site].disk.limit(to: nil)
      sites[site].disk.heal()
      sites[site].misdirectsMirror = false
      sites[site].clock.drift(partsPerMillion: 0, from: now)
      (subscribers[site].isDown, subscribers[site].isSlow) = (false, false)
      if sites[site].disk.isOff || sites[site].isUp && unread.contains(site) { crash(site) }
      sites[site].disk.keepPower()
      if !sites[site].isUp { queue.plan(.starts(site: site, life: sites[site].life), at: now + 10_000) }
    }
    queue.plan(.look, at: now + 500_000)
  }
}

extension Fault {
  /// How far ahead a clock is set that is wrong and not fast, in microseconds: half a day.
  static let far = 43_200_000_000
}

extension SimulatedSite {
  /// - Returns: whether the new log is whole.
  mutating func restore(from mirrored: [Carried], _ world: inout Surroundings) -> Bool {
    let now = milliseconds(at: world.now)
    do throws(SluiceError) {
      let (old, _) = try SegmentEngine.open(
        folder(index), disk, SimulatedSite.settings, now: now, chance: { world.dice.next() })
      var rest: [Carried] = []
      while true {
        let page = try old.scan(after: rest.last?.stored.last ?? mirrored.last?.stored.last ?? 0, limit: 1_000)
        if page.isEmpty { break }
        for logged in page { rest.append(try world.pool.carried(logged, of: name)) }
      }
      let blobs = (mirrored + rest).flatMap(\.blobs)
      // What becomes of it may be half a log: it is not the log before it is whole.
      restores += 1
      let (new, _) = try SegmentEngine.open(
        folder(index, folders[index] + restores), disk, SimulatedSite.settings, now: now,
        chance: { world.dice.next() })
      _ = try new.append((mirrored + rest).map(\.encoded), blobs: blobs, now: now)
      (folders[index], restores) = (folders[index] + restores, 0)
      return true
    } catch {
      return false
    }
  }
}

extension Carried {
  /// The manifests that the record names; they are made of the version's id here, so that everybody can make them.
  var blobs: [Blob] {
    stored.record.events.compactMap { event in
      guard case .versionPublished(let fact) = event.fact else { return nil }
      return Blob(Array("\(fact.version)".utf8))
    }
  }
}
