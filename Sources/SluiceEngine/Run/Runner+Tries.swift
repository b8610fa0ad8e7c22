import Logging
import SluiceModel
import SluicePolicy

/// Tasks that are run again by themselves, and what tasks take of their machines.
extension Runner {
  static func outcome(_ end: TaskEnd, _ failure: SluiceError?) -> Scheduler.Outcome {
    switch end {
    case .cancelled: .returned
    case .overMemory: .overMemory
    default: failure == nil ? .succeeded : .failed
    }
  }

  /// In bytes; nil where the step says nothing of memory.
  static func memoryLimit(of need: Need) -> Int64? {
    need.amounts.memory > 0 && need.isKeptToMemory ? Int64(need.amounts.memory) << 20 : nil
  }

  static func overMemory(_ program: String, _ had: Int64, _ limit: Int64, _ place: String) -> SluiceError {
    SluiceError(
      .taskOverMemory,
      what: "\(program) had \(ByteWords.text(had)) of memory, was given \(ByteWords.text(limit)), and was stopped",
      at: place, fix: "give the step a larger 'size', or 'memory' of its own; `sluice sizes PROJECT` says what fits")
  }

  /// A try that does not count: the task waits again. Recorded, so that a restart gives no task all its tries anew.
  /// - Parameter next: what the next try is given, where that is more.
  func keepTry(
    _ given: Farm.Given, _ run: Going, seconds: Double, _ failure: SluiceError, next: Amounts?
  ) async {
    let (task, agent) = (given.task, given.lease.agent)
    let tried = TaskTry(
      agent: "\(agent)", given: farm.share(given.lease.need), seconds: Runner.rounded(seconds),
      used: used[given.lease.token], failure: Failure(failure))
    guard let plan = plan(of: task.run) else { return }
    tries[task, default: []].append(tried)
    parts.logger.notice("the task \(task) is run again; on \(agent) \(failure.what)")
    let fact = TaskRetried(task, attempt: run.attempt, tried, next: next.map { farm.share(Need($0)) })
    do throws(SluiceError) {
      try await parts.writer.submitWhenPossible(origin(of: plan)) { registry throws(SluiceError) in
        try FarmDecisions.retry(fact, in: registry)
      }
    } catch {
      parts.logger.error("a try of the task \(task) could not be recorded: \(error.what)")
    }
  }

  /// What a task's log begins with where it is not the first try.
  func preface(_ given: Farm.Given) -> String? {
    guard let last = tries[given.task]?.last else { return nil }
    let now = farm.share(given.lease.need)
    let number = (tries[given.task]?.count ?? 0) + 1
    guard last.failure.code == ErrorCode.taskOverMemory.rawValue else {
      return "try \(number), on \(given.lease.agent): on \(last.agent) \(last.failure.what)"
    }
    let size = now.size.map { "size \($0.rawValue), " } ?? ""
    return "try \(number), one size up: \(size)\(ByteWords.text(Int64(now.memory) << 20)) of memory"
  }

  /// Who ran it, with what, and what it took.
  func describe(_ fact: inout TaskFinished, _ given: Farm.Given, of step: String) {
    let agent = given.lease.agent
    (fact.step, fact.agent) = (step, "\(agent)")
    (fact.given, fact.used) = (farm.share(given.lease.need), used[given.lease.token])
    fact.tries = tries.removeValue(forKey: fact.task)
    farm.note(fact.task, failedOn: fact.outcome == .failed ? agent : nil)
  }

  /// What is known of tasks that are put in line, of tries before this server's start too.
  func recallTries(_ known: QueuedBefore) {
    for (task, tried) in known.tries { tries[task] = tried.isEmpty ? nil : tried.map(\.tried) }
  }

  static func rounded(_ seconds: Double) -> Double { (seconds * 1_000).rounded() / 1_000 }
}

extension Scheduler.Notice {
  /// What a task was moved up to.
  static func larger(in notices: [Scheduler.Notice]) -> Amounts? {
    for case .movedUp(_, _, let amounts) in notices { return amounts }
    return nil
  }
}
