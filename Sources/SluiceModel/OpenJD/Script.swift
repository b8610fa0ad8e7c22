extension OpenJD {
  /// A number that a template writes out, or says with a variable.
  package enum Quantity<Value: Sendable & Hashable>: Sendable, Hashable {
    case fixed(Value)
    case text(FormatString)
  }

  /// One command to run.
  package struct Action: Sendable, Hashable, Codable {
    package let command: FormatString
    package let arguments: [FormatString]
    /// Seconds, at least 1; nil for no end.
    package let timeout: Quantity<Int>?
    /// Nil is the same as to terminate.
    package let cancelation: Cancelation?

    package init(
      command: FormatString, arguments: [FormatString], timeout: Quantity<Int>?, cancelation: Cancelation?
    ) {
      (self.command, self.arguments, self.timeout, self.cancelation) = (command, arguments, timeout, cancelation)
    }
  }

  /// How an action that runs is stopped.
  package struct Cancelation: Sendable, Hashable, Codable {
    package enum Mode: Sendable, Hashable, Codable {
      case terminate
      case notifyThenTerminate
      /// Known only when the action starts; with `FEATURE_BUNDLE_1`.
      case text(FormatString)
    }
    package let mode: Mode
    /// Seconds between the notice and the end, 1...600; nil is 120 for a task and 30 for an environment.
    package let notifyPeriod: Quantity<Int>?
    package init(mode: Mode, notifyPeriod: Quantity<Int>?) { (self.mode, self.notifyPeriod) = (mode, notifyPeriod) }
  }

  /// A text file that is written into the session's working directory before an action runs.
  package struct EmbeddedFile: Sendable, Hashable, Codable {
    package enum LineEnd: String, Sendable, Hashable, CaseIterable, Codable {
      case auto = "AUTO", lf = "LF", crlf = "CRLF"
    }
    package let name: String
    /// Nil lets whoever writes it choose.
    package let fileName: String?
    package let data: FormatString
    package let isRunnable: Bool
    package let lineEnd: LineEnd

    package init(name: String, fileName: String?, data: FormatString, isRunnable: Bool, lineEnd: LineEnd) {
      (self.name, self.fileName, self.data) = (name, fileName, data)
      (self.isRunnable, self.lineEnd) = (isRunnable, lineEnd)
    }
  }

  /// What runs for each task of a step.
  package struct StepScript: Sendable, Hashable, Codable {
    package let onRun: Action
    package let embeddedFiles: [EmbeddedFile]
    /// Nil for none.
    package let bindings: [Binding]?
    package init(onRun: Action, embeddedFiles: [EmbeddedFile], bindings: [Binding]? = nil) {
      (self.onRun, self.embeddedFiles, self.bindings) = (onRun, embeddedFiles, bindings)
    }
  }

  /// What runs before the first and after the last task of a session, or instead of what it is around; at least one.
  package struct EnvironmentScript: Sendable, Hashable, Codable {
    package let onEnter: Action?
    package let onExit: Action?
    package let embeddedFiles: [EmbeddedFile]
    /// Nil for none.
    package let bindings: [Binding]?
    package let wrap: WrapActions?
    package init(
      onEnter: Action?, onExit: Action?, embeddedFiles: [EmbeddedFile], bindings: [Binding]? = nil,
      wrap: WrapActions? = nil
    ) {
      (self.onEnter, self.onExit, self.embeddedFiles) = (onEnter, onExit, embeddedFiles)
      (self.bindings, self.wrap) = (bindings, wrap)
    }
  }

  /// What a session enters before its tasks and leaves after them.
  package struct Environment: Sendable, Hashable, Codable {
    package struct Variable: Sendable, Hashable, Codable {
      package let name: String
      package let value: FormatString
      package init(name: String, value: FormatString) { (self.name, self.value) = (name, value) }
    }
    package let name: String
    package let description: String?
    package let script: EnvironmentScript?
    package let variables: [Variable]

    package init(name: String, description: String?, script: EnvironmentScript?, variables: [Variable]) {
      (self.name, self.description, self.script, self.variables) = (name, description, script, variables)
    }
  }
}

extension OpenJD.Quantity where Value == Int {
  /// Nil for an expression that is null: as if it had not been written.
  /// - Throws: `Malformed` when a variable has no value, or what comes out is no whole number in the bounds.
  package func resolved(
    least: Int, most: Int = .max, _ symbols: OpenJD.Symbols
  ) throws(OpenJD.FormatString.Malformed) -> Int? {
    var rest = Int.max
    return try resolved(least: least, most: most, symbols, within: &rest)
  }

  /// - Parameter rest: operations that this and others may still take together.
  func resolved(
    least: Int, most: Int = .max, _ symbols: OpenJD.Symbols, within rest: inout Int
  ) throws(OpenJD.FormatString.Malformed) -> Int? {
    switch self {
    case .fixed(let number): return number
    case .text(let text):
      let value = try text.value(symbols, within: &rest)
      if value == .null { return nil }
      guard let number = Int(template: value.text), number >= least, number <= most else {
        let bound = most == .max ? "of at least \(least)" : "from \(least) to \(most)"
        throw .init(
          what: "'\(text.text)' becomes '\(value.text)', which is no whole number \(bound)", code: .openjdValue)
      }
      return number
    }
  }
}
