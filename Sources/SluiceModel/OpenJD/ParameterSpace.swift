extension OpenJD {
  package enum TaskParameterType: String, Sendable, Hashable, CaseIterable, Codable {
    case int = "INT"
    case float = "FLOAT"
    case string = "STRING"
    case path = "PATH"
    case chunk = "CHUNK[INT]"
  }

  /// The tasks of a step: an ordered sequence that costs nothing until one asks for an element.
  ///
  /// A step without a parameter space has one task without parameters.
  package struct ParameterSpace: Sendable, Hashable {
    package struct Parameter: Sendable, Hashable {
      package let name: String
      package let type: TaskParameterType
      package let values: Values
      package init(name: String, type: TaskParameterType, values: Values) {
        (self.name, self.type, self.values) = (name, type, values)
      }
    }

    package enum Values: Sendable, Hashable {
      case texts([String])
      case numbers(Numbers)
      case chunks(ChunkedNumbers)

      package var count: Int {
        switch self {
        case .texts(let texts): texts.count
        case .numbers(let numbers): numbers.count
        case .chunks(let chunks): chunks.count
        }
      }

      package subscript(_ index: Int) -> String {
        switch self {
        case .texts(let texts): texts[index]
        case .numbers(let numbers): String(numbers[index])
        case .chunks(let chunks): chunks[index]
        }
      }
    }

    /// In the order of their declaration.
    package let parameters: [Parameter]
    private let root: Node?
    package let count: Int

    /// One task without parameters.
    package static let single = ParameterSpace()

    private init() { (parameters, root, count) = ([], nil, 1) }

    package struct Malformed: Error, Sendable, Hashable {
      package let what: String
      package init(what: String) { self.what = what }
    }

    /// - Precondition: `combination` names each of `parameters` once.
    /// - Throws: `Malformed` when an association's sides differ in length, or the tasks are more than one can count.
    package init(_ parameters: [Parameter], combination: Combination) throws(Malformed) {
      self.parameters = parameters
      let places = Dictionary(parameters.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
      let root = try ParameterSpace.node(combination, parameters, places)
      (self.root, count) = (root, root.count)
    }

    /// The values of a task by the names of their parameters.
    /// - Complexity: O(parameters · log runs of their ranges).
    package subscript(_ index: Int) -> [String: String] {
      precondition(index >= 0 && index < count, "a step is asked for a task that it has not")
      var values: [String: String] = [:]
      root?.collect(index, parameters, into: &values)
      return values
    }

    /// `Task.Param.*` and `Task.RawParam.*` of a task.
    package func variables(_ index: Int) -> [String: String] {
      var variables: [String: String] = [:]
      for (name, value) in self[index] {
        variables["Task.Param.\(name)"] = value
        variables["Task.RawParam.\(name)"] = value
      }
      return variables
    }

    private indirect enum Node: Sendable, Hashable {
      case parameter(Int, count: Int)
      case product([Node], count: Int)
      case association([Node], count: Int)

      var count: Int {
        switch self {
        case .parameter(_, let count), .product(_, let count), .association(_, let count): count
        }
      }

      func collect(_ index: Int, _ parameters: [Parameter], into values: inout [String: String]) {
        switch self {
        case .parameter(let place, _): values[parameters[place].name] = parameters[place].values[index]
        case .association(let parts, _): for part in parts { part.collect(index, parameters, into: &values) }
        case .product(let parts, _):
          var index = index
          for part in parts.reversed() {
            part.collect(index % part.count, parameters, into: &values)
            index /= part.count
          }
        }
      }
    }

    private static func node(
      _ combination: Combination, _ parameters: [Parameter], _ places: [String: Int]
    ) throws(Malformed) -> Node {
      switch combination {
      case .parameter(let name):
        guard let place = places[name] else { preconditionFailure("a combination names an undeclared parameter") }
        return .parameter(place, count: parameters[place].values.count)
      case .product(let parts):
        var nodes: [Node] = []
        var count = 1
        // Chunks whose size follows what was measured are dealt innermost, as `openjd-model` does.
        func isInnermost(_ part: Combination) -> Bool {
          guard case .parameter(let name) = part, let place = places[name],
            case .chunks(let chunks) = parameters[place].values
          else { return false }
          return chunks.chunks.isAdaptive
        }
        for part in parts.filter({ !isInnermost($0) }) + parts.filter(isInnermost) {
          let node = try node(part, parameters, places)
          let (product, overflow) = count.multipliedReportingOverflow(by: node.count)
          guard !overflow else { throw Malformed(what: "\(combination) makes more than 2^63 tasks") }
          count = product
          nodes.append(node)
        }
        return .product(nodes, count: count)
      case .association(let parts):
        var nodes: [Node] = []
        for part in parts { nodes.append(try node(part, parameters, places)) }
        guard Set(nodes.map(\.count)).count == 1 else {
          let lengths = zip(parts, nodes).map { "\($0) has \($1.count)" }.joined(separator: ", ")
          throw Malformed(what: "the sides of \(combination) differ in length: \(lengths)")
        }
        return .association(nodes, count: nodes[0].count)
      }
    }
  }
}
