extension OpenJD {
  /// The tasks of a step, of which the first have chunks as the template says, and the others such as were measured.
  package struct DealtSpace: Sendable, Hashable {
    /// As the template says.
    private let first: ParameterSpace
    private let probes: Int
    /// What the first ones leave of the numbers that go with the same other values.
    private let rest: ChunkedNumbers?
    /// All tasks by the measured size; nil where the template says it.
    private let others: ParameterSpace?
    package let count: Int

    /// All as the template says.
    package init(_ space: ParameterSpace) {
      (first, probes, rest, others, count) = (space, 0, nil, nil, space.count)
    }

    /// - Parameters:
    ///   - probes: how many are as the template says; not more than its chunks.
    ///   - others: the same tasks with chunks of another size, of which one moves fastest as well.
    package init(_ space: ParameterSpace, probes: Int, others: ParameterSpace, by size: Int) {
      guard probes > 0, let chunks = space.adaptive?.numbers, let dealt = others.adaptive?.numbers else {
        (first, self.probes, rest, self.others, count) = (others, 0, nil, nil, others.count)
        return
      }
      let rest = chunks.rest(after: probes, by: size)
      (first, self.probes, self.rest, self.others) = (space, probes, rest, others)
      count = probes + rest.count + others.count - dealt.count
    }

    package var adaptive: (name: String, numbers: ChunkedNumbers)? { first.adaptive }

    /// The values of a task by the names of their parameters.
    package subscript(_ index: Int) -> [String: String] {
      guard let rest, let others, let (name, _) = adaptive, index >= probes else { return first[index] }
      guard index >= probes + rest.count else {
        return first[0].merging([name: rest[index - probes]]) { $1 }
      }
      return others[index - probes - rest.count + (others.adaptive?.numbers.count ?? 0)]
    }
  }
}

extension OpenJD.ParameterSpace {
  /// The parameter whose chunks follow what is measured; they move fastest.
  package var adaptive: (name: String, numbers: OpenJD.ChunkedNumbers)? {
    for parameter in parameters {
      if case .chunks(let numbers) = parameter.values, numbers.chunks.isAdaptive, numbers.count > 0 {
        return (parameter.name, numbers)
      }
    }
    return nil
  }
}
