import FoundationEssentials
import Glibc
package import SluiceModel
import Subprocess
import SystemPackage

/// Programs of the server's configuration that take events on their standard input, one JSON object a line.
package struct LocalEventCommands: EventCommands {
  private let programs: [String: String]
  private let environment: [String: String]
  private static let markName = "SLUICE_COMMAND_OF"
  private let folder: String
  private let mark: String
  private let ambient: Ambient
  private let timeout: Duration

  /// - Parameters:
  ///   - programs: by the names that subscriptions use.
  ///   - folder: what relative paths start from.
  ///   - mark: says whose programs these are; stands in their environment as `SLUICE_COMMAND_OF`.
  package init(
    _ programs: [String: String], environment: [String: String], folder: String, mark: String, ambient: Ambient,
    timeout: Duration = .seconds(Limits.eventCommandSeconds)
  ) {
    self.programs = programs
    self.environment = environment.merging([LocalEventCommands.markName: mark]) { $1 }
    (self.folder, self.mark, self.ambient, self.timeout) = (folder, mark, ambient, timeout)
  }

  package var names: [String] { programs.keys.sorted() }

  package func send(_ events: [OutgoingEvent], to command: String) async -> WebhookEnd {
    guard let program = programs[command] else {
      return failed("the server's configuration has no command '\(command)' any more")
    }
    var lines: [UInt8] = []
    for event in events { lines += event.bytes + [UInt8(ascii: "\n")] }
    return await withTaskGroup(of: WebhookEnd?.self) { [lines] group in
      group.addTask { await run(program, lines) }
      group.addTask {
        try? await ambient.sleep(timeout)
        return Task.isCancelled ? nil : failed("'\(program)' did not end within \(timeout.components.seconds) s")
      }
      var first: WebhookEnd?
      for await end in group {
        // Of a program that is ended because its time is over the time is the reason, not the signal.
        first = first ?? end
        if first != nil { group.cancelAll() }
      }
      return first ?? failed("'\(program)' was stopped")
    }
  }

  package func endOrphans() async {
    await Orphans.end(markedBy: LocalEventCommands.markName, mark, sleep: ambient.sleep)
  }

  private func run(_ program: String, _ lines: [UInt8]) async -> WebhookEnd {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(3))]
    let configuration = Configuration(
      executable: program.contains("/") ? .path(FilePath(program)) : .name(program), environment: .of(environment),
      workingDirectory: FilePath(folder), platformOptions: options)
    do {
      let result = try await Subprocess.run(
        configuration, input: .fileDescriptor(try memory(of: lines), closeAfterSpawningProcess: true),
        output: .discarded, error: .sequence
      ) { execution in await LastWords(of: execution.standardError) }
      // What a program leaves behind goes on when all was well; when it was not, the next try must not meet it.
      if !result.terminationStatus.isSuccess { kill(-result.processIdentifier.value, SIGKILL) }
      switch result.terminationStatus {
      case .exited(0): return .delivered
      case .exited(let code):
        return failed("'\(program)' ended with exit code \(code)\(result.closureResult.afterColon)")
      case .signaled(let signal):
        return failed("'\(program)' was ended by signal \(signal)\(result.closureResult.afterColon)")
      }
    } catch {
      return failed("'\(program)' cannot be run: \(error)")
    }
  }

  /// A file in memory, without a name, that has the lines. A pipe would break where a program does not read all of it,
  /// and block where it does not read at all.
  private func memory(of lines: [UInt8]) throws -> FileDescriptor {
    let name = "/sluice-\(getpid())-\(ambient.makeSecret(bytes: 8))"
    let file = FileDescriptor(rawValue: shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600))
    guard file.rawValue >= 0 else { throw Errno(rawValue: errno) }
    shm_unlink(name)
    do {
      try file.writeAll(lines)
      _ = try file.seek(offset: 0, from: FileDescriptor.SeekOrigin.start)
    } catch {
      try? file.close()
      throw error
    }
    return file
  }

  private func failed(_ reason: String) -> WebhookEnd {
    .failed(delivered: 0, reason: reason, retryAfterSeconds: nil)
  }
}

/// The end of what a program said on its standard error, where the reason stands.
private struct LastWords {
  private var bytes: [UInt8] = []

  /// Reads to the end, or until the program has ended.
  init(of output: SubprocessOutputSequence) async {
    do {
      for try await buffer in output {
        buffer.withUnsafeBytes { bytes += $0.suffix(Limits.wordsBytes) }
        bytes.removeFirst(max(0, bytes.count - Limits.wordsBytes))
      }
    } catch {
      // What was read until then is what is known of it.
    }
  }

  /// The last lines, as the end of a sentence.
  var afterColon: String {
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingSpaces() }.filter { !$0.isEmpty }
    guard !lines.isEmpty else { return "" }
    let words = lines.suffix(3).joined(separator: " / ")
    return ": " + NameRule.printable(words.suffix(Limits.reasonCharacters), atMost: Limits.reasonCharacters)
  }
}
