import FoundationEssentials
package import SluiceModel
import SystemPackage

/// Runs tasks as processes of this machine, each in a session of its own, so that ending one ends all it started.
package final class ProcessLauncher: TaskLauncher {
  private static let markName = "SLUICE_TASK_OF"
  private let mark: String
  private let ambient: Ambient
  private let grace = Duration.seconds(3)
  private let sessions: SessionPool
  private let census: Census
  private let user: TaskUser?

  /// - Parameters:
  ///   - mark: says whose processes these are; stands in their environment as `SLUICE_TASK_OF`.
  ///   - user: whom tasks run as, where that is another than this program.
  package init(mark: String, user: TaskUser? = nil, ambient: Ambient) {
    (self.mark, self.user, self.ambient) = (mark, user, ambient)
    sessions = SessionPool(user: user, ambient: ambient)
    census = Census(ambient: ambient)
  }

  package func launch(_ order: TaskOrder) async -> TaskEnd { await report(order).end }

  package func report(_ order: TaskOrder) async -> TaskReport {
    let gauge = MemoryGauge(limit: order.memoryLimit, census: census)
    let end = await launch(order, gauge)
    if case .overMemory(let had, let limit) = end {
      SessionLog.say(
        "stopped: it had \(ByteWords.text(had)) of memory and was given \(ByteWords.text(limit))", in: order.log)
    }
    return TaskReport(end: end, used: await gauge.used)
  }

  private func launch(_ order: TaskOrder, _ gauge: MemoryGauge) async -> TaskEnd {
    let log: FileDescriptor
    do {
      LocalProcess.makeFolder(LocalProcess.parent(of: order.log))
      log = try FileDescriptor.open(
        FilePath(order.log), .writeOnly, options: [.create, .append, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      return .failed("its log cannot be written: \(error)")
    }
    if let preface = order.preface { SessionLog.say(preface, to: log) }
    var environment = order.environment
    environment[ProcessLauncher.markName] = mark
    // The same for the same work, so that results do not depend on it.
    environment[Strays.placeName] = "\(order.directory)/\(order.task.description.drop { $0 != "." }.dropFirst())"
    if let session = order.session {
      return await sessions.run(
        session, environment: environment, log: log, limit: .seconds(order.timeoutSeconds), gauge: gauge)
    }
    let process = LocalProcess(
      arguments: order.arguments, environment: environment, directory: order.directory, user: user)
    return await withTaskGroup(of: TaskEnd?.self) { group in
      group.addTask { await self.run(process, log: log, gauge) }
      group.addTask { [ambient] in await gauge.watch(ambient.sleep) }
      group.addTask { [ambient] in
        try? await ambient.sleep(.seconds(order.timeoutSeconds))
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

  private func run(_ process: LocalProcess, log: FileDescriptor, _ gauge: MemoryGauge) async -> TaskEnd {
    let (end, number) = await process.run(output: log, grace: grace) { await gauge.begin($0) }
    await gauge.end()
    // A task that ended may have left children in its session; nothing of it may write on.
    if let number {
      LocalProcess.endGroup(number)
      let marks = [ProcessLauncher.markName, Strays.placeName]
      await Strays(of: process.environment, marks, since: number).end(ambient.sleep)
    }
    if Task.isCancelled { return .cancelled }
    return switch end {
    case .exited(let code): .exited(code)
    case .signaled(let signal): .signaled(signal)
    case .notFound: .notFound
    case .failed(let words): .failed(words)
    }
  }

  package func endSessions(of key: String) async { await sessions.end(key) }

  package func endSessions(idleFor duration: Duration) async { await sessions.end(idleFor: duration) }

  /// What the environments of waiting sessions left running is gone: no task may go on in them.
  package func discardSessions() async { await sessions.discard() }

  package func hurry() async { await sessions.hurry() }

  /// What an earlier server of the same mark left running.
  package func endOrphans() async {
    await Orphans.end(markedBy: ProcessLauncher.markName, mark, sleep: ambient.sleep)
  }
}
