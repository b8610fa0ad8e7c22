import CSluiceProcess
import Glibc

/// From what is to run to a process of the kernel's; waits until its program has begun.
enum ChildStart {
  struct Started {
    let process: Int32
    /// Can be waited for; -1 where the kernel has no such thing.
    let descriptor: Int32
  }
  struct Failure: Error {
    let end: LocalProcess.End
    /// Whether it may be possible without a control group.
    var isOfGroup = false
  }

  static func start(_ process: LocalProcess, writesTo output: Int32) -> Result<Started, Failure> {
    let asked = process.arguments.first ?? ""
    guard let program = asked.contains("/") ? asked : Program.path(of: asked, environment: process.environment) else {
      return .failure(Failure(end: .notFound))
    }
    guard let group = process.group else { return start(process, program, writesTo: output, group: -1) }
    if let folder = process.groupFolder ?? OpenFolder(group.path) {
      let result = start(process, program, writesTo: output, group: folder.descriptor)
      guard case .failure(let failure) = result, failure.isOfGroup else { return result }
    }
    // Kernels before 5.7 cannot start a process in a group, and some containers let nobody.
    guard Program.file(of: program, environment: process.environment) != nil else {
      return start(process, program, writesTo: output, group: -1)
    }
    var entering = process
    entering.name = nil
    entering.arguments = group.entering(
      process.name ?? program, Array(process.arguments.dropFirst()), environment: process.environment)
    return start(entering, entering.arguments[0], writesTo: output, group: -1)
  }

  private static func start(
    _ process: LocalProcess, _ program: String, writesTo output: Int32, group: Int32
  ) -> Result<Started, Failure> {
    var arguments: [UnsafeMutablePointer<CChar>?] =
      [strdup(process.name ?? process.arguments.first ?? program)] + process.arguments.dropFirst().map { strdup($0) }
      + [nil]
    defer { for text in arguments { free(text) } }
    let block = process.block ?? EnvironmentBlock(process.environment)
    let made = program.withCString { program in
      process.directory.withCString { folder in
        arguments.withUnsafeMutableBufferPointer { arguments in
          var order = csluice_order(
            program: program, arguments: arguments.baseAddress, environment: block.pointers, folder: folder,
            input: silence, output: output, group: group,
            mark: process.mark?.number ?? 0)
          return withExtendedLifetime(block) { csluice_start(&order) }
        }
      }
    }
    if made.stage == CSLUICE_STARTED {
      return .success(Started(process: made.process, descriptor: made.descriptor))
    }
    let why = String(cString: strerror(made.error))
    switch made.stage {
    case CSLUICE_PROGRAM where made.error == ENOENT: return .failure(Failure(end: .notFound))
    case CSLUICE_PROGRAM: return .failure(Failure(end: .failed("'\(program)' cannot be run: \(why)")))
    case CSLUICE_FOLDER:
      return .failure(Failure(end: .failed("its folder '\(process.directory)' cannot be entered: \(why)")))
    default: return .failure(Failure(end: .failed("there can be no process: \(why)"), isOfGroup: group >= 0))
    }
  }

  /// Nothing to read.
  private static let silence = open("/dev/null", O_RDONLY | O_CLOEXEC)
}
