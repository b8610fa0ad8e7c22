extension OpenJD {
  /// The type of a value in an expression, and of what a function takes and gives.
  ///
  /// Source: Expression Language (2026-02), "Type System".
  package indirect enum ValueType: Sendable, Hashable {
    case null, bool, int, float, string, path, range
    case list(ValueType)
    /// At least two, each once, sorted by their names, none of them a union.
    case union([ValueType])
    /// Nothing is said.
    case any
    /// Of a function that never returns.
    case never
    /// A place in a signature that takes any type, and the same one wherever it stands.
    case variable(Int)

    package var element: ValueType? { if case .list(let element) = self { element } else { nil } }

    /// Types of which a value has one.
    package static func either(_ types: [ValueType]) -> ValueType {
      var members: [ValueType] = []
      for type in types {
        switch type {
        case .any: return .any
        case .never: break
        case .union(let more): members += more
        default: members.append(type)
        }
      }
      let sorted = Dictionary(members.map { ($0.description, $0) }, uniquingKeysWith: { first, _ in first })
        .sorted { $0.key < $1.key }.map(\.value)
      return sorted.count > 1 ? .union(sorted) : sorted.first ?? .never
    }

    /// Whether it has a variable in it.
    package var isSymbolic: Bool {
      switch self {
      case .variable: true
      case .list(let element): element.isSymbolic
      case .union(let members): members.contains(where: \.isSymbolic)
      default: false
      }
    }

    /// With variables replaced by what they stand for.
    package func bound(_ bindings: [Int: ValueType]) -> ValueType {
      switch self {
      case .variable(let number): bindings[number] ?? self
      case .list(let element): .list(element.bound(bindings))
      case .union(let members): .either(members.map { $0.bound(bindings) })
      default: self
      }
    }
  }
}

extension OpenJD.ValueType: CustomStringConvertible {
  package var description: String {
    switch self {
    case .null: return "nulltype"
    case .bool: return "bool"
    case .int: return "int"
    case .float: return "float"
    case .string: return "string"
    case .path: return "path"
    case .range: return "range_expr"
    case .list(let element): return "list[\(element)]"
    case .any: return "any"
    case .never: return "noreturn"
    case .variable(let number): return number == 0 ? "T" : "T\(number)"
    case .union(let members):
      let others = members.filter { $0 != .null }.map(\.description)
      if others.count == members.count { return others.joined(separator: " | ") }
      return others.count == 1 ? "\(others[0])?" : (others + ["nulltype"]).joined(separator: " | ")
    }
  }

  /// Reads `int`, `list[T1]`, `int | nulltype`, `list[string]?`; nil for what is none.
  package init?(_ text: some StringProtocol) {
    let words: [String: Self] = [
      "nulltype": .null, "bool": .bool, "int": .int, "float": .float, "string": .string, "path": .path,
      "range_expr": .range, "any": .any, "noreturn": .never, "T": .variable(0), "T1": .variable(1),
      "T2": .variable(2), "T3": .variable(3),
    ]
    let parts = text.split(separator: " | ", omittingEmptySubsequences: false)
    if parts.count > 1 {
      let types = parts.compactMap { Self($0) }
      guard types.count == parts.count else { return nil }
      self = .either(types)
    } else if let word = words[String(text)] {
      self = word
    } else if text.hasSuffix("?"), let type = Self(text.dropLast()) {
      self = .either([type, .null])
    } else if text.hasPrefix("list["), text.hasSuffix("]"), let element = Self(text.dropFirst(5).dropLast()) {
      self = .list(element)
    } else {
      return nil
    }
  }
}

// MARK: Matching

extension OpenJD.ValueType {
  /// What variables stand for, so that this type of a signature takes a value of another; nil where it does not.
  func match(_ other: Self) -> [Int: Self]? {
    switch (self, other) {
    case (.variable(let number), _): return [number: other]
    case (_, .variable(let number)): return [number: self]
    case (.any, _), (_, .any): return [:]
    case (.union(let own), .union(let others)):
      for member in own {
        for other in others { if let found = member.match(other) { return found } }
      }
      return nil
    case (.union(let own), _): return own.lazy.compactMap { $0.match(other) }.first
    case (_, .union(let others)): return others.lazy.compactMap { self.match($0) }.first
    case (.list(let element), .list(let other)): return element.match(other)
    default: return self == other ? [:] : nil
    }
  }

  /// What variables stand for, so that a signature takes arguments of these types; nil where it does not.
  static func match(_ parameters: [Self], _ arguments: [Self]) -> [Int: Self]? {
    guard parameters.count == arguments.count else { return nil }
    var bindings: [Int: Self] = [:]
    var empty: Set<Int> = []
    for (parameter, argument) in zip(parameters, arguments) {
      // `[]` goes with every list, and others say what its elements are.
      if case .list(.variable(let number)) = parameter, argument == .list(.null) {
        empty.insert(number)
        continue
      }
      guard let found = parameter.match(argument) else { return nil }
      for (number, type) in found {
        guard let known = bindings[number] else {
          bindings[number] = type
          continue
        }
        guard let both = unified(known, type, inList: false) else { return nil }
        bindings[number] = both
      }
    }
    for number in empty where bindings[number] == nil { bindings[number] = .null }
    return bindings
  }

  /// The type that values of both become where they meet; nil where they do not go together.
  private static func unified(_ a: Self, _ b: Self, inList: Bool) -> Self? {
    if a == b { return a }
    switch (a, b) {
    case (.null, _) where inList: return b
    case (_, .null) where inList: return a
    case (.int, .float), (.float, .int): return .float
    case (.path, .string), (.string, .path): return .string
    case (.range, .list(.int)), (.list(.int), .range): return .list(.int)
    case (.list(let a), .list(let b)): return unified(a, b, inList: true).map { .list($0) }
    case (.union(let members), _): return members.contains { unified($0, b, inList: inList) != nil } ? a : nil
    case (_, .union(let members)): return members.contains { unified(a, $0, inList: inList) != nil } ? b : nil
    default: return nil
    }
  }

  /// Whether a value becomes another type without being asked: whole numbers become floats, and paths texts.
  func becomes(_ other: Self) -> Bool { self == .int && other == .float || self == .path && other == .string }
}
