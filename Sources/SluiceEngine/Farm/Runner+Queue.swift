import SluiceGraph
package import SluiceModel
import SluicePolicy

/// What waits, why, and in which order.
extension Runner {
  package func queue() -> QueueAnswer {
    QueueAnswer(
      runs: farm.scheduler.queue.compactMap { answer($0, isExplained: true) },
      limits: farm.scheduler.limitsInUse.map {
        QueueAnswer.Limit(
          name: $0.name, count: $0.limit.count, used: $0.used, taken: $0.limit.taken, trouble: limitTroubles[$0.name])
      })
  }

  private func answer(_ run: QueuedRun, isExplained: Bool = false) -> QueuedRunAnswer? {
    guard let id = plan(of: run.run), let plan = executions[id]?.plan, let entry = executions[id]?.entries[run.run]
    else { return nil }
    let next = isExplained ? farm.nextWaiting(of: run.run, now: parts.ambient.uptime()) : nil
    return QueuedRunAnswer(
      run: run.run, plan: id, project: plan.project, step: entry.run.step, folder: entry.run.folder,
      tier: "\(run.tier)", waiting: run.waiting, running: run.running, hold: run.hold?.rawValue,
      why: next.flatMap { words($0)?.sentence })
  }

  private func words(_ task: TaskID) -> WaitingWords? {
    farm.why(task, now: parts.ambient.uptime()).map { waiting in
      let troubles = connections.sorted { $0.key < $1.key }.compactMap { id, connection in
        connection.trouble.map { "\(id) takes nothing for now: \($0)" }
      }
      return WaitingWords(
        waiting: waiting, name: { [farm] in farm.name($0, of: task.run) }, run: task.run,
        troubles: (storeTrouble.map { ["nothing starts for now: \($0)"] } ?? []) + troubles,
        folder: going[task.run].map { parts.workshop.directory(of: $0.bench) })
    }
  }

  /// Why a task waits, or what became of it.
  /// - Throws: `task.unknown`.
  package func why(_ task: TaskID) throws(SluiceError) -> WaitingAnswer {
    if let words = words(task) {
      return WaitingAnswer(
        task: task, state: "waiting", rank: words.rank, reason: words.word, runsAhead: words.waiting.runsAhead,
        text: words.sentence)
    }
    if let token = inHand[task], let lease = farm.scheduler.leases[token] {
      let share = farm.share(lease.need)
      return WaitingAnswer(
        task: task, state: "running", text: "It runs on \(lease.agent)\(TaskWords.tries(tries[task], share)).")
    }
    if let done = parts.writer.current.runs[task.run]?.fact(of: task) {
      return WaitingAnswer(task: task, state: done.outcome.rawValue, text: TaskWords.sentence(done))
    }
    if let run = parts.writer.current.runs[task.run], run.status == .failed || run.status == .cancelled {
      let failure = run.failure.map { ": \($0.what)" } ?? ""
      return WaitingAnswer(
        task: task, state: "cancelled",
        text: "It was not begun: its run ended before (\(run.status.rawValue)\(failure)). "
          + "`sluice retry \(task.run)` takes it up.")
    }
    if let id = plan(of: task.run), let entry = executions[id]?.entries[task.run], entry.status == .waiting {
      let runs = executions[id]?.unfinished(before: task.run) ?? []
      let names = runs.prefix(3).map {
        $0.folder.isRoot ? "\($0.step) (\($0.id))" : "\($0.step) of \($0.folder) (\($0.id))"
      }.joined(separator: ", ")
      return WaitingAnswer(
        task: task, state: "waiting", reason: "inputs", runsAhead: runs.map(\.id),
        text: runs.isEmpty
          ? "Another plan works on its step and folder." : "It waits for what it is made from: \(names).")
    }
    throw SluiceError(
      .taskUnknown, what: "there is no task '\(NameRule.printable(task.description))' in the queue", at: "task",
      fix: "`sluice queue` lists runs; a task is RUN.FRAME")
  }

  /// Moves a run to another tier, or says what that would do.
  /// - Parameter applying: nil where only the answer is wanted; else who wants it done.
  /// - Throws: `run.notQueued`.
  package func setTier(
    _ tier: TierName, of run: RunID, applying origin: Origin?
  ) async throws(SluiceError) -> PriorityAnswer {
    let name = tier
    let tier = Tier(name)
    let now = try queued(run)
    let delayed = Set(farm.scheduler.delayed(by: run, to: tier))
    let runs = farm.scheduler.queue.filter { delayed.contains($0.run) }.compactMap { answer($0) }
    if let origin {
      try await parts.writer.submit(origin) { registry throws(SluiceError) in
        try FarmDecisions.setTier(name, of: run, in: registry)
      }
      farm.scheduler.setTier(tier, of: run)
      pump()
    }
    return PriorityAnswer(run: run, from: "\(now)", to: "\(tier)", delayed: runs, applied: origin != nil)
  }

  /// - Throws: `run.notQueued`.
  package func setPaused(
    _ isPaused: Bool, _ run: RunID, origin: Origin
  ) async throws(SluiceError) -> QueueAnswer {
    _ = try queued(run)
    try await parts.writer.submit(origin) { registry throws(SluiceError) in
      try FarmDecisions.setPaused(isPaused, run, in: registry)
    }
    farm.scheduler.setPaused(isPaused, run)
    pump()
    return queue()
  }

  /// A person has looked at the test frames of a run.
  /// - Throws: `run.notQueued` where it does not wait for that.
  package func pass(_ run: RunID, origin: Origin) async throws(SluiceError) -> QueueAnswer {
    _ = try queued(run)
    guard farm.scheduler.isToBeLookedAt(run) else {
      throw SluiceError(
        .runNotQueued, what: "the run \(run) does not wait for somebody to look at it", at: "run \(run)",
        fix: "`sluice queue` says what it waits for")
    }
    try await parts.writer.submit(origin) { registry throws(SluiceError) in
      try FarmDecisions.pass(run, in: registry)
    }
    _ = farm.scheduler.pass(run)
    pump()
    return queue()
  }

  private func queued(_ run: RunID) throws(SluiceError) -> Tier {
    if let tier = farm.scheduler.tier(of: run) { return tier }
    throw SluiceError(
      .runNotQueued, what: "the run '\(NameRule.printable(run.description))' has nothing in the queue", at: "run",
      fix: "`sluice queue` lists what has")
  }
}

extension Execution {
  /// Runs that a run waits for.
  func unfinished(before run: RunID) -> [PlannedRun] {
    (entries[run]?.after ?? []).compactMap { entries[$0] }.filter { !$0.status.isDone }.map(\.run)
      .sorted { $0.id < $1.id }
  }
}
