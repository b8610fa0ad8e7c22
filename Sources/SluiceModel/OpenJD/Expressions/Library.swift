extension OpenJD {
  /// The functions and operators of expressions.
  ///
  /// Source: Expression Language (2026-02), "Function Library"; RFC 0006.
  enum Library {
    /// Throws an `ExpressionFault` and nothing else; closures cannot say so.
    typealias Body = @Sendable (inout Budget, [Value]) throws -> Value

    /// What a function takes and gives, and how.
    struct Signature: Sendable {
      let parameters: [ValueType]
      let result: ValueType
      private let body: Body
      let isSymbolic: Bool

      /// - Parameter text: `(string, int) -> string`.
      init(_ text: String, _ body: @escaping Body) {
        let parts = text.split(separator: ") -> ", maxSplits: 1)
        let parameters = parts[0].dropFirst().split(separator: ", ").map { ValueType($0) }
        guard parts.count == 2, let result = ValueType(parts[1]), !parameters.contains(nil) else {
          preconditionFailure("'\(text)' is not a signature")
        }
        (self.parameters, self.result, self.body) = (parameters.compactMap { $0 }, result, body)
        isSymbolic = result.isSymbolic || self.parameters.contains(where: \.isSymbolic)
      }

      func run(_ budget: inout Budget, _ arguments: [Value]) throws(ExpressionFault) -> Value {
        do {
          return try body(&budget, arguments)
        } catch {
          throw error as? ExpressionFault ?? ExpressionFault("\(error)")
        }
      }
    }

    private static let functions: [String: [Signature]] = {
      var all: [String: [Signature]] = [:]
      for (name, signatures) in [numbers, texts, lists, paths, quotes, patterns, conversions].joined() {
        all[name, default: []] += signatures
      }
      return all
    }()

    private static func signatures(_ name: String, _ host: Symbols.Host) -> [Signature] {
      guard name == "apply_path_mapping" else { return functions[name] ?? [] }
      switch host {
      case .none: return []
      case .unknown: return [Signature("(string) -> path") { _, _ in .unknown(.path) }]
      case .rules(let rules):
        return [
          Signature("(string) -> path") { budget, arguments in
            try budget.spend(bytes: arguments[0].text.utf8.count)
            return .path(PathMappingRule.map(arguments[0].text, by: rules))
          }
        ]
      }
    }

    static func isKnown(_ name: String, host: Symbols.Host) -> Bool { !signatures(name, host).isEmpty }

    /// What a function makes of values; of its result's type where not all of them are known.
    ///
    /// A signature that takes the types as they are counts before one that wants a whole number as a float or a path as
    /// a text, and both before one that takes any type.
    /// - Parameter isMethod: whether the first value stood before the function, and stays what it is.
    static func call(
      _ name: String, _ arguments: [Value], isMethod: Bool, shown: String?, host: Symbols.Host, budget: inout Budget
    ) throws(ExpressionFault) -> Value {
      let signatures = signatures(name, host)
      guard !signatures.isEmpty else {
        let hint = nearest(to: name, in: functions.keys.filter { !$0.hasPrefix("_") }.sorted())
        throw ExpressionFault("there is no function '\(name)'\(hint.map { "; did you mean \($0)()?" } ?? "")")
      }
      let types = arguments.map(\.type)
      let isUnknown = arguments.contains(where: \.isUnknown)
      for signature in signatures where !signature.isSymbolic {
        guard ValueType.match(signature.parameters, types) != nil else { continue }
        return isUnknown ? .unknown(signature.result) : try signature.run(&budget, arguments)
      }
      for signature in signatures where !signature.isSymbolic {
        guard let coerced = coerced(types, signature.parameters, isMethod: isMethod) else { continue }
        if isUnknown { return .unknown(signature.result) }
        if coerced != types { return try signature.run(&budget, zip(arguments, coerced).map { $0.coerced(to: $1) }) }
      }
      for signature in signatures where signature.isSymbolic {
        for types in [types, coerced(types, signature.parameters, isMethod: isMethod)].compactMap({ $0 }) {
          guard let bindings = ValueType.match(signature.parameters, types) else { continue }
          if isUnknown { return .unknown(signature.result.bound(bindings)) }
          return try signature.run(&budget, zip(arguments, types).map { $0.coerced(to: $1) })
        }
      }
      throw refusal(shown ?? name, signatures, types, isMethod: isMethod)
    }

    private static func coerced(
      _ types: [ValueType], _ parameters: [ValueType], isMethod: Bool
    ) -> [ValueType]? {
      guard types.count == parameters.count else { return nil }
      var coerced: [ValueType] = []
      for (index, (type, parameter)) in zip(types, parameters).enumerated() {
        if type == parameter || parameter.isSymbolic || parameter == .any {
          coerced.append(type)
        } else if type.becomes(parameter), !(isMethod && index == 0) {
          coerced.append(parameter)
        } else {
          return nil
        }
      }
      return coerced
    }

    private static func refusal(
      _ name: String, _ signatures: [Signature], _ types: [ValueType], isMethod: Bool
    ) -> ExpressionFault {
      let counts = Set(signatures.map(\.parameters.count)).sorted()
      let own = isMethod ? 1 : 0
      if !counts.contains(types.count) {
        let wanted = counts.map { String($0 - own) }.joined(separator: " or ")
        return ExpressionFault("\(name)() takes \(wanted) values, and here are \(types.count - own)")
      }
      if let sign = operators[name] {
        let shown = types.count == 1 ? "\(types[0])" : types.map(\.description).joined(separator: " and ")
        return ExpressionFault("'\(sign)' does not go with \(shown)")
      }
      let wanted = signatures.filter { $0.parameters.count == types.count }.map(\.parameters)
        .map { "(" + $0.map(\.description).joined(separator: ", ") + ")" }
      let given = types.map(\.description).joined(separator: ", ")
      if name.hasPrefix(".") { return ExpressionFault("\(given) has no '\(name.dropFirst())'") }
      return ExpressionFault("\(name)(\(given)) is none of \(wanted.map { name + $0 }.joined(separator: ", "))")
    }

    private static let operators = [
      "__add__": "+", "__sub__": "-", "__mul__": "*", "__truediv__": "/", "__floordiv__": "//", "__mod__": "%",
      "__pow__": "**", "__neg__": "-", "__pos__": "+", "__eq__": "==", "__ne__": "!=", "__lt__": "<", "__le__": "<=",
      "__gt__": ">", "__ge__": ">=", "__contains__": "in", "__not_contains__": "not in", "__not__": "not",
      "__getitem__": "[]",
    ]
  }
}

extension OpenJD.Value {
  fileprivate func coerced(to type: OpenJD.ValueType) -> Self {
    switch (self, type) {
    case (.int(let number), .float): .float(OpenJD.Real(number))
    case (.path(let path), .string): .string(path)
    default: self
    }
  }

  /// For bodies of functions, whose signatures say what comes.
  var number: Int { if case .int(let number) = self { number } else { 0 } }
  var double: Double {
    switch self {
    case .int(let number): Double(number)
    case .float(let real): real.value
    default: 0
    }
  }
  var elements: [Self] { if case .list(let elements, _) = self { elements } else { [] } }
}
