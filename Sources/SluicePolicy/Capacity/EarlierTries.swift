package import SluiceModel

/// What became of a task before its run was put in line, such as by a server before this one.
package struct EarlierTries: Sendable, Hashable {
  /// How often it failed without having failed for good.
  package var failures: Int
  /// What it is to have, where it was moved up a size.
  package var enlarged: Amounts?
  /// Where it failed last: another agent takes it, where one can.
  package var failedOn: AgentID?

  package init(failures: Int = 0, enlarged: Amounts? = nil, failedOn: AgentID? = nil) {
    (self.failures, self.enlarged, self.failedOn) = (failures, enlarged, failedOn)
  }

  /// - Parameter tries: those that did not count, the first one first.
  package init(_ tries: [TaskRetried]) {
    self.init()
    for tried in tries {
      if let next = tried.next { enlarged = Amounts(next) }
      guard tried.failure.code != ErrorCode.taskOverMemory.rawValue else { continue }
      failures += 1
      failedOn = AgentID(tried.agent)
    }
  }

  package var isEmpty: Bool { self == EarlierTries() }
}

extension Scheduler.Run {
  mutating func take(_ tries: EarlierTries, of task: Int, _ need: Need) {
    var own = need
    own.avoids = tries.failedOn
    if let more = tries.enlarged, !more.fits(in: need.amounts) {
      own.amounts = Amounts(
        cores: max(more.cores, need.amounts.cores), memory: max(more.memory, need.amounts.memory),
        gpus: max(more.gpus, need.amounts.gpus))
      enlarged.insert(task)
    }
    if tries.failures > 0 { attempts[task] = tries.failures }
    if own != need { needs[task] = own }
  }
}

extension Scheduler {
  /// Puts tasks of a run, the next one last, before what waits in its lines.
  mutating func queue(_ tasks: [Int], of run: RunID) {
    guard let state = runs[run], let main = state.lines.first else { return }
    lines[main]?.ready.insert(contentsOf: tasks.filter { state.needs[$0] == nil }, at: 0)
    offer(main)
    var known: [Need] = []
    for need in tasks.compactMap({ state.needs[$0] }) where !known.contains(need) { known.append(need) }
    for need in known {
      let own = tasks.filter { state.needs[$0] == need }
      if let line = runs[run]?.lines.first(where: { lines[$0]?.need == need }) {
        lines[line]?.ready.insert(contentsOf: own, at: 0)
        offer(line)
      } else {
        addLine(run, need, state.place, ready: own)
      }
    }
  }
}
