extension OpenJD {
  /// Steps by what they depend on.
  package enum StepOrder {
    /// Each step as early as the template writes it, after all that it depends on.
    ///
    /// Names of steps that are not there are passed over.
    /// - Returns: all names, or nil when steps depend on each other in a circle.
    /// - Complexity: O(steps · log steps + dependencies).
    package static func order(_ steps: [(name: String, dependencies: [String])]) -> [String]? {
      let places = Dictionary(steps.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
      var order: [String] = []
      var (isStarted, isDone) = (
        Array(repeating: false, count: steps.count), Array(repeating: false, count: steps.count)
      )
      for start in steps.indices {
        var stack = [start]
        while let top = stack.last {
          if isDone[top] {
            stack.removeLast()
          } else if isStarted[top] {
            isDone[top] = true
            order.append(steps[top].name)
          } else {
            isStarted[top] = true
            let before = Set(steps[top].dependencies.compactMap { places[$0] }).filter { !isDone[$0] }
            guard before.allSatisfy({ !isStarted[$0] }) else { return nil }
            stack += before.sorted(by: >)
          }
        }
      }
      return order
    }

    /// One circle: each depends on the next, and the last is the first again; nil when there is none.
    package static func circle(_ steps: [(name: String, dependencies: [String])]) -> [String]? {
      let dependencies = Dictionary(steps.map { ($0.name, $0.dependencies) }, uniquingKeysWith: { first, _ in first })
      var done: Set<String> = []
      for step in steps where !done.contains(step.name) {
        var path: [(name: String, next: Int)] = [(step.name, 0)]
        var open: Set<String> = [step.name]
        while let top = path.last {
          let names = dependencies[top.name] ?? []
          guard top.next < names.count else {
            open.remove(top.name)
            done.insert(top.name)
            path.removeLast()
            continue
          }
          path[path.count - 1].next += 1
          let name = names[top.next]
          if open.contains(name), let from = path.firstIndex(where: { $0.name == name }) {
            return path[from...].map(\.name) + [name]
          }
          guard dependencies[name] != nil, !done.contains(name) else { continue }
          open.insert(name)
          path.append((name, 0))
        }
      }
      return nil
    }
  }
}
