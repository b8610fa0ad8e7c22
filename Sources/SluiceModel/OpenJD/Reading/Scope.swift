/// Which variables a format string may name: what is known early is known later, too.
struct Scope {
  /// When the job is made.
  private(set) var template: Set<String> = []
  /// On the machine that runs it.
  private(set) var session: Set<String> = []
  /// In a task.
  private(set) var task: Set<String> = []

  static let sessionVariables = [
    "Session.WorkingDirectory", "Session.HasPathMappingRules", "Session.PathMappingRulesFile",
  ]

  /// The variables that parameters of a template define, whether they are all well or not: one mistake in a parameter
  /// must not make every use of it another.
  init(parameters: TemplateNode?) {
    for node in parameters?.list ?? [] {
      guard let name = node.child("name")?.text else { continue }
      addToTemplate("RawParam.\(name)")
      // A path is mapped to the machine it is used on, so nobody knows it earlier.
      if node.child("type")?.text == "PATH" { addToSession("Param.\(name)") } else { addToTemplate("Param.\(name)") }
    }
  }

  private mutating func addToTemplate(_ name: String) {
    template.insert(name)
    addToSession(name)
  }

  private mutating func addToSession(_ name: String) {
    session.insert(name)
    task.insert(name)
  }

  /// With the variables of a session.
  func inSession() -> Scope {
    var scope = self
    for name in Scope.sessionVariables { scope.addToSession(name) }
    return scope
  }

  /// With the parameters of a step's tasks.
  func withTask(space: TemplateNode?) -> Scope {
    var scope = self
    for node in space?.child("taskParameterDefinitions")?.list ?? [] {
      guard let name = node.child("name")?.text else { continue }
      scope.task.insert("Task.Param.\(name)")
      scope.task.insert("Task.RawParam.\(name)")
    }
    return scope
  }

  /// With the files of a script.
  /// - Parameter prefix: `Task.File.` or `Env.File.`.
  func withFiles(_ files: TemplateNode?, prefix: String) -> Scope {
    var scope = self
    for node in files?.list ?? [] {
      guard let name = node.child("name")?.text else { continue }
      scope.addToSession(prefix + name)
    }
    return scope
  }
}
