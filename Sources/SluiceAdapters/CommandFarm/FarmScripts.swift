import FoundationEssentials
import Glibc
package import SluiceModel
import Subprocess
import SystemPackage

/// The scripts that speak to a queue manager: `submit`, `poll` and `cancel` in one folder.
package struct FarmScripts: Sendable {
  package enum Submitted: Sendable, Hashable {
    case taken(id: String)
    /// The queue manager is not to be reached now.
    case later(String)
    case refused(String)
  }
  package struct Failure: Error, Sendable, Hashable {
    package let words: String
  }
  private struct Ran: Sendable {
    var code: Int?
    var output: String
    var words: String
  }

  package static let names = ["submit", "poll", "cancel"]
  /// With this exit code (`EX_TEMPFAIL` of sysexits.h) a script asks to be called again later.
  package static let laterCode = 75

  package let folder: String
  private let environment: [String: String]
  private let ambient: Ambient
  private let limit: Duration
  /// Raised when the server stops.
  let haste = StopSign()

  /// - Parameters:
  ///   - environment: what scripts see.
  ///   - limit: what one call may take.
  package init(
    folder: String, environment: [String: String], ambient: Ambient,
    limit: Duration = .seconds(Limits.farmScriptSeconds)
  ) {
    (self.folder, self.environment, self.ambient, self.limit) = (folder, environment, ambient, limit)
  }

  /// The first script that cannot be run.
  package var missing: String? {
    FarmScripts.names.map { "\(folder)/\($0)" }.first { access($0, X_OK) != 0 }
  }

  package func submit(_ order: FarmOrder) async -> Submitted {
    let ran = await run("submit", [], input: "\(order.folder)/task.json", order.variables)
    guard ran.code == 0 else {
      return ran.code == FarmScripts.laterCode ? .later(ran.words) : .refused(ran.words)
    }
    do throws(FarmReply.Problem) {
      return .taken(id: try FarmReply.id(ran.output))
    } catch {
      return .refused("'submit' ended with exit code 0, but \(error.words)")
    }
  }

  /// States of jobs; one that the queue manager does not know may be left out.
  package func poll(_ ids: [String]) async -> Result<[String: FarmState], Failure> {
    let ran = await run("poll", ids)
    guard ran.code == 0 else { return .failure(Failure(words: ran.words)) }
    do throws(FarmReply.Problem) {
      return .success(try FarmReply.states(ran.output))
    } catch {
      return .failure(Failure(words: "'poll': \(error.words)"))
    }
  }

  /// Asks for the end of jobs; `poll` says when they have ended.
  /// - Returns: what went wrong.
  package func cancel(_ ids: [String]) async -> Failure? {
    let ran = await run("cancel", ids)
    return ran.code == 0 ? nil : Failure(words: ran.words)
  }

  // MARK: Within

  private func run(
    _ script: String, _ arguments: [String], input: String? = nil, _ variables: [String: String] = [:]
  ) async -> Ran {
    await withTaskGroup(of: Ran?.self) { group in
      group.addTask { await call(script, arguments, input: input, variables) }
      group.addTask {
        guard let waited = await waitForLimit() else { return nil }
        return Ran(
          code: nil, output: "",
          words: "'\(script)' did not end within \(waited.components.seconds) s, or something of it holds its output")
      }
      var first: Ran?
      for await ran in group {
        first = first ?? ran
        if first != nil { group.cancelAll() }
      }
      return first ?? Ran(code: nil, output: "", words: "'\(script)' was stopped")
    }
  }

  /// - Returns: how long that was; nil where nobody waits any more.
  private func waitForLimit() async -> Duration? {
    let began = ambient.uptime()
    var limit = limit
    var isHasty = false
    while ambient.uptime() - began < limit {
      if haste.isRaised, !isHasty {
        isHasty = true
        limit = min(limit, ambient.uptime() - began + .seconds(Limits.farmHasteSeconds))
      }
      do { try await ambient.sleep(min(limit, .milliseconds(200))) } catch { return nil }
    }
    return limit
  }

  private func call(
    _ script: String, _ arguments: [String], input: String?, _ variables: [String: String]
  ) async -> Ran? {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
    let configuration = Configuration(
      executable: .path(FilePath("\(folder)/\(script)")), arguments: Arguments(arguments),
      environment: .of(environment.merging(variables) { $1 }), workingDirectory: FilePath(folder),
      platformOptions: options)
    do {
      // A file, and no pipe: a script need not read it.
      let source = try FileDescriptor.open(input ?? "/dev/null", .readOnly, options: .closeOnExec)
      let result = try await Subprocess.run(
        configuration, input: .fileDescriptor(source, closeAfterSpawningProcess: true),
        output: .string(limit: Limits.farmReplyBytes), error: .string(limit: Limits.farmReplyBytes))
      let said = FarmScripts.lastWords(result.standardError)
      switch result.terminationStatus {
      case .exited(let code):
        return Ran(
          code: Int(code), output: result.standardOutput, words: "'\(script)' ended with exit code \(code)\(said)")
      case .signaled(let signal):
        return Ran(code: nil, output: "", words: "'\(script)' was ended by signal \(signal)\(said)")
      }
    } catch {
      if Task.isCancelled { return nil }
      return Ran(code: nil, output: "", words: "'\(script)' cannot be run: \(error)")
    }
  }

  private static func lastWords(_ text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingSpaces() }
      .filter { !$0.isEmpty }
    guard !lines.isEmpty else { return "" }
    let words = lines.suffix(3).joined(separator: " / ")
    return ": " + NameRule.printable(String(words.suffix(Limits.reasonCharacters)), atMost: Limits.reasonCharacters)
  }
}
