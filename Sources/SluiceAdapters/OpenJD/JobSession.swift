import FoundationEssentials
import Glibc
import SluiceModel

/// A session: environments that are entered, tasks that are run in them one after the other, and a working directory.
///
/// It is brittle: after an action that did not succeed only environments are left. Source: "How Jobs Are Run", and
/// `openjd-sessions` 0.13 where that is silent.
actor JobSession {
  /// An environment that was entered, with what it and its actions say of variables; nil unsets one.
  private struct Entered {
    let environment: OpenJD.Environment
    let place: Int
    var changes: [(name: String, value: String?)] = []
  }

  private let order: OpenJD.SessionOrder
  private let directory: String
  private let base: [String: String]
  private let ambient: Ambient
  private let user: TaskUser?
  /// What its actions run in, with all that they start.
  private let group: ControlGroup?
  private let groupFolder: OpenFolder?
  private var entered: [Entered] = [] { didSet { seen = nil } }
  /// What processes see as their environment, until that changes.
  private var seen: (variables: [String: String], block: EnvironmentBlock)?
  /// The step whose environments are entered above those of the job.
  private var step: String?
  private var isOpen = false
  /// The place of the environment whose action runs: what that prints about variables counts.
  private var speaking: Int?
  private var sign: StopSign
  private var gauge: MemoryGauge
  /// Sessions of what environments left running: it counts for the tasks in them.
  private var started: [Int32] = []
  private var redactions = OpenJD.Redactions()
  private var programs = FoundPrograms()
  private var log: TaskLog

  /// - Parameters:
  ///   - directory: its working directory, which is made anew.
  ///   - environment: what processes see before anything is entered.
  init(
    _ order: OpenJD.SessionOrder, directory: String, environment: [String: String], log: TaskLog,
    sign: StopSign, gauge: MemoryGauge, user: TaskUser?, group: ControlGroup? = nil, ambient: Ambient
  ) {
    (self.user, self.group) = (user, group)
    groupFolder = group.flatMap { OpenFolder($0.path) }
    (self.order, self.directory, self.log, self.sign, self.ambient) = (order, directory, log, sign, ambient)
    self.gauge = gauge
    base = environment.merging([Self.markName: directory]) { $1 }
  }

  private static let markName = "SLUICE_SESSION"
  private var files: String { directory + "/embedded_files" }
  private var rulesFile: String { directory + "/path_mapping.json" }

  // MARK: What is asked of it

  /// Runs tasks of the order's job; after anything but success the session is at its end.
  /// - Parameters:
  ///   - limit: what each task may take, whatever its template says.
  ///   - sign: ends what runs, in the way of its template.
  func run(
    _ order: OpenJD.SessionOrder, log: TaskLog, limit: Duration, sign: StopSign, gauge: MemoryGauge
  ) async -> TaskEnd {
    (self.log, self.sign, self.gauge) = (log, sign, gauge)
    gauge.include(started)
    if let failure = await open() { return failure }
    for step in order.steps {
      if self.step != step.name {
        await leave(downTo: order.environments.count)
        self.step = step.name
        for environment in step.environments {
          if let failure = await enter(environment) { return failure }
        }
      }
      for values in step.tasks {
        if sign.isRaised { return .cancelled }
        if let failure = await run(step, values, limit: limit) { return failure }
      }
    }
    return .exited(0)
  }

  /// What is still to be left is left within seconds.
  func hurry() { sign.raise(within: .seconds(Limits.sessionHasteSeconds)) }

  /// Leaves every environment, and ends what still runs.
  func end() async {
    await leave(downTo: 0)
    let isGrouped = group?.hasRun == true
    await group?.end(ambient.sleep)
    if !isGrouped { await Orphans.end(markedBy: Self.markName, directory, sleep: ambient.sleep) }
    SessionFiles.remove(directory)
  }

  // MARK: Environments

  private func open() async -> TaskEnd? {
    guard !isOpen else { return nil }
    isOpen = true
    SessionFiles.remove(directory)
    LocalProcess.makeFolder(LocalProcess.parent(of: directory))
    guard mkdir(directory, 0o700) == 0, mkdir(files, 0o700) == 0 else {
      return .actionFailed("the session's folder '\(directory)' cannot be made")
    }
    let rules = order.rules.isEmpty ? "{}" : StableJSON.text(OpenJD.PathMapping(order.rules))
    guard SessionFiles.write(rules, to: rulesFile, mode: 0o600, owner: user),
      SessionFiles.share([files, directory], with: user)
    else {
      return .actionFailed("the file of path mapping rules cannot be written to '\(directory)'")
    }
    for environment in order.environments {
      if let failure = await enter(environment) { return failure }
    }
    return nil
  }

  private func enter(_ environment: OpenJD.Environment) async -> TaskEnd? {
    let name = "the environment '\(environment.name)'"
    entered.append(Entered(environment: environment, place: entered.count))
    let place = entered.count - 1
    do {
      for variable in environment.variables {
        let value = try variable.value.resolved { symbols[$0] }
        entered[place].changes.append((variable.name, value))
      }
    } catch {
      return .actionFailed("\(name) could not be entered: \(error.what)")
    }
    guard let script = environment.script, let action = script.onEnter else { return nil }
    say("entering \(name)")
    let end = await perform(action, script.embeddedFiles, .environment(place), symbols, limit: nil)
    return failure(end, "entering \(name): ", action)
  }

  /// Leaves environments, the last one first; one that fails keeps no other from being left.
  private func leave(downTo count: Int) async {
    while entered.count > count, let last = entered.last {
      if let script = last.environment.script, let action = script.onExit {
        let name = "the environment '\(last.environment.name)'"
        say("leaving \(name)")
        let end = await perform(
          action, script.embeddedFiles, .environment(last.place), symbols, limit: .seconds(Limits.sessionExitSeconds),
          isLeaving: true)
        if case .actionFailed(let words)? = failure(end, "leaving \(name): ", action) { say(words) }
        if end == .timedOut { say("leaving \(name) took too long and was ended") }
      }
      entered.removeLast()
    }
    step = nil
  }

  private var environment: (variables: [String: String], block: EnvironmentBlock) {
    if let seen { return seen }
    let variables = variables
    let now = (variables, EnvironmentBlock(variables))
    seen = now
    return now
  }

  /// What processes see as their environment.
  private var variables: [String: String] {
    var variables = base
    for change in entered.lazy.flatMap(\.changes) { variables[change.name] = change.value }
    // By these what is left of a session is found, whatever a template says of variables.
    for (name, value) in base where name.hasPrefix("SLUICE_") { variables[name] = value }
    return variables
  }

  // MARK: Actions

  private var symbols: [String: String] {
    var symbols = order.variables
    for name in order.paths { symbols["Param.\(name)"] = symbols["RawParam.\(name)"].map(mapped) }
    symbols["Session.WorkingDirectory"] = directory
    symbols["Session.HasPathMappingRules"] = order.rules.isEmpty ? "false" : "true"
    symbols["Session.PathMappingRulesFile"] = rulesFile
    return symbols
  }

  private func mapped(_ path: String) -> String { OpenJD.PathMappingRule.map(path, by: order.rules) }

  private func run(_ step: OpenJD.SessionStep, _ values: [String: String], limit: Duration) async -> TaskEnd? {
    var symbols = symbols
    for (name, value) in values {
      symbols["Task.RawParam.\(name)"] = value
      symbols["Task.Param.\(name)"] = step.paths.contains(name) ? mapped(value) : value
    }
    let action = step.script.onRun
    let end = await perform(action, step.script.embeddedFiles, .task, symbols, limit: nil, most: limit)
    let parameters = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    let place = (parameters.isEmpty ? step.name : "\(step.name) (\(parameters))") + ": "
    return failure(end, place, action)
  }

  private enum Place { case task, environment(Int) }

  /// - Parameters:
  ///   - limit: where the action has no timeout of its own.
  ///   - most: whatever timeout it has.
  private func perform(
    _ action: OpenJD.Action, _ embedded: [OpenJD.EmbeddedFile], _ place: Place, _ symbols: [String: String],
    limit: Duration?, most: Duration? = nil, isLeaving: Bool = false
  ) async -> SessionAction.End {
    let isTask = if case .task = place { true } else { false }
    if case .environment(let number) = place { speaking = number } else { speaking = nil }
    defer { speaking = nil }
    var symbols = symbols
    let resolved: OpenJD.ResolvedAction
    let period: Duration?
    do throws(OpenJD.FormatString.Malformed) {
      if let failure = try materialise(embedded, isTask ? "Task.File." : "Env.File.", &symbols) {
        return .failed(failure, said: nil)
      }
      resolved = try action.resolved { symbols[$0] }
      period = try action.notifyPeriod(standard: isTask ? 120 : 30) { symbols[$0] }
    } catch {
      return .failed("cannot be started: \(error.what)", said: nil)
    }
    let (variables, block) = environment
    guard let program = program(resolved.command, variables) else { return .notFound }
    let own = resolved.timeout.map { Duration.seconds($0) } ?? limit
    var process = LocalProcess(
      arguments: [program] + resolved.arguments, name: resolved.command, environment: variables,
      directory: directory, user: user)
    (process.group, process.groupFolder, process.block) = (group, groupFolder, block)
    let speech = SessionSpeech(into: log, speaks: !isTask, redacts: order.redacts, redactions)
    let run = SessionAction(
      process, limit: [own, most].compactMap { $0 }.min(),
      // Environments are left in good order, whatever it is that ends the session.
      stop: .init(notifyPeriod: period, folder: directory, user: user, sign: sign, obeys: !isLeaving), speech: speech,
      gauge: gauge, ambient: ambient)
    let end = await run.run()
    let heard = speech.heard
    redactions = heard.redactions
    if case .environment(let number) = place, entered.indices.contains(number), !heard.changes.isEmpty {
      entered[number].changes += heard.changes
    }
    if let session = await run.number, kill(-session, 0) == 0 { started.append(session) }
    return end
  }

  /// - Returns: what could not be done.
  private func materialise(
    _ embedded: [OpenJD.EmbeddedFile], _ prefix: String, _ symbols: inout [String: String]
  ) throws(OpenJD.FormatString.Malformed) -> String? {
    for file in embedded { symbols[prefix + file.name] = path(of: file, prefix) }
    for file in embedded {
      let known = symbols
      let text = SessionFiles.text(try file.data.resolved { known[$0] }, lineEnd: file.lineEnd)
      guard SessionFiles.write(text, to: path(of: file, prefix), mode: file.isRunnable ? 0o700 : 0o600, owner: user)
      else {
        return "cannot be started: its file '\(file.name)' cannot be written"
      }
    }
    return nil
  }

  private func path(of file: OpenJD.EmbeddedFile, _ prefix: String) -> String {
    let own = speaking.map { "environment\($0)-" } ?? "task-"
    return files + "/" + (file.fileName ?? own + file.name)
  }

  /// The file that a command means: one with a path is relative to the working directory.
  private func program(_ command: String, _ variables: [String: String]) -> String? {
    if command.contains("/") { return command.hasPrefix("/") ? command : directory + "/" + command }
    return programs.path(of: command, variables, now: ambient.uptime())
  }

  private func failure(_ end: SessionAction.End, _ place: String, _ action: OpenJD.Action) -> TaskEnd? {
    let command = "'\(action.command.text)'"
    switch end {
    case .succeeded: return nil
    case .failed(let words, let said):
      return .actionFailed("\(place)\(command) \(words)" + (said.map { " and said: \($0)" } ?? ""))
    case .timedOut: return .actionTimedOut("\(place)\(command) took longer than its timeout and was ended")
    case .overMemory(let had, let limit): return .overMemory(had: had, limit: limit)
    case .stopped: return .cancelled
    case .notFound: return .actionFailed("\(place)the program \(command) is not installed on this machine")
    }
  }

  private func say(_ words: String) { log.write(Array("sluice: \(words)\n".utf8)) }
}

extension OpenJD.Action {
  /// How long it has after a notice; nil where it is terminated at once.
  fileprivate func notifyPeriod(
    standard: Int, _ value: (String) -> String?
  ) throws(OpenJD.FormatString.Malformed) -> Duration? {
    guard let cancelation else { return nil }
    switch cancelation.mode {
    case .terminate: return nil
    case .notifyThenTerminate: break
    case .text(let text):
      switch try text.resolved(value) {
      case "TERMINATE": return nil
      case "NOTIFY_THEN_TERMINATE": break
      case let other: throw .init(what: "'\(text.text)' becomes '\(other)', which is no mode of a cancelation")
      }
    }
    return .seconds(try cancelation.notifyPeriod?.resolved(least: 1, value) ?? standard)
  }
}
