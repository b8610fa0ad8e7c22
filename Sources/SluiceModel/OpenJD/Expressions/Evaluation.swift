extension OpenJD {
  /// Finds an expression's value, and its type where values are not known yet: what is known is worked out, and what is
  /// not stays `unknown`.
  struct Evaluation {
    let symbols: Symbols
    var budget: Budget
    private var locals: [(name: String, value: Value)] = []
    private var depth = 0

    init(_ symbols: Symbols, rest: Int) { (self.symbols, budget) = (symbols, Budget(rest: rest)) }

    /// - Throws: with the place of what is wrong.
    mutating func value(of tree: ExpressionTree) throws(ExpressionFault) -> Value {
      depth += 1
      defer { depth -= 1 }
      let place = tree.place.lowerBound
      guard depth <= Limits.expressionDepth else {
        throw ExpressionFault("it is nested more than \(Limits.expressionDepth) deep", at: place)
      }
      let before = budget.held
      let value: Value
      do { value = try work(tree) } catch { throw error.placed(at: place) }
      // Of what it took to find the value only the value is kept.
      budget.release(to: before)
      do { try budget.hold(value.size) } catch { throw error.placed(at: place) }
      return value
    }

    private mutating func work(_ tree: ExpressionTree) throws(ExpressionFault) -> Value {
      switch tree.kind {
      case .int(let number):
        guard let number, let value = Int(exactly: number) else { throw Evaluation.overflow }
        return .int(value)
      case .float(let value, let text): return .float(try Real(value, written: text))
      case .string(let text): return .string(text)
      case .name(let name): return try named(name)
      case .attribute(let base, let name): return try attribute(tree, base, name)
      case .unary(let sign, let operand): return try unary(sign, operand)
      case .binary(let left, let sign, let right):
        let left = try value(of: left)
        return try call(Evaluation.functions[sign] ?? sign, [left, try value(of: right)])
      case .both(let parts): return try gather(parts, stopsAtFalse: true)
      case .either(let parts): return try gather(parts, stopsAtFalse: false)
      case .compare(let parts, let operators): return try compare(parts, operators)
      case .choice(let test, let then, let otherwise): return try choose(test, then, otherwise)
      case .call(let function, let arguments): return try call(function, arguments)
      case .list(let elements): return try list(elements)
      case .each(let element, let name, let list, let filter): return try each(element, name, list, filter)
      case .element(let base, let index):
        let base = try value(of: base)
        if case .path = base { throw ExpressionFault("a path has no elements; use its .parts") }
        let place = index.place.lowerBound
        let index = try value(of: index)
        if index.isUnknown, index.type != .int, index.type != .any {
          throw ExpressionFault("an index is a whole number, and this is \(index.type)", at: place)
        }
        return try call("__getitem__", [base, index])
      case .slice(let base, let start, let stop, let step): return try slice(base, start, stop, step)
      }
    }

    static let overflow = ExpressionFault("the result is past 64 bits")
    private static let functions = [
      "+": "__add__", "-": "__sub__", "*": "__mul__", "/": "__truediv__", "//": "__floordiv__", "%": "__mod__",
      "**": "__pow__", "==": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__",
      "in": "__contains__", "not in": "__not_contains__",
    ]

    // MARK: Names

    private func lookup(_ name: String) -> Value? {
      locals.last { $0.name == name }?.value ?? symbols[name]
    }

    private mutating func named(_ name: String) throws(ExpressionFault) -> Value {
      switch name {
      case "True", "true": return .bool(true)
      case "False", "false": return .bool(false)
      case "None", "null": return .null
      default: break
      }
      if let value = lookup(name) { return value }
      throw missing(name)
    }

    private func missing(_ name: String) -> ExpressionFault {
      let known = locals.map(\.name) + symbols.values.keys
      let hint = nearest(to: name, in: known.sorted()).map { "; did you mean '\($0)'?" } ?? ""
      return ExpressionFault("'\(name)' has no value here\(hint)")
    }

    private mutating func attribute(
      _ tree: ExpressionTree, _ base: ExpressionTree, _ name: String
    ) throws(ExpressionFault) -> Value {
      if let dotted = tree.dotted, let value = lookup(dotted) {
        try budget.spend(1)
        return value
      }
      let value: Value
      do {
        value = try self.value(of: base)
      } catch {
        if let dotted = tree.dotted { throw missing(dotted) }
        throw error
      }
      let function = "__property_\(name)__"
      guard Library.isKnown(function, host: symbols.host) else {
        throw ExpressionFault(
          Library.isKnown(name, host: symbols.host)
            ? "'\(name)' is a function; write \(name)()" : "\(value.type) has no '\(name)'")
      }
      return try call(function, [value], isMethod: true, shown: ".\(name)")
    }

    // MARK: Operators

    private mutating func unary(_ sign: String, _ operand: ExpressionTree) throws(ExpressionFault) -> Value {
      if sign == "-", case .int(let number) = operand.kind {
        guard let number, number <= UInt64(Int.max) + 1 else { throw Evaluation.overflow }
        return .int(Int(truncatingIfNeeded: 0 &- number))
      }
      let value = try value(of: operand)
      return try call(sign == "-" ? "__neg__" : sign == "+" ? "__pos__" : "__not__", [value])
    }

    /// `and` and `or`: the first value that decides, else the last one. Only `null` and `false` are not true.
    private mutating func gather(
      _ parts: [ExpressionTree], stopsAtFalse: Bool
    ) throws(ExpressionFault) -> Value {
      try budget.spend(1)
      var isOpen = false
      var last = Value.null
      for part in parts {
        if isOpen {
          // What was unknown may decide before this is reached, so what is wrong with it may never matter.
          let held = budget.held
          do {
            last = try value(of: part)
          } catch {
            if error.isExhausted { throw error }
            budget.release(to: held)
            continue
          }
        } else {
          last = try value(of: part)
        }
        let isFalse = last == .null || last == .bool(false)
        if isOpen, stopsAtFalse ? isFalse : !isFalse { return last }
        if last.isUnknown {
          isOpen = true
        } else if isFalse == stopsAtFalse {
          return last
        }
      }
      return isOpen ? .unknown(.bool) : last
    }

    private mutating func compare(
      _ parts: [ExpressionTree], _ operators: [String]
    ) throws(ExpressionFault) -> Value {
      try budget.spend(1)
      var left = try value(of: parts[0])
      var isOpen = false
      for (index, sign) in operators.enumerated() {
        let right = try value(of: parts[index + 1])
        let function = Evaluation.functions[sign] ?? sign
        switch try call(function, function.hasSuffix("contains__") ? [right, left] : [left, right]) {
        case .bool(false): return .bool(false)
        case .unknown: isOpen = true
        default: break
        }
        left = right
      }
      return isOpen ? .unknown(.bool) : .bool(true)
    }

    private func isTruth(_ type: ValueType) -> Bool {
      switch type {
      case .bool, .any: true
      case .union(let members): members.contains(.bool)
      default: false
      }
    }

    private mutating func choose(
      _ test: ExpressionTree, _ then: ExpressionTree, _ otherwise: ExpressionTree
    ) throws(ExpressionFault) -> Value {
      try budget.spend(1)
      switch try value(of: test) {
      case .bool(true): return try value(of: then)
      case .bool(false): return try value(of: otherwise)
      case .unknown(let type) where isTruth(type):
        let first = try attempt(then)
        let second = try attempt(otherwise)
        switch (first, second) {
        case (.success(let a), .success(let b)): return .unknown(a == b ? a : .either([a, b]))
        case (.success(let type), .failure), (.failure, .success(let type)): return .unknown(type)
        case (.failure(let a), .failure(let b)):
          throw ExpressionFault("neither side has a value: \(a.what); and \(b.what)", at: a.at)
        }
      case let other:
        throw ExpressionFault(
          "what stands after 'if' is true or false, and this is \(other.type)", at: test.place.lowerBound)
      }
    }

    /// The type of what may never be wanted.
    private mutating func attempt(
      _ tree: ExpressionTree
    ) throws(ExpressionFault) -> Result<ValueType, ExpressionFault> {
      let held = budget.held
      defer { budget.release(to: held) }
      do {
        return .success(try value(of: tree).type)
      } catch {
        if error.isExhausted { throw error }
        return .failure(error)
      }
    }

    // MARK: Functions

    private mutating func call(
      _ function: ExpressionTree, _ arguments: [ExpressionTree]
    ) throws(ExpressionFault) -> Value {
      var values: [Value] = []
      let name: String
      var isMethod = false
      switch function.kind {
      case .name(let own): name = own
      case .attribute(let base, let own):
        (name, isMethod) = (own, true)
        values.append(try value(of: base))
      default: throw ExpressionFault("only a function can be called")
      }
      for argument in arguments { values.append(try value(of: argument)) }
      guard !(name.hasPrefix("__") && name.hasSuffix("__")) else {
        throw ExpressionFault("'\(name)' cannot be called by its name")
      }
      if isMethod, !Library.isKnown(name, host: symbols.host),
        Library.isKnown("__property_\(name)__", host: symbols.host)
      {
        throw ExpressionFault("'\(name)' is no function; write .\(name) without brackets")
      }
      return try call(name, values, isMethod: isMethod)
    }

    private mutating func call(
      _ name: String, _ arguments: [Value], isMethod: Bool = false, shown: String? = nil
    ) throws(ExpressionFault) -> Value {
      try budget.spend(1)
      return try Library.call(
        name, arguments, isMethod: isMethod, shown: shown, host: symbols.host, budget: &budget)
    }

    // MARK: Lists

    private mutating func list(_ elements: [ExpressionTree]) throws(ExpressionFault) -> Value {
      var values: [Value] = []
      for element in elements {
        let value = try value(of: element)
        if value == .null {
          throw ExpressionFault("a list cannot hold null; leave the element out", at: element.place.lowerBound)
        }
        if !value.isUnknown, case .list(.list) = value.type {
          throw ExpressionFault("a list is nested more than two deep", at: element.place.lowerBound)
        }
        values.append(value)
      }
      if values.contains(where: \.isUnknown) { return try Evaluation.unknownList(values) }
      let types = Set(values.map(\.type))
      let pairs: [ValueType: ValueType] = [.int: .float, .float: .int, .path: .string, .string: .path]
      let isFitting =
        types.count < 2 || types.allSatisfy { type in pairs[type].map(types.contains) == true }
        || types.allSatisfy { $0.element != nil }
      guard isFitting else {
        let names = types.map(\.description).sorted().joined(separator: ", ")
        throw ExpressionFault("a list has elements of one type, and here are \(names)")
      }
      return try Value.list(of: values, hint: .null)
    }

    private static func unknownList(_ values: [Value]) throws(ExpressionFault) -> Value {
      guard var type = values.first?.type else { return .unknown(.list(.null)) }
      let first = type
      for other in values.dropFirst().map(\.type) {
        switch (first, other) {
        case (.int, .float), (.float, .int), (.path, .string), (.string, .path): break
        default:
          if first != other { throw ExpressionFault("a list has elements of the types \(first) and \(other)") }
        }
        switch (type, other) {
        case (.int, .float), (.float, .int): type = .float
        case (.path, .string), (.string, .path): type = .string
        default: break
        }
      }
      return .unknown(.list(type))
    }

    private mutating func each(
      _ element: ExpressionTree, _ name: String, _ list: ExpressionTree, _ filter: ExpressionTree?
    ) throws(ExpressionFault) -> Value {
      let source = try value(of: list)
      let count: Int
      switch source {
      case .unknown(let type): return try unknownEach(element, name, type.element ?? .int, filter)
      case .list(let elements, _): count = elements.count
      case .range(let range): count = range.count
      default:
        throw ExpressionFault("'for' goes through a list, and this is \(source.type)", at: list.place.lowerBound)
      }
      var values: [Value] = []
      locals.append((name, .null))
      defer { locals.removeLast() }
      for index in 0..<count {
        try budget.spend(1)
        switch source {
        case .list(let elements, _): locals[locals.count - 1].value = elements[index]
        case .range(let range): locals[locals.count - 1].value = .int(range[index])
        default: break
        }
        if let filter {
          let held = budget.held
          let test = try value(of: filter)
          budget.release(to: held)
          switch test {
          case .bool(true): break
          case .bool(false): continue
          case .unknown: return try unknownEach(element, name, source.type.element ?? .int, filter)
          default:
            throw ExpressionFault(
              "what stands after 'if' is true or false, and this is \(test.type)", at: filter.place.lowerBound)
          }
        }
        values.append(try value(of: element))
      }
      for value in values {
        if !value.isUnknown, case .list(.list) = value.type {
          throw ExpressionFault("a list is nested more than two deep")
        }
      }
      if values.contains(where: \.isUnknown) { return try Evaluation.unknownList(values) }
      return try Value.list(of: values, hint: .null)
    }

    private mutating func unknownEach(
      _ element: ExpressionTree, _ name: String, _ type: ValueType, _ filter: ExpressionTree?
    ) throws(ExpressionFault) -> Value {
      locals.append((name, .unknown(type)))
      defer { locals.removeLast() }
      if let filter {
        let test = try value(of: filter)
        guard isTruth(test.type) else {
          throw ExpressionFault(
            "what stands after 'if' is true or false, and this is \(test.type)", at: filter.place.lowerBound)
        }
      }
      return .unknown(.list(try value(of: element).type))
    }

    private mutating func slice(
      _ base: ExpressionTree, _ start: ExpressionTree?, _ stop: ExpressionTree?, _ step: ExpressionTree?
    ) throws(ExpressionFault) -> Value {
      try budget.spend(1)
      let base = try value(of: base)
      if case .path = base { throw ExpressionFault("a path has no elements; use its .parts") }
      var bounds: [Value] = []
      for bound in [start, stop, step] {
        if let bound { bounds.append(try value(of: bound)) } else { bounds.append(.null) }
      }
      if bounds[2] == .int(0) { throw ExpressionFault("the step of a slice is 0") }
      if base.isUnknown { return base }
      if bounds.contains(where: \.isUnknown) {
        switch base {
        case .list(_, let element): return .unknown(.list(element))
        case .string: return .unknown(.string)
        default: break
        }
      }
      return try call("__getitem__", [base] + bounds)
    }
  }
}
