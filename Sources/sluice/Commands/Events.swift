import ArgumentParser
import SluiceModel

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Print events, one CloudEvents JSON object a line.",
    discussion: "EXAMPLE: sluice events --follow --type \"sluice.run.*\"")
  @Flag(help: "Stay and print what happens.") var follow = false
  @Option(help: "Only types like this.") var type: String?
  @Option(name: .customLong("where"), help: "Only what this CESQL expression admits.") var expression: String?
  @Option(help: "Begin behind this position; the beginning where it is not said.") var from: String?
  @OptionGroup var options: ServerOptions

  func run() async throws {
    try await EventReader(client: options.client).printAll(
      from: from, filter: [("type", type), ("where", expression)], follow: follow)
  }
}
