import Glibc
import Subprocess
import SystemPackage

/// Short-lived programs that Sluice asks something: their output, within a bound and a time.
enum Program {
  struct Output {
    var isSuccess: Bool
    var text: String
  }

  static func output(
    _ program: String, _ arguments: [String], environment: [String: String], within limit: Duration,
    atMost bytes: Int = 4 * 1024 * 1024,
    sleep: @escaping @Sendable (Duration) async throws -> Void
  ) async -> Output? {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [
      .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .milliseconds(200))
    ]
    let configuration = Configuration(
      executable: program.contains("/") ? .path(FilePath(program)) : .name(program), arguments: Arguments(arguments),
      environment: .of(environment),
      platformOptions: options)
    return await withTaskGroup(of: Output?.self) { group in
      group.addTask {
        let result = try? await Subprocess.run(
          configuration, output: .string(limit: bytes), error: .combinedWithOutput)
        return result.map { Output(isSuccess: $0.terminationStatus.isSuccess, text: $0.standardOutput) }
      }
      group.addTask {
        try? await sleep(limit)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
  }

  /// The file that a path or a name stands for where it is one that can be run; nil where only trying tells.
  static func file(of program: String, environment: [String: String]) -> String? {
    guard program.hasPrefix("/") || !program.contains("/") else { return nil }
    return path(of: program, environment: environment)
  }

  /// The file that a name stands for in `PATH`.
  static func path(of name: String, environment: [String: String]) -> String? {
    if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
    for folder in (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":") {
      let path = "\(folder)/\(name)"
      if access(path, X_OK) == 0 { return path }
    }
    return nil
  }
}

extension Environment {
  /// Exactly these variables.
  static func of(_ variables: [String: String]) -> Environment {
    .custom(
      variables.reduce(into: [:]) { result, variable in
        if let key = Key(rawValue: variable.key) { result[key] = variable.value }
      })
  }
}
