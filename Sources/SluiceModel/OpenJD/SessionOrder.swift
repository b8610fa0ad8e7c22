extension OpenJD {
  /// What is run in a session: environments, and tasks of one or more steps one after the other.
  ///
  /// Whoever has it needs nothing else: the template, the registry and the store stay where they are.
  package struct SessionOrder: Sendable, Hashable, Codable {
    /// Orders with the same key are of one job: they may follow each other in one session.
    package var key: String
    /// Sessions make their working directories in it.
    package var directory: String
    /// Entered before the first task and left after the last one of the session.
    package var environments: [Environment]
    /// In the order in which they run.
    package var steps: [SessionStep]
    /// `Param.*` and `RawParam.*`, before any path mapping.
    package var variables: [String: String]
    /// Names of the job's parameters of type `PATH`.
    package var paths: [String]
    package var rules: [PathMappingRule]
    /// Whether actions may print `openjd_redacted_env`.
    package var redacts: Bool
    /// The variables with their types, and the job's name; nil for templates without `EXPR`.
    package var values: [String: Value]?

    package init(
      key: String, directory: String, environments: [Environment], steps: [SessionStep], variables: [String: String],
      paths: [String], rules: [PathMappingRule] = [], redacts: Bool = false, values: [String: Value]? = nil
    ) {
      self.values = values
      (self.key, self.directory, self.environments, self.steps) = (key, directory, environments, steps)
      (self.variables, self.paths, self.rules, self.redacts) = (variables, paths, rules, redacts)
    }

    package var taskCount: Int { steps.reduce(0) { $0 + $1.tasks.count } }
  }

  /// Tasks of one step, in order.
  package struct SessionStep: Sendable, Hashable, Codable {
    package var name: String
    /// Entered before the step's first task and left before another step's.
    package var environments: [Environment]
    package var script: StepScript
    /// Values of the task's parameters by their names, one map a task.
    package var tasks: [[String: String]]
    /// Names of the task parameters of type `PATH`.
    package var paths: [String]
    /// Types of the task parameters, and variables of the step alone; nil for templates without `EXPR`.
    package var types: [String: TaskParameterType]?
    package var values: [String: Value]?

    package init(
      name: String, environments: [Environment], script: StepScript, tasks: [[String: String]], paths: [String],
      types: [String: TaskParameterType]? = nil, values: [String: Value]? = nil
    ) {
      (self.types, self.values) = (types, values)
      (self.name, self.environments, self.script, self.tasks, self.paths) = (name, environments, script, tasks, paths)
    }
  }
}

extension OpenJD.Job {
  /// The order that runs some tasks of some steps.
  /// - Parameter tasks: for each step, by its name, which of its tasks; steps that are not named are left out.
  package func session(
    key: String, directory: String, tasks: [(step: String, values: [[String: String]])],
    rules: [OpenJD.PathMappingRule] = []
  ) -> OpenJD.SessionOrder {
    let steps = tasks.compactMap { part -> OpenJD.SessionStep? in
      guard let step = self.steps.first(where: { $0.name == part.step }), !part.values.isEmpty else { return nil }
      return OpenJD.SessionStep(
        name: step.name, environments: step.environments, script: step.script, tasks: part.values,
        paths: step.space.parameters.filter { $0.type == .path }.map(\.name),
        types: values == nil
          ? nil : Dictionary(step.space.parameters.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first }),
        values: step.values)
    }
    return OpenJD.SessionOrder(
      key: key, directory: directory, environments: environments, steps: steps, variables: variables,
      paths: parameters.filter { $0.type == .path }.map(\.name), rules: rules,
      redacts: extensions.contains(.redactedEnvironment), values: values)
  }
}
