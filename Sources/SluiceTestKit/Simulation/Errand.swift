import SluiceModel

/// Somebody who asks a site for something until it answers: the same command again while no answer comes.
package struct Errand: Sendable {
  package enum Purpose: Sendable {
    case ask(Order)
    /// A machine of the farm that carries one run out. A careless one reports its end twice, as after a restart.
    case work(SimulatedPlan, run: Int, fails: Bool, isCareless: Bool)
  }

  enum Stage: Sendable, Equatable { case beginning, task(Int), ending, endingAgain, done }

  let number: Int
  let purpose: Purpose
  private(set) var site: Int
  private(set) var command: CommandID
  private(set) var stage: Stage = .beginning
  private var commands = 1
  private var attempt = 0
  private(set) var tries = 0

  init(number: Int, site: Int, purpose: Purpose) {
    (self.number, self.site, self.purpose) = (number, site, purpose)
    command = CommandID("c-\(number)-1")
    // Another tool's event is known by its source and id, whoever brings it.
    if case .ask(.outside(let source, let id, _)) = purpose { command = CommandID("\(source) \(id)") }
  }

  var isDone: Bool { stage == .done }

  /// What to ask for now; nil when there is nothing more.
  var order: Order? {
    switch (purpose, stage) {
    case (_, .done): nil
    case (.ask(let order), _): order
    case (.work(let plan, let run, _, _), .beginning): .begin(plan, run: run)
    case (.work(let plan, let run, _, _), .task(let task)): .finish(plan, run: run, task: task, attempt: attempt)
    case (.work(let plan, let run, let fails, _), .ending), (.work(let plan, let run, let fails, _), .endingAgain):
      .end(plan, run: run, attempt: attempt, outcome: fails ? .failed : .succeeded)
    }
  }

  mutating func sent() { tries += 1 }

  enum Next: Sendable { case askNow, askLater, finished }

  /// - Parameter sites: the names of all sites.
  mutating func hear(_ reply: Reply, sites: [String]) -> Next {
    switch reply {
    case .refused(.logFull, _), .refused(.logFailed, _), .refused(.logDamaged, _): return .askLater
    case .refused(.siteElsewhere, let home?):
      guard let other = sites.firstIndex(of: home) else { return finish() }
      site = other
      return renew(stage)
    case .refused(.planUnknown, _) where commands < 12:
      // It may not have got there yet.
      return renew(stage) == .finished ? .finished : .askLater
    case .refused: return finish()
    case .done(_, let record): return advance(record)
    }
  }

  private mutating func advance(_ record: StoredRecord?) -> Next {
    guard case .work(let plan, let run, _, let isCareless) = purpose else { return finish() }
    switch stage {
    case .beginning:
      guard case .runStarted(let fact)? = record?.record.events.first?.fact else { return finish() }
      attempt = fact.attempt
      return renew(.task(1))
    case .task(let task): return renew(task < plan.runs[run].tasks ? .task(task + 1) : .ending)
    case .ending: return isCareless ? renew(.endingAgain) : finish()
    case .endingAgain, .done: return finish()
    }
  }

  private mutating func renew(_ stage: Stage) -> Next {
    self.stage = stage
    commands += 1
    tries = 0
    command = CommandID("c-\(number)-\(commands)")
    return commands < 40 ? .askNow : finish()
  }

  private mutating func finish() -> Next {
    stage = .done
    return .finished
  }
}
