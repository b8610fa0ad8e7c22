/// The variables that have a value where a format string is filled in.
struct Visible {
  var names: Set<String>
  /// Of those whose type is known before their value is; only with `EXPR`.
  var types: [String: OpenJD.ValueType] = [:]
  /// Whether that is before it is known on which machine.
  var isEarly: Bool

  /// The longest beginning of `Param.File.stem` that is a variable.
  func variable(in symbol: String) -> String? {
    var name = symbol[...]
    while !names.contains(String(name)) {
      guard let dot = name.lastIndex(of: ".") else { return nil }
      name = name[..<dot]
    }
    return String(name)
  }
}

/// Which variables a format string may name: what is known early is known later, too.
struct Scope {
  enum Time { case template, session, task }

  private var names: [Time: Set<String>] = [.template: [], .session: [], .task: []]
  private var types: [String: OpenJD.ValueType] = [:]

  private static let sessionVariables: [(String, OpenJD.ValueType)] = [
    ("Session.WorkingDirectory", .path), ("Session.HasPathMappingRules", .bool),
    ("Session.PathMappingRulesFile", .path),
  ]

  /// The variables that parameters of a template define, whether they are all well or not: one mistake in a parameter
  /// must not make every use of it another.
  /// - Parameter hasExpressions: whether the template has the extension `EXPR`.
  init(parameters: TemplateNode?, hasExpressions: Bool) {
    for node in parameters?.list ?? [] {
      guard let name = node.child("name")?.text else { continue }
      let word = node.child("type")?.text ?? ""
      let type = OpenJD.JobParameterType(rawValue: hasExpressions ? word.asciiUppercased : word)
      add("RawParam.\(name)", hasExpressions ? type?.rawValueType : nil, from: .template)
      // A path is mapped to the machine it is used on, so nobody knows it earlier.
      add(
        "Param.\(name)", hasExpressions ? type?.valueType : nil,
        from: type == .path || type == .paths ? .session : .template)
    }
  }

  private mutating func add(_ name: String, _ type: OpenJD.ValueType?, from time: Time) {
    if time == .template { names[.template]?.insert(name) }
    if time != .task { names[.session]?.insert(name) }
    names[.task]?.insert(name)
    types[name] = type
  }

  private func visible(_ time: Time) -> Visible {
    Visible(names: names[time] ?? [], types: types, isEarly: time == .template)
  }

  /// When the job is made.
  var template: Visible { visible(.template) }
  /// On the machine that runs it.
  var session: Visible { visible(.session) }
  /// In a task.
  var task: Visible { visible(.task) }

  subscript(_ time: Time) -> Visible { visible(time) }

  /// With one more variable.
  func with(_ name: String, _ type: OpenJD.ValueType? = nil, from time: Time) -> Scope {
    var scope = self
    scope.add(name, type, from: time)
    return scope
  }

  /// With what `let` binds; the types of that are not known.
  func with(_ bindings: [OpenJD.Binding]?, from time: Time) -> Scope {
    (bindings ?? []).reduce(self) { $0.with($1.name, from: time) }
  }

  /// With the variables of a session.
  func inSession() -> Scope {
    Scope.sessionVariables.reduce(self) { $0.with($1.0, $1.1, from: .session) }
  }

  /// With the parameters of a step's tasks.
  func withTask(space: TemplateNode?, hasExpressions: Bool) -> Scope {
    var scope = self
    for node in space?.child("taskParameterDefinitions")?.list ?? [] {
      guard let name = node.child("name")?.text else { continue }
      let word = node.child("type")?.text ?? ""
      let type = hasExpressions ? OpenJD.TaskParameterType(rawValue: word.asciiUppercased) : nil
      scope.add("Task.Param.\(name)", type?.valueType, from: .task)
      scope.add("Task.RawParam.\(name)", type?.rawValueType, from: .task)
    }
    return scope
  }

  /// With the files of a script.
  /// - Parameter prefix: `Task.File.` or `Env.File.`.
  func withFiles(_ files: TemplateNode?, prefix: String) -> Scope {
    (files?.list ?? []).reduce(self) { scope, node in
      node.child("name")?.text.map { scope.with(prefix + $0, .path, from: .session) } ?? scope
    }
  }

  /// With the action that a wrapping one stands for.
  /// - Parameter name: `WrappedEnv.Name` or `WrappedStep.Name`.
  func withWrapped(_ name: String) -> Scope {
    OpenJD.WrappedAction.types.reduce(with(name, .string, from: .session)) { $0.with($1.0, $1.1, from: .template) }
  }
}

extension OpenJD.TaskParameterType {
  /// Of its value in an expression; nil for chunks, whose texts stay texts.
  var valueType: OpenJD.ValueType? {
    switch self {
    case .int: .int
    case .float: .float
    case .string: .string
    case .path: .path
    case .chunk: nil
    }
  }

  /// Before any path mapping.
  var rawValueType: OpenJD.ValueType? { self == .path ? .string : valueType }
}

extension String {
  /// With latin letters as capitals, and all others as they are.
  var asciiUppercased: String {
    String(decoding: utf8.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }, as: UTF8.self)
  }
}
