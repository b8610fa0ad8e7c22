import FoundationEssentials
import Glibc
package import SluiceModel
import Subprocess
import SystemPackage

/// Runs tasks as processes of this machine, each in a session of its own, so that ending one ends all it started.
package final class ProcessLauncher: TaskLauncher {
  private static let markName = "SLUICE_TASK_OF"
  private let mark: String
  private let ambient: Ambient
  private let grace = Duration.seconds(3)

  /// - Parameter mark: says whose processes these are; stands in their environment as `SLUICE_TASK_OF`.
  package init(mark: String, ambient: Ambient) { (self.mark, self.ambient) = (mark, ambient) }

  package func launch(_ order: TaskOrder) async -> TaskEnd {
    let program = order.arguments.first ?? ""
    let log: FileDescriptor
    do {
      makeFolder(above: order.log)
      log = try FileDescriptor.open(
        FilePath(order.log), .writeOnly, options: [.create, .append, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      return .failed("its log cannot be written: \(error)")
    }
    var environment = order.environment
    environment[ProcessLauncher.markName] = mark
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: grace)]
    let configuration = Configuration(
      executable: program.contains("/") ? .path(FilePath(program)) : .name(program),
      arguments: Arguments(Array(order.arguments.dropFirst())),
      environment: .of(environment),
      workingDirectory: FilePath(order.directory), platformOptions: options)
    return await withTaskGroup(of: TaskEnd?.self) { group in
      group.addTask { await self.run(configuration, log: log) }
      group.addTask { [ambient] in
        try? await ambient.sleep(.seconds(order.timeoutSeconds))
        return Task.isCancelled ? nil : .timedOut
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      if case .timedOut? = first {
        await group.waitForAll()
        return .timedOut
      }
      if let first { return first }
      let second = await group.next() ?? nil
      return second ?? .cancelled
    }
  }

  private func run(_ configuration: Configuration, log: FileDescriptor) async -> TaskEnd {
    do {
      let result = try await Subprocess.run(
        configuration, input: .none, output: .fileDescriptor(log, closeAfterSpawningProcess: true),
        error: .combinedWithOutput
      )
      ProcessLauncher.endGroup(result.processIdentifier.value)
      if Task.isCancelled { return .cancelled }
      switch result.terminationStatus {
      case .exited(let code): return .exited(Int(code))
      case .signaled(let signal): return .signaled(Int(signal))
      }
    } catch let error as SubprocessError {
      if Task.isCancelled { return .cancelled }
      return error.code == .executableNotFound ? .notFound : .failed("\(error)")
    } catch {
      return Task.isCancelled ? .cancelled : .failed("\(error)")
    }
  }

  private func makeFolder(above path: String) {
    var made = ""
    for part in path.split(separator: "/").dropLast() {
      made += "/" + part
      mkdir(made, 0o755)
    }
  }

  /// A task that ended may have left children in its session; nothing of it may write on.
  private static func endGroup(_ session: Int32) { kill(-session, SIGKILL) }

  /// What an earlier server of the same mark left running.
  package func endOrphans() async {
    await Orphans.end(markedBy: ProcessLauncher.markName, mark, sleep: ambient.sleep)
  }
}
