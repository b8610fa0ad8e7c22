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

  /// From 1.
  var rank: Int { waiting.ahead + 1 }

  var sentence: String { "It has rank \(rank)\(ahead): \(reason)." }

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
    case .look: "the test frames passed, and a person is to look at them (sluice queue pass \(run))"
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
    case .limit(let name, _, 0): "there is none of '\(name)' (sluice queue, sluice serve --limit \(name)=COUNT)"
    case .limit(let name, let used, let count): "\(used) of \(count) of '\(name)' are in use"
    case .resources(let amounts): "every agent that could take it has less than \(WaitingWords.text(amounts)) free"
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
