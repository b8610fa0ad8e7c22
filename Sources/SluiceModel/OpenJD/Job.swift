extension OpenJD {
  /// A template with its parameters' values: what can be run.
  package struct Job: Sendable, Hashable {
    package struct Parameter: Sendable, Hashable {
      package let name: String
      package let type: JobParameterType
      /// Paths are absolute.
      package let value: String
      package let description: String?
    }

    package struct Step: Sendable, Hashable {
      package let name: String
      package let description: String?
      package let script: StepScript
      package let environments: [Environment]
      package let space: ParameterSpace
      package let hostRequirements: HostRequirements?
      package let dependencies: [String]
    }

    package let name: String
    package let description: String?
    package let extensions: [Extension]
    package let parameters: [Parameter]
    package let environments: [Environment]
    /// As the template has them.
    package let steps: [Step]
    /// The steps' names, each after all that it depends on.
    package let order: [String]
    /// `Param.*` and `RawParam.*`, before any path mapping.
    package let variables: [String: String]
  }

  /// An action whose format strings are filled in.
  package struct ResolvedAction: Sendable, Hashable {
    package let command: String
    package let arguments: [String]
    /// Seconds.
    package let timeout: Int?
    package init(command: String, arguments: [String], timeout: Int?) {
      (self.command, self.arguments, self.timeout) = (command, arguments, timeout)
    }
  }
}

extension OpenJD.Action {
  /// - Throws: `Malformed` when a variable has no value, or a timeout becomes no whole number of at least 1.
  package func resolved(
    _ value: (String) -> String?
  ) throws(OpenJD.FormatString.Malformed) -> OpenJD.ResolvedAction {
    var filled: [String] = []
    for argument in arguments { filled.append(try argument.resolved(value)) }
    return OpenJD.ResolvedAction(
      command: try command.resolved(value), arguments: filled, timeout: try timeout?.resolved(least: 1, value))
  }
}
