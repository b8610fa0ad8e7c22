import SluiceModel

/// What a job is, counted.
struct JobSummary: Encodable {
  struct Parameter: Encodable {
    var name: String
    var type: String
    var value: String
  }
  struct TaskParameter: Encodable {
    var name: String
    var type: String
    /// How many values it takes; chunks for `CHUNK[INT]`.
    var values: Int
  }
  struct Step: Encodable {
    var name: String
    var tasks: Int
    var parameters: [TaskParameter]
    var dependencies: [String]
    var environments: [String]
    /// What it asks of machines; nil where it asks for nothing.
    var hostRequirements: HostNeeds?
  }

  var ok = true
  var name: String
  var extensions: [String]
  var parameters: [Parameter]
  var environments: [String]
  /// As the template has them.
  var steps: [Step]
  /// Names of steps, each after all that it depends on.
  var order: [String]
  /// Of all steps; nil when they are more than 2^63.
  var tasks: Int?

  init(_ job: OpenJD.Job) {
    name = job.name
    extensions = job.extensions.map(\.rawValue)
    parameters = job.parameters.map { Parameter(name: $0.name, type: $0.type.rawValue, value: $0.value) }
    environments = job.environments.map(\.name)
    steps = job.steps.map { step in
      Step(
        name: step.name, tasks: step.space.count,
        parameters: step.space.parameters.map {
          TaskParameter(name: $0.name, type: $0.type.rawValue, values: $0.values.count)
        },
        dependencies: step.dependencies, environments: step.environments.map(\.name),
        hostRequirements: HostNeeds(step.hostRequirements))
    }
    order = job.order
    tasks = job.steps.reduce(into: 0 as Int?) { sum, step in
      sum = sum.flatMap { sum in
        let (sum, isOver) = sum.addingReportingOverflow(step.space.count)
        return isOver ? nil : sum
      }
    }
  }

  func tell() {
    let all = tasks.map { "\($0) task\($0 == 1 ? "" : "s")" } ?? "more tasks than 2^63"
    print("\(name): \(steps.count) step\(steps.count == 1 ? "" : "s"), \(all)")
    if !parameters.isEmpty {
      print("\nParameters")
      Console.table(parameters.map { ["  \($0.name)", $0.type, $0.value] })
    }
    if !environments.isEmpty { print("\nEnvironments\n  \(environments.joined(separator: ", "))") }
    print("\nSteps, in the order in which they can run")
    let byName = Dictionary(steps.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    Console.table(
      order.compactMap { byName[$0] }.map { step in
        let parameters = step.parameters.map { "\($0.name) (\($0.values))" }.joined(separator: ", ")
        let after = step.dependencies.isEmpty ? "" : "after " + step.dependencies.joined(separator: ", ")
        let asked =
          (step.hostRequirements?.attributes.map(\.description) ?? [])
          + (step.hostRequirements?.amounts.map(\.description) ?? [])
        let on = asked.isEmpty ? "" : "on " + asked.joined(separator: "; ")
        return ["  \(step.name)", "\(step.tasks) task\(step.tasks == 1 ? "" : "s")", parameters, after, on]
      })
  }
}
