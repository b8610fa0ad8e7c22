import FoundationEssentials
import Glibc
package import SluiceModel
import Subprocess
import SystemPackage

/// Runs tasks as processes of this machine, each in a session of its own, so that ending one ends all it started.
///
/// While a task runs, a file names its session; a later server ends what an earlier one left behind.
package final class ProcessLauncher: TaskLauncher {
  private let notes: String
  private let ambient: Ambient
  private let grace = Duration.seconds(3)

  /// - Parameter notes: a folder for the files that name running sessions.
  package init(notes: String, ambient: Ambient) {
    (self.notes, self.ambient) = (notes, ambient)
    mkdir(notes, 0o755)
  }

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
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: grace)]
    let configuration = Configuration(
      executable: program.contains("/") ? .path(FilePath(program)) : .name(program),
      arguments: Arguments(Array(order.arguments.dropFirst())),
      environment: .of(order.environment),
      workingDirectory: FilePath(order.directory), platformOptions: options)
    let note = notes + "/\(order.task)"
    defer { unlink(note) }
    return await withTaskGroup(of: TaskEnd?.self) { group in
      group.addTask { await self.run(configuration, log: log, note: note, order: order) }
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

  private func run(
    _ configuration: Configuration, log: FileDescriptor, note: String, order: TaskOrder
  ) async -> TaskEnd {
    do {
      let result = try await Subprocess.run(
        configuration, input: .none, output: .fileDescriptor(log, closeAfterSpawningProcess: true),
        error: .combinedWithOutput
      ) { execution in
        ProcessLauncher.write(note, session: execution.processIdentifier.value)
      }
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

  // MARK: Orphans

  package func endOrphans() async {
    guard let folder = opendir(notes) else { return }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      let note = notes + "/" + name
      let words = ProcessLauncher.text(of: note).split(separator: " ")
      if words.count == 2, let session = Int32(words[0]), session > 1 {
        let started = ProcessLauncher.startTime(of: session)
        // A leader with another start time is somebody else's process that got the number anew.
        if started == nil || started == String(words[1]) { ProcessLauncher.endGroup(session) }
      }
      unlink(note)
    }
  }

  private static func write(_ note: String, session: Int32) {
    let text = "\(session) \(startTime(of: session) ?? "0")"
    let descriptor = open(note, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    _ = Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }

  /// In clock ticks since boot: field 22 of `/proc/PID/stat`; nil where there is no such process.
  private static func startTime(of process: Int32) -> String? {
    let text = text(of: "/proc/\(process)/stat")
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[end...].split(separator: " ")
    return fields.count > 20 ? String(fields[20]) : nil
  }

  private static func text(of path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}
