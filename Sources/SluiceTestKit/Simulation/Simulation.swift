/// Runs simulations of several sites, and says what was wrong in the fewest steps.
///
/// Real, the very code that serves a studio: what is decided (`Decisions`, `PublishDecisions`, `RunDecisions`), the
/// writer's state, registry, registers and rows, hybrid clocks, `CausalOrder` and `MirrorIntake`, `Delivery`, the log's
/// segments down to their bytes, and records as JSON.
///
/// Simulated: time, chance, the disk under the segments, the lines between sites, clocks, subscribers, people and the
/// farm; the file of the views and the cursors, whose saves are whole or lost; and the shell around the rules, which
/// takes the steps of the server's actors in their order, one at a time.
///
/// Not in it: actors and their concurrency, SQLite, HTTP, the store of files, and the running of a step's command.
package enum Simulation {
  package struct Result: Sendable {
    package let violation: Violation?
    package let coverage: Coverage
    /// What happened, in words; empty unless it was asked for.
    package let trace: [String]
  }

  package static func run(_ scenario: Scenario, isTraced: Bool = false) -> Result {
    var world = World(scenario, isTraced: isTraced)
    let violation = world.run()
    return Result(violation: violation, coverage: Coverage(of: world), trace: world.surroundings.trace ?? [])
  }

  package static func run(seed: UInt64, isTraced: Bool = false) -> Result {
    run(Scenario(of: seed), isTraced: isTraced)
  }

  /// A failure and how to have it again.
  package struct Failure: Sendable, CustomStringConvertible {
    package let seed: UInt64
    package let violation: Violation
    package let steps: Int
    package let shortest: Scenario
    package let trace: [String]

    package var description: String {
      let faults = shortest.steps.filter { if case .fault = $0.deed { true } else { false } }.count
      return """
        seed \(seed): \(violation)
        shortest of \(steps) steps: \(shortest.steps.count), \(faults) of them faults
        \(shortest.steps.map { "  \($0)" }.joined(separator: "\n"))
        and so it went:
        \(trace.suffix(60).map { "  \($0)" }.joined(separator: "\n"))
        again: make sim SEED=\(seed) SEEDS=1
        """
    }
  }

  /// Shrinks a failing seed: as few steps as still break the same invariant.
  /// - Parameter attempts: simulations that may be tried.
  package static func explain(seed: UInt64, attempts: Int = 400) -> Failure? {
    let whole = Scenario(of: seed)
    guard let violation = run(whole).violation else { return nil }
    var shortest = whole
    var left = attempts
    func fails(_ steps: [Scenario.Step]) -> Bool {
      left -= 1
      let found = run(Scenario(seed: seed, steps: steps)).violation
      return found?.invariant == violation.invariant
    }
    var size = max(1, whole.steps.count / 2)
    while size >= 1, left > 0 {
      var start = 0
      var hasShrunk = false
      while start < shortest.steps.count, left > 0 {
        var fewer = shortest.steps
        fewer.removeSubrange(start..<min(start + size, fewer.count))
        if fails(fewer) {
          shortest.steps = fewer
          hasShrunk = true
        } else {
          start += size
        }
      }
      if size == 1, !hasShrunk { break }
      size = max(1, size / 2)
    }
    let last = run(shortest, isTraced: true)
    return Failure(
      seed: seed, violation: last.violation ?? violation, steps: whole.steps.count, shortest: shortest,
      trace: last.trace)
  }
}

extension Scenario {
  /// The scenario of a seed.
  package init(of seed: UInt64) {
    do {
      try self.init(seed: seed)
    } catch {
      preconditionFailure("the names of the simulation are sound: \(error)")
    }
  }
}
