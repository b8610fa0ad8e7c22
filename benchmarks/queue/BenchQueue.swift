import ArgumentParser
import Foundation
import SluiceModel
import SluicePolicy

/// Measures the scheduler with a studio's farm and queue, without a server, for `benchmarks/farm`; prints one JSON line.
///
/// Every agent is full before it begins; then tasks end one by one, at random, and the agent that had it asks for more.
@main struct BenchQueue: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench-queue", abstract: "Measures the scheduler with a studio's farm and queue.")

  @Option(help: "How many tasks wait, in runs of 100.") var waiting = 1_000_000
  @Option(help: "How many agents there are.") var agents = 5_000
  @Option(help: "How many tasks end while it is measured.") var ends = 200_000

  func run() throws {
    var chance = SystemRandomNumberGenerator()
    var scheduler = Scheduler(Scheduler.Rules())
    for number in 1...8 {
      scheduler.setLimit("licence\(number)", CountedLimit(count: agents / 2))
    }
    let names = (0..<agents).map { AgentID("agent\($0)") }
    for (number, name) in names.enumerated() {
      _ = scheduler.join(
        name, host: "host\(number)", has: Self.machines[number % Self.machines.count],
        labels: ["site": number % 3 == 0 ? "lon" : "van"], now: .zero)
    }
    let began = Self.processorSeconds
    for run in 0..<(waiting / 100) {
      scheduler.add(
        RunID("r-\(run)"), tasks: 100, need: Self.needs[run % Self.needs.count],
        tier: Tier.allCases[run % Tier.allCases.count], hold: run % 2 == 0 ? .on([0, 50, 99], isLookedAt: false) : .off)
    }
    let added = Self.processorSeconds - began
    var now = Duration.seconds(1)
    for name in names { _ = scheduler.poll(name, now: now) }
    var micros: [Double] = []
    var tokens = Array(scheduler.leases.keys)
    let running = tokens.count
    while micros.count < ends, !tokens.isEmpty {
      now += .milliseconds(1)
      let place = Int.random(in: tokens.indices, using: &chance)
      tokens.swapAt(place, tokens.count - 1)
      let token = tokens.removeLast()
      guard let lease = scheduler.leases[token] else { continue }
      let start = Self.processorSeconds
      _ = scheduler.finish(token, by: lease.agent, .succeeded)
      let given = scheduler.poll(lease.agent, now: now)
      let spent = (Self.processorSeconds - start) * 1_000_000
      tokens += given.map(\.token)
      // What an end makes room for is shared by all that start then.
      for _ in given { micros.append(spent / Double(given.count)) }
    }
    micros.sort()
    func percentile(_ part: Double) -> Double { micros[min(micros.count - 1, Int(Double(micros.count) * part))] }
    print(
      StableJSON.text([
        "agents": Double(agents), "waiting": Double(waiting), "running": Double(running),
        "kinds": Double(Self.needs.count),
        "addMicrosecondsPerTask": added * 1_000_000 / Double(waiting), "dispatched": Double(micros.count),
        "p50Microseconds": percentile(0.5), "p99Microseconds": percentile(0.99),
        "peakBytes": Self.peakBytes,
      ]))
  }

  private static let machines = [
    Amounts(cores: 16, memory: 65_536), Amounts(cores: 32, memory: 131_072),
    Amounts(cores: 64, memory: 262_144, gpus: 2),
  ]

  /// Twenty-four kinds of work: five sizes and more, with and without labels, licences, and a GPU.
  private static let needs: [Need] = (0..<24).map { kind in
    Need(
      Amounts(
        cores: [1, 2, 4, 8, 16, 32][kind % 6], memory: [2, 4, 16, 32, 64, 120][kind % 6] * 1_024,
        gpus: kind % 12 == 9 ? 1 : 0),
      isExclusive: kind == 23, labels: kind % 4 == 1 ? ["site": "lon"] : [:],
      limits: kind % 3 == 2 ? ["licence\(1 + kind % 8)": 1] : [:])
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static var peakBytes: Double {
    let lines = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8))?.split(separator: "\n") ?? []
    return (lines.first { $0.hasPrefix("VmHWM:") }?.split(separator: " ").compactMap { Double($0) }.first ?? 0) * 1_024
  }
}
