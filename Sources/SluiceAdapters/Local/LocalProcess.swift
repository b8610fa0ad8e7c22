import Glibc
import Subprocess
import SystemPackage

/// One process of this machine in a session of its own, so that ending its group ends what it started.
struct LocalProcess: Sendable {
  enum End: Sendable, Hashable {
    case exited(Int)
    case signaled(Int)
    case notFound
    case failed(String)
  }

  /// The program first.
  var arguments: [String]
  /// What the program sees as its own name; nil for what it is called by.
  var name: String?
  var environment: [String: String]
  var directory: String
  /// Whom it runs as, where that is another than this program.
  var user: TaskUser?
  /// The control group that it runs in, with all that it starts.
  var group: ControlGroup?

  /// Runs it with its output and its errors in one stream, until it has ended.
  ///
  /// A cancelled Swift task asks its group to end, and `grace` later makes it.
  /// - Parameters:
  ///   - output: closed here, whatever happens.
  ///   - started: is told the process's number, which is also its group's.
  func run(
    output: FileDescriptor, grace: Duration, started: @Sendable (Int32) async -> Void = { _ in }
  ) async -> (end: End, process: Int32?) {
    if let user {
      let (program, seen) = (arguments.first ?? "", environment)
      guard let path = program.contains("/") ? program : Program.path(of: program, environment: seen) else {
        try? output.close()
        return (.notFound, nil)
      }
      var process = self
      process.user = nil
      process.name = nil
      process.arguments = user.command(path, Array(arguments.dropFirst()), environment: seen)
      process.environment = TaskUser.environment(before: seen)
      return await process.run(output: output, grace: grace, started: started)
    }
    if let group, let program = arguments.first, Program.file(of: program, environment: environment) != nil {
      var process = self
      (process.group, process.name) = (nil, nil)
      process.arguments = group.entering(name ?? program, Array(arguments.dropFirst()), environment: environment)
      return await process.run(output: output, grace: grace, started: started)
    }
    let program = arguments.first ?? ""
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: grace)]
    let configuration = Configuration(
      executable: program.contains("/") ? .path(FilePath(program)) : .name(program),
      arguments: Arguments(executablePathOverride: name, remainingValues: Array(arguments.dropFirst())),
      environment: .of(environment),
      workingDirectory: FilePath(directory), platformOptions: options)
    do {
      let result = try await Subprocess.run(
        configuration, input: .none, output: .fileDescriptor(output, closeAfterSpawningProcess: true),
        error: .combinedWithOutput
      ) { execution in await started(execution.processIdentifier.value) }
      let process = result.processIdentifier.value
      switch result.terminationStatus {
      case .exited(let code): return (.exited(Int(code)), process)
      case .signaled(let signal): return (.signaled(Int(signal)), process)
      }
    } catch let error as SubprocessError {
      return (error.code == .executableNotFound ? .notFound : .failed("\(error)"), nil)
    } catch {
      return (.failed("\(error)"), nil)
    }
  }

  /// What is left of a group, ended at once.
  static func endGroup(_ group: Int32) { kill(-group, SIGKILL) }

  /// A process and its whole session, ended at once; never the session of this one.
  static func endSession(of process: Int32) {
    let session = getsid(process)
    if session > 1, session != getsid(0) { kill(-session, SIGKILL) }
    kill(process, SIGKILL)
  }

  /// The numbers of all processes of this machine but the first and this one.
  static func all() -> [Int32] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var found: [Int32] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let number = Int32(name), number > 1, number != getpid() { found.append(number) }
    }
    return found
  }

  static func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  static func makeFolder(_ path: String, mode: mode_t = 0o755) {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/" + part
      mkdir(made, mode)
    }
  }
}
