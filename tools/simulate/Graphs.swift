import Foundation
import SluiceTestKit

/// Compares the graph's rules with the naive reference on random shows, several at once.
enum Graphs {
  /// - Returns: whether every seed held and enough happened.
  static func run(first: UInt64, count: UInt64, isFast: Bool) async -> Bool {
    let began = ContinuousClock.now
    var coverage = GraphProof.Coverage()
    var failure: (seed: UInt64, violation: GraphProof.Violation)?
    await withTaskGroup(of: (UInt64, GraphProof.Outcome).self) { group in
      var next = first
      func add() {
        guard next < first + count, failure == nil else { return }
        let seed = next
        next += 1
        group.addTask { (seed, GraphProof.run(seed: seed)) }
      }
      for _ in 0..<ProcessInfo.processInfo.activeProcessorCount { add() }
      for await (seed, outcome) in group {
        coverage.add(outcome)
        if let violation = outcome.violation, failure.map({ seed < $0.seed }) ?? true { failure = (seed, violation) }
        add()
      }
    }
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    if let failure {
      print("seed \(failure.seed): \(failure.violation.property.rawValue)")
      print("after \(coverage.count) shows: \(failure.violation.text)")
      if !isFast, let shortest = GraphProof.explain(seed: failure.seed) { print(shortest) }
      return false
    }
    print("\(coverage.count) shows in \(String(format: "%.1f", seconds)) s, each with \(GraphProof.deeds) deeds")
    if !isFast { for line in coverage.lines { print(line) } }
    // Of a few seeds nothing can be said: what is rare occurs more or less often by chance.
    guard count >= 2_000, !coverage.lacking.isEmpty else { return true }
    print("in less than \(GraphProof.leastPercent) % of the shows: \(coverage.lacking.joined(separator: "; "))")
    return false
  }
}
