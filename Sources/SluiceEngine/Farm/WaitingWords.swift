import SluiceModel
import SluicePolicy

/// Why a task waits, in a sentence. Pure.
struct WaitingWords {
  let waiting: Waiting
  /// Names of the run's tasks by their places.
  let name: (Int) -> TaskID?
  let run: RunID
  /// Agents that take nothing for now, each with its reason.
  var troubles: [String] = []
  /// Where the run's files lie until it is published.
  var folder: String?

  /// From 1.
  var rank: Int { waiting.ahead + 1 }

  var sentence: String { "It has rank \(rank)\(ahead): \(reason)\(kept)." }

  /// What was passed over for long gets a machine.
  private var kept: String {
    switch waiting.reason {
    case .resources, .machine:
      waiting.keptFree.map { "; \($0) takes nothing else until it is free for it" }
        ?? "; one that is passed over for a minute gets the next machine that it fits on kept free"
    default: ""
    }
  }

  private var ahead: String {
    guard waiting.ahead > 0 else { return "" }
    let tasks = waiting.ahead == 1 ? "1 task is" : "\(waiting.ahead) tasks are"
    guard let first = waiting.runsAhead.first else { return ", and \(tasks) ahead of it in its own run" }
    let runs = waiting.runsAhead.count == 1 ? "the run \(first)" : "\(waiting.runsAhead.count) runs, first \(first)"
    return ", and \(tasks) ahead of it, of \(runs)"
  }

  var word: String {
    switch waiting.reason {
    case .next: "next"
    case .paused: "paused"
    case .tests: "tests"
    case .look: "look"
    case .testFailed: "testFailed"
    case .steps: "steps"
    case .noAgent: "noAgent"
    case .hosts: "hosts"
    case .bench: "bench"
    case .amounts: "amounts"
    case .labels: "labels"
    case .tooLarge: "tooLarge"
    case .limit: "limit"
    case .resources: "resources"
    case .machine: "machine"
    case .ramp: "ramp"
    case .ahead: "ahead"
    }
  }

  private var reason: String {
    switch waiting.reason {
    case .next:
      (["it starts as soon as an agent asks"] + troubles).joined(separator: "; ")
    case .paused: "its run is paused (sluice queue resume \(run))"
    case .tests(let left):
      "it waits until \(left.count == 1 ? "the test frame" : "the test frames") "
        + "\(left.compactMap { name($0)?.frame }.joined(separator: ", ")) passed"
    case .look:
      "the test frames passed, and a person is to look at them\(folder.map { " in \($0)/out" } ?? "") "
        + "(sluice queue pass \(run), or sluice cancel \(run))"
    case .testFailed: "a test frame failed"
    case .noAgent: "no agent takes tasks (start one with sluice agent, or see sluice agents)"
    case .labels(let labels):
      "no agent has the labels "
        + labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    case .steps(let names):
      "it waits for the step\(names.count == 1 ? "" : "s") "
        + "\(names.map { "'\($0)'" }.joined(separator: ", ")) of its template"
    case .hosts(let wanted):
      wanted.count == 1
        ? "its template asks for \(wanted[0]), and no agent has that (sluice agents)"
        : "its template asks for \(wanted.joined(separator: "; ")), and no agent has all of that (sluice agents)"
    case .bench: "the steps of its template hand files on in the server's data folder, and no agent that fits sees that"
    case .amounts(let wanted): "every agent that could take it has less of it free: \(wanted.joined(separator: "; "))"
    case .tooLarge(let amounts): "no agent has \(WaitingWords.text(amounts))"
    case .limit(let name, _, 0, _): "there is none of '\(name)' (sluice queue, sluice serve --limit \(name)=COUNT)"
    case .limit(let name, _, let count, let wanted) where wanted > count:
      "it wants \(wanted) of '\(name)', and there are only \(count) (sluice serve --limit \(name)=COUNT)"
    case .limit(let name, let used, let count, 1): "\(used) of \(count) of '\(name)' are in use"
    case .limit(let name, let used, let count, let wanted):
      "it wants \(wanted) of '\(name)', and \(used) of \(count) are in use"
    case .resources(let amounts): "every agent that could take it has less than \(WaitingWords.text(amounts)) free"
    case .machine: "it wants a machine for itself, and every agent that could take it has tasks"
    case .ramp(let left):
      "a task whose memory nobody knows began where it could run, and shows first what it takes; "
        + "it starts in \(max(1, left.components.seconds)) s at most (sluice serve --ramp)"
    case .ahead: "those ahead of it come first"
    }
  }

  private static func text(_ amounts: Amounts) -> String {
    var parts = [amounts.cores == 1 ? "1 core" : "\(amounts.cores) cores"]
    if amounts.memory > 0 { parts.append("\(amounts.memory) MiB of memory") }
    if amounts.gpus > 0 { parts.append(amounts.gpus == 1 ? "1 GPU" : "\(amounts.gpus) GPUs") }
    return parts.joined(separator: " and ")
  }
}

extension TaskID {
  /// What stands behind the run: its first frame.
  fileprivate var frame: String { String(description.drop { $0 != "." }.dropFirst()) }
}
