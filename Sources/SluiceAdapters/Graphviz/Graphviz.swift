import FoundationEssentials
package import SluiceModel
import Subprocess
import SystemPackage

/// Lays graphs out by `dot`, and remembers what it found: states change often, shapes seldom.
package struct Graphviz: GraphLayouts {
  private let environment: [String: String]
  private let ambient: Ambient
  private let program: String
  private let timeout: Duration
  private let kept: KeptLayouts
  /// One at a time: it is for a person who waits, and not to slow down what runs.
  private let gate = Gate(width: 1)

  /// - Parameters:
  ///   - program: a name that is looked for in the environment's `PATH`, or a path.
  ///   - most: layouts that are remembered.
  package init(
    environment: [String: String], ambient: Ambient, program: String = "dot",
    timeout: Duration = .seconds(Limits.graphLayoutSeconds), most: Int = Limits.graphLayouts
  ) {
    (self.environment, self.ambient, self.program, self.timeout) = (environment, ambient, program, timeout)
    kept = KeptLayouts(most: most)
  }

  package func layout(of dot: String) async throws(SluiceError) -> GraphLayout {
    let key = Digest.of(dot)
    if let known = await kept.layout(key, now: ambient.now()) { return try known.get() }
    let path = try self.path()
    let result: Result<GraphLayout, SluiceError> = await gate.run {
      // Who waited for another one with the same shape takes that one's.
      if let known = await kept.layout(key, now: ambient.now()) { return known }
      let result: Result<GraphLayout, SluiceError>
      do throws(SluiceError) {
        let text = try await run(path, "-Tjson0", dot)
        guard let layout = DotJSON.layout(text) else { throw Graphviz.failed("it answered with something else") }
        result = .success(layout)
      } catch {
        result = .failure(error)
      }
      // Who asks no longer is no reason to remember that nothing came of it.
      if !Task.isCancelled { await kept.keep(result, key, now: ambient.now()) }
      return result
    }
    return try result.get()
  }

  package func svg(of dot: String) async throws(SluiceError) -> String {
    let path = try self.path()
    let result: Result<String, SluiceError> = await gate.run {
      do throws(SluiceError) { return .success(try await run(path, "-Tsvg", dot)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private func path() throws(SluiceError) -> String {
    if let path = Program.path(of: program, environment: environment) { return path }
    throw SluiceError(
      .graphDotMissing, what: "the graph cannot be drawn: the program 'dot' is not installed on the server",
      at: "PATH of the server",
      fix: "install Graphviz there, on Debian or Ubuntu: `apt install graphviz`; nothing has to be started anew")
  }

  private static func failed(_ why: String) -> SluiceError {
    SluiceError(
      .graphDotFailed, what: "the graph cannot be drawn: \(why)", at: "program 'dot'",
      fix: "draw less of it: gather it by step, or select a part")
  }

  /// - Returns: what it printed within the time that it has; it is ended when that is over.
  private func run(_ path: String, _ format: String, _ dot: String) async throws(SluiceError) -> String {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [
      .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .milliseconds(200))
    ]
    let configuration = Configuration(
      executable: .path(FilePath(path)), arguments: Arguments([format]), environment: .of(environment),
      platformOptions: options)
    let result = await withTaskGroup(of: Result<String, SluiceError>?.self) { group in
      group.addTask {
        do {
          let end = try await Subprocess.run(
            configuration, input: .string(dot), output: .string(limit: Limits.graphLayoutBytes), error: .discarded)
          return end.terminationStatus.isSuccess
            ? .success(end.standardOutput) : .failure(Graphviz.failed("it ended with \(end.terminationStatus)"))
        } catch {
          return .failure(Graphviz.failed("\(error)"))
        }
      }
      group.addTask {
        try? await ambient.sleep(timeout)
        return Task.isCancelled
          ? nil : .failure(Graphviz.failed("it was not done within \(timeout.components.seconds) s and was ended"))
      }
      var first: Result<String, SluiceError>?
      // Of a program that is ended because its time is over the time is the reason, not the signal.
      for await end in group {
        first = first ?? end
        if first != nil { group.cancelAll() }
      }
      return first ?? .failure(Graphviz.failed("it was stopped"))
    }
    return try result.get()
  }
}

/// The newest layouts by their shape, and what failed lately.
private actor KeptLayouts {
  private struct Kept {
    var result: Result<GraphLayout, SluiceError>
    var time: Date
    var use: UInt64
  }
  private let most: Int
  private var kept: [Digest: Kept] = [:]
  private var uses: UInt64 = 0

  init(most: Int) { self.most = most }

  func layout(_ key: Digest, now: Date) -> Result<GraphLayout, SluiceError>? {
    guard let found = kept[key] else { return nil }
    if case .failure = found.result, now.timeIntervalSince(found.time) >= Double(Limits.graphRetrySeconds) {
      kept[key] = nil
      return nil
    }
    uses += 1
    kept[key]?.use = uses
    return found.result
  }

  func keep(_ result: Result<GraphLayout, SluiceError>, _ key: Digest, now: Date) {
    uses += 1
    kept[key] = Kept(result: result, time: now, use: uses)
    while kept.count > most, let oldest = kept.min(by: { $0.value.use < $1.value.use })?.key { kept[oldest] = nil }
  }
}
