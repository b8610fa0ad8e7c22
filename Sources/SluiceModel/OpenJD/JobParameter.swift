extension OpenJD {
  package enum JobParameterType: String, Sendable, Hashable, CaseIterable, Codable {
    case string = "STRING"
    case path = "PATH"
    case int = "INT"
    case float = "FLOAT"
    // These want the extension `EXPR`.
    case bool = "BOOL"
    case range = "RANGE_EXPR"
    case strings = "LIST[STRING]"
    case paths = "LIST[PATH]"
    case ints = "LIST[INT]"
    case floats = "LIST[FLOAT]"
    case bools = "LIST[BOOL]"
    case intLists = "LIST[LIST[INT]]"

    package var needsExpressions: Bool {
      switch self {
      case .string, .path, .int, .float: false
      default: true
      }
    }

    /// Of its value in an expression.
    package var valueType: ValueType {
      switch self {
      case .string: .string
      case .path: .path
      case .int: .int
      case .float: .float
      case .bool: .bool
      case .range: .range
      case .strings: .list(.string)
      case .paths: .list(.path)
      case .ints: .list(.int)
      case .floats: .list(.float)
      case .bools: .list(.bool)
      case .intLists: .list(.list(.int))
      }
    }

    /// Before any path mapping: a path of another machine is a text.
    package var rawValueType: ValueType {
      switch self {
      case .path: .string
      case .paths: .list(.string)
      default: valueType
      }
    }
  }

  /// What a job wants to be told when it is made.
  package struct JobParameter: Sendable, Hashable {
    package let name: String
    package let description: String?
    package let rule: Rule
    /// As it is put into format strings; nil for a parameter that must be given.
    package let standard: String?
    package let userInterface: UserInterface?

    package init(name: String, description: String?, rule: Rule, standard: String?, userInterface: UserInterface?) {
      (self.name, self.description, self.rule) = (name, description, rule)
      (self.standard, self.userInterface) = (standard, userInterface)
    }

    /// Which values are allowed.
    package enum Rule: Sendable, Hashable {
      case string(TextRule)
      case path(TextRule, PathUse)
      case int(NumberRule<Int>)
      case float(NumberRule<Number>)
      case bool
      case range
      case list(ListRule)

      package var type: JobParameterType {
        switch self {
        case .string: .string
        case .path: .path
        case .int: .int
        case .float: .float
        case .bool: .bool
        case .range: .range
        case .list(let rule): rule.elements.type
        }
      }
    }

    package struct TextRule: Sendable, Hashable {
      package var minLength: Int?
      package var maxLength: Int?
      package var allowed: [String]?
      package init(minLength: Int? = nil, maxLength: Int? = nil, allowed: [String]? = nil) {
        (self.minLength, self.maxLength, self.allowed) = (minLength, maxLength, allowed)
      }
    }

    package struct NumberRule<Value: Comparable & Hashable & Sendable>: Sendable, Hashable {
      package var least: Value?
      package var most: Value?
      package var allowed: [Value]?
      package init(least: Value? = nil, most: Value? = nil, allowed: [Value]? = nil) {
        (self.least, self.most, self.allowed) = (least, most, allowed)
      }
    }

    /// Which lists are allowed.
    package struct ListRule: Sendable, Hashable {
      package enum Elements: Sendable, Hashable {
        case strings(TextRule)
        case paths(TextRule, PathUse)
        case ints(NumberRule<Int>)
        case floats(NumberRule<Number>)
        case bools
        case intLists(NumberRule<Int>, minLength: Int?, maxLength: Int?)

        package var type: JobParameterType {
          switch self {
          case .strings: .strings
          case .paths: .paths
          case .ints: .ints
          case .floats: .floats
          case .bools: .bools
          case .intLists: .intLists
          }
        }
      }
      package var minLength: Int?
      package var maxLength: Int?
      package var elements: Elements

      package init(minLength: Int?, maxLength: Int?, elements: Elements) {
        (self.minLength, self.maxLength, self.elements) = (minLength, maxLength, elements)
      }
    }

    package struct PathUse: Sendable, Hashable {
      package enum Object: String, Sendable, Hashable, CaseIterable { case file = "FILE", directory = "DIRECTORY" }
      package enum Flow: String, Sendable, Hashable, CaseIterable {
        case none = "NONE"
        case into = "IN"
        case out = "OUT"
        case both = "INOUT"
      }
      package var object: Object?
      package var flow: Flow?
      package init(object: Object?, flow: Flow?) { (self.object, self.flow) = (object, flow) }
    }

    /// How a form would ask for the value; it changes nothing in the job.
    package struct UserInterface: Sendable, Hashable {
      package struct FileFilter: Sendable, Hashable {
        package let label: String
        package let patterns: [String]
        package init(label: String, patterns: [String]) { (self.label, self.patterns) = (label, patterns) }
      }
      package var control: String?
      package var label: String?
      package var group: String?
      package var decimals: Int?
      package var step: Number?
      package var filters: [FileFilter] = []
      package var standardFilter: FileFilter?
      package init() {}
    }
  }
}

extension OpenJD.JobParameter {
  /// What is wrong with a value, in words that go on from "the value 'x' "; nil when it is allowed.
  package func refusal(of value: String) -> String? {
    switch rule {
    case .string(let rule), .path(let rule, _): return rule.refusal(of: value)
    case .int(let rule):
      guard let number = Int(template: value) else { return "is not a whole number" }
      return rule.refusal(of: number)
    case .float(let rule):
      guard let number = OpenJD.Number(value) else { return "is not a number" }
      return rule.refusal(of: number)
    case .bool, .range, .list: return refusal(ofTyped: value)
    }
  }
}

extension OpenJD.JobParameter.TextRule {
  package func refusal(of value: String) -> String? {
    let length = value.unicodeScalars.count
    if let minLength, length < minLength { return "has \(length) characters; at least \(minLength) are wanted" }
    if let maxLength, length > maxLength { return "has \(length) characters; at most \(maxLength) are allowed" }
    if let allowed, !allowed.contains(value) { return "is none of the allowed: \(allowed.joined(separator: ", "))" }
    return nil
  }
}

extension OpenJD.JobParameter.NumberRule {
  package func refusal(of value: Value) -> String? {
    if let least, value < least { return "is below the smallest allowed, \(least)" }
    if let most, value > most { return "is above the largest allowed, \(most)" }
    if let allowed, !allowed.contains(value) {
      return "is none of the allowed: \(allowed.map { "\($0)" }.joined(separator: ", "))"
    }
    return nil
  }
}

extension Int {
  /// Reads a whole number as templates write it: with spaces around, a sign, and single underscores between digits.
  package init?(template text: String) {
    let trimmed = text.unicodeScalars.drop { $0.properties.isWhitespace }
    guard let end = trimmed.lastIndex(where: { !$0.properties.isWhitespace }) else { return nil }
    let written = String(trimmed[...end])
    let digits = written.first == "-" || written.first == "+" ? written.dropFirst() : written[...]
    guard let first = digits.utf8.first, let last = digits.utf8.last, first != 0x5F, last != 0x5F,
      !digits.contains("__")
    else { return nil }
    guard let value = Int(written.filter { $0 != "_" }), digits.utf8.first != 0x2B, digits.utf8.first != 0x2D else {
      return nil
    }
    self = value
  }
}
