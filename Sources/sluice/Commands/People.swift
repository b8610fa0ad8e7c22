import ArgumentParser
import SluiceModel

struct PersonCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "person", abstract: "The names of people: who is known, and how a name is erased.",
    discussion: "EXAMPLE: sluice person list", subcommands: [List.self, Erase.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the names that are known, with the aliases that the log has for them.",
      discussion: "EXAMPLE: sluice person list")
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let answer: PeopleAnswer = try await options.client.get("people")
      if options.json { return Console.json(answer) }
      if answer.people.isEmpty { return print("Nobody is known by name.") }
      Console.table(
        answer.people.map { [$0.name, "\($0.alias)", Timestamp.text($0.since)] },
        header: ["NAME", "ALIAS", "FIRST SEEN"])
    }
  }

  struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Forget a name: whatever it stood for shows an alias from then on.",
      discussion: """
        Events and files stay as they are, and so does what people wrote: notes, labels, reasons.
        Without --yes it only counts.
        EXAMPLE: sluice person erase ada --yes
        """)
    @Argument(help: "The name, or its alias.") var name: String
    @Flag(help: "Do it; a name cannot be brought back.") var yes = false
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let answer: ErasureAnswer = try await options.client.post(
        "people/erase", ErasureRequest(name: name, dryRun: !yes))
      if options.json { return Console.json(answer) }
      let aliases = answer.aliases.map(\.description).joined(separator: ", ")
      let carrying = "\(Console.counted(answer.events, "event")) and \(Console.counted(answer.tokens, "token"))"
      guard answer.erased else {
        return print("\(carrying) would show \(aliases) in place of the name. Add --yes to go.")
      }
      print("The name is forgotten: \(carrying) show \(aliases).")
    }
  }
}
