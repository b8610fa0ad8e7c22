import Glibc
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
  /// The same, where it was made for many processes.
  var block: EnvironmentBlock?
  var directory: String
  /// Whom it runs as, where that is another than this program.
  var user: TaskUser?
  /// The control group that it runs in, with all that it starts.
  var group: ControlGroup?
  /// The group's folder, where it is kept open for many processes.
  var groupFolder: OpenFolder?
  /// What it and all that it starts are found by.
  var mark: ProcessMark?

  /// Whether what is left of its group is ended with it.
  var endsGroup = false

  /// Starts it, with what it writes on both channels in one stream.
  /// - Parameter patience: how many milliseconds this waits for its end.
  func start(_ output: Child.Output, patience: Int32) async -> Child {
    guard let user else { return await Child.start(self, output, patience: patience) }
    var process = self
    process.user = nil
    process.name = nil
    let program = arguments.first ?? ""
    guard let path = program.contains("/") ? program : Program.path(of: program, environment: environment) else {
      return Child.ended(.notFound, output)
    }
    process.arguments = user.command(path, Array(arguments.dropFirst()), environment: environment)
    (process.environment, process.block) = (TaskUser.environment(before: environment), nil)
    return await Child.start(process, output, patience: patience)
  }

  /// Runs it with its output and its errors in one file, until it has ended.
  ///
  /// A cancelled Swift task asks its group to end, and `grace` later makes it.
  /// - Parameters:
  ///   - output: closed here, whatever happens.
  ///   - started: is told the process's number, which is also its group's.
  func run(
    output: FileDescriptor, grace: Duration, started: @Sendable (Int32) async -> Void = { _ in }
  ) async -> (end: End, process: Int32?) {
    let child = await start(.file(output), patience: 0)
    if let number = child.number { await started(number) }
    return (await child.wait(grace: grace), child.number)
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
