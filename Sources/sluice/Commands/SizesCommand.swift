import ArgumentParser
import SluiceModel

struct SizesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sizes",
    abstract: "Say what the tasks of each step took of their machines, which size fits, and what the wrong one wastes.",
    discussion: """
      What each size stands for the server says (serve --size); what a step asks for stands in its 'needs'.
      EXAMPLE: sluice sizes demo
      EXAMPLE: sluice sizes demo --since 7d
      """)
  @Argument(help: "The project.") var project: String
  @Option(help: "From when on: 2h, 7d, 2026-11-01, a time or a position; all that the log has where it is not said.")
  var since: String?
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: SizesAnswer = try await options.client.get("sizes", [("project", project), ("since", since)])
    if options.json { return Console.json(answer) }
    SizesText.tell(answer)
  }
}

/// Learned sizes in words.
enum SizesText {
  static func tell(_ answer: SizesAnswer) {
    if answer.steps.isEmpty { return print("\(answer.project) has no steps.") }
    let rows = answer.steps.map { step in
      [
        step.step, share(step.now), "\(step.measured) of \(step.tasks)",
        step.memory.map { Console.bytes(Int64($0.p95)) } ?? "-",
        step.memory.map { Console.bytes(Int64($0.most)) } ?? "-",
        step.cores.map { $0.p95 < 0.05 ? "<0.1" : "\(($0.p95 * 10).rounded() / 10)" } ?? "-", verdict(step.verdict),
        step.suggested.map(share) ?? "-", waste(step.waste),
      ]
    }
    Console.table(
      rows, header: ["STEP", "NOW", "MEASURED", "MEMORY P95", "MEMORY MOST", "CORES P95", "VERDICT", "FITS", "WASTES"])
    print("")
    for step in answer.steps { print("\(step.step): \(step.text)") }
  }

  private static func share(_ share: TaskShare) -> String {
    let amounts =
      Console.count(share.cores, "core")
      + (share.memory > 0 ? ", \(Console.bytes(Int64(share.memory) << 20))" : "")
    return share.size.map { "\($0.rawValue) (\(amounts))" } ?? amounts
  }

  private static func verdict(_ verdict: SizesAnswer.Verdict) -> String {
    switch verdict {
    case .fits: "fits"
    case .tooLarge: "too large"
    case .tooSmall: "too small"
    case .unsaid: "not said"
    case .unknown: "not known"
    }
  }

  private static func waste(_ waste: SizesAnswer.Waste) -> String {
    var parts: [String] = []
    if waste.coreHours > 0 { parts.append("\(waste.coreHours) core h") }
    if waste.memoryGibibyteHours > 0 { parts.append("\(waste.memoryGibibyteHours) GiB h") }
    if waste.stopped > 0 { parts.append("\(waste.stopped) stopped after \(Console.duration(waste.stoppedSeconds))") }
    return parts.isEmpty ? "-" : parts.joined(separator: ", ")
  }
}
