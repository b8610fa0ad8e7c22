import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@testable import SluiceEngine

/// A plan's runs counted anew each time, which is slow and plainly right.
private struct NaiveExecution {
  var after: [Int: Set<Int>]
  var status: [Execution.Status]

  var isDone: Bool { status.allSatisfy(\.isDone) }

  mutating func startable() -> [Int] {
    let start = status.indices.filter { run in
      status[run] == .waiting && (after[run] ?? []).allSatisfy { status[$0].isDone }
    }
    for run in start { status[run] = .going }
    return start
  }

  mutating func dropBroken() -> [Int] {
    var dropped: [Int] = []
    for run in status.indices where status[run] == .waiting {
      let isBroken = (after[run] ?? []).contains { status[$0] == .failed || status[$0] == .cancelled }
      guard isBroken else { continue }
      status[run] = .cancelled
      dropped.append(run)
    }
    return dropped
  }

  mutating func release(_ omitted: Set<Int>) {
    for run in status.indices where !omitted.contains(run) { after[run]?.subtract(omitted) }
  }
}

@Suite struct `How far a plan has come` {
  private func plan(_ count: Int, after: [Int: Set<Int>]) throws -> Plan {
    let runs = try (0..<count).map {
      PlannedRun(
        id: RunID("r-\($0)"), step: "s\($0)", folder: try FolderPath("sh0010"), outputs: [], reasons: [], tasks: 1,
        frames: nil, estimate: nil, work: nil)
    }
    var plan = Plan(
      id: PlanID("p-1"), project: try ProjectName("demo"), selection: "", frames: nil, pipelineRevision: 1, runs: runs,
      untouched: 0, missing: [], blocked: [])
    let names = Dictionary(uniqueKeysWithValues: after.map { ("s\($0)", $1.map { "s\($0)" }) })
    plan.job = SubmittedJob(
      name: "j", template: "{}", values: [:], templateFolder: "/", workingFolder: "/", after: names)
    return plan
  }

  @Test func `is what it comes to when it is counted anew, for 500 seeds`() throws {
    for seed in UInt64(0)..<500 {
      let chance = Seeded(seed: seed)
      let count = 1 + chance.below(12)
      var after: [Int: Set<Int>] = [:]
      for run in 0..<count { after[run] = Set((0..<run).filter { _ in chance.below(3) == 0 }) }
      var naive = NaiveExecution(after: after, status: Array(repeating: .waiting, count: count))
      var execution = Execution(plan: try plan(count, after: after), turn: 1, graph: nil, registry: Registry())
      for _ in 0..<80 where !naive.isDone {
        let run = chance.below(count)
        switch chance.below(7) {
        case 0, 1, 2:
          #expect(execution.startable() == naive.startable().map { RunID("r-\($0)") }, "seed \(seed)")
        case 3 where naive.status[run] == .going:
          let end: Execution.Status = [.succeeded, .unchanged, .failed, .cancelled][chance.below(4)]
          naive.status[run] = end
          execution.finish(RunID("r-\(run)"), end)
          #expect(execution.dropBroken() == naive.dropBroken().map { RunID("r-\($0)") }, "seed \(seed)")
        case 4 where naive.status[run] == .going:
          naive.status[run] = .waiting
          execution.setWaiting(RunID("r-\(run)"))
        case 5 where naive.status[run] == .waiting:
          naive.status[run] = .cancelled
          execution.finish(RunID("r-\(run)"), .cancelled)
          #expect(execution.dropBroken() == naive.dropBroken().map { RunID("r-\($0)") }, "seed \(seed)")
        case 6:
          let omitted = Set((0..<count).filter { _ in chance.below(6) == 0 })
          naive.release(omitted)
          execution.release(Set(omitted.map { RunID("r-\($0)") }))
        default: continue
        }
        #expect(execution.isDone == naive.isDone, "seed \(seed)")
        let states = (0..<count).map { execution.entries[RunID("r-\($0)")]?.status }
        #expect(states == naive.status.map { $0 }, "seed \(seed)")
      }
    }
  }
}
