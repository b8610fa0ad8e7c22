extension OpenJD {
  /// A checked job template.
  package struct JobTemplate: Sendable, Hashable {
    package let extensions: [Extension]
    package let name: FormatString
    package let description: String?
    package let parameters: [JobParameter]
    package let environments: [Environment]
    package let steps: [StepTemplate]

    package init(
      extensions: [Extension], name: FormatString, description: String?, parameters: [JobParameter],
      environments: [Environment], steps: [StepTemplate]
    ) {
      (self.extensions, self.name, self.description) = (extensions, name, description)
      (self.parameters, self.environments, self.steps) = (parameters, environments, steps)
    }
  }

  /// A checked environment template: what a studio wraps around every job of a queue.
  package struct EnvironmentTemplate: Sendable, Hashable {
    package let extensions: [Extension]
    package let parameters: [JobParameter]
    package let environment: Environment

    package init(extensions: [Extension], parameters: [JobParameter], environment: Environment) {
      (self.extensions, self.parameters, self.environment) = (extensions, parameters, environment)
    }
  }

  package struct StepTemplate: Sendable, Hashable {
    package let name: String
    package let description: String?
    package let script: StepScript
    package let environments: [Environment]
    package let parameterSpace: ParameterSpaceTemplate?
    package let hostRequirements: HostRequirementsTemplate?
    /// Names of steps, as they were written.
    package let dependencies: [String]
    package let bindings: [Binding]

    package init(
      name: String, description: String?, script: StepScript, environments: [Environment],
      parameterSpace: ParameterSpaceTemplate?, hostRequirements: HostRequirementsTemplate?, dependencies: [String],
      bindings: [Binding] = []
    ) {
      self.bindings = bindings
      (self.name, self.description, self.script, self.environments) = (name, description, script, environments)
      (self.parameterSpace, self.hostRequirements) = (parameterSpace, hostRequirements)
      self.dependencies = dependencies
    }
  }

  package struct ParameterSpaceTemplate: Sendable, Hashable {
    package struct Parameter: Sendable, Hashable {
      package enum Range: Sendable, Hashable {
        case list([FormatString])
        /// Of whole numbers: `1-{{Param.Frames}}`; with `EXPR` also an expression alone that is a list.
        case expression(FormatString)
      }
      package struct Chunks: Sendable, Hashable {
        package let tasks: Quantity<Int>
        package let targetSeconds: Quantity<Int>?
        package let constraint: OpenJD.Chunks.Constraint
        package init(tasks: Quantity<Int>, targetSeconds: Quantity<Int>?, constraint: OpenJD.Chunks.Constraint) {
          (self.tasks, self.targetSeconds, self.constraint) = (tasks, targetSeconds, constraint)
        }
      }
      package let name: String
      package let type: TaskParameterType
      package let range: Range
      /// Only for `CHUNK[INT]`, and there always.
      package let chunks: Chunks?
      package init(name: String, type: TaskParameterType, range: Range, chunks: Chunks?) {
        (self.name, self.type, self.range, self.chunks) = (name, type, range, chunks)
      }
    }
    package let parameters: [Parameter]
    package let combination: Combination

    package init(parameters: [Parameter], combination: Combination) {
      (self.parameters, self.combination) = (parameters, combination)
    }
  }
}
