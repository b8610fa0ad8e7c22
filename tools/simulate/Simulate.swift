import Foundation
import SluiceTestKit

/// Runs simulations, several at once, and says what they met.
///
/// usage: simulate [--graphs] [--seed N] [--seeds K] [--coverage] [--fast]
///
/// With `--graphs`, random shows are compared with the naive reference instead.
///
/// It ends with 0 where every seed held, with 1 where one did not or where too little happened.
@main struct Simulate {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let first = UInt64(value("--seed", arguments) ?? 0)
    let count = UInt64(value("--seeds", arguments) ?? 200)
    if arguments.contains("--graphs") {
      let holds = await Graphs.run(first: first, count: count, isFast: arguments.contains("--fast"))
      exit(holds ? 0 : 1)
    }
    let began = ContinuousClock.now
    let outcome = await run(first..<(first + count))
    let seconds =
      Double((ContinuousClock.now - began).components.seconds)
      + Double((ContinuousClock.now - began).components.attoseconds) / 1e18
    if let (seed, violation) = outcome.failure {
      print("seed \(seed): \(violation.invariant.rawValue)")
      print("after \(Int(seconds.rounded())) s and \(outcome.coverage.simulations) simulations")
      if !arguments.contains("--fast"), let failure = Simulation.explain(seed: seed) { print(failure) }
      exit(1)
    }
    let coverage = outcome.coverage
    let facts = coverage.facts / max(1, coverage.simulations)
    print(
      "\(coverage.simulations) simulations in \(String(format: "%.1f", seconds)) s: \(facts) facts each, "
        + "at least \(coverage.fewestFacts), and at least \(coverage.fewestFaults) faults")
    if arguments.contains("--coverage") { for line in coverage.lines { print(line) } }
    // Of a few seeds nothing can be said.
    guard count >= 200, !coverage.lacking.isEmpty else { return }
    print("in less than \(Coverage.leastPercent) % of the simulations: \(coverage.lacking.joined(separator: "; "))")
    exit(1)
  }

  private static func value(_ name: String, _ arguments: [String]) -> Int? {
    arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? Int(arguments[$0 + 1]) : nil }
  }

  private static func run(
    _ seeds: Range<UInt64>
  ) async -> (coverage: Coverage, failure: (seed: UInt64, violation: Violation)?) {
    var coverage = Coverage()
    var failure: (UInt64, Violation)?
    await withTaskGroup(of: (UInt64, Simulation.Result).self) { group in
      var next = seeds.lowerBound
      func add() {
        guard next < seeds.upperBound, failure == nil else { return }
        let seed = next
        next += 1
        group.addTask { (seed, Simulation.run(seed: seed)) }
      }
      for _ in 0..<ProcessInfo.processInfo.activeProcessorCount { add() }
      for await (seed, result) in group {
        coverage.add(result.coverage)
        if let violation = result.violation, failure.map({ seed < $0.0 }) ?? true { failure = (seed, violation) }
        add()
      }
    }
    return (coverage, failure)
  }
}
