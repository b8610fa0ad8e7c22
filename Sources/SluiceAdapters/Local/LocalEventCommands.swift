import FoundationEssentials
package import SluiceModel
import Subprocess
import SystemPackage

/// Programs of the server's configuration that take events on their standard input, one JSON object a line.
package struct LocalEventCommands: EventCommands {
  private let programs: [String: String]
  private let environment: [String: String]
  private let folder: String
  private let ambient: Ambient
  private let timeout = Duration.seconds(60)

  /// - Parameters:
  ///   - programs: by the names that subscriptions use.
  ///   - folder: what relative paths start from.
  package init(_ programs: [String: String], environment: [String: String], folder: String, ambient: Ambient) {
    (self.programs, self.environment, self.folder, self.ambient) = (programs, environment, folder, ambient)
  }

  package var names: [String] { programs.keys.sorted() }

  package func send(_ events: [OutgoingEvent], to command: String) async -> WebhookEnd {
    guard let program = programs[command] else {
      return failed("the server's configuration has no command '\(command)' any more")
    }
    var lines: [UInt8] = []
    for event in events { lines += event.bytes + [UInt8(ascii: "\n")] }
    return await withTaskGroup(of: WebhookEnd.self) { [lines] group in
      group.addTask { await run(program, lines) }
      group.addTask {
        try? await ambient.sleep(timeout)
        return failed("'\(command)' did not end within \(timeout.components.seconds) s")
      }
      let end = await group.next() ?? failed("'\(command)' was stopped")
      group.cancelAll()
      await group.waitForAll()
      return end
    }
  }

  private func run(_ program: String, _ lines: [UInt8]) async -> WebhookEnd {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(3))]
    do {
      let result = try await Subprocess.run(
        program.contains("/") ? .path(FilePath(program)) : .name(program), environment: .of(environment),
        workingDirectory: FilePath(folder), platformOptions: options, input: .array(lines),
        output: .discarded, error: .string(limit: 64 * 1024, encoding: UTF8.self))
      switch result.terminationStatus {
      case .exited(0): return .delivered
      case .exited(let code):
        let words = NameRule.printable(result.standardError.prefix(200))
        return failed("'\(program)' ended with exit code \(code)\(words.isEmpty ? "" : ": \(words)")")
      case .signaled(let signal): return failed("'\(program)' was ended by signal \(signal)")
      }
    } catch {
      return failed("'\(program)' cannot be run: \(error)")
    }
  }

  private func failed(_ reason: String) -> WebhookEnd {
    .failed(delivered: 0, reason: reason, retryAfterSeconds: nil)
  }
}
