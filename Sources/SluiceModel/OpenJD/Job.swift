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
      /// Its name and what its `let` binds; only with `EXPR`.
      package let values: [String: Value]?
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
    /// These with their types, and the job's name; only with `EXPR`.
    package let values: [String: Value]?
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
  package func resolved(_ symbols: OpenJD.Symbols) throws(OpenJD.FormatString.Malformed) -> OpenJD.ResolvedAction {
    var filled: [String] = []
    for argument in arguments {
      // An argument that is an expression alone may be left out, or be several.
      switch try argument.value(symbols) {
      case .null: break
      case .list(let elements, _): filled += elements.map(\.text)
      case let value: filled.append(value.text)
      }
    }
    return OpenJD.ResolvedAction(
      command: try command.resolved(symbols), arguments: filled, timeout: try timeout?.resolved(least: 1, symbols))
  }
}

extension OpenJD.Cancelation {
  /// How an action is stopped; nil for an expression that is null, which is as if nothing had been written.
  /// - Throws: `Malformed` for what becomes no mode, or no period.
  package func resolved(
    _ symbols: OpenJD.Symbols
  ) throws(OpenJD.FormatString.Malformed) -> (mode: Mode, notifyPeriod: Int?)? {
    var mode = mode
    if case .text(let text) = mode {
      switch try text.value(symbols) {
      case .null: return nil
      case .string("TERMINATE"): mode = .terminate
      case .string("NOTIFY_THEN_TERMINATE"): mode = .notifyThenTerminate
      case let other:
        throw .init(
          what: "'\(text.text)' becomes '\(other.text)', which is no mode of a cancelation", code: .openjdValue)
      }
    }
    let bounds = OpenJD.Bounds.notifyPeriod
    let period = try notifyPeriod?.resolved(least: bounds.lowerBound, most: bounds.upperBound, symbols)
    if mode == .terminate, period != nil {
      throw .init(what: "a cancelation by TERMINATE has no notify period", code: .openjdValue)
    }
    return (mode, period)
  }
}
