import FoundationEssentials
package import SluiceModel
import Synchronization

/// Runs tasks as processes of this machine, each in a session of its own, and in a control group of its own where there
/// are some, so that ending one ends all it started. Source: ADRs 0011 and 0022.
package final class ProcessLauncher: TaskLauncher {
  private static let markName = "SLUICE_TASK_OF"
  private let mark: String
  private let marks: ProcessMarks
  private let ambient: Ambient
  private let grace = Duration.seconds(3)
  private let sessions: SessionPool
  private let census: Census
  private let user: TaskUser?
  private let usesGroups: Bool
  /// Looked for with the first task: a program that runs none needs none.
  private let groups = Mutex<ControlGroups??>(nil)
  private let isHurried = Mutex(false)

  /// - Parameters:
  ///   - mark: says whose processes these are; stands in their environment as `SLUICE_TASK_OF`.
  ///   - user: whom tasks run as, where that is another than this program.
  ///   - usesGroups: false where sessions and marks alone are to do, as where there are no control groups.
  package init(mark: String, user: TaskUser? = nil, usesGroups: Bool = true, ambient: Ambient) {
    (self.mark, self.user, self.usesGroups, self.ambient) = (mark, user, usesGroups, ambient)
    marks = ProcessMarks(mark)
    sessions = SessionPool(user: user, marks: marks, ambient: ambient)
    census = Census(ambient: ambient)
  }

  /// Where control groups of tasks lie; nil where there are none.
  package var groupFolder: String? { controlGroups?.folder }

  /// By what all that a task starts is found at its end, in a sentence.
  package var keeping: String {
    groupFolder.map { "tasks run in control groups below \($0)" }
      ?? "no control groups of version 2 can be written to: tasks are found by their sessions and marks"
  }

  private var controlGroups: ControlGroups? {
    groups.withLock { looked in
      if let found = looked { return found }
      let found = usesGroups ? ControlGroups(mark: mark) : nil
      looked = .some(found)
      return found
    }
  }

  package func slot() -> (any TaskExecutor)? { WaitingThread.take() }

  package func leave(_ slot: any TaskExecutor) { (slot as? WaitingThread)?.rest() }

  package func launch(_ order: TaskOrder) async -> TaskEnd { await report(order).end }

  package func report(_ order: TaskOrder) async -> TaskReport {
    let gauge = MemoryGauge(limit: order.memoryLimit, census: census)
    let end = await launch(order, gauge)
    if case .overMemory(let had, let limit) = end {
      let words = "stopped: it had \(ByteWords.text(had)) of memory and was given \(ByteWords.text(limit))"
      if let log = try? TaskLog(order.log) { log.say(words) }
    }
    return TaskReport(end: end, used: gauge.used)
  }

  private func launch(_ order: TaskOrder, _ gauge: MemoryGauge) async -> TaskEnd {
    let log: TaskLog
    do {
      log = try TaskLog(order.log)
    } catch {
      return .failed("its log cannot be written: \(error)")
    }
    if let preface = order.preface { log.say(preface) }
    if let session = order.session {
      let end = await sessions.run(
        session, environment: { [mark] in ProcessLauncher.environment(of: order, mark) }, log: log,
        limit: .seconds(order.timeoutSeconds), gauge: gauge,
        groups: controlGroups)
      log.finish()
      return end
    }
    var process = LocalProcess(
      arguments: order.arguments, environment: ProcessLauncher.environment(of: order, mark), directory: order.directory,
      user: user)
    process.group = controlGroups?.make()
    (process.endsGroup, process.mark) = (true, marks.next())
    let child = await process.start(.heard { log.write($0) }, patience: Int32(Limits.taskPatienceMilliseconds))
    let end = await attend(child, gauge, limit: order.timeoutSeconds)
    gauge.end()
    log.finish()
    await endRest(of: process, child.number, gauge)
    return end
  }

  private static func environment(of order: TaskOrder, _ mark: String) -> [String: String] {
    var environment = order.environment
    environment[markName] = mark
    // The same for the same work, so that results do not depend on it.
    environment[Strays.placeName] = "\(order.directory)/\(order.task.description.drop { $0 != "." }.dropFirst())"
    return environment
  }

  /// Waits for a task's end. Nobody looks at one that is over within moments.
  private func attend(_ child: Child, _ gauge: MemoryGauge, limit seconds: Int) async -> TaskEnd {
    if let end = child.end { return ProcessLauncher.taskEnd(end) }
    if let number = child.number { gauge.begin(number) }
    return await withTaskGroup(of: TaskEnd?.self) { group in
      group.addTask { [grace] in
        let end = await child.wait(grace: grace)
        return ProcessLauncher.taskEnd(end)
      }
      group.addTask { [ambient] in await gauge.watch(ambient.sleep) }
      group.addTask { [ambient] in
        try? await ambient.sleep(.seconds(seconds))
        return Task.isCancelled ? nil : .timedOut
      }
      var (own, verdict): (TaskEnd?, TaskEnd?) = (nil, nil)
      for await end in group {
        switch end {
        case nil: continue
        case .timedOut?: verdict = own == nil ? verdict ?? end : verdict
        // The process was ended before this was said, and its own end may be heard of first.
        case .overMemory?: verdict = end
        default: own = end
        }
        group.cancelAll()
      }
      return verdict ?? own ?? .cancelled
    }
  }

  private static func taskEnd(_ end: LocalProcess.End) -> TaskEnd {
    if Task.isCancelled { return .cancelled }
    return switch end {
    case .exited(let code): .exited(code)
    case .signaled(let signal): .signaled(signal)
    case .notFound: .notFound
    case .failed(let words): .failed(words)
    }
  }

  /// A task that ended may have left children; nothing of it may go on.
  private func endRest(of process: LocalProcess, _ number: Int32?, _ gauge: MemoryGauge) async {
    let isGrouped = process.group?.hasRun == true
    if let group = process.group {
      gauge.count(group)
      await group.end(ambient.sleep)
      if isHurried.withLock({ $0 }) { controlGroups?.leave() }
    }
    guard let number, !isGrouped else { return }
    let names = [ProcessLauncher.markName, Strays.placeName]
    await Strays(of: process, names, since: number).end(ambient.sleep)
  }

  package func endSessions(of key: String) async { await sessions.end(key) }

  package func endSessions(idleFor duration: Duration) async { await sessions.end(idleFor: duration) }

  /// What the environments of waiting sessions left running is gone: no task may go on in them.
  package func discardSessions() async { await sessions.discard() }

  package func hurry() async {
    isHurried.withLock { $0 = true }
    await sessions.hurry()
    let looked = groups.withLock { $0 }
    if let found = looked { found?.leave() }
  }

  /// What an earlier server of the same mark left running.
  package func endOrphans() async {
    if usesGroups { await ControlGroups.endAll(markedBy: mark, sleep: ambient.sleep) }
    await Orphans.end(
      markedBy: ProcessLauncher.markName, mark, or: { [family = marks.family] in $0.belongs(to: family) },
      sleep: ambient.sleep)
  }
}
