import SluiceGraph
package import SluiceModel
import SluicePolicy

/// A task: one command, from its slot to the fact that it ended.
extension Runner {
  /// The end of a task that is still to be recorded.
  struct Finished: Sendable {
    let given: Farm.Given
    let pieces: [RunOrder.Piece]
    let run: Going
    let seconds: Double
    let log: String
    let failure: SluiceError?
  }

  /// One task after the other on this machine, as long as there are some; on another machine one. The next one does not
  /// wait for the disk as well; but where that takes nothing more, nothing more begins.
  func work(from first: Farm.Given) async {
    guard first.lease.agent == Farm.own else { return await work(from: first, isOwn: false) }
    guard let slot = parts.launcher.slot() else { return await work(from: first, isOwn: true) }
    await withTaskExecutorPreference(slot) { await work(from: first, isOwn: true, slot) }
    parts.launcher.leave(slot)
  }

  private func work(from first: Farm.Given, isOwn: Bool, _ slot: (any TaskExecutor)? = nil) async {
    await withDiscardingTaskGroup { group in
      var next: Farm.Given? = first
      while let given = next {
        let finished = await execute(given, slot)
        if let finished, finished.failure == nil, unrecorded <= Limits.unrecordedTasks {
          next = pump(taking: isOwn)
          group.addTask(executorPreference: globalConcurrentExecutor) { await self.record(finished) }
        } else {
          if let finished { await record(finished) }
          next = pump(taking: isOwn)
        }
      }
    }
  }

  /// - Returns: nil where nothing is to be recorded.
  private func execute(_ given: Farm.Given, _ slot: (any TaskExecutor)?) async -> Finished? {
    let (task, token) = (given.task, given.lease.token)
    guard farm.holds(token) else {
      await givenBack(task)
      return nil
    }
    guard let run = going[task.run], let pieces = run.tasks[task], run.open.contains(task),
      !cancelled.contains(task.run)
    else {
      note(farm.end(token, .returned).notices)
      await left(task)
      return nil
    }
    inHand[task] = token
    let finished = await carryOut(given, run, pieces, slot)
    if finished == nil { letGo(given) } else { unrecorded += 1 }
    return finished
  }

  private func letGo(_ given: Farm.Given) {
    used[given.lease.token] = nil
    if inHand[given.task] == given.lease.token { inHand[given.task] = nil }
  }

  private func carryOut(
    _ given: Farm.Given, _ run: Going, _ pieces: [RunOrder.Piece], _ slot: (any TaskExecutor)?
  ) async -> Finished? {
    let (task, token) = (given.task, given.lease.token)
    if going[task.run]?.lost.remove(task) != nil { await discard(pieces, run) }
    let log = logPath(of: task, run)
    let began = parts.ambient.uptime()
    var failure: SluiceError?
    var end = TaskEnd.cancelled
    do throws(SluiceError) {
      let arguments = try run.plan.arguments(for: pieces)
      let session = try run.session(of: task)
      guard let ended = try await launch(given, arguments, run, log, session, slot) else {
        await givenBack(task)
        return nil
      }
      end = ended
      failure =
        notFound(end, arguments, given)
        ?? Runner.failure(end, task, arguments, run.order.unit.step.timeoutSeconds)
      if failure == nil { try await check(pieces, run, task) }
    } catch {
      failure = error
    }
    let waitsAgain = await takesBack(given, run, end, &failure)
    if failure != nil { await discard(pieces, run) }
    if waitsAgain {
      note(farm.end(token, .returned).notices)
      await givenBack(task)
      return nil
    }
    let seconds = Runner.seconds(parts.ambient.uptime() - began)
    let (receipt, notices) = farm.end(token, Runner.outcome(end, failure))
    note(notices)
    if isStopping { return nil }
    if end == .cancelled {
      await left(task)
      return nil
    }
    if receipt == .retried, let failure {
      await keepTry(given, run, seconds: seconds, failure, next: Scheduler.Notice.larger(in: notices))
      return nil
    }
    return Finished(given: given, pieces: pieces, run: run, seconds: seconds, log: log, failure: failure)
  }

  private func record(_ finished: Finished) async {
    await record(
      finished.given, finished.pieces, finished.run, seconds: finished.seconds, log: finished.log,
      failure: finished.failure)
    unrecorded -= 1
    letGo(finished.given)
    pump()
  }

  /// - Returns: nil where its agent was lost or gave it back, and the task waits again.
  func launch(
    _ given: Farm.Given, _ arguments: [String], _ run: Going, _ log: String, _ session: OpenJD.SessionOrder?,
    _ slot: (any TaskExecutor)?
  ) async throws(SluiceError) -> TaskEnd? {
    countProcess(1, of: given.task.run)
    defer {
      cancels[given.lease.token] = nil
      countProcess(-1, of: given.task.run)
    }
    if isStopping { return .cancelled }
    var arguments = arguments
    if let program = arguments.first, program.contains("/"), !program.hasPrefix("/") {
      arguments[0] = parts.settings.programFolder + "/" + program
    }
    let isOwn = given.lease.agent == Farm.own
    var order = TaskOrder(
      task: given.task, arguments: arguments, environment: isOwn ? parts.settings.environment : [:],
      directory: parts.workshop.directory(of: run.bench), log: parts.settings.dataFolder + "/" + log,
      timeoutSeconds: run.order.unit.step.timeoutSeconds, session: session,
      needs: isOwn ? taskNeeds(given, run) : nil)
    (order.memoryLimit, order.preface) = (Runner.memoryLimit(of: given.lease.need), preface(given))
    guard isOwn else {
      let (signals, cancel) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
      cancels[given.lease.token] = Cancel(task: given.task) { cancel.yield() }
      return try await launchAway(order, given, run, signals, cancel)
    }
    // A task of its own, so that it can be ended by whoever wants that.
    let work = Task(executorPreference: slot) { @concurrent [launcher = parts.launcher, order] in
      await launcher.report(order)
    }
    cancels[given.lease.token] = Cancel(task: given.task) { work.cancel() }
    let report = await withTaskCancellationHandler {
      await work.value
    } onCancel: {
      work.cancel()
    }
    used[given.lease.token] = report.used
    return report.end
  }

  package static func failure(
    _ end: TaskEnd, _ task: TaskID, _ arguments: [String], _ limit: Int
  ) -> SluiceError? {
    let (place, see) = ("task \(task)", "`sluice task log \(task)` shows what it printed")
    let program = arguments.first ?? ""
    switch end {
    case .exited(0): return nil
    case .exited(let code):
      return SluiceError(.taskFailed, what: "\(program) ended with exit code \(code)", at: place, fix: see)
    case .signaled(let signal):
      return SluiceError(.taskFailed, what: "\(program) was ended by signal \(signal)", at: place, fix: see)
    case .timedOut:
      return SluiceError(
        .taskTimedOut, what: "\(program) was ended after \(limit) seconds", at: place,
        fix: "\(see); give the step a longer 'timeout' if it was not hung")
    case .overMemory(let had, let limit): return overMemory(program, had, limit, place)
    case .notFound:
      return SluiceError(
        .taskNotFound, what: "the program '\(program)' is not installed on this machine", at: place,
        fix: "install it, or put its folder into the PATH that the server is started with")
    case .failed(let words):
      return SluiceError(.taskFailed, what: "\(program) could not run: \(words)", at: place, fix: see)
    case .actionFailed(let words): return SluiceError(.taskFailed, what: words, at: place, fix: see)
    case .actionTimedOut(let words):
      return SluiceError(
        .taskTimedOut, what: words, at: place,
        fix: "\(see); give the action of the template a longer 'timeout' if it was not hung")
    case .cancelled: return SluiceError(.taskFailed, what: "cancelled", at: place, fix: see)
    }
  }

  /// Every output must be there, and durable, before the task counts as done.
  func check(_ pieces: [RunOrder.Piece], _ run: Going, _ task: TaskID) async throws(SluiceError) {
    if run.parts != nil || run.order.unit.step.hasOpenOutputs { return }
    let outputs = pieces.flatMap { run.plan.outputs(of: $0).map(\.countedByBytes) }
    if outputs.isEmpty { return }
    let files = try await parts.workshop.measure(outputs, of: run.bench)
    guard let missing = zip(outputs, files).first(where: { $0.1 == nil })?.0 else { return }
    throw Runner.missingOutput(missing.path, task)
  }

  static func missingOutput(_ path: String, _ task: TaskID) -> SluiceError {
    SluiceError(
      .taskOutputMissing, what: "the command succeeded but did not make '\(path)'", at: "task \(task)",
      fix:
        "let the command write to the path that its output placeholder gives; "
        + "`sluice task log \(task)` shows what it printed"
    )
  }

  /// Half a result helps nobody, and on a full disk it is what stands in the way.
  private func discard(_ pieces: [RunOrder.Piece], _ run: Going) async {
    // What one task of several left may be what others have made.
    guard run.parts == nil else { return }
    let paths =
      run.order.unit.step.hasOpenOutputs
      ? run.plan.outputFolders : pieces.flatMap { run.plan.outputs(of: $0).map(\.path) }
    await parts.workshop.discard(paths, of: run.bench)
  }

  func record(
    _ given: Farm.Given, _ pieces: [RunOrder.Piece], _ run: Going, seconds: Double, log: String, failure: SluiceError?
  ) async {
    let task = given.task
    guard let plan = plan(of: task.run), let project = executions[plan]?.plan.project else { return }
    var fact = TaskFinished(
      task: task, attempt: run.attempt, frames: pieces.first?.frame == nil ? nil : FrameSet(pieces.compactMap(\.frame)),
      outcome: failure == nil ? .succeeded : .failed, seconds: Runner.rounded(seconds),
      recipe: run.parts?.recipe(task) ?? RunOrder.recipe(pieces), log: log, failure: failure.map { Failure($0) })
    fact.part = run.parts?[task]?.step
    notePace(of: fact, run.body, in: project)
    describe(&fact, given, of: run.order.unit.step.name)
    do throws(SluiceError) {
      try await recordEnd(Ended(fact: fact, plan: plan, project: project, folder: run.order.unit.id.folder))
    } catch {
      await finish(task.run, .failed, failure: Failure(error))
      return
    }
    going[task.run]?.open.remove(task)
    going[task.run]?.seconds += seconds
    going[task.run]?.executed += 1
    if let failure {
      executions[plan]?.taskFailed(task)
      if going[task.run]?.failure == nil { going[task.run]?.failure = Failure(failure) }
      farm.withdraw(task.run)
      going[task.run]?.open.keep { inHand[$0] != nil }
    } else {
      executions[plan]?.taskDone(task.run)
    }
    tell(plan)
    await settle(task.run)
  }

  /// Ends a run of which nothing is left to do.
  private func settle(_ id: RunID) async {
    guard let now = going[id], now.open.isEmpty else { return }
    if cancelled.contains(id) {
      await finish(id, .cancelled, failure: cancelFailure(of: id))
    } else if let failure = now.failure {
      await finish(id, .failed, recipe: now.order.assessment.recipe, failure: failure)
    } else {
      switch now.dealing {
      case .done: await publish(id)
      case .probes(let probes): await dealRest(of: id, after: probes)
      case .now: return
      }
    }
  }

  /// A task whose agent does not have it any more; it waits again, unless its run has ended meanwhile.
  private func givenBack(_ task: TaskID) async {
    going[task.run]?.lost.insert(task)
    guard !isStopping, !farm.scheduler.isKnown(task.run), going[task.run]?.open.remove(task) != nil else { return }
    await settle(task.run)
  }

  /// The run ends when its last process has ended; its bench is nobody else's until then.
  func stopTasks(of run: RunID) async {
    going[run]?.open.keep { inHand[$0] != nil }
    askToEnd { $0.run == run }
    if going[run]?.open.isEmpty == true { await finish(run, .cancelled, failure: cancelFailure(of: run)) }
  }

  /// A task that did not come to an end of its own.
  func left(_ task: TaskID) async {
    guard cancelled.contains(task.run), going[task.run] != nil else { return }
    going[task.run]?.open.remove(task)
    if going[task.run]?.open.isEmpty == true {
      await finish(task.run, .cancelled, failure: cancelFailure(of: task.run))
    }
  }
}
