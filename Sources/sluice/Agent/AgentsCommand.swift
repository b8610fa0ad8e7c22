import ArgumentParser
import SluiceModel

struct AgentsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agents", abstract: "The machines that run tasks: list them, or drain, pause, resume and remove one.",
    discussion: """
      'drain' lets an agent finish what it has and gives it nothing more; 'pause' is the same, said for a while;
      'resume' takes either back, and lifts a quarantine; 'remove' forgets one that is gone.
      EXAMPLE: sluice agents --watch
      EXAMPLE: sluice agents drain render07
      """)

  private static let verbs = ["drain", "pause", "resume", "remove"]

  @Argument(help: ArgumentHelp("'drain', 'pause', 'resume' or 'remove', and an agent.", valueName: "verb agent"))
  var words: [String] = []
  @Flag(help: "Stay, and show it again as it changes.") var watch = false
  @OptionGroup var options: ServerOptions

  func validate() throws {
    guard words.isEmpty || words.count == 2 && Self.verbs.contains(words[0]) else {
      throw ValidationError("Write sluice agents, or one of \(Self.verbs.joined(separator: ", ")) and an agent's name.")
    }
    if watch, !words.isEmpty { throw ValidationError("--watch goes with the list.") }
  }

  private struct Nothing: Encodable {}

  func run() async throws {
    if words.count == 2 {
      tell(try await options.client.post("agents/\(Client.escaped(words[1]))/\(words[0])", Nothing()))
      return
    }
    var last = ""
    repeat {
      let answer: AgentsAnswer = try await options.client.get("agents")
      let text = StableJSON.text(answer.agents.map(\.watched))
      if text != last { tell(answer) }
      last = text
      flushOutput()
      if watch { try await Machine.ambient.sleep(.seconds(1)) }
    } while watch
  }

  private func tell(_ answer: AgentsAnswer) {
    if options.json { return Console.json(answer) }
    if answer.agents.isEmpty { return print("No agent is there. Start one: sluice agent --server URL") }
    Console.table(
      answer.agents.map { agent in
        [
          agent.name, agent.standing, "\(agent.free.cores)/\(agent.has.cores)",
          "\(Console.bytes(Int64(agent.free.memory) << 20))/\(Console.bytes(Int64(agent.has.memory) << 20))",
          "\(agent.free.gpus)/\(agent.has.gpus)", "\(agent.tasks.count)",
          agent.seesStore.map { $0 ? "shared" : "streamed" } ?? "–",
          agent.heard.map { Console.duration($0) + " ago" } ?? "–",
          (agent.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            + agent.amounts.sorted { $0.key < $1.key }.map { "\($0.key)=\(HostNeeds.text($0.value))" })
            .joined(separator: " "),
        ]
      },
      header: ["AGENT", "IS", "CORES FREE", "MEMORY FREE", "GPUS", "TASKS", "FILES", "HEARD", "LABELS"])
    for agent in answer.agents {
      if let trouble = agent.trouble { print("\(agent.name) takes no tasks for now: \(trouble)") }
    }
  }
}

extension AgentAnswer {
  /// Without what changes all the time.
  fileprivate var watched: AgentAnswer {
    var same = self
    same.heard = nil
    return same
  }
}
