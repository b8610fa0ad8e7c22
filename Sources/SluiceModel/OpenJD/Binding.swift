extension OpenJD {
  /// A name for an expression's value: `frames = range_expr(Param.Frames)` in `let`. Later ones may use it.
  package struct Binding: Sendable, Hashable, Codable {
    package let name: String
    package let expression: Expression

    package init(name: String, expression: Expression) { (self.name, self.expression) = (name, expression) }
  }

  /// What an environment runs instead of others' actions while it is entered; with `WRAP_ACTIONS`.
  package struct WrapActions: Sendable, Hashable, Codable {
    package let onEnter: Action
    package let onTask: Action
    package let onExit: Action

    package init(onEnter: Action, onTask: Action, onExit: Action) {
      (self.onEnter, self.onTask, self.onExit) = (onEnter, onTask, onExit)
    }
  }

  /// The action that a wrapping one runs instead of, as that one sees it.
  package struct WrappedAction: Sendable, Hashable {
    package var command: String
    package var arguments: [String]
    /// `NAME=value`, as the session's actions and environments have set them.
    package var environment: [String]
    /// Seconds.
    package var timeout: Int?
    package var mode: String?
    /// Seconds.
    package var notifyPeriod: Int?

    package init(
      command: String, arguments: [String], environment: [String], timeout: Int?, mode: String?, notifyPeriod: Int?
    ) {
      (self.command, self.arguments, self.environment) = (command, arguments, environment)
      (self.timeout, self.mode, self.notifyPeriod) = (timeout, mode, notifyPeriod)
    }

    static let types: [(String, ValueType)] = [
      ("WrappedAction.Command", .string), ("WrappedAction.Args", .list(.string)),
      ("WrappedAction.Environment", .list(.string)), ("WrappedAction.Timeout", .either([.int, .null])),
      ("WrappedAction.Cancelation.Mode", .either([.string, .null])),
      ("WrappedAction.Cancelation.NotifyPeriodInSeconds", .either([.int, .null])),
    ]

    package var values: [String: Value] {
      [
        "WrappedAction.Command": .string(command),
        "WrappedAction.Args": .list(arguments.map { .string($0) }, of: .string),
        "WrappedAction.Environment": .list(environment.map { .string($0) }, of: .string),
        "WrappedAction.Timeout": timeout.map { .int($0) } ?? .null,
        "WrappedAction.Cancelation.Mode": mode.map { .string($0) } ?? .null,
        "WrappedAction.Cancelation.NotifyPeriodInSeconds": notifyPeriod.map { .int($0) } ?? .null,
      ]
    }
  }
}

extension OpenJD.Expression: Codable {
  /// Its text.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    do { try self.init(text) } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.what)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
