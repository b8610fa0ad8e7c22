import SluiceModel
import SluicePolicy

/// A server that is killed: another scheduler, which is told what the log has of runs, tasks and agents.
extension FarmHistory {
  mutating func restart() {
    let before = scheduler
    scheduler = Scheduler(before.rules)
    for lease in running.values where needs[lease.run] != nil { waiting.insert(task(of: lease)) }
    // The sessions of agents end with the server, and with them what they believe in.
    (running, stray) = ([:], [])
    for name in limits.keys.sorted() { scheduler.setLimit(name, limits[name]) }
    for id in known.keys.sorted() {
      guard let machine = known[id] else { continue }
      let said = before.agents[id]?.said
      take(
        scheduler.join(
          id, host: machine.host, has: machine.has, labels: machine.labels, traits: hostTraits(id), now: now,
          said: said))
      if said != nil { note("said before", "\(id) is what it was") }
      if scheduler.agents[id]?.said != said { fault("\(id) is not what was said of it") }
    }
    for run in needs.keys.sorted(by: { (places[$0]?.turn ?? 0) < (places[$1]?.turn ?? 0) }) { addAgain(run) }
    note("restarted", "the server is another one")
  }

  private mutating func addAgain(_ run: RunID) {
    let open = waiting.filter { $0.run == run }.map(\.place).sorted()
    renamed[run] = open
    guard let need = needs[run], let place = places[run], !open.isEmpty else { return }
    var tried: [Int: EarlierTries] = [:]
    for (at, name) in open.enumerated() {
      let task = Task(run: run, place: name)
      let tries = EarlierTries(
        failures: failures[task] ?? 0, enlarged: sizes[task] == need.amounts ? nil : sizes[task],
        failedOn: avoided[task])
      if !tries.isEmpty {
        tried[at] = tries
        note("tried before", "\(task) was tried before")
      }
    }
    scheduler.add(
      run, tasks: open.count, need: need, tier: place.tier, hold: hold(run, open), attempts: attempts[run] ?? 1,
      turn: place.turn, tried: tried, isPaused: paused.contains(run))
    if paused.contains(run) { note("paused before", "\(run) is still paused") }
  }

  private mutating func hold(_ run: RunID, _ open: [Int]) -> Scheduler.TestHold {
    guard let tests = holds[run] else { return .off }
    let left = tests.subtracting(passed[run] ?? [])
    if !left.isEmpty {
      let places = open.indices.filter { left.contains(open[$0]) }
      return .on(places, isLookedAt: !looked.contains(run))
    }
    guard !looked.contains(run) else { return .off }
    note("looked at later", "\(run) still waits for a look")
    return .look
  }
}
