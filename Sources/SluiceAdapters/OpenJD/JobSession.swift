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
    /// Variables of the step that it belongs to.
    let values: [String: OpenJD.Value]
    var changes: [(name: String, value: String?)] = []
    var wrap: OpenJD.WrapActions? { environment.script?.wrap }
  }

  private let order: OpenJD.SessionOrder
  private let directory: String
  private let base: [String: String]
  private let ambient: Ambient
  private let user: TaskUser?
  /// What its actions run in, with all that they start.
  private let group: ControlGroup?
  private let mark: ProcessMark?
  private let groupFolder: OpenFolder?
  private var entered: [Entered] = [] { didSet { seen = nil } }
  /// What processes see as their environment, until that changes.
  private var seen: (variables: [String: String], block: EnvironmentBlock)?
  /// The step whose environments are entered above those of the job.
  private var step: String?
  private var isOpen = false
  private var sign: StopSign
  private var gauge: MemoryGauge
  /// Sessions of what environments left running: it counts for the tasks in them.
  private var started: [Int32] = []
  /// What environments and their actions have set, be those left again; in the order in which it was set first.
  private var exports: [(name: String, value: String)] = []
  private var redactions = OpenJD.Redactions()
  private var programs = FoundPrograms()
  private var log: TaskLog

  /// - Parameters:
  ///   - directory: its working directory, which is made anew.
  ///   - environment: what processes see before anything is entered.
  init(
    _ order: OpenJD.SessionOrder, directory: String, environment: [String: String], log: TaskLog,
    sign: StopSign, gauge: MemoryGauge, user: TaskUser?, group: ControlGroup? = nil, mark: ProcessMark? = nil,
    ambient: Ambient
  ) {
    (self.user, self.group, self.mark) = (user, group, mark)
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
          if let failure = await enter(environment, step.values ?? [:]) { return failure }
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
    if !isGrouped {
      await Orphans.end(markedBy: Self.markName, directory, or: { [mark] in $0 == mark }, sleep: ambient.sleep)
    }
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
      if let failure = await enter(environment, [:]) { return failure }
    }
    return nil
  }

  private func enter(_ environment: OpenJD.Environment, _ values: [String: OpenJD.Value]) async -> TaskEnd? {
    let name = "the environment '\(environment.name)'"
    entered.append(Entered(environment: environment, place: entered.count, values: values))
    let place = entered.count - 1
    let symbols = symbols.merging(values)
    do {
      for variable in environment.variables {
        let value = try variable.value.resolved(symbols)
        entered[place].changes.append((variable.name, value))
        export(variable.name, value)
      }
    } catch {
      return .actionFailed("\(name) could not be entered: \(error.what)")
    }
    guard let script = environment.script, let action = script.onEnter else { return nil }
    say("entering \(name)")
    let work = Work(
      action: action, files: script.embeddedFiles, bindings: script.bindings, owner: place, symbols: symbols)
    let end =
      if let wrapper = wrapper(below: place), let wrap = wrapper.wrap {
        await perform(
          wrap.onEnter, of: wrapper, insteadOf: work, ["WrappedEnv.Name": .string(environment.name)], values,
          speaking: place)
      } else {
        await perform(work, speaking: place, limit: nil)
      }
    return failure(end, "entering \(name): ", action)
  }

  /// Leaves environments, the last one first; one that fails keeps no other from being left.
  private func leave(downTo count: Int) async {
    while entered.count > count, let last = entered.last {
      if let script = last.environment.script, let action = script.onExit {
        let name = "the environment '\(last.environment.name)'"
        say("leaving \(name)")
        let work = Work(
          action: action, files: script.embeddedFiles, bindings: script.bindings, owner: last.place,
          symbols: symbols.merging(last.values))
        let limit = Duration.seconds(Limits.sessionExitSeconds)
        let end =
          if let wrapper = wrapper(below: last.place), let wrap = wrapper.wrap {
            await perform(
              wrap.onExit, of: wrapper, insteadOf: work, ["WrappedEnv.Name": .string(last.environment.name)],
              last.values, speaking: last.place, limit: limit, isLeaving: true)
          } else {
            await perform(work, speaking: last.place, limit: limit, isLeaving: true)
          }
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

  private var symbols: OpenJD.Symbols {
    guard let values = order.values else {
      var texts = order.variables
      for name in order.paths { texts["Param.\(name)"] = texts["RawParam.\(name)"].map(mapped) }
      texts["Session.WorkingDirectory"] = directory
      texts["Session.HasPathMappingRules"] = order.rules.isEmpty ? "false" : "true"
      texts["Session.PathMappingRulesFile"] = rulesFile
      return OpenJD.Symbols(texts: texts)
    }
    var symbols = OpenJD.Symbols(values.mapValues(mapped), host: .rules(order.rules))
    symbols["Session.WorkingDirectory"] = .path(directory)
    symbols["Session.HasPathMappingRules"] = .bool(!order.rules.isEmpty)
    symbols["Session.PathMappingRulesFile"] = .path(rulesFile)
    return symbols
  }

  private func mapped(_ path: String) -> String { OpenJD.PathMappingRule.map(path, by: order.rules) }

  private func mapped(_ value: OpenJD.Value) -> OpenJD.Value {
    switch value {
    case .path(let path): .path(mapped(path))
    case .list(let elements, .path): .list(elements.map { .path(mapped($0.text)) }, of: .path)
    default: value
    }
  }

  private func run(_ step: OpenJD.SessionStep, _ values: [String: String], limit: Duration) async -> TaskEnd? {
    var symbols = symbols.merging(step.values ?? [:])
    for (name, text) in values {
      let type = step.types?[name]?.sessionType ?? .string
      let value = OpenJD.Value(text: text, type: type) ?? .string(text)
      symbols["Task.RawParam.\(name)"] = type == .path ? .string(text) : value
      symbols["Task.Param.\(name)"] =
        step.types == nil && step.paths.contains(name) ? .string(mapped(text)) : mapped(value)
    }
    let action = step.script.onRun
    let work = Work(
      action: action, files: step.script.embeddedFiles, bindings: step.script.bindings, owner: nil, symbols: symbols)
    let end =
      if let wrapper = wrapper(below: entered.count), let wrap = wrapper.wrap {
        await perform(
          wrap.onTask, of: wrapper, insteadOf: work, ["WrappedStep.Name": .string(step.name)], step.values ?? [:],
          speaking: nil, most: limit)
      } else {
        await perform(work, speaking: nil, limit: nil, most: limit)
      }
    let parameters = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    let place = (parameters.isEmpty ? step.name : "\(step.name) (\(parameters))") + ": "
    return failure(end, place, action)
  }

  /// The environment whose actions run instead of those of what was entered after it.
  private func wrapper(below place: Int) -> Entered? { entered.prefix(place).first { $0.wrap != nil } }

  /// An action with what it is filled in with.
  private struct Work {
    let action: OpenJD.Action
    let files: [OpenJD.EmbeddedFile]
    let bindings: [OpenJD.Binding]?
    /// The place of the environment that it belongs to; nil for a task's.
    let owner: Int?
    var symbols: OpenJD.Symbols
    /// Seconds between notice and end where it does not say.
    var standardNotice: Int { owner == nil ? 120 : 30 }
  }

  /// - Parameters:
  ///   - speaking: the place of the environment for which what it prints about variables counts.
  ///   - limit: where the action has no timeout of its own.
  ///   - most: whatever timeout it has.
  private func perform(
    _ work: Work, speaking: Int?, limit: Duration?, most: Duration? = nil, isLeaving: Bool = false
  ) async -> SessionAction.End {
    let resolved: OpenJD.ResolvedAction
    let period: Duration?
    do throws(OpenJD.FormatString.Malformed) {
      let symbols = try materialise(work)
      resolved = try work.action.resolved(symbols)
      let cancelation = try work.action.cancelation?.resolved(symbols)
      period = cancelation.flatMap {
        $0.mode == .terminate ? nil : .seconds($0.notifyPeriod ?? work.standardNotice)
      }
    } catch {
      return .failed("cannot be started: \(error.what)", said: nil)
    }
    let (variables, block) = environment
    guard let program = program(resolved.command, variables) else { return .notFound }
    let own = resolved.timeout.map { Duration.seconds($0) } ?? limit
    var process = LocalProcess(
      arguments: [program] + resolved.arguments, name: resolved.command, environment: variables,
      directory: directory, user: user)
    (process.group, process.groupFolder, process.block, process.mark) = (group, groupFolder, block, mark)
    let speech = SessionSpeech(into: log, speaks: speaking != nil, redacts: order.redacts, redactions)
    let run = SessionAction(
      process, limit: [own, most].compactMap { $0 }.min(),
      // Environments are left in good order, whatever it is that ends the session.
      stop: .init(notifyPeriod: period, folder: directory, user: user, sign: sign, obeys: !isLeaving), speech: speech,
      gauge: gauge, ambient: ambient)
    let end = await run.run()
    let heard = speech.heard
    redactions = heard.redactions
    if let speaking, entered.indices.contains(speaking), !heard.changes.isEmpty {
      entered[speaking].changes += heard.changes
      for change in heard.changes { export(change.name, change.value) }
    }
    if let session = await run.number, kill(-session, 0) == 0 { started.append(session) }
    return end
  }

  /// Runs an action of an environment in place of another, which it is told of.
  /// - Parameter values: variables of the step that the other belongs to.
  private func perform(
    _ action: OpenJD.Action, of wrapper: Entered, insteadOf work: Work, _ name: [String: OpenJD.Value],
    _ values: [String: OpenJD.Value], speaking: Int?, limit: Duration? = nil, most: Duration? = nil,
    isLeaving: Bool = false
  ) async -> SessionAction.End {
    let wrapped: OpenJD.WrappedAction
    do throws(OpenJD.FormatString.Malformed) {
      let inner = try materialise(work)
      let resolved = try work.action.resolved(inner)
      let cancelation = try work.action.cancelation?.resolved(inner)
      let isNotified = cancelation?.mode == .notifyThenTerminate
      wrapped = OpenJD.WrappedAction(
        command: resolved.command, arguments: resolved.arguments,
        environment: exports.map { "\($0.name)=\($0.value)" }, timeout: resolved.timeout,
        mode: cancelation.map { _ in isNotified ? "NOTIFY_THEN_TERMINATE" : "TERMINATE" },
        notifyPeriod: isNotified ? cancelation?.notifyPeriod ?? work.standardNotice : nil)
    } catch {
      return .failed("cannot be started: \(error.what)", said: nil)
    }
    say("'\(wrapper.environment.name)' runs its own action instead of '\(work.action.command.text)'")
    let symbols = symbols.merging(values).merging(wrapper.values).merging(wrapped.values).merging(name)
    let script = wrapper.environment.script
    let hook = Work(
      action: action, files: script?.embeddedFiles ?? [], bindings: script?.bindings, owner: wrapper.place,
      symbols: symbols)
    return await perform(hook, speaking: speaking, limit: limit, most: most, isLeaving: isLeaving)
  }

  /// Writes an action's files and works out what its `let` binds: paths are known before that, and what is in the
  /// files after it.
  /// - Returns: the variables with those of files and bindings.
  private func materialise(_ work: Work) throws(OpenJD.FormatString.Malformed) -> OpenJD.Symbols {
    var symbols = work.symbols
    let prefix = work.owner == nil ? "Task.File." : "Env.File."
    for file in work.files {
      let path = path(of: file, work.owner)
      symbols[prefix + file.name] = order.values == nil ? .string(path) : .path(path)
    }
    for binding in work.bindings ?? [] {
      do {
        symbols[binding.name] = try binding.expression.value(symbols)
      } catch {
        throw .init(what: "'\(binding.name)' \(error.told(binding.expression.text))", code: .openjdExpression)
      }
    }
    for file in work.files {
      let text = SessionFiles.text(try file.data.resolved(symbols), lineEnd: file.lineEnd)
      guard
        SessionFiles.write(
          text, to: path(of: file, work.owner), mode: file.isRunnable ? 0o700 : 0o600, owner: user)
      else { throw .init(what: "its file '\(file.name)' cannot be written", code: .openjdValue) }
    }
    return symbols
  }

  private func path(of file: OpenJD.EmbeddedFile, _ owner: Int?) -> String {
    files + "/" + (file.fileName ?? (owner.map { "environment\($0)-" } ?? "task-") + file.name)
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
    case .notFound: return .actionFailed("\(place)the program \(command) is not installed where it ran")
    }
  }

  private func export(_ name: String, _ value: String?) {
    let place = exports.firstIndex { $0.name == name }
    switch (place, value) {
    case (let place?, let value?): exports[place].value = value
    case (nil, let value?): exports.append((name, value))
    case (let place?, nil): exports.remove(at: place)
    case (nil, nil): break
    }
  }

  private func say(_ words: String) { log.write(Array("sluice: \(words)\n".utf8)) }
}

extension OpenJD.TaskParameterType {
  /// Of its value in a session's expressions; chunks stay texts, as in `openjd-sessions`.
  fileprivate var sessionType: OpenJD.ValueType {
    switch self {
    case .int: .int
    case .float: .float
    case .path: .path
    case .string, .chunk: .string
    }
  }
}
