extension TemplateReader {
  /// - Parameters:
  ///   - visible: to the command and its arguments.
  ///   - early: to what is decided when the job is made: timeout and cancelation.
  mutating func action(_ spot: Spot, visible: Visible, early: Visible) -> OpenJD.Action? {
    guard
      let fields = fields(
        spot, "an action", required: ["command"], optional: ["args", "timeout", "cancelation"])
    else { return nil }
    let command = fields["command"].flatMap { format($0, "a command", allowing: [], visible: visible) }
    let arguments = arguments(fields, visible: visible)
    let timeout = timeout(fields, visible: early)
    let cancelation = cancelation(fields, visible: early)
    guard let command else { return nil }
    return OpenJD.Action(command: command, arguments: arguments, timeout: timeout, cancelation: cancelation)
  }

  private mutating func arguments(_ fields: Fields, visible: Visible) -> [OpenJD.FormatString] {
    guard let spot = fields["args"], let list = list(spot, "args") else { return [] }
    return list.compactMap { argument in
      format(argument, "an argument", length: 0...Int.max, allowing: ["\n", "\r"], visible: visible)
    }
  }

  private mutating func timeout(_ fields: Fields, visible: Visible) -> OpenJD.Quantity<Int>? {
    fields["timeout"].flatMap { quantity($0, "a timeout", least: 1, needsBundle: true, visible: visible) }
  }

  private mutating func cancelation(_ fields: Fields, visible: Visible) -> OpenJD.Cancelation? {
    guard let spot = fields["cancelation"] else { return nil }
    let mode = spot.node.child("mode")
    let isTerminate = mode?.text == "TERMINATE"
    guard
      let own = self.fields(
        spot, "a cancelation", required: ["mode"], optional: isTerminate ? [] : ["notifyPeriodInSeconds"]),
      let word = own["mode"]
    else { return nil }
    let period = own["notifyPeriodInSeconds"].flatMap {
      quantity(
        $0, "a notify period", least: 1, most: OpenJD.Bounds.notifyPeriod.upperBound, needsBundle: true,
        visible: visible)
    }
    switch word.node.text {
    case "TERMINATE": return OpenJD.Cancelation(mode: .terminate, notifyPeriod: nil)
    case "NOTIFY_THEN_TERMINATE": return OpenJD.Cancelation(mode: .notifyThenTerminate, notifyPeriod: period)
    case .some(let text) where text.contains("{{"):
      wantBundle("a format string as the mode of a cancelation", word)
      return format(word, "a mode", visible: visible).map { .init(mode: .text($0), notifyPeriod: period) }
    default:
      note(
        .openjdValue, "the mode of a cancelation is none of those known: \(word.node.kind)",
        fix: "write TERMINATE or NOTIFY_THEN_TERMINATE", word)
      return nil
    }
  }

  // MARK: Scripts

  mutating func stepScript(_ spot: Spot, _ outer: Scope) -> OpenJD.StepScript? {
    guard let fields = fields(spot, "a script", required: ["actions"], optional: ["embeddedFiles", "let"]) else {
      return nil
    }
    let before = outer.inSession().withFiles(spot.node.child("embeddedFiles"), prefix: "Task.File.")
    let bindings = bindings(fields, visible: before.task, outer: outer.task)
    let scope = before.with(bindings, from: .task)
    let files = files(fields, visible: scope.task)
    guard let actions = fields["actions"], let own = self.fields(actions, "the actions of a step", required: ["onRun"]),
      let run = own["onRun"], let action = action(run, visible: scope.task, early: outer.template)
    else { return nil }
    return OpenJD.StepScript(onRun: action, embeddedFiles: files, bindings: bindings)
  }

  /// A step written as `bash:` or `python:` is a file that the interpreter runs.
  mutating func shortScript(_ spot: Spot, _ interpreter: Interpreter, step: String, _ outer: Scope) -> OpenJD
    .StepScript?
  {
    guard
      let fields = fields(
        spot, "a script", required: ["script"], optional: ["args", "timeout", "cancelation", "let"])
    else { return nil }
    let before = outer.inSession()
    let bindings = bindings(fields, visible: before.task, outer: outer.task)
    let visible = before.with(bindings, from: .task).task
    let data = fields["script"].flatMap { format($0, "a script", visible: visible) }
    let arguments = arguments(fields, visible: visible)
    let timeout = timeout(fields, visible: outer.template)
    let cancelation = cancelation(fields, visible: outer.template)
    guard let data, let file = try? OpenJD.FormatString("{{Task.File.Script}}") else { return nil }
    let first = interpreter.arguments.map { OpenJD.FormatString(literal: $0) }
    return OpenJD.StepScript(
      onRun: OpenJD.Action(
        command: OpenJD.FormatString(literal: interpreter.rawValue), arguments: first + [file] + arguments,
        timeout: timeout, cancelation: cancelation),
      embeddedFiles: [
        OpenJD.EmbeddedFile(
          name: "Script", fileName: "script" + interpreter.suffix, data: data, isRunnable: true, lineEnd: .auto)
      ], bindings: bindings)
  }

  enum Interpreter: String, CaseIterable {
    case python, bash, cmd, powershell, node

    var suffix: String {
      switch self {
      case .python: ".py"
      case .bash: ".sh"
      case .cmd: ".bat"
      case .powershell: ".ps1"
      case .node: ".js"
      }
    }

    var arguments: [String] {
      switch self {
      case .cmd: ["/C"]
      case .powershell: ["-File"]
      case .python, .bash, .node: []
      }
    }
  }

  private mutating func files(_ fields: Fields, visible: Visible) -> [OpenJD.EmbeddedFile] {
    guard let spot = fields["embeddedFiles"], let list = list(spot, "embedded files") else { return [] }
    let files = list.map { (file: file($0, visible: visible), spot: $0) }
    refuseDoubles(files.map { ($0.spot.node.child("name")?.text, $0.spot) }, "the embedded file")
    return files.compactMap(\.file)
  }

  private enum FileType: String, CaseIterable { case text = "TEXT" }

  private mutating func file(_ spot: Spot, visible: Visible) -> OpenJD.EmbeddedFile? {
    guard
      let fields = fields(
        spot, "an embedded file", required: ["name", "type", "data"], optional: ["filename", "runnable", "endOfLine"])
    else { return nil }
    let name = fields["name"].flatMap { identifier($0, "the name of an embedded file") }
    let type = fields["type"].flatMap { choice($0, "the type of an embedded file", FileType.self) }
    let data = fields["data"].flatMap { format($0, "the data of an embedded file", visible: visible) }
    let fileName = fields["filename"].flatMap { self.fileName($0) }
    let isRunnable = fields["runnable"].flatMap { truth($0, "'runnable'") }
    var lineEnd: OpenJD.EmbeddedFile.LineEnd?
    if let spot = fields["endOfLine"] {
      wantBundle("'endOfLine'", spot)
      lineEnd = choice(spot, "the end of lines", OpenJD.EmbeddedFile.LineEnd.self)
    }
    guard let name, type != nil, let data else { return nil }
    return OpenJD.EmbeddedFile(
      name: name, fileName: fileName, data: data, isRunnable: isRunnable ?? false, lineEnd: lineEnd ?? .auto)
  }

  private mutating func fileName(_ spot: Spot) -> String? {
    guard let name = text(spot, "a file name", length: 1...bounds.fileName, isPrintable: false) else { return nil }
    guard !name.contains("/"), !name.contains("\\") else {
      note(.openjdValue, "the file name '\(name)' has a path in it", fix: "write the name alone", spot)
      return nil
    }
    return name
  }

  // MARK: Environments

  mutating func environments(_ spot: Spot?, _ scope: Scope) -> [(environment: OpenJD.Environment?, spot: Spot)] {
    guard let spot, let list = list(spot, "environments") else { return [] }
    let environments = list.map { (environment: environment($0, scope), spot: $0) }
    refuseDoubles(environments.map { ($0.spot.node.child("name")?.text, $0.spot) }, "the environment")
    return environments
  }

  mutating func environment(_ spot: Spot, _ outer: Scope) -> OpenJD.Environment? {
    guard
      let fields = fields(
        spot, "an environment", required: ["name"], optional: ["description", "script", "variables"])
    else { return nil }
    let name = fields["name"].flatMap { text($0, "the name of an environment", length: 1...bounds.name) }
    let description = description(fields)
    if fields["script"] == nil, fields["variables"] == nil {
      note(.openjdShape, "an environment does something", fix: "write 'script', 'variables' or both", spot)
    }
    let variables = fields["variables"].map { self.variables($0, visible: outer.inSession().session) } ?? []
    let script = fields["script"].flatMap { environmentScript($0, outer) }
    guard let name else { return nil }
    return OpenJD.Environment(name: name, description: description, script: script, variables: variables)
  }

  private mutating func variables(_ spot: Spot, visible: Visible) -> [OpenJD.Environment.Variable] {
    guard let entries = spot.node.map else {
      note(.openjdShape, "variables are a map, and here stands \(spot.node.kind)", fix: "write NAME: value", spot)
      return []
    }
    if entries.isEmpty { note(.openjdShape, "the map of variables is empty", fix: "take the key away", spot) }
    return entries.compactMap { entry in
      let place = spot.child(entry.shown, entry.value)
      guard let key = entry.key, OpenJD.isIdentifier(key), key.utf8.count <= OpenJD.Bounds.variableName else {
        note(
          .openjdValue, "'\(entry.shown)' is not the name of a variable",
          fix: "use at most \(OpenJD.Bounds.variableName) latin letters, digits and '_', and begin with no digit", place
        )
        return nil
      }
      let value = format(
        place, "the value of a variable", length: 0...OpenJD.Bounds.variableValue, visible: visible)
      return value.map { OpenJD.Environment.Variable(name: key, value: $0) }
    }
  }

  private mutating func environmentScript(_ spot: Spot, _ outer: Scope) -> OpenJD.EnvironmentScript? {
    guard let fields = fields(spot, "a script", required: ["actions"], optional: ["embeddedFiles", "let"]) else {
      return nil
    }
    let before = outer.inSession().withFiles(spot.node.child("embeddedFiles"), prefix: "Env.File.")
    let bindings = bindings(fields, visible: before.session, outer: outer.session)
    let scope = before.with(bindings, from: .session)
    let files = files(fields, visible: scope.session)
    let wrapping = ["onWrapEnvEnter", "onWrapTaskRun", "onWrapEnvExit"]
    guard let actions = fields["actions"],
      let own = self.fields(
        actions, "the actions of an environment", required: [], optional: ["onEnter", "onExit"] + wrapping)
    else { return nil }
    let enter = own["onEnter"].flatMap { action($0, visible: scope.session, early: outer.template) }
    let exit = own["onExit"].flatMap { action($0, visible: scope.session, early: outer.template) }
    let wrap = wrapActions(own, scope, outer)
    if own["onEnter"] == nil, own["onExit"] == nil, wrapping.allSatisfy({ own[$0] == nil }) {
      note(.openjdShape, "the actions of an environment are none", fix: "write 'onEnter', 'onExit' or both", actions)
    }
    return OpenJD.EnvironmentScript(
      onEnter: enter, onExit: exit, embeddedFiles: files, bindings: bindings, wrap: wrap)
  }

  /// What is run instead of others' actions: all three or none.
  private mutating func wrapActions(_ fields: Fields, _ scope: Scope, _ outer: Scope) -> OpenJD.WrapActions? {
    let words = [
      ("onWrapEnvEnter", "WrappedEnv.Name"), ("onWrapTaskRun", "WrappedStep.Name"),
      ("onWrapEnvExit", "WrappedEnv.Name"),
    ]
    guard let first = words.lazy.compactMap({ fields[$0.0] }).first else { return nil }
    for name in [OpenJD.Extension.wrapActions, .expressions] where !extensions.contains(name) {
      note(
        .openjdExtension, "actions that wrap others need the extension \(name.rawValue)",
        fix: "list EXPR and WRAP_ACTIONS in 'extensions'", first)
    }
    for (name, _) in words where fields[name] == nil {
      note(.openjdShape, "an environment that wraps actions has no '\(name)'", fix: "write all three of them", first)
    }
    let made = words.map { name, variable in
      fields[name].flatMap {
        action(
          $0, visible: scope.withWrapped(variable).session, early: outer.withWrapped(variable).template)
      }
    }
    guard let enter = made[0], let task = made[1], let exit = made[2] else { return nil }
    return OpenJD.WrapActions(onEnter: enter, onTask: task, onExit: exit)
  }
}
