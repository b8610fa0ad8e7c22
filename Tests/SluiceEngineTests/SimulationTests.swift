import SluiceTestKit
import Testing

/// A few seeds in the tests' own process; `make sim` runs thousands.
@Suite struct `A simulation of three sites` {
  @Test(arguments: [UInt64](0..<12))
  func `holds whatever happens`(seed: UInt64) {
    let result = Simulation.run(seed: seed)
    #expect(result.violation == nil, "seed \(seed)")
    #expect(result.coverage.fewestFacts >= 200 && result.coverage.fewestFaults >= 5, "seed \(seed)")
  }

  @Test func `goes the same way each time, step by step`() {
    let first = Simulation.run(seed: 7, isTraced: true)
    #expect(first.trace.count > 500)
    #expect(Simulation.run(seed: 7, isTraced: true).trace == first.trace)
    #expect(Simulation.run(seed: 8, isTraced: true).trace != first.trace)
  }

  @Test func `leaves the other steps as they are when one is taken away`() {
    let whole = Scenario(of: 3)
    var fewer = whole
    fewer.steps.remove(at: 20)
    #expect(fewer.steps.prefix(20).map(\.description) == whole.steps.prefix(20).map(\.description))
    #expect(Simulation.run(fewer).violation == nil)
  }

  @Test func `explains nothing where nothing failed`() {
    #expect(Simulation.explain(seed: 1)?.description == nil)
  }

  @Test func `is made of faults of every kind over a few hundred seeds`() {
    var met: Set<Fault> = []
    for seed in UInt64(0)..<200 {
      for case .fault(let fault, _, _) in Scenario(of: seed).steps.map(\.deed) { met.insert(fault) }
    }
    #expect(met == Set(Fault.allCases))
  }
}

@Suite struct `What is going to happen` {
  @Test func `happens in the order of time, and of planning where it is due together`() {
    var queue = EventQueue<String>()
    for (name, at) in [("c", 30), ("a", 10), ("b1", 20), ("b2", 20), ("d", 40)] { queue.plan(name, at: at) }
    #expect(queue.next()?.happening == "a")
    queue.plan("b3", at: 20)
    var rest: [String] = []
    while let next = queue.next() { rest.append(next.happening) }
    #expect(rest == ["b1", "b2", "b3", "c", "d"])
    #expect(queue.isEmpty)
  }
}

@Suite struct `What a simulation met` {
  @Test func `is too little where something that can happen hardly does`() {
    var coverage = Coverage()
    for seed in UInt64(0)..<3 {
      let scenario = Scenario(of: seed)
      let quiet = scenario.steps.filter { if case .fault = $0.deed { false } else { true } }
      coverage.add(Simulation.run(Scenario(seed: seed, steps: quiet)).coverage)
    }
    #expect(coverage.lacking.contains("fault: \(Fault.partition.rawValue)"))
    #expect(!coverage.lacking.contains("network: a message is lost"))
  }
}
